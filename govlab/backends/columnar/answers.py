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

__all__ = ["Answers", "Book", "answers_frame", "overlay", "place_risks", "places_of"]

COLUMNS = ("combined", "missing", "remedy", "risk")


@dataclass(slots=True)
class Book:
    """The distinct parts of decisions found so far; rows hold their places."""

    combined: list[Combined] = field(default_factory=list)
    missing: dict[tuple[str, ...], int] = field(default_factory=lambda: {(): 0})
    remedies: list[Remedy | None] = field(default_factory=lambda: [None])
    risks: dict[str | None, int] = field(default_factory=dict)
    asked: dict[Any, int] = field(default_factory=dict)  # what decisions name (`missing`)
    told: dict[str, list[Any]] = field(default_factory=dict)
    columns: dict[str, pl.Series] = field(default_factory=dict)
    lock: Any = field(default_factory=RLock)

    def add(self, found: Sequence[Combined]) -> int:
        """The place of the first of `found`, which follow each other; threads may add at a time."""
        with self.lock:
            self.combined.extend(found)
            return len(self.combined) - len(found)

    def add_remedy(self, remedy: Remedy) -> int:
        """The place of a remedy."""
        with self.lock:
            self.remedies.append(remedy)
            return len(self.remedies) - 1

    def risk(self, word: str | None) -> int:
        """The place of a reported risk class."""
        with self.lock:
            return self.risks.setdefault(word, len(self.risks))

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


def place_risks(book: Book, risks: pl.Series) -> pl.Series:
    """The places in `book` of reported risk classes."""
    groups = group([risks], len(risks))
    words = risks[groups.rows]
    places = list(map(book.risk, words))
    return pl.Series(places, dtype=pl.UInt32)[groups.ids]
