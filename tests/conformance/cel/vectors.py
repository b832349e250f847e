"""CEL's conformance vectors: the JSON of one file as values, and when two results are the same."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govlab.runtime.clock import read_duration, read_timestamp
from govlab.runtime.states import MALFORMED
from govlab.runtime.values import CelError, Map, TypeValue, Uint, kind
from govlab.types import Type, parse_type

__all__ = ["Expected", "File", "Vector", "identical", "read_file"]

# extension libraries of CEL that conditions have; the vectors of others are not counted
LIBRARIES = frozenset({"strings", "math", "network", "encoders", "bindings"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What a vector must give: an error, or `value`; `type` is what must be deduced, if said."""

    error: bool
    value: Any
    type: str | None


@dataclass(frozen=True, slots=True)
class Vector:
    """One expression over typed variables, in one of its two forms (as written, or lifted).

    `library` is the extension library that it needs, or `core`.
    """

    id: str
    expr: str
    types: Mapping[str, Type]
    bindings: Mapping[str, Any]
    expected: Expected
    family: str = "core"


@dataclass(frozen=True, slots=True)
class File:
    """The vectors of a file that count, and how many of it do not."""

    vectors: tuple[Vector, ...]
    not_counted: int


def read_file(path: Path, *, lifted: bool) -> File:
    """The vectors of `path`; with `lifted`, those that have a form with variables, in that form."""
    raw = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    counted = [v for v in raw if LIBRARIES.issuperset(v["ext"])]
    chosen = [v for v in counted if v["lifted"] is not None] if lifted else counted
    return File(tuple(_vector(v, lifted=lifted) for v in chosen), len(raw) - len(chosen))


def _vector(raw: dict[str, Any], *, lifted: bool) -> Vector:
    form = raw["lifted"] if lifted else raw
    return Vector(
        id=raw["id"],
        expr=form["expr"],
        types={name: _type(text) for name, text in form["type_env"].items()},
        bindings={name: _state(value) for name, value in form["bindings"].items()},
        expected=_expected(raw["expect"]),
        family="+".join(raw["ext"]) or "core",
    )


def _state(raw: dict[str, Any]) -> Any:
    """A variable's value; one that conditions cannot hold, such as 6,000 years, is malformed."""
    try:
        return decode(raw)
    except CelError:
        return MALFORMED


def _type(text: str) -> Type:
    found = parse_type(text)
    assert found is not None, text
    return found


def _expected(raw: dict[str, Any]) -> Expected:
    error = "error" in raw
    return Expected(error, None if error else decode(raw["value"]), raw.get("type"))


def decode(raw: dict[str, Any]) -> Any:
    """A value of the file, an object with its type as the one key, as the run-time value.

    >>> decode({"list": [{"uint": 1}, {"double": "NaN"}]})
    (1, nan)
    """
    ((name, content),) = raw.items()
    match name:
        case "null" | "bool" | "int" | "string":
            return content
        case "uint":
            return Uint(content)
        case "double":
            return float(content)
        case "bytes":
            return base64.b64decode(content)
        case "list":
            return tuple(map(decode, content))
        case "map":
            return Map((decode(key), decode(value)) for key, value in content)
        case "type":
            return TypeValue(content)
        case "timestamp":
            return read_timestamp(content)
        case "duration":
            return read_duration(content)
        case _:
            raise ValueError(f"no such kind of value: `{name}`")


def identical(one: Any, other: Any) -> bool:
    """Whether two values are of one type and equal; NaN is NaN, and -0.0 is 0.0.

    >>> identical(1, Uint(1)), identical(float("nan"), float("nan")), identical((1,), (1.0,))
    (False, True, False)
    """
    if kind(one) != kind(other):
        return False
    match kind(one):
        case "double":
            return bool(one == other or (math.isnan(one) and math.isnan(other)))
        case "list":
            return len(one) == len(other) and all(map(identical, one, other))
        case "map":
            return len(one) == len(other) and all(
                _has_entry(other, *entry) for entry in one.items()
            )
        case _:
            return bool(one == other)


def _has_entry(of: Map, key: Any, value: Any) -> bool:
    return any(identical(k, key) and identical(v, value) for k, v in of.items())
