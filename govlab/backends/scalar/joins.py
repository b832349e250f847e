"""Lookups of one event (S7): a row found by key and time, its cells as states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from govlab.backends.scalar.attributes import Attributes
from govlab.runtime.globs import matches
from govlab.runtime.states import ABSENT, MALFORMED, UNKNOWN, Mark

__all__ = ["Lookup", "column"]


class Lookup(NamedTuple):
    """A reference table; `exact` are rows by key, `globs` rows to try in order.

    A row is `(from, to, cells)`, times in nanoseconds since 1970, None without a bound.
    """

    name: str
    on: str
    columns: Sequence[str]
    timed: bool
    exact: Mapping[str, Sequence[Row]]
    globs: Sequence[tuple[str, Row]]


Row = tuple[int | None, int | None, tuple[Any, ...]]


def column(lookup: Lookup, name: str) -> Callable[[Attributes], Any]:
    """A function that joins the lookup and gives the state of its column `name`."""

    def read(states: Attributes) -> Any:
        row = _row(lookup, states)
        cells = (row,) * len(lookup.columns) if isinstance(row, Mark) else row
        states[lookup.name] = row if isinstance(row, Mark) else True
        states.update(zip(lookup.columns, cells, strict=True))
        return states[name]

    return read


def _row(lookup: Lookup, states: Attributes) -> tuple[Any, ...] | Mark:
    key = states[lookup.on]
    if isinstance(key, Mark):
        return key
    at = states["ts"] if lookup.timed else None
    if isinstance(at, Mark):
        return UNKNOWN if at is UNKNOWN else MALFORMED  # without a time no validity can be told
    return next(
        (cells for start, end, cells in _rows(lookup, key) if _valid(at, start, end)), ABSENT
    )


def _rows(lookup: Lookup, key: str) -> Iterable[Row]:
    """The rows whose key matches, in order, each looked for when it is wanted."""
    if not lookup.globs:
        return lookup.exact.get(key, ())
    return (row for glob, row in lookup.globs if matches(key, glob))


def _valid(at: Any, start: int | None, end: int | None) -> bool:
    return at is None or ((start is None or at.ns >= start) and (end is None or at.ns < end))
