"""How many actions of which classes each run has: what intervals rest on.

Rows of one cluster stand together, and so do the clusters of one place: sums over either are sums
over neighbours, of several sets of classes at once. Of clusters that are alike one is enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.kpi.kinds import Kinds
from govlab.kpi.numbers import SEEDS

__all__ = ["Clustered", "Codes", "Mask", "Runs", "Starts", "Sums", "added"]

Mask = NDArray[np.bool_]
"""Which classes are of a set."""
Codes = NDArray[np.uint32]
Sums = NDArray[np.int64]
Starts = NDArray[np.intp]

_WORD = 63  # the sign is no number's
_HALF = 32


@dataclass(frozen=True, slots=True)
class Runs:
    """The actions of runs: `number` of the run, `kind`, and how many `events`, sorted by both."""

    number: Sums
    kind: Codes
    events: Sums

    @staticmethod
    def of(kinds: Kinds) -> Runs:
        """Those of `kinds`; runs of equal name are two where they belong to two tenants."""
        run = pl.col("run").to_physical().cast(pl.Int64)
        rows = kinds.runs.select(run * 2**_HALF + pl.col("kind"), "events").sort("run")
        packed = rows["run"].to_numpy()
        kind = (packed & (2**_HALF - 1)).astype(np.uint32)
        tenant = kinds.table["tenant"].to_physical().cast(pl.Int64).fill_null(-1).to_numpy()[kind]
        number = np.cumsum(_changes(packed >> _HALF, tenant)) - 1
        return Runs(number, kind, rows["events"].cast(pl.Int64).to_numpy())

    def parted(self, places: Codes) -> bool:
        """Whether any run has actions of several `places`, which are given by kind."""
        own = places[self.kind]
        return bool((_changes(own) & ~_changes(self.number)).any())

    def clustered(self, places: Codes, classes: Codes) -> Clustered:
        """The clusters: actions of one run and one place; both are given by kind."""
        place, number, kind, events = places[self.kind], self.number, self.kind, self.events
        packed = (number << _HALF) | place
        if (packed[1:] < packed[:-1]).any():
            order = np.argsort(packed, kind="stable")  # nearly sorted, which it makes use of
            place, number, kind, events = place[order], number[order], kind[order], events[order]
        starts = np.flatnonzero(_changes(place, number))
        own = classes[kind]
        first, times = _alike(own, events, starts, place[starts])
        lengths = np.diff(np.append(starts, len(own)))[first]
        begins = np.cumsum(lengths) - lengths
        rows = np.repeat(starts[first] - begins, lengths) + np.arange(lengths.sum())
        own, events = own[rows], events[rows]
        most = int(added(events, begins).max(initial=1))
        return Clustered(own, events, begins, times, *_bounds(place[rows][begins]),
                         most.bit_length())  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clustered:
    """`classes` and `events` row by row, where each cluster starts, and how many `times` it is.

    Clusters of one place that have the same actions are one. `bounds` are the clusters with which
    each of `places` starts. `bits` are those that the events of the largest cluster take. `known`
    is what was summed before.
    """

    classes: Codes
    events: Sums
    starts: Starts
    times: Sums
    bounds: Starts
    places: Codes
    bits: int
    known: dict[bytes, tuple[Sums, ...]] = field(default_factory=dict)

    def counts(self, sets: Sequence[Mask]) -> Iterator[Sums]:
        """How many actions of each set of classes each cluster has, set by set.

        As many numbers as fit stand side by side in one word while they are added up.
        """
        fit = _WORD // self.bits
        for start in range(0, len(sets), fit):
            part = sets[start : start + fit]
            codes = [one.astype(np.int64) << self.bits * place for place, one in enumerate(part)]
            word = added(sum(codes[1:], codes[0])[self.classes] * self.events, self.starts)
            for place in range(len(part)):
                yield (word >> self.bits * place) & (2**self.bits - 1)

    def by_place(self, values: Sums | Mask) -> Sums:
        """The sums over the clusters of each of `places`."""
        return added(values * self.times, self.bounds)


def added(values: Sums, starts: Starts) -> Sums:
    """The sums from each of `starts` to the next."""
    found: Sums = np.add.reduceat(values, starts) if len(starts) else values[:0]
    return found


def _alike(classes: Codes, events: Sums, starts: Starts, at: Codes) -> tuple[Starts, Sums]:
    """One cluster of those that are alike, place by place, and how many they are.

    What a cluster is made of is told by two sums of numbers that hash its classes. Those that are
    alike and do not stand together when sorted by one of them stay apart, which is as right.
    """
    marks = [_hashes(classes, seed)[classes] for seed in SEEDS]
    one, other = (added((mark * events.view(np.uint64)).view(np.int64), starts) for mark in marks)
    order = np.argsort(one ^ (at.astype(np.int64) << _HALF))
    firsts = np.flatnonzero(_changes(at[order], one[order], other[order]))
    times = np.diff(np.append(firsts, len(order)))
    found = order[firsts]
    by_place = np.argsort(at[found], kind="stable")
    return found[by_place], times[by_place]


def _hashes(classes: Codes, seed: int) -> NDArray[np.uint64]:
    known = pl.int_range(int(classes.max(initial=0)) + 1, dtype=pl.UInt64, eager=True)
    return known.hash(seed).to_numpy()


def _bounds(at: Codes) -> tuple[Starts, Codes]:
    """Where each place starts among clusters that stand place by place, and which it is."""
    bounds = np.flatnonzero(_changes(at))
    return bounds, at[bounds]


def _changes(*columns: NDArray[np.generic]) -> Mask:
    """Where a row differs from the one before; the first one does."""
    found = np.zeros(len(columns[0]), np.bool_)
    found[:1] = True
    for column in columns:
        found[1:] |= column[1:] != column[:-1]
    return found
