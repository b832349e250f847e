"""Distinct values and tuples of values, exactly: -0.0 is not 0.0, null is a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from govlab.backends.columnar.flat import Flat

__all__ = ["Groups", "codes", "group"]

_MOST = 2**62  # of a mixed-radix key, before it is made dense
_SHORT = 8  # elements of a list that are looked at place by place
_WIDTHS = ((pl.UInt8, 2**8), (pl.UInt16, 2**16), (pl.UInt32, 2**32), (pl.UInt64, 2**64))
_SMALL = 2**16  # whole numbers below this are codes as they are


@dataclass(frozen=True, slots=True)
class Groups:
    """`ids` gives each row's group, from 0; `rows` the first row of each group."""

    ids: pl.Series
    rows: pl.Series

    def __len__(self) -> int:
        return len(self.rows)


def codes(series: pl.Series) -> tuple[pl.Series, int]:
    """A number below the returned bound for each row, equal where the values are the same."""
    dtype = series.dtype
    if dtype == pl.Boolean:
        return _without_null(series.cast(pl.UInt8), 2)
    if dtype.is_unsigned_integer() and (highest := _highest(series)) < _SMALL:
        return _without_null(series, highest + 1)
    if isinstance(dtype, pl.List):
        return _list_codes(series)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return codes(series.to_physical())
    if dtype == pl.Null:
        return pl.repeat(0, len(series), dtype=pl.UInt8, eager=True), 1
    return _text_codes(series) if dtype == pl.String else _hashed(series)


def _highest(series: pl.Series) -> int:
    return int(found) if isinstance(found := series.max(), int) else 0


def _without_null(code: pl.Series, bound: int) -> tuple[pl.Series, int]:
    """`code`, all below `bound`, with a number of its own for null."""
    if not code.null_count():
        return code, bound
    return code.cast(_holding(bound + 1)).fill_null(bound), bound + 1


def _text_codes(texts: pl.Series) -> tuple[pl.Series, int]:
    """Categories are faster than hashing; these are dropped afterwards."""
    code = texts.cast(pl.Categorical(pl.Categories.random())).to_physical()
    return _without_null(code, _highest(code) + 1)


def _hashed(series: pl.Series) -> tuple[pl.Series, int]:
    array = series.to_arrow(compat_level=pl.CompatLevel.oldest())
    if series.dtype == pl.Float64:
        array = array.view(pa.int64())  # bits: hashing would take -0.0 for 0.0
    encoded = array.dictionary_encode(null_encoding="encode")
    indices = pl.Series(pl.from_arrow(encoded.indices))
    return indices.cast(pl.UInt32), max(len(encoded.dictionary), 1)


def _list_codes(lists: pl.Series) -> tuple[pl.Series, int]:
    """Lists by their elements' numbers: short ones place by place, others as text."""
    flat = Flat.of(lists)
    numbers = codes(flat.elements)[0]
    longest = _highest(flat.lengths)
    if longest > _SHORT:
        text = flat.rebuild(numbers.cast(pl.String) + ",").list.join("")
        return _text_codes(text.set(lists.is_null(), None))
    starts = flat.lengths.cum_sum() - flat.lengths
    places = [(starts + at).set(flat.lengths <= at, None) for at in range(longest)]
    columns = [numbers[place] for place in places]
    key, bound = _mixed((lists.is_null(), *columns), len(lists))
    return _dense(key, bound)


def group(columns: Iterable[pl.Series], height: int) -> Groups:
    """The groups of rows that agree in every one of `columns`, numbered by first appearance."""
    key, bound = _mixed(columns, height)
    if 1 < bound <= height:
        return _grouped(key, bound)
    ids, count = _dense(key, bound)
    numbers = pl.int_range(count if height else 0, dtype=pl.UInt32, eager=True)
    # each new group is a new record, and records only rise
    return Groups(ids, ids.cum_max().search_sorted(numbers).cast(pl.UInt32))


def _grouped(key: pl.Series, bound: int) -> Groups:
    """The groups of equal keys, all below `bound`: without hashing, as there are few."""
    keys = key.to_numpy()
    first = np.full(bound, len(keys), np.uint32)
    first[keys[::-1]] = np.arange(len(keys) - 1, -1, -1)  # of equal keys the last one stands
    found = np.flatnonzero(first < len(keys))
    found = found[np.argsort(first[found])]
    numbers = np.zeros(bound, np.uint32)
    numbers[found] = np.arange(len(found))
    ids = pl.Series(numbers)[key]  # a gather of polars is quick
    return Groups(ids, pl.Series(first[found]))


def _mixed(columns: Iterable[pl.Series], height: int) -> tuple[pl.Series, int]:
    """One number for each row's tuple, below the returned bound."""
    key, bound = pl.repeat(0, height, dtype=pl.UInt8, eager=True), 1
    # few values first: keys stay narrow for longer
    for code, size in sorted(map(codes, columns), key=lambda found: found[1]):
        if bound * size > _MOST:
            key, bound = _dense(key, bound)
        bound *= size
        if bound == size:
            key = code
        elif size > 1:
            dtype = _holding(bound)
            key = key.cast(dtype) * size + code.cast(dtype)
    return key, bound


def _holding(bound: int) -> type[pl.DataType]:
    """The narrowest dtype of numbers below `bound`: less memory is less time."""
    return next(d for d, most in _WIDTHS if bound <= most)


def _dense(key: pl.Series, bound: int) -> tuple[pl.Series, int]:
    """`key` renumbered without gaps, by first appearance."""
    return _hashed(key) if bound > 1 else (key.cast(pl.UInt32), 1)
