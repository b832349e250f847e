"""Terms as numbers: what is true, false or unknown of an action, side by side in few words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["state_of", "word_names", "words_of"]

_PER_WORD = 32  # two bits each: 0 false, 1 true, 2 unknown
_PER_BYTE = 4
_WORD = "w{}"


def word_names(terms: int) -> list[str]:
    """The columns of the words that hold so many terms.

    >>> word_names(33)
    ['w0', 'w1']
    """
    return [_WORD.format(number) for number in range(max(-(-terms // _PER_WORD), 1))]


def words_of(terms: pl.DataFrame, height: int) -> pl.DataFrame:
    """The words of `terms`, three-valued columns of so many rows."""
    columns = terms.get_columns()
    starts = range(0, max(len(columns), 1), _PER_WORD)
    words = [_word(columns[start : start + _PER_WORD], height) for start in starts]
    return pl.DataFrame(dict(zip(word_names(len(columns)), words, strict=True)))


def state_of(place: int) -> pl.Expr:
    """The term that stands at `place`, read from the words."""
    word, shift = divmod(place, _PER_WORD)
    code = pl.col(_WORD.format(word)) // pl.lit(4**shift, pl.UInt64) % 4
    return pl.when(code == 2).then(None).otherwise(code == 1)


def _word(terms: Sequence[pl.Series], height: int) -> NDArray[np.uint64]:
    """Byte by byte: bytes are an eighth of the memory that words are."""
    found = np.zeros((height, _PER_WORD // _PER_BYTE), np.uint8)
    for place in range(0, len(terms), _PER_BYTE):
        codes = (
            _code(term) << np.uint8(2 * n)
            for n, term in enumerate(terms[place : place + _PER_BYTE])
        )
        found[:, place // _PER_BYTE] = reduce(or_, codes)
    return found.view("<u8").reshape(height).astype(np.uint64, copy=False)


def _code(term: pl.Series) -> NDArray[np.uint8]:
    """Straight from the bits that arrow keeps: no other way is as fast."""
    kept = term.rechunk().to_arrow()
    valid, flags = kept.buffers()
    true = _bits(flags, kept.offset, len(kept))
    if not kept.null_count:
        return true
    known = _bits(valid, kept.offset, len(kept))
    return (true & known) | (np.uint8(1) - known) << np.uint8(1)


def _bits(buffer: pa.Buffer, offset: int, length: int) -> NDArray[np.uint8]:
    packed = np.frombuffer(buffer or b"", np.uint8)
    return np.unpackbits(packed, bitorder="little", count=offset + length)[offset:]
