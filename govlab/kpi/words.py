"""Terms as numbers: what is true, false or unknown of an action, side by side in few words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import numpy as np
import polars as pl
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
    if not term.null_count():
        return _bits(term)
    return _bits(term.fill_null(value=False)) | (_bits(term.is_null()) << np.uint8(1))


def _bits(flags: pl.Series) -> NDArray[np.uint8]:
    """Straight from the bits that arrow keeps: no other way is as fast."""
    known = flags.rechunk().to_arrow()
    bits = np.frombuffer(known.buffers()[1] or b"", np.uint8)
    end = known.offset + len(known)
    return np.unpackbits(bits, bitorder="little", count=end)[known.offset :]
