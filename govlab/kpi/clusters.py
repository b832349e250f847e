"""How many actions of which classes each run has: what intervals rest on.

Rows of one cluster stand together, and so do the clusters of one place: sums over either are sums
over neighbours, of several sets of classes at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.kpi.kinds import Kinds

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
            order = np.argsort(packed)
            place, number, kind, events = place[order], number[order], kind[order], events[order]
        starts = np.flatnonzero(_changes(place, number))
        at = place[starts]
        most = int(added(events, starts).max(initial=1))
        return Clustered(classes[kind], events, starts, *_ordered(at), most.bit_length())


@dataclass(frozen=True, slots=True)
class Clustered:
    """`classes` and `events` row by row, and where each cluster starts.

    `order` has the clusters place by place, `bounds` where each of `places` starts in it. `bits`
    are those that the events of the largest cluster take. `known` is what was summed before.
    """

    classes: Codes
    events: Sums
    starts: Starts
    order: Starts
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
            rows = sum(codes[1:], codes[0])[self.classes] * self.events
            word = added(rows, self.starts)[self.order]
            for place in range(len(part)):
                yield (word >> self.bits * place) & (2**self.bits - 1)

    def by_place(self, values: NDArray[np.generic]) -> Sums:
        """The sums over the clusters of each of `places`."""
        return added(values.astype(np.int64, copy=False), self.bounds)


def added(values: Sums, starts: Starts) -> Sums:
    """The sums from each of `starts` to the next."""
    found: Sums = np.add.reduceat(values, starts) if len(starts) else values[:0]
    return found


def _ordered(at: Codes) -> tuple[Starts, Starts, Codes]:
    """Clusters place by place: their order, where each place starts, and which it is."""
    few = at.astype(np.uint16) if at.max(initial=0) < 2**16 else at  # sorted without comparing
    order = np.argsort(few, kind="stable")
    bounds = np.flatnonzero(_changes(at[order]))
    return order, bounds, at[order][bounds]


def _changes(*columns: NDArray[np.generic]) -> Mask:
    """Where a row differs from the one before; the first one does."""
    found = np.zeros(len(columns[0]), np.bool_)
    found[:1] = True
    for column in columns:
        found[1:] |= column[1:] != column[:-1]
    return found
