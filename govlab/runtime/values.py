"""How CEL values look in Python, and equality and order between them.

int `int`, uint `Uint`, double `float`, string `str`, bytes `bytes`, bool `bool`, null `None`,
timestamp `Timestamp`, duration `Duration` (both in nanoseconds, which Python's own types lack),
list `tuple` or `list`, map `Map`, type `TypeValue`. Python takes True for 1 and compares 2**63-1
with 2.0**63 exactly: both are wrong here (google/cel-spec, doc/langdef.md, "Equality" and
"Ordering"). Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = [
    "INT_MAX",
    "INT_MIN",
    "UINT_MAX",
    "CelError",
    "Duration",
    "Map",
    "Timestamp",
    "TypeValue",
    "Uint",
    "compare",
    "equals",
    "kind",
]

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1


class CelError(Exception):
    """An evaluation error, as `1 / 0` gives; it is a result, absorbed or denying, never a crash."""


class Uint(int):
    """A CEL uint."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """An instant: nanoseconds since 1970-01-01T00:00:00Z, year 1 to 9999."""

    ns: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A signed span of time in nanoseconds, within int64."""

    ns: int


@dataclass(frozen=True, slots=True)
class TypeValue:
    """A CEL type as a value: what `type(1)` gives."""

    name: str


_KINDS: dict[type, str] = {
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    type(None): "null",
    Timestamp: "timestamp",
    Duration: "duration",
    list: "list",
    tuple: "list",
    TypeValue: "type",
}
_NUMBERS = frozenset({"int", "uint", "double"})
_ORDERED = frozenset({"bool", "string", "bytes", "timestamp", "duration"})


def kind(value: Any) -> str:
    """The name of the CEL type of `value`.

    >>> kind(True), kind(1), kind((1, 2))
    ('bool', 'int', 'list')
    """
    name = _KINDS.get(type(value))
    return name if name is not None else type(value).__name__.lower()


class Map:
    """A CEL map: keys are equal where CEL says so (`1`, `1u` and `1.0` are, `true` and `1` not)."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Iterable[tuple[Any, Any]]) -> None:
        self._entries: dict[tuple[str, Any], tuple[Any, Any]] = {}
        for key, value in entries:
            slot = _slot(key)
            if slot is None or kind(key) == "double":
                raise CelError(f"a map key cannot be a {kind(key)}")
            if slot in self._entries:
                raise CelError(f"duplicate map key `{key}`")
            self._entries[slot] = (key, value)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Any]:
        return (key for key, _ in self._entries.values())

    def __contains__(self, key: Any) -> bool:
        return _slot(key) in self._entries

    def __getitem__(self, key: Any) -> Any:
        entry = self._entries.get(_slot(key) or ("", None))
        if entry is None:
            raise CelError(f"no such key `{key}`")
        return entry[1]

    def items(self) -> Iterable[tuple[Any, Any]]:
        """The (key, value) pairs in the order written."""
        return self._entries.values()


def _slot(key: Any) -> tuple[str, Any] | None:
    """What identifies `key` among the keys of a map; None where it can be no key."""
    match kind(key):
        case "int" | "uint":
            return ("number", int(key))
        case "double":
            return ("number", int(key)) if math.isfinite(key) and key == int(key) else None
        case "bool" | "string" as name:
            return (name, key)
        case _:
            return None


def equals(left: Any, right: Any) -> bool:
    """CEL's `==`: numbers by value, other values of different types are not equal.

    >>> equals(1, 1.0), equals(True, 1), equals((1, 2), [1, 2]), equals(math.nan, math.nan)
    (True, False, True, False)
    """
    a, b = kind(left), kind(right)
    if a in _NUMBERS and b in _NUMBERS:
        return _number_order(left, right) == 0
    if a != b:
        return False
    if a == "list":
        return len(left) == len(right) and all(map(equals, left, right))
    if a == "map":
        return len(left) == len(right) and all(
            k in right and equals(v, right[k]) for k, v in left.items()
        )
    return bool(left == right)


def compare(left: Any, right: Any) -> int | None:
    """-1, 0 or 1 as `left` is before, equal to or after `right`; None where NaN takes part.

    Raises CelError where the two types have no order.
    """
    a, b = kind(left), kind(right)
    if a in _NUMBERS and b in _NUMBERS:
        return _number_order(left, right)
    if a != b or a not in _ORDERED:
        raise CelError(f"no such overload: `{a} < {b}`")
    return int(left > right) - int(left < right)


def _number_order(left: Any, right: Any) -> int | None:
    """Order of two numbers; an int beside a double is first made a double, as cel-cpp does."""
    if type(left) is float or type(right) is float:
        left, right = float(left), float(right)
        if math.isnan(left) or math.isnan(right):
            return None
    return int(left > right) - int(left < right)
