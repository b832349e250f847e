"""Numbers for rows of words, and what was found for each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from govlab.backends.columnar.layout import BITS, Ints
from govlab.backends.columnar.numbering import Numbering, Words

__all__ = ["GUARDS", "Chain"]

GUARDS = np.uint64(2**BITS - 1)
"""The bits of guards and ends in a word."""


@dataclass(slots=True)
class Chain:
    """Numbers for rows' words together, and what `finish` gave for each."""

    stages: list[Numbering]
    which: array[int] = field(default_factory=lambda: array("I"))

    def numbers(self, words: Sequence[Words]) -> Ints:
        """A number for each row's words, equal where these are."""
        found = self.stages[0].numbers(words[0])
        for stage, word in zip(self.stages[1:], words[1:], strict=True):
            found = stage.numbers(found.view(np.uint64) << np.uint64(BITS) | word)
        return found

    def words(self, begin: int, end: int) -> list[Words]:
        """The words of the numbers from `begin` to `end`."""
        at, words = np.arange(begin, end), list[Words]()
        for stage in reversed(self.stages[1:]):
            found = stage.words[at]
            words.insert(0, found & GUARDS)
            at = (found >> np.uint64(BITS)).astype(np.int64)
        return [self.stages[0].words[at], *words]
