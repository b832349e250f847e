"""Decisions of many rows: each row refers to tables of distinct decisions, lacks and remedies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import polars as pl

from govlab.backends.columnar.distinct import group
from govlab.plan.combine import Combined
from govlab.plan.decision import Remedy

__all__ = ["Answers", "Book", "answers_frame", "missing_of", "overlay", "places_of"]

COLUMNS = ("combined", "missing", "remedy", "risk")


@dataclass(slots=True)
class Book:
    """The distinct parts of decisions found so far; rows hold their places."""

    combined: list[Combined] = field(default_factory=list)
    missing: dict[tuple[str, ...], int] = field(default_factory=lambda: {(): 0})
    remedies: list[Remedy | None] = field(default_factory=lambda: [None])
    risks: dict[str | None, int] = field(default_factory=dict)
    told: dict[str, list[Any]] = field(default_factory=dict)
    columns: dict[str, pl.Series] = field(default_factory=dict)
    lock: Any = field(default_factory=RLock)

    def each(self, name: str, read: Callable[[Combined], Any]) -> list[Any]:
        """What `read`, by its name, gives for each of `combined`; once for each."""
        with self.lock:
            known = self.told.setdefault(name, [])
            known.extend(read(c) for c in self.combined[len(known) :])
            return known[:]

    def column(self, name: str, read: Callable[[Combined], Any], dtype: pl.DataType) -> pl.Series:
        """The same as a column."""
        with self.lock:
            known = self.columns.get(name)
            if known is None or len(known) < len(self.combined):
                known = self.columns[name] = pl.Series(self.each(name, read), dtype=dtype)
            return known


Answers = pl.DataFrame
"""Row-aligned places in a `Book`: columns `combined`, `missing`, `remedy`, `risk`, all UInt32."""


def answers_frame(
    combined: pl.Series, missing: pl.Series, remedy: pl.Series | None, risk: pl.Series
) -> Answers:
    """Answers from their four columns; no remedy is place 0."""
    none = pl.repeat(0, len(combined), dtype=pl.UInt32, eager=True)
    columns = (combined, missing, none if remedy is None else remedy, risk)
    return pl.DataFrame([c.cast(pl.UInt32).alias(n) for n, c in zip(COLUMNS, columns, strict=True)])


def overlay(answers: Answers, rows: pl.Series, others: Answers) -> Answers:
    """`answers` with the rows at `rows` replaced by `others`."""
    return pl.DataFrame(
        [answers.get_column(n).clone().scatter(rows, others.get_column(n)) for n in COLUMNS]
    )


def places_of(ids: pl.Series) -> dict[int, pl.Series]:
    """The places of each id."""
    frame = pl.DataFrame({"id": ids, "at": pl.int_range(len(ids), dtype=pl.UInt32, eager=True)})
    grouped = frame.group_by("id").agg("at")
    return {key: grouped["at"][place] for place, key in enumerate(grouped["id"])}


def missing_of(
    book: Book,
    combined: Sequence[Combined],
    which: pl.Series,
    own: Sequence[pl.DataFrame],
    variant: Sequence[pl.DataFrame] = (),
) -> pl.Series:
    """For each row, the place in `book` of what its deciding rule lacks (S4.4).

    `own` and `variant` are the rows' states, one frame a bundle of the chain.
    """
    result = pl.repeat(0, len(which), dtype=pl.UInt32, eager=True).clone()
    asked = {
        at: _Asked(c.mentions, c.scope, c.of_variant and bool(variant))
        for at, c in enumerate(combined)
    }
    order = {key: place for place, key in enumerate(dict.fromkeys(asked.values()))}
    if not any(key.mentions for key in order):
        return result
    kinds = pl.Series([order[key] for key in asked.values()], dtype=pl.UInt32)[which]
    keys = list(order)
    for at, rows in places_of(kinds).items():
        key = keys[at]
        if key.mentions:
            frame = (variant if key.of_variant else own)[key.scope]
            result = result.scatter(rows, _lacks(book, key.mentions, frame, rows))
    return result


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which attributes may be missing, in which bundle's states, of which round."""

    mentions: tuple[str, ...]
    scope: int
    of_variant: bool


def _lacks(book: Book, mentions: Sequence[str], frame: pl.DataFrame, rows: pl.Series) -> pl.Series:
    flags = [frame.get_column(name)[rows].is_null() for name in mentions]
    groups = group(flags, len(rows))
    table = zip(*(f[groups.rows] for f in flags), strict=True)
    places = [
        _place(book, tuple(n for n, lacks in zip(mentions, row, strict=True) if lacks))
        for row in table
    ]
    return pl.Series(places, dtype=pl.UInt32)[groups.ids]


def _place(book: Book, missing: tuple[str, ...]) -> int:
    return book.missing.setdefault(missing, len(book.missing))


def place_risks(book: Book, risks: pl.Series) -> pl.Series:
    """The places in `book` of reported risk classes."""
    groups = group([risks], len(risks))
    words = risks[groups.rows]
    places = [book.risks.setdefault(word, len(book.risks)) for word in words]
    return pl.Series(places, dtype=pl.UInt32)[groups.ids]
