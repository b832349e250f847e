"""How rows were decided, each kind of decision once: what counts are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import polars as pl

from govlab.backends.columnar import Engine, assumed_rows, rows_alike, written
from govlab.replays.provenance import with_assumed

__all__ = ["COUNTED", "Outcomes", "origin"]

_WRITTEN = ("decision", "rule", "status", "matched", "lacks")
COUNTED = ("decision", "rule", "matched", "lacks", "origin", "assumed")
"""What is counted of decisions."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows of a log: each was decided as the row of `decided` that `of_row` names.

    `decided` has the columns `COUNTED`.
    """

    decided: pl.DataFrame
    of_row: pl.Series

    @classmethod
    def each(cls, decided: pl.DataFrame) -> Self:
        """Of rows that are all there."""
        places = pl.int_range(decided.height, dtype=pl.UInt32, eager=True)
        return cls(decided.select(COUNTED), places)

    @classmethod
    def of(cls, engine: Engine, batch: pl.DataFrame) -> Self:
        """Of the rows of `batch`, decided by `engine`."""
        found = engine.decided(batch, _WRITTEN)
        filled = assumed_rows(engine.plan, batch)
        groups, kinds = rows_alike(found, filled)
        decided = written(batch, kinds, engine.book, _WRITTEN).with_columns(origin())
        decided = with_assumed(engine.plan, filled[groups.rows], decided)
        return cls(decided.select(COUNTED), groups.ids)

    def where(self, kinds: pl.Series) -> pl.Series:
        """The rows that were decided as a row of `decided` where `kinds` is true."""
        return kinds[self.of_row].arg_true()


def origin() -> pl.Expr:
    """What a decision rests on: undecidable, error, default or rule; the four sum to the events."""
    status = pl.col("status")
    return (
        pl.when(status == "undecidable")
        .then(pl.lit("undecidable"))
        .when(status == "error")
        .then(pl.lit("error"))
        .when(pl.col("rule") == "default")
        .then(pl.lit("default"))
        .otherwise(pl.lit("rule"))
        .alias("origin")
    )
