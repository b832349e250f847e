"""CEL's operators, `in`, indexing and `size` on Python values.

Types are looked at when called, as the language definition has it. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from govlab.runtime import clock
from govlab.runtime.integers import int64, uint64
from govlab.runtime.signatures import no_overload
from govlab.runtime.values import (
    INT_MIN,
    CelError,
    compare,
    equals,
    kind,
)

__all__ = ["OPERATOR_CALLS"]


def _divide_doubles(a: float, b: float) -> float:
    """IEEE division: Python raises where CEL gives an infinity or NaN."""
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _truncate(a: int, b: int) -> int:
    """Quotient towards zero: Python's `//` floors."""
    if b == 0:
        raise CelError("division by zero")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _remainder(a: int, b: int) -> int:
    if b == 0:
        raise CelError("modulus by zero")
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


_Binary = dict[tuple[str, str], Callable[[Any, Any], Any]]

_ADD: _Binary = {
    ("int", "int"): lambda a, b: int64(a + b),
    ("uint", "uint"): lambda a, b: uint64(a + b),
    ("double", "double"): lambda a, b: a + b,
    ("string", "string"): lambda a, b: a + b,
    ("bytes", "bytes"): lambda a, b: a + b,
    ("list", "list"): lambda a, b: (*a, *b),
    ("timestamp", "duration"): lambda a, b: clock.timestamp(a.ns + b.ns),
    ("duration", "timestamp"): lambda a, b: clock.timestamp(a.ns + b.ns),
    ("duration", "duration"): lambda a, b: clock.duration(a.ns + b.ns),
}
_SUBTRACT: _Binary = {
    ("int", "int"): lambda a, b: int64(a - b),
    ("uint", "uint"): lambda a, b: uint64(a - b),
    ("double", "double"): lambda a, b: a - b,
    ("timestamp", "timestamp"): lambda a, b: clock.duration(a.ns - b.ns),
    ("timestamp", "duration"): lambda a, b: clock.timestamp(a.ns - b.ns),
    ("duration", "duration"): lambda a, b: clock.duration(a.ns - b.ns),
}
_MULTIPLY: _Binary = {
    ("int", "int"): lambda a, b: int64(a * b),
    ("uint", "uint"): lambda a, b: uint64(a * b),
    ("double", "double"): lambda a, b: a * b,
}
_DIVIDE: _Binary = {
    ("int", "int"): lambda a, b: int64(_truncate(a, b)),
    ("uint", "uint"): lambda a, b: uint64(_truncate(a, b)),
    ("double", "double"): _divide_doubles,
}
_MODULUS: _Binary = {
    # the one quotient out of range is an error for its remainder too, as in cel-go and cel-cpp
    ("int", "int"): lambda a, b: _remainder(a, b) if (a, b) != (INT_MIN, -1) else int64(-a),
    ("uint", "uint"): lambda a, b: uint64(_remainder(a, b)),
}


def _binary(name: str, table: _Binary) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        function = table.get((kind(a), kind(b)))
        if function is None:
            raise no_overload(name, a, b)
        return function(a, b)

    return apply


def _negate(a: Any) -> Any:
    match kind(a):
        case "int":
            return int64(-a)
        case "double":
            return -a
        case _:
            raise no_overload("-_", a)


def _ordered(wanted: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def apply(a: Any, b: Any) -> bool:
        order = compare(a, b)
        return order is not None and wanted(order)  # NaN is neither before nor after

    return apply


_KEYS = frozenset({"bool", "int", "uint", "double", "string"})


def _contains(needle: Any, haystack: Any) -> bool:
    """`needle in haystack`."""
    match kind(haystack):
        case "list":
            return any(equals(needle, item) for item in haystack)
        case "map" if kind(needle) in _KEYS:
            return needle in haystack
        case _:
            raise no_overload("@in", needle, haystack)


def _index(container: Any, key: Any) -> Any:
    if kind(container) == "map":
        return container[key]
    if kind(container) != "list":
        raise no_overload("_[_]", container, key)
    if kind(key) not in ("int", "uint", "double") or not float(key).is_integer():
        raise no_overload("_[_]", container, key)
    if not 0 <= key < len(container):
        raise CelError(f"index {int(key)} out of range")
    return container[int(key)]


def _size(value: Any) -> int:
    if kind(value) not in ("string", "bytes", "list", "map"):
        raise no_overload("size", value)
    return len(value)


OPERATOR_CALLS: dict[str, Callable[..., Any]] = {
    "_==_": equals,
    "_!=_": lambda a, b: not equals(a, b),
    "_<_": _ordered(lambda order: order < 0),
    "_<=_": _ordered(lambda order: order <= 0),
    "_>_": _ordered(lambda order: order > 0),
    "_>=_": _ordered(lambda order: order >= 0),
    "_+_": _binary("_+_", _ADD),
    "_-_": _binary("_-_", _SUBTRACT),
    "_*_": _binary("_*_", _MULTIPLY),
    "_/_": _binary("_/_", _DIVIDE),
    "_%_": _binary("_%_", _MODULUS),
    "-_": _negate,
    "@in": _contains,
    "_[_]": _index,
    "size": _size,
}
