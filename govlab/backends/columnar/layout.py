"""Where the guards of rows stand in their words (design: bit vectors).

Rows whose tool and action leave the same guards open are a class. Its open guards are numbered,
policy by policy, into words of `BITS` bits; behind the guards of a policy, and at a word's end,
stands a bit that is always set, so that one subtraction finds the lowest open guard of every policy
at once. A guard is open until a part of it is false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from govlab.backends.columnar.numbering import Words
from govlab.backends.columnar.parts import Guard, Part
from govlab.plan.model import NO_RULE, NO_TARGET, ON_ERROR, ON_UNKNOWN, encode

__all__ = ["BITS", "Bools", "Classes", "Ints", "Layout", "Stands", "lay"]

BITS = 40
"""Guards and ends in a word."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Short = NDArray[np.int32]
_RANK = (0, 2, 1)  # of the verdicts true, error, unknown: the least one is what a rule comes to


@dataclass(frozen=True, slots=True)
class Layout:
    """A plan's guards as columns of a table; a policy's stand side by side."""

    guards: tuple[Guard, ...]
    policies: int
    policy: Ints
    rule: Ints
    later: Bools  # has parts that tool and action do not settle
    fields: tuple[Ints, ...]  # guards that end one another: a target, or the rules of a policy
    of_part: dict[Part, Ints]

    @classmethod
    def of(cls, guards: tuple[Guard, ...], policies: int) -> Layout:
        """The layout of `guards`, in their order."""
        of_part: dict[Part, list[int]] = {}
        for at, guard in enumerate(guards):
            for part in guard.parts:
                of_part.setdefault(part, []).append(at)
        policy = np.array([g.policy for g in guards], dtype=np.int64)
        rule = np.array([g.rule for g in guards], dtype=np.int64)
        later = [any(p.unit.kind != "index" for p in g.parts) for g in guards]
        fields = [
            np.flatnonzero((policy == at) & test)
            for at in range(policies)
            for test in (rule < 0, rule >= 0)
        ]
        parts = {part: np.array(found) for part, found in of_part.items()}
        return cls(guards, policies, policy, rule, np.array(later, dtype=bool),
                   tuple(f for f in fields if len(f)), parts)  # fmt: skip

    def field_of(self) -> Ints:
        """The field of each guard."""
        found = np.zeros(len(self.guards), dtype=np.int64)
        for number, field in enumerate(self.fields):
            found[field] = number
        return found

    def most_alike(self) -> int:
        """The most guards that one rule has."""
        pairs = zip(self.policy.tolist(), self.rule.tolist(), strict=True)
        return max(Counter(pairs).values(), default=1)

    def opened(self, size: int, verdicts: Sequence[tuple[Part, Any]]) -> list[Bools]:
        """Of `size` pairs of tool and action: the guards open, in error and unknown.

        Guards are left out that cannot matter: off target, or behind one that is settled.
        """
        every = (len(self.guards), size)
        found = [np.ones(every, bool), np.zeros(every, bool), np.zeros(every, bool)]
        for part, codes in verdicts:
            own = self.of_part[part]
            found[0][own] &= codes != 0
            found[1][own] |= codes == 2
            found[2][own] |= codes == 3
        for policy in range(self.policies):
            self._reduce(found[0], policy)
        return [np.ascontiguousarray((f & found[0]).T) for f in found]

    def _reduce(self, open_: Bools, policy: int) -> None:
        target = np.flatnonzero((self.policy == policy) & (self.rule < 0))
        own = np.flatnonzero((self.policy == policy) & (self.rule >= 0))
        if not len(own):
            return
        if len(target):
            open_[own] &= open_[target]
        settled = open_[own] & ~self.later[own][:, None]
        last = np.where(settled.any(axis=0), self.rule[own][settled.argmax(axis=0)], 2**62)
        open_[own] &= self.rule[own][:, None] <= last

    def codes(self, height: int, verdicts: Iterator[tuple[Ints, Ints]]) -> Ints:
        """The outcome number of each policy (S4.1): `height` rows, a column a policy.

        `verdicts` give of each row a guard (-1: none) and its verdict, 0 true, 1 error, 2 unknown;
        of each policy the lowest rule that is not false comes first, and is only given on target.
        """
        found = np.full((height, self.policies), NO_RULE, dtype=np.int64)
        on = np.full((height, self.policies), -1, dtype=np.int64)
        for guard, verdict in verdicts:
            rows = np.flatnonzero(guard >= 0)
            at, code = guard[rows], verdict[rows]
            self._meet(found, on, rows, at, code)
        for policy in set(self.policy[self.rule < 0].tolist()):
            column, of = found[:, policy], on[:, policy]
            column[of == 1] = ON_ERROR
            column[of == 2] = ON_UNKNOWN
            column[(of == -1) & (column == NO_RULE)] = NO_TARGET
        return found

    def _meet(self, found: Ints, on: Ints, rows: Ints, at: Ints, code: Ints) -> None:
        policy, rule = self.policy[at], self.rule[at]
        target = rule < 0
        on[rows[target], policy[target]] = code[target]
        rows, policy, rule, code = (x[~target] for x in (rows, policy, rule, code))
        before, rank = found[rows, policy], np.array(_RANK)
        same = (before >= encode(0, "true")) & ((before - encode(0, "true")) // 3 == rule)
        better = same & (rank[code] < rank[(before - encode(0, "true")) % 3])
        takes = (before == NO_RULE) | better
        found[rows[takes], policy[takes]] = (encode(0, "true") + 3 * rule + code)[takes]


@dataclass(frozen=True, slots=True)
class Stands:
    """Guards that are open, class by class: of each its class, which it is, and its place there."""

    row: Ints
    guard: Ints
    place: Ints

    def only(self, hits: Bools) -> Stands:
        """Those where `hits` is true."""
        return Stands(self.row[hits], self.guard[hits], self.place[hits])

    def bit(self) -> Words:
        """The bit of each in its word."""
        return np.uint64(1) << (self.place % BITS).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Classes:
    """Of each class where its open guards stand: arrays with a row a class."""

    stands: Stands
    guard: Short  # at each place, or -1
    start: list[Words]  # a word each: the bits that are set at first
    low: list[Words]  # the lowest bit of each field
    same: list[Words]  # bits of the same rule as the bit below
    error: list[Words]
    unknown: list[Words]

    def __len__(self) -> int:
        return len(self.guard)

    def bits(self, guards: Ints) -> list[Words]:
        """The places of some guards, as words."""
        found = np.zeros((len(self), len(self.start)), np.uint64)
        own = self.stands.only(np.isin(self.stands.guard, guards))
        _set(found, own.row, own.place)
        return _apart(found)


@dataclass(slots=True)
class _Laid:
    """Bits of words, each as a row and its place there."""

    guards: list[tuple[Ints, Ints, Ints]]  # row, guard, place
    ends: list[tuple[Ints, Ints]]
    lows: list[tuple[Ints, Ints]]
    same: list[tuple[Ints, Ints]]


def lay(layout: Layout, open_: Bools, error: Bools, unknown: Bools) -> Classes:
    """The places of the open guards of each class."""
    laid = _Laid([], [], [], [])
    rows, guards = np.nonzero(open_)
    begins, place = _in_a_row(layout, rows, guards)
    more = np.bincount(rows, minlength=len(open_)) + np.bincount(rows[begins], minlength=len(open_))
    fits = more[rows] <= BITS
    _short(layout, laid, begins[fits], (rows[fits], guards[fits], place[fits]))
    wide = np.flatnonzero(more > BITS)
    if len(wide):
        _long(layout, laid, wide, open_[wide])
    return _classes(error, unknown, laid)


def _in_a_row(layout: Layout, rows: Ints, guards: Ints) -> tuple[Bools, Ints]:
    """Which guards begin a field, and the place of each while there is but one word."""
    field = layout.field_of()[guards]
    fresh = np.diff(rows, prepend=-1) != 0
    begins = fresh | (np.diff(field, prepend=-1) != 0)
    at = np.arange(len(rows)) + np.cumsum(begins)
    first = np.flatnonzero(fresh)
    begun = np.repeat(at[first], np.diff(np.append(first, len(rows))))
    return begins, at - begun


def _short(layout: Layout, laid: _Laid, begins: Bools, guards: tuple[Ints, Ints, Ints]) -> None:
    """Classes whose guards and ends go into one word."""
    rows, at, place = guards
    last = np.append(begins[1:], [True])[: len(begins)].astype(bool)
    goes_on = ~begins & (np.diff(layout.rule[at], prepend=-2) == 0)
    laid.guards.append(guards)
    laid.ends.append((rows[last], place[last] + 1))
    laid.lows.append((rows[begins], place[begins]))
    laid.same.append((rows[goes_on], place[goes_on]))


def _long(layout: Layout, laid: _Laid, rows: Ints, open_: Bools) -> None:
    """Classes that have more words: a field that goes on behind a word's end is two."""
    cursor = np.zeros(len(rows), dtype=np.int64)
    for field in layout.fields:
        begun = np.zeros(len(rows), dtype=bool)
        last = np.full(len(rows), -1, dtype=np.int64)
        for guard in field:
            live = open_[:, guard]
            full = live & (cursor % BITS == BITS - 1)
            laid.ends.append((rows[full], cursor[full]))
            cursor += full
            low = live & (~begun | (cursor % BITS == 0))
            laid.lows.append((rows[low], cursor[low]))
            rule = layout.rule[guard]
            goes_on = live & (last == rule) & (cursor % BITS > 0)
            laid.same.append((rows[goes_on], cursor[goes_on]))
            laid.guards.append((rows[live], np.full(live.sum(), guard), cursor[live]))
            last[live] = rule
            cursor += live
            begun |= live
        laid.ends.append((rows[begun], cursor[begun]))
        cursor += begun


def _classes(error: Bools, unknown: Bools, laid: _Laid) -> Classes:
    rows, guards, places = (np.concatenate(parts) for parts in zip(*laid.guards, strict=True))
    order = np.lexsort((places, rows))
    stands = Stands(rows[order], guards[order], places[order])
    last = max((int(at.max(initial=0)) for _, at in laid.ends), default=0)
    words = last // BITS + 1
    guard = np.full((len(error), words * BITS), -1, dtype=np.int32)
    guard[rows, places] = guards
    every = [np.zeros((len(error), words), np.uint64) for _ in range(5)]
    for into, bits in zip(
        every, ([(rows, places), *laid.ends], laid.lows, laid.same), strict=False
    ):
        _set(into, *(np.concatenate(parts) for parts in zip(*bits, strict=True)))
    for into, odd in ((every[3], error), (every[4], unknown)):
        hit = odd[rows, guards]
        _set(into, rows[hit], places[hit])
    return Classes(stands, guard, *map(_apart, every))


def _apart(words: NDArray[np.uint64]) -> list[Words]:
    return [np.ascontiguousarray(word) for word in words.T]


def _set(words: NDArray[np.uint64], rows: Ints, places: Ints) -> None:
    """Sets bits, each of a row and at a place."""
    bit = np.uint64(1) << (places % BITS).astype(np.uint64)
    flat = words.reshape(-1)  # one index is much quicker than two
    np.bitwise_or.at(flat, rows * words.shape[1] + places // BITS, bit)
