"""Lists laid flat: all elements in one column, and back by position (no join, no group_by)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import polars as pl
import pyarrow as pa

__all__ = ["Flat"]


@dataclass(frozen=True, slots=True)
class Flat:
    """The elements of a list column in row order, and how many each row has (null: none)."""

    elements: pl.Series
    lengths: pl.Series

    @classmethod
    def of(cls, lists: pl.Series) -> Self:
        """The flat form of `lists`."""
        lengths = lists.list.len().fill_null(0).cast(pl.Int64)
        return cls(lists.list.explode(empty_as_null=False, keep_nulls=False), lengths)

    def owners(self) -> pl.Series:
        """The row of each element."""
        rows = pl.int_range(len(self.lengths), dtype=pl.UInt32, eager=True)
        filled = pl.DataFrame({"row": rows, "n": self.lengths}).filter(pl.col("n") > 0)
        return filled.select(pl.col("row").repeat_by("n").explode()).to_series().cast(pl.UInt32)

    def rebuild(self, elements: pl.Series, kept: pl.Series | None = None) -> pl.Series:
        """Lists of `elements`, one for each of this form's; with `kept`, only where it is true.

        Rows that were null come back as empty lists.
        """
        lengths = self.lengths
        if kept is not None:
            ones = self.rebuild(kept.cast(pl.Int64))
            lengths, elements = ones.list.sum().fill_null(0), elements.filter(kept)
        ends = lengths.cum_sum()
        offsets = pl.concat([pl.Series([0], dtype=pl.Int64), ends.cast(pl.Int64)])
        values = elements.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        array = pa.LargeListArray.from_arrays(offsets.rechunk().to_arrow(), values)
        return pl.Series(pl.from_arrow(array)).cast(pl.List(elements.dtype))
