"""What comes of rows, by what stands first in each policy: found out once for equal spots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from govlab.backends.columnar.chain import Chain
from govlab.backends.columnar.layout import Classes, Ints, Layout
from govlab.backends.columnar.numbering import Numbering, Words
from govlab.backends.columnar.spots import Firsts, Spots
from govlab.backends.columnar.telling import Telling

__all__ = ["Endings"]

_FULL = 2**21  # numbers of words, before they are forgotten


class Endings:
    """What `finish` gave for the outcomes of the policies, told apart as far as `telling` does."""

    def __init__(
        self, layout: Layout, finish: Callable[[tuple[int, ...]], int], telling: Telling | None
    ) -> None:
        self.finish, self.telling = finish, telling
        self.firsts = Firsts.of(layout, telling)
        self.lock = RLock()
        self.finished: dict[tuple[int, ...], int] = {}
        self.chains: dict[tuple[str, int], Chain] = {}
        self.table: list[Spots] = []
        self.table_of: Classes | None = None

    def clean(self, classes: Classes, index: Ints, first: Sequence[Words]) -> NDArray[np.uint32]:
        """For rows of some classes, of words with one bit a field, all of them true."""
        return self._finished("clean", self.firsts.spots(self._table(classes), index, first))

    def odd(self, classes: Classes, index: Ints, told: Sequence[Words]) -> NDArray[np.uint32]:
        """For rows of words with the bits of one rule a field; `told` are three words each: the
        guards, those of them in error, those unknown."""
        return self._finished("odd", self.firsts.odd(self._table(classes), index, told))

    def _table(self, classes: Classes) -> list[Spots]:
        """The spots at the places of words."""
        with self.lock:
            if self.table_of is not classes:
                self.table, self.table_of = self.firsts.table(classes), classes
            return self.table

    def _finished(self, kind: str, spots: list[Spots]) -> NDArray[np.uint32]:
        words = self.firsts.pack(spots)
        with self.lock:
            key = kind, len(spots)
            chain = self.chains.get(key)
            if chain is None or any(len(s) > _FULL for s in chain.stages):
                chain = self.chains[key] = Chain([Numbering(self.lock) for _ in words])
        numbers = chain.numbers(words)
        with self.lock:
            begin, end = len(chain.which), len(chain.stages[-1])
            if begin < end:
                codes = self.firsts.codes(chain.words(begin, end), len(spots))
                chain.which.extend(self._places(codes))
            which = np.array(chain.which, np.uint32)
        return which.take(numbers)

    def _places(self, codes: Ints) -> list[int]:
        """What `finish` gives for rows of outcomes: for the first of those that have one key."""
        keys = codes if self.telling is None else self.telling.keys(codes)
        found = []
        for key, row in zip(map(tuple, keys.tolist()), codes.tolist(), strict=True):
            if key not in self.finished:
                self.finished[key] = self.finish(tuple(row))
            found.append(self.finished[key])
        return found
