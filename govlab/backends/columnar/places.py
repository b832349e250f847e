"""Rows by their places, and the numbers of a column as they lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["among", "gaps", "hits", "places", "raw", "where"]

_FEW = 2**19
_KNOWN = pl.int_range(_FEW, dtype=pl.UInt32, eager=True)  # asked for again and again


def places(height: int) -> pl.Series:
    """The numbers below `height`, as UInt32.

    >>> places(3).to_list()
    [0, 1, 2]
    """
    few = height <= _FEW
    return _KNOWN.head(height) if few else pl.int_range(height, dtype=pl.UInt32, eager=True)


def where(flags: pl.Series) -> pl.Series:
    """The places at which `flags` is true, as UInt32.

    >>> where(pl.Series([True, None, False, True])).to_list()
    [0, 3]
    """
    return places(len(flags)).filter(flags)


def hits(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The same of an array, to take from others.

    >>> hits(np.array([True, False, True])).tolist()
    [0, 2]
    """
    return where(pl.Series(flags)).to_numpy().astype(np.intp)  # quicker than numpy's own


def among(some: NDArray[Any], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether each of `some` is one of `others`; these are in order.

    >>> among(np.array([1, 4, 9]), np.array([4, 5])).tolist()
    [False, True, False]
    """
    if not len(others):
        return np.zeros(len(some), dtype=bool)
    found = others.take(np.searchsorted(others, some), mode="clip")
    return np.asarray(found == some)


def gaps(cells: pl.Series) -> NDArray[np.intp]:
    """The places at which there is nothing, in order.

    >>> gaps(pl.Series([4, None, 6])).tolist()
    [1]
    """
    if not cells.null_count():
        return np.zeros(0, np.intp)
    array = cells.to_arrow()
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    there = np.unpackbits(bits, count=array.offset + len(array), bitorder="little")
    return np.flatnonzero(there[array.offset :] == 0)


def raw(cells: pl.Series) -> NDArray[Any]:
    """The numbers of a column, without a copy; anything stands where there is none.

    Whole numbers and floats of at most 64 bits, in one chunk or more.

    >>> raw(pl.Series([4, None, 6])).tolist()[::2]
    [4, 6]
    """
    array = cells.to_arrow()
    dtype, memory = array.type.to_pandas_dtype(), array.buffers()[1]
    if memory is None:
        return np.zeros(len(array), dtype)
    return np.frombuffer(memory, dtype, len(array), array.offset * array.type.bit_width // 8)
