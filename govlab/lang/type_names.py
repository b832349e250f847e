"""The types that literals have and that names in a condition stand for."""

from __future__ import annotations

from govlab.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Type,
    list_of,
    map_of,
    type_of,
)

__all__ = ["LITERAL_TYPES", "TYPE_VALUES"]

LITERAL_TYPES = {
    "null": NULL,
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
}
"""Kind of a literal -> its type."""

TYPE_VALUES = {
    "bool": BOOL,
    "int": INT,
    "uint": UINT,
    "double": DOUBLE,
    "string": STRING,
    "bytes": BYTES,
    "list": list_of(DYN),
    "map": map_of(DYN, DYN),
    "null_type": NULL,
    "type": type_of(DYN),
    "google.protobuf.Timestamp": TIMESTAMP,
    "google.protobuf.Duration": DURATION,
    "net.IP": Type("ip"),
    "net.CIDR": Type("cidr"),
    "net.URL": Type("url"),
}
"""Name that a condition may write for a type -> the type."""
