"""Rows that are alike told once: of rows that come part by part, only those shown are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

__all__ = ["Together"]

_ROW = "row"
_KEY = ("#key", "#key2")
_TIMES = "times"
_NONE = pl.Schema({**dict.fromkeys(_KEY, pl.UInt64), _TIMES: pl.UInt32})


@dataclass(slots=True)
class Together:
    """Kinds of rows in the order of `order` and of their first rows, the first `most` (None: all).

    Of each kind 20 bytes are kept: two hashes of what makes it, and how many rows it has.
    """

    order: Sequence[pl.Expr]
    most: int | None
    events: int = 0
    known: pl.DataFrame = field(default_factory=_NONE.to_frame)
    best: pl.DataFrame | None = None

    def take(self, rows: pl.DataFrame, keys: Sequence[str]) -> None:
        """The next rows; alike are those that are equal in `keys`."""
        if rows.is_empty() and self.best is not None:
            return
        numbered = rows.with_row_index(_ROW, offset=self.events)
        kinds = numbered.group_by(keys, maintain_order=True)
        found = kinds.agg(pl.len().cast(pl.UInt32).alias(_TIMES), pl.exclude(keys).first())
        own = found.select(keys)
        found = found.with_columns(
            own.hash_rows(seed=1).alias(_KEY[0]), own.hash_rows(seed=7919).alias(_KEY[1])
        )
        fresh = found.join(self.known, on=_KEY, how="anti", maintain_order="left")
        both = fresh if self.best is None else pl.concat([self.best, fresh])
        self.best = self._first(both)
        self.known = pl.concat([self.known, found.select(self.known.columns)])
        self.known = self.known.group_by(_KEY).agg(pl.col(_TIMES).sum())
        self.events += rows.height

    def _first(self, kinds: pl.DataFrame) -> pl.DataFrame:
        ts = [pl.col("log.ts")] if "log.ts" in kinds.columns else []
        ordered = kinds.sort([*self.order, *ts, _ROW])
        return ordered if self.most is None else ordered.head(self.most)

    @property
    def kinds(self) -> int:
        """How many there are."""
        return self.known.height

    def first(self) -> pl.DataFrame:
        """The first row of each of the first kinds, and `times`: how many rows are like it."""
        if self.best is None:
            return pl.DataFrame()
        told = self.best.drop(_TIMES)
        return told.join(self.known, on=_KEY, how="left", maintain_order="left")
