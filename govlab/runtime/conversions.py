"""Conversions between CEL's types, and `type`.

Each raises CelError for a value that the wanted type does not have. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from govlab.runtime import clock
from govlab.runtime.integers import int64, uint64
from govlab.runtime.network import write_cidr, write_ip
from govlab.runtime.values import CelError, Duration, Timestamp, TypeValue, Uint, kind

__all__ = ["CONVERSION_CALLS", "to_string", "type_name"]


_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_NATURAL = re.compile(r"\+?\d+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|[Ii]nf(inity)?|[Nn]a[Nn])", re.ASCII
)
_BOOLS = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def _to_int(value: Any) -> int:
    match kind(value):
        case "int" | "uint":
            return int64(int(value))
        case "double":
            # 2**63 itself is a double, 2**63-1 is not: the bounds are exclusive
            if not -(2.0**63) < value < 2.0**63:
                raise CelError("double out of int range")
            return int(value)
        case "string" if _INTEGER.fullmatch(value) and len(value) < 25:
            return int64(int(value))
        case "timestamp":
            return int(value.ns // 10**9)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to int")


def _to_uint(value: Any) -> Uint:
    match kind(value):
        case "int" | "uint":
            return uint64(int(value))
        case "double":
            if not 0.0 <= value < 2.0**64:
                raise CelError("double out of uint range")
            return uint64(int(value))
        case "string" if _NATURAL.fullmatch(value) and len(value) < 25:
            return uint64(int(value))
        case _:
            raise CelError(f"cannot convert this {kind(value)} to uint")


def _to_double(value: Any) -> float:
    match kind(value):
        case "int" | "uint" | "double":
            return float(value)
        case "string" if _FLOAT.fullmatch(value):
            return float(value)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to double")


def _to_bool(value: Any) -> bool:
    if kind(value) == "bool":
        return bool(value)
    if kind(value) == "string" and value in _BOOLS:
        return _BOOLS[value]
    raise CelError(f"cannot convert this {kind(value)} to bool")


def to_string(value: Any) -> str:
    """`string(value)`; raises CelError for what has no text, as lists have none."""
    match kind(value):
        case "string":
            return str(value)
        case "int" | "uint":
            return str(int(value))
        case "bool":
            return "true" if value else "false"
        case "double":
            return repr(value).removesuffix(".0")
        case "timestamp":
            return clock.write_timestamp(value)
        case "duration":
            return clock.write_duration(value)
        case "bytes":
            try:
                return bytes(value).decode("utf-8")
            except UnicodeDecodeError:
                raise CelError("bytes are not UTF-8") from None
        case "ip":
            return write_ip(value)
        case "cidr":
            return write_cidr(value)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to string")


def _to_bytes(value: Any) -> bytes:
    match kind(value):
        case "bytes":
            return bytes(value)
        case "string":
            return str(value).encode()
        case _:
            raise CelError(f"cannot convert this {kind(value)} to bytes")


def _to_timestamp(value: Any) -> Timestamp:
    match value:
        case Timestamp():
            return value
        case str():
            return clock.read_timestamp(value)
        case int() if kind(value) == "int":
            return clock.timestamp(value * 10**9)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to timestamp")


def _to_duration(value: Any) -> Duration:
    match value:
        case Duration():
            return value
        case str():
            return clock.read_duration(value)
        case _:
            raise CelError(f"cannot convert this {kind(value)} to duration")


_TYPE_NAMES = {
    "null": "null_type",
    "timestamp": "google.protobuf.Timestamp",
    "duration": "google.protobuf.Duration",
    "ip": "net.IP",
    "cidr": "net.CIDR",
    "url": "net.URL",
}


def type_name(value: Any) -> str:
    """The name of the CEL type of `value`, as a condition writes it.

    >>> type_name(None), type_name(1.5)
    ('null_type', 'double')
    """
    return _TYPE_NAMES.get(kind(value), kind(value))


CONVERSION_CALLS: dict[str, Callable[..., Any]] = {
    "int": _to_int,
    "uint": _to_uint,
    "double": _to_double,
    "bool": _to_bool,
    "string": to_string,
    "bytes": _to_bytes,
    "timestamp": _to_timestamp,
    "duration": _to_duration,
    "type": lambda value: TypeValue(type_name(value)),
    "dyn": lambda value: value,
}
