"""Short lists as words: a byte an element, so that equal lists are equal words and no others."""

from __future__ import annotations

import numpy as np
import polars as pl

from govlab.backends.columnar.numbering import Words

__all__ = ["pack", "unpack"]

_LONGEST, _BYTE = 8, 8  # elements of a word, bits of one
_MOST = 2**_BYTE - 2  # a byte of 0 is no element


def pack(codes: pl.Series, lengths: pl.Series) -> Words | None:
    """The word of each list, from the codes of all elements, a list after the other; None where
    one has too many elements, or there are too many different ones.

    >>> pack(pl.Series([7, 7, 9], dtype=pl.UInt32), pl.Series([2, 0, 1])).tolist()
    [2056, 0, 10]
    """
    most, longest = codes.max(), lengths.max()
    if (isinstance(most, int) and most > _MOST) or (
        isinstance(longest, int) and longest > _LONGEST
    ):
        return None
    elements, counts = codes.to_numpy().astype(np.uint64) + np.uint64(1), lengths.to_numpy()
    begins, words = np.cumsum(counts) - counts, np.zeros(len(counts), np.uint64)
    rows, at = np.flatnonzero(counts), 0
    while len(rows):
        words[rows] |= elements[begins[rows] + at] << np.uint64(_BYTE * at)
        at += 1
        rows = rows[counts[rows] > at]
    return words


def unpack(word: int) -> list[int]:
    """The codes of a list's elements.

    >>> unpack(2056)
    [7, 7]
    """
    return [byte - 1 for byte in word.to_bytes(_LONGEST, "little") if byte]
