"""What tells the rows of a log apart for a family of bundles, batch by batch.

Where a log has kinds (`log.kinds`), these are told apart once, and of a row its kind and the other
columns are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from govlab.backends.columnar.distinct import group
from govlab.cube.asked import Asked
from govlab.cube.model import Kept
from govlab.cube.reduce import Classes, bins, unbinned
from govlab.log.kinds import Kinds
from govlab.schema import LIST_TEXT, MARKS

__all__ = ["NUMBER", "Apart", "Batch", "Keys"]

NUMBER = "#class."
"""Begins the columns that have the number of a class for its cells."""
_KIND = "#kind"


@dataclass(frozen=True, slots=True)
class Keys:
    """A column for each way that cells are kept; `classes` by the names of their columns."""

    plain: tuple[str, ...]  # as the log has them
    bins: tuple[Kept, ...]
    classes: tuple[tuple[str, Classes], ...]
    reads: frozenset[str]

    @classmethod
    def of(cls, family: Asked, kept: Sequence[Kept], have: Sequence[str]) -> Keys:
        """For columns kept so, of a log that has the columns `have`."""
        names = {n.removesuffix(LIST_TEXT): n for n in have}  # the text, where there is one
        plain = tuple(names[k.columns[0]] for k in kept if k.kind == "plain")
        bins = tuple(k for k in kept if k.kind == "binned")
        classes = tuple(
            (NUMBER + k.columns[0], Classes(k, tuple(family.leaves[t] for t in k.leaves)))
            for k in kept if k.kind == "classed"
        )  # fmt: skip
        reads = {names[c] for k in kept for c in k.columns}
        marks = {n for n in MARKS[:2] if n in names} if classes else set()
        return cls(plain, bins, classes, frozenset(reads | marks))

    def columns(self, frame: pl.DataFrame) -> list[pl.Series]:
        """What tells the rows of `frame` apart."""
        plain = [frame.get_column(n) for n in self.plain]
        between = [bins(frame.get_column(k.columns[0]), k.bounds) for k in self.bins]
        return [*plain, *between, *(c.ids(frame).alias(name) for name, c in self.classes)]

    def cells(self, columns: Sequence[pl.Series], schema: pl.Schema) -> pl.DataFrame:
        """Rows of `columns` in a form that tells apart those of all batches."""
        bounds = {k.columns[0]: k.bounds for k in self.bins}
        return pl.DataFrame([
            unbinned(c, bounds[c.name], schema[c.name]) if c.name in bounds else _text(c)
            for c in columns
        ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a log; where it has kinds, `kinds` says which each is of, and `frame` the rest."""

    kinds: pl.Series | None
    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height if self.kinds is None else len(self.kinds)


@dataclass(frozen=True, slots=True)
class Apart:
    """What tells rows apart that are of kinds, and what does beside these."""

    own: Keys
    known: Keys
    kinds: Kinds | None
    table: pl.DataFrame  # the first kind of each that the family tells apart
    told: pl.DataFrame  # the columns that tell these apart
    of_kind: pl.Series  # of each of the log's kinds, which of `table` it is

    @classmethod
    def of(
        cls, family: Asked, kept: Sequence[Kept], have: Sequence[str], kinds: Kinds | None
    ) -> Apart:
        """For columns kept so, of a log that has the columns `have` and these kinds."""
        there = _told(kinds, have)
        names = {n.removesuffix(LIST_TEXT): n for n in have}
        some = [k for k in kept if {names[c] for c in k.columns} <= there]
        known = Keys.of(family, some, have)
        own = Keys.of(family, [k for k in kept if k not in some], have)
        if kinds is None or not some:
            none = pl.DataFrame()
            return cls(own, known, None, none, none, pl.Series(dtype=pl.UInt32))
        table = kinds.table.select(n for n in kinds.table.columns if n in known.reads)
        columns = known.columns(table)
        groups = group(columns, table.height)
        told = known.cells([c[groups.rows] for c in columns], table.schema)
        return cls(own, known, kinds, table[groups.rows], told, groups.ids)

    def batches(self, log: pl.LazyFrame, more: Sequence[str], size: int) -> Iterator[Batch]:
        """The rows of the log, with the columns `more`; they are read from here on."""
        have = log.collect_schema().names()
        wanted = [n for n in have if n in self.own.reads or n in more]
        if self.kinds is not None:
            return (Batch(*both) for both in self.kinds.beside(log.select(wanted), size))
        read = log.select(wanted or have[:1])
        batches = read.collect_batches(chunk_size=size, maintain_order=True)
        return (Batch(None, batch) for batch in batches)

    def columns(self, batch: Batch) -> list[pl.Series]:
        """What tells the rows of `batch` apart, kinds by their numbers."""
        known = [] if batch.kinds is None else [self.of_kind[batch.kinds].alias(_KIND)]
        return [*known, *self.own.columns(batch.frame)]

    def keys(
        self, columns: Sequence[pl.Series], rows: pl.Series, schema: pl.Schema
    ) -> pl.DataFrame:
        """Some rows of `columns` in a form that tells apart those of all batches."""
        found = self.own.cells([c[rows] for c in columns if c.name != _KIND], schema)
        return found if self.kinds is None else self.told[columns[0][rows]].hstack(found)

    def rows(self, batch: Batch, rows: pl.Series) -> pl.DataFrame:
        """Some rows as the log has them, as far as they are told apart."""
        found = batch.frame.select(n for n in batch.frame.columns if n in self.own.reads)
        if batch.kinds is None:
            return found[rows]
        known = self.table[self.of_kind[batch.kinds[rows]]]
        own = [c for c in found.columns if c not in known.columns]  # marks may be in both
        return known.hstack(found.select(own)[rows]) if own else known


def _told(kinds: Kinds | None, have: Sequence[str]) -> frozenset[str]:
    """The columns that kinds tell, of a log that has the columns `have`; its marks among them."""
    columns = frozenset[str]() if kinds is None else frozenset(kinds.table.columns)
    return columns if columns.issuperset(n for n in MARKS[:2] if n in have) else frozenset()


def _text(cells: pl.Series) -> pl.Series:
    """Categories of one batch may be numbered otherwise than those of another."""
    return cells.cast(pl.String) if isinstance(cells.dtype, pl.Categorical | pl.Enum) else cells
