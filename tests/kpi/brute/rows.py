"""A row of a log as a dictionary, and truth of three values: True, False, None (unknown)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

UNKNOWN = object()
Truth = bool | None
CLOCKS = timedelta(seconds=2)


@dataclass(frozen=True)
class Source:
    """What a source fills; of `partly` an empty cell says nothing."""

    fills: frozenset[str]
    partly: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    cells: Mapping[str, Any]
    source: Source
    given: frozenset[str] = field(default_factory=frozenset)

    def __getitem__(self, name: str) -> Any:
        """The cell; None where it is empty, UNKNOWN where nobody can tell."""
        value = self.cells.get(name)
        if name in self.given:
            return UNKNOWN if value is None else value
        if name not in self.source.fills or (value is None and name in self.source.partly):
            return UNKNOWN
        return value

    def there(self, name: str) -> bool:
        return self[name] is not UNKNOWN and self[name] is not None


@dataclass(frozen=True)
class Found:
    value: float | int | None
    numerator: int | None
    denominator: int | None
    unknown: int


def no(a: Truth) -> Truth:
    return None if a is None else not a


def both(*parts: Truth) -> Truth:
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def either(*parts: Truth) -> Truth:
    return no(both(*map(no, parts)))


def said(row: Row, name: str, *words: Any) -> Truth:
    value = row[name]
    return None if value is UNKNOWN else value in words


def compare(row: Row, test: Callable[..., bool], *names: str) -> Truth:
    """Unknown where one of the cells is unknown or empty."""
    values = [row[name] for name in names]
    return None if any(v is UNKNOWN or v is None for v in values) else test(*values)
