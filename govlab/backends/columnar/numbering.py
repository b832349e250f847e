"""Words as small numbers: equal words have equal numbers, in every batch.

A word is looked up where its hash says, and what stands there is compared with it: never a wrong
number, and no look-up in Python but for words that are new, or that share both their places.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Numbering", "Words"]

Words = NDArray[np.uint64]

_HASHES = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
_LEAST = 14  # bits of a place in the table
_SPARE = 8  # places for each word
_FREE = np.uint64(2**64 - 1)


class Numbering:
    """The words met so far, number n as `words[n]`; `lock` is held while new ones are added."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.words: Words = np.zeros(0, np.uint64)
        self._by_word: dict[int, int] = {}
        self._make(_LEAST)

    def __len__(self) -> int:
        return len(self.words)

    def numbers(self, words: Words) -> NDArray[np.intp]:
        """The number of each word, new ones added."""
        found, odd = self._known(words)
        if odd.any():
            with self.lock:
                self._learn(words[odd])
                others, left = self._known(words[odd])
                others[left] = [self._by_word[word] for word in words[odd][left].tolist()]
            found[odd] = others
        return found

    def known(self, words: Words) -> NDArray[np.intp] | None:
        """The number of each word, None where one has none; threads may ask at the same time."""
        found, odd = self._known(words)
        return None if odd.any() else found

    def _known(self, words: Words) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The number of each word, and the words that stand in neither of their places."""
        found, odd = self._found(words, 0)
        rows = np.flatnonzero(odd)
        if len(rows):
            found[rows], odd[rows] = self._found(words[rows], 1)
        return found, odd

    def _found(self, words: Words, which: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """What stands at each word's place, and where that is another word's."""
        shift, keys, numbers = self._tables[which]
        hashes = words * np.uint64(_HASHES[which])
        hashes >>= np.uint64(shift)
        at = hashes.view(np.intp)
        other = keys.take(at) != words  # before the numbers: another thread may be putting both
        return numbers.take(at), other

    def _learn(self, words: Words) -> None:
        """Numbers for the words that have none."""
        known = self._by_word
        distinct = np.sort(pl.Series(words).unique().to_numpy())
        fresh = distinct[[word not in known for word in distinct.tolist()]]
        begin, end = len(known), len(known) + len(fresh)
        known.update(zip(fresh.tolist(), range(begin, end), strict=True))
        self.words = np.concatenate([self.words, fresh])
        if end * _SPARE > 2**self._bits:
            self._make((end * _SPARE).bit_length())
        else:
            _put(self._tables, fresh, begin)

    def _make(self, bits: int) -> None:
        fresh = [
            (64 - bits, np.full(2**bits, _FREE, np.uint64), np.zeros(2**bits, np.intp))
            for _ in _HASHES
        ]
        _put(fresh, self.words, 0)
        self._bits, self._tables = bits, fresh


_Tables = list[tuple[int, Words, NDArray[np.intp]]]


def _put(tables: _Tables, words: Words, first: int) -> None:
    """Puts words, numbered from `first`, where they are looked for and nothing stands yet.

    One that finds no place is looked up in Python every time.
    """
    numbers = np.arange(first, first + len(words), dtype=np.intp)
    for (shift, keys, known), factor in zip(tables, _HASHES, strict=True):
        at = (words * np.uint64(factor)) >> np.uint64(shift)
        free = keys[at] == _FREE
        known[at[free]] = numbers[free]  # before the words: another thread may be reading
        keys[at[free]] = words[free]
        left = keys[at] != words
        words, numbers = words[left], numbers[left]
