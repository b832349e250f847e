"""Short lists as words: a byte an element, so that equal lists are equal words and no others."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar.numbering import Words

__all__ = ["pack", "unpack"]

_LONGEST, _BYTE = 8, 8  # elements of a word, bits of one
_NEAR = 2**15  # lists at a time: what is worked out of them stays near the processor
_MOST = 2**_BYTE - 3  # a byte of 0 is no element, a word of ones is no list


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
    elements, counts, at = codes.to_numpy(), lengths.to_numpy(), 0
    words = np.empty(len(counts), np.uint64)
    for begin in range(0, len(counts), _NEAR):
        some = counts[begin : begin + _NEAR]
        until = at + int(some.sum())
        words[begin : begin + _NEAR] = _packed(elements[at:until], some)
        at = until
    return words


def _packed(elements: NDArray[np.uint32], counts: NDArray[np.int64]) -> Words:
    ends = np.cumsum(counts)
    begins, first = ends - counts, np.zeros(len(elements) + 1, np.int64)
    first[begins] = begins  # of each element that of its list
    at = np.arange(len(elements)) - np.maximum.accumulate(first)[:-1]
    shifted = (elements + np.uint64(1)) << (_BYTE * at).astype(np.uint64)
    until = np.concatenate([np.zeros(1, np.uint64), np.cumsum(shifted)])
    words: Words = until.take(ends) - until.take(begins)  # sums may wrap, differences do not
    return words


def unpack(word: int) -> list[int]:
    """The codes of a list's elements.

    >>> unpack(2056)
    [7, 7]
    """
    return [byte - 1 for byte in word.to_bytes(_LONGEST, "little") if byte]
