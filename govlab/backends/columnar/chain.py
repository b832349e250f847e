"""Numbers for the words of rows, and the guards that stand in them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from govlab.backends.columnar.layout import BITS, Classes, Ints
from govlab.backends.columnar.numbering import Numbering, Words

__all__ = ["GUARDS", "Chain", "met"]

GUARDS = np.uint64(2**BITS - 1)
"""The bits of guards and ends in a word."""


@dataclass(slots=True)
class Chain:
    """Numbers for rows' classes and words together, and what `finish` gave for each."""

    stages: list[Numbering]
    which: array[int] = field(default_factory=lambda: array("I"))

    def numbers(self, index: pl.Series, words: Sequence[Words]) -> pl.Series:
        found = index.to_numpy()
        for stage, word in zip(self.stages, words, strict=True):
            found = stage.numbers(found.astype(np.uint64) << np.uint64(BITS) | word)
        return pl.Series(found)

    def paths(self, begin: int, end: int) -> tuple[Ints, list[Words]]:
        """The class and the words of the numbers from `begin` to `end`."""
        at, words = np.arange(begin, end), list[Words]()
        for stage in reversed(self.stages):
            found = stage.words[at]
            words.insert(0, found & GUARDS)
            at = (found >> np.uint64(BITS)).astype(np.int64)
        return at, words


def met(
    classes: Classes, index: Ints, bits: list[Words], told: list[Words] | None
) -> Iterator[tuple[Ints, Ints]]:
    """The guards of words from the lowest on, and their verdicts."""
    for number, given in enumerate(bits):
        word = given.copy()
        while word.any():
            lowest = word & ~(word - np.uint64(1))
            place = np.bitwise_count(lowest - np.uint64(1)).astype(np.int64)
            there = lowest != 0
            guard = classes.guard[index, np.where(there, place, 0) + number * BITS]
            verdict = np.zeros(len(word), dtype=np.int64)
            if told is not None:
                verdict[(told[3 * number + 1] & lowest) != 0] = 1
                verdict[(told[3 * number + 2] & lowest) != 0] = 2
            yield np.where(there, guard, -1), verdict
            word ^= lowest
