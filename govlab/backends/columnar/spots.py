"""What stands first in each policy of a row, as a few small numbers: its spots.

A spot is a guard and its verdict, 3 * guard + 0 true, 1 error or 2 unknown, with guards from 1 on;
0 is none. Only those are kept that what is asked for can tell: a denial decides whatever else
matched, then an error, then an unknown; and beside the deciding rule only what adds a limit, an
approval or a remedy counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from govlab.backends.columnar.layout import BITS, Bools, Classes, Ints, Layout
from govlab.backends.columnar.numbering import Words
from govlab.backends.columnar.places import hits
from govlab.backends.columnar.telling import Telling

__all__ = ["Firsts", "Spots"]

Spots = Ints

_WHOLE = 63  # bits of a word that numbers are found for
_NONE = 64  # where the lowest bit of an empty word is said to stand
_ONE = np.uint64(1)
_STRENGTH, _SPEAKS, _LIMITS = 7, 8, 16  # of a trait: how strict an outcome is, and flags
_ALONE = 5  # so strict that nothing beside it counts: unknown, error, denial


@dataclass(frozen=True, slots=True)
class Firsts:
    """The spots of a plan's guards; `traits` is None where all of them are told apart."""

    layout: Layout
    traits: NDArray[np.uint8] | None
    odd_traits: NDArray[np.uint8] | None
    field: Ints  # of each guard, from 1 on
    policy: Ints  # from 1 on
    rule: Ints
    target: Bools
    free: Bools  # of no target

    @classmethod
    def of(cls, layout: Layout, telling: Telling | None) -> Self:
        """For the guards of `layout`, told apart as far as `telling` does."""
        traits = None if telling is None else telling.traits(layout.policy, layout.rule)
        odd = traits if layout.most_alike() == 1 else None  # a rule's guards make up its verdict
        field, policy, rule = (
            np.concatenate([[0], of]) for of in (layout.field_of(), layout.policy + 1, layout.rule)
        )
        target = rule < 0
        free = target | ~np.isin(policy, policy[target])
        return cls(layout, traits, odd, field, policy, rule, target, free)

    def table(self, classes: Classes) -> list[Spots]:
        """For each word the spot at each place of each class, `_NONE` + 1 places in a row."""
        found = []
        for at in range(0, classes.guard.shape[1], BITS):
            places = np.zeros((len(classes.guard), _NONE + 1), np.intp)
            places[:, :BITS] = 3 * (classes.guard[:, at : at + BITS] + 1)
            found.append(places.reshape(-1))
        return found

    def spots(self, table: Sequence[Spots], index: Ints, words: Sequence[Words]) -> list[Spots]:
        """The spots of rows of some classes, of words with one bit a field, all of them true: as
        few columns as hold them, a row's from the lowest on."""
        none = [np.zeros(0, np.uint64)] * len(words)
        found = self._every(table, index, words, none, none)
        return found if self.traits is None else _told(found, self.traits)

    def odd(self, table: Sequence[Spots], index: Ints, told: Sequence[Words]) -> list[Spots]:
        """The same of words with the bits of one rule a field; `told` are three words each: the
        guards, those of them in error, those unknown."""
        found = self._every(table, index, told[::3], told[1::3], told[2::3])
        return found if self.odd_traits is None else _told(found, self.odd_traits)

    def _every(
        self, table: Sequence[Spots], index: Ints,
        words: Sequence[Words], error: Sequence[Words], unknown: Sequence[Words],
    ) -> list[Spots]:  # fmt: skip
        begin, found = index * (_NONE + 1), list[Spots]()
        for places, word, *odd in zip(table, words, error, unknown, strict=True):
            if not found:
                found = list(_columns(places, begin, word, odd))
                continue
            rows = hits(word != 0)
            some = [bits[rows] if len(bits) else bits for bits in (word, *odd)]
            for more in _columns(places, begin[rows], some[0], some[1:]):
                column = np.zeros(len(index), np.intp)
                column[rows] = self._fresh(more, [known[rows] for known in found])
                found.append(column)
        return self._on_target(found) or [np.zeros(len(index), np.intp)]

    def _fresh(self, spots: Spots, before: Sequence[Spots]) -> Spots:
        """`spots`, but none where another rule of the field comes `before`, in another word."""
        at, kept = spots // 3, np.ones(len(spots), dtype=bool)
        for known in before:
            other = known // 3
            kept &= (self.field[other] != self.field[at]) | (self.rule[other] == self.rule[at])
        return spots * kept

    def _on_target(self, spots: list[Spots]) -> list[Spots]:
        """`spots` without the rules of policies whose target does not stand there as true."""
        if not self.target.any():
            return spots
        policy, free, found = np.repeat(self.policy, 3), np.repeat(self.free, 3), list[Spots]()
        true = np.where(np.repeat(self.target, 3) & (np.arange(len(policy)) % 3 == 0), policy, 0)
        on = [true.take(c) for c in spots]
        for column in spots:
            own, kept = policy.take(column), free.take(column)
            for other in on:
                kept |= other == own
            found.append(column * kept)
        return found

    # -- as words ----------------------------------------------------------------------------

    def _held(self, count: int) -> tuple[int, list[int]]:
        """The bits of a spot, and how many of `count` spots each word holds: the first one may be
        as full as a word can be."""
        bits, held = (3 * len(self.field)).bit_length(), list[int]()
        while count:
            held.append(min(count, (BITS if held else _WHOLE) // bits))
            count -= held[-1]
        return bits, held

    def pack(self, spots: Sequence[Spots]) -> list[Words]:
        """Rows of spots as words of at most `BITS` bits, but for the first."""
        (bits, held), found, left = self._held(len(spots)), list[Words](), iter(spots)
        for count in held:
            word = next(left)
            for column in islice(left, count - 1):
                word = word << bits | column
            found.append(word.astype(np.uint64))
        return found

    def codes(self, words: Sequence[Words], count: int) -> Ints:
        """The outcome number of each policy, of `count` spots that were packed into words."""
        return self.layout.codes(len(words[0]), self._guards(words, count))

    def _guards(self, words: Sequence[Words], count: int) -> Iterator[tuple[Ints, Ints]]:
        bits, held = self._held(count)
        mask = np.uint64(2**bits - 1)
        for word, many in zip(words, held, strict=True):
            for at in reversed(range(many)):
                spot = ((word >> np.uint64(bits * at)) & mask).astype(np.int64)
                yield spot // 3 - 1, spot % 3


def _columns(places: Spots, begin: Ints, word: Words, odd: Sequence[Words]) -> Iterator[Spots]:
    """The spot of each row's lowest bit, then of the next, until there is none; `odd` has the bits
    in error and those unknown, which goes before error, or nothing."""
    while word.any():
        lower = word - _ONE
        spot = places.take(begin + np.bitwise_count(~word & lower))
        if len(odd[0]):
            error, unknown = ((bits & word & ~lower) != 0 for bits in odd)
            spot += np.where(unknown, 2, error) * (spot > 0)
        yield spot
        word = word & lower


def _told(spots: list[Spots], traits: NDArray[np.uint8]) -> list[Spots]:
    """`spots` without those that nobody asks about."""
    own = [traits.take(column) for column in spots]
    best = np.maximum.reduce([t & _STRENGTH for t in own])
    nothing, shared = best == 0, best < _ALONE
    decided, limited, found = nothing, np.zeros(len(best), dtype=bool), list[Spots]()
    for column, trait in zip(spots, own, strict=True):
        by = ((trait & _STRENGTH) == best) & ~decided
        limits = ((trait & _LIMITS) > 0) & ~limited
        keeps = nothing | by | (shared & (limits | ((trait & _SPEAKS) > 0)))
        decided, limited = decided | by, limited | limits
        found.append(column * keeps)
    return found
