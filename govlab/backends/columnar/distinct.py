"""Distinct values and tuples of values, exactly: -0.0 is not 0.0, null is a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from govlab.backends.columnar.flat import Flat

__all__ = ["Groups", "codes", "group", "rows_of"]

_MOST = 2**62  # of a mixed-radix key, before it is made dense
_SHORT = 8  # elements of a list that are looked at place by place
_SMALL = 2**20  # a dense remapping table of this size is cheaper than hashing


@dataclass(frozen=True, slots=True)
class Groups:
    """`ids` gives each row's group, from 0; `rows` one row of each group."""

    ids: pl.Series
    rows: pl.Series

    def __len__(self) -> int:
        return len(self.rows)


def codes(series: pl.Series) -> tuple[pl.Series, int]:
    """A number below the returned bound for each row, equal where the values are the same."""
    dtype = series.dtype
    if dtype == pl.Boolean:
        return series.cast(pl.UInt64).fill_null(2), 3
    if dtype == pl.UInt8 and not series.null_count():
        return series.cast(pl.UInt64), _highest(series) + 1
    if isinstance(dtype, pl.List):
        return _list_codes(series)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return codes(series.to_physical())
    if dtype == pl.Null:
        return pl.repeat(0, len(series), dtype=pl.UInt64, eager=True), 1
    return _hashed(series)


def _highest(series: pl.Series) -> int:
    return int(found) if isinstance(found := series.max(), int) else 0


def _hashed(series: pl.Series) -> tuple[pl.Series, int]:
    array = series.to_arrow(compat_level=pl.CompatLevel.oldest())
    if series.dtype == pl.Float64:
        array = array.view(pa.int64())  # bits: hashing would take -0.0 for 0.0
    encoded = array.dictionary_encode(null_encoding="encode")
    indices = pl.Series(pl.from_arrow(encoded.indices))
    return indices.cast(pl.UInt64), max(len(encoded.dictionary), 1)


def _list_codes(lists: pl.Series) -> tuple[pl.Series, int]:
    """Lists by their elements' numbers: short ones place by place, others as text."""
    flat = Flat.of(lists)
    numbers = codes(flat.elements)[0]
    longest = _highest(flat.lengths)
    if longest > _SHORT:
        text = flat.rebuild(numbers.cast(pl.String) + ",").list.join("")
        return _hashed(text.set(lists.is_null(), None))
    places = flat.rebuild(numbers.cast(pl.UInt32))
    columns = [places.list.get(at, null_on_oob=True) for at in range(longest)]
    key, bound = _mixed((lists.is_null(), *columns), len(lists))
    return _dense(key, bound)


def group(columns: Iterable[pl.Series], height: int) -> Groups:
    """The groups of rows that agree in every one of `columns`, numbered by first appearance."""
    ids, _ = _dense(*_mixed(columns, height))
    return Groups(ids, rows_of(ids))


def _mixed(columns: Iterable[pl.Series], height: int) -> tuple[pl.Series, int]:
    """One number for each row's tuple, below the returned bound."""
    key, bound = pl.repeat(0, height, dtype=pl.UInt64, eager=True), 1
    for column in columns:
        code, size = codes(column)
        if bound * size > _MOST:
            key, bound = _dense(key, bound)
        key, bound = key * size + code, bound * size
    return key, bound


def _dense(key: pl.Series, bound: int) -> tuple[pl.Series, int]:
    """`key` renumbered without gaps."""
    if bound > _SMALL:
        return _hashed(key)
    used = key.unique()
    table = pl.repeat(0, bound, dtype=pl.UInt64, eager=True)
    table = table.scatter(used, pl.int_range(len(used), dtype=pl.UInt64, eager=True))
    return table.gather(key), max(len(used), 1)


def rows_of(ids: pl.Series) -> pl.Series:
    """The first row of each group, by group number."""
    first = ids.arg_unique()
    order = ids.gather(first).arg_sort()
    return first.gather(order)
