"""Shares of actions and of runs, with their intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from govlab.kpi.classes import Grouped
from govlab.kpi.clusters import Clustered, Mask, Sums
from govlab.kpi.model import Value
from govlab.kpi.stats import FEWEST, Clusters, design_effect, wilson

__all__ = ["Share", "mask", "rates", "run_rates", "share"]

Place = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Share:
    """Which classes are of a share, which among it, and of which nobody knows."""

    wanted: Mask
    known: Mask
    unsure: Mask

    @staticmethod
    def of(of: pl.Series, among: pl.Series) -> Share:
        """The share of what is `of` among what is `among`: states of classes."""
        known = mask(among & of.is_not_null())
        return Share(known & mask(of), known, mask(among.is_null()) | mask(among & of.is_null()))

    def key(self) -> bytes:
        """Shares of the same key have the same intervals."""
        return self.wanted.tobytes() + self.known.tobytes()


def mask(state: pl.Series) -> Mask:
    """Of which classes `state` is true."""
    return state.fill_null(value=False).to_numpy()


def rates(rows: Grouped, shares: Mapping[str, Share], cut: str | None) -> dict[str, list[Value]]:
    """The values of `shares`, by name, for each value of a cut."""
    spread = _spreads(rows.clustered, shares.values())
    found = {}
    for name, one in shares.items():
        n, d, unknown = rows.sums([one.wanted, one.known, one.unsure])
        n_alone, d_alone = rows.sums([one.wanted, one.known], "alone")
        # an action of no run is a cluster of its own: its square is itself
        beside = (d_alone, n_alone, n_alone, d_alone)
        summed = [
            [in_runs + alone for in_runs, alone in zip(rows.folded(part), more, strict=True)]
            for part, more in zip(spread[one.key()], beside, strict=True)
        ]
        each = zip(rows.ats, zip(n, d, unknown, *summed, strict=True), strict=True)
        values = [_rate(name, (cut, at), sums) for at, sums in each]
        found[name] = values or [Value(name, None, None, None, 0, 0, 0)] * (cut is None)
    return found


def _spreads(rows: Clustered, shares: Iterable[Share]) -> Mapping[bytes, tuple[Sums, ...]]:
    """The spread of each of `shares`, by key; cuts that do not part the runs ask for the same."""
    new = [one for one in shares if one.key() not in rows.known]
    bases: dict[bytes, list[Share]] = {}
    for one in new:
        bases.setdefault(one.known.tobytes(), []).append(one)
    sets = [one for of in bases.values() for one in (of[0].known, *(s.wanted for s in of))]
    counts = rows.counts(sets)
    for of in bases.values():
        d = next(counts)
        there, dd = rows.by_place(d > 0), rows.by_place(d * d)
        for one in of:
            n = next(counts)
            rows.known[one.key()] = there, rows.by_place(n * n), rows.by_place(n * d), dd
    return rows.known


def _rate(name: str, place: Place, sums: Sequence[int]) -> Value:
    n, d, unknown, count, nn, nd, dd = sums
    if d == 0 or unknown > d:  # what is known may have been chosen by what it says
        return Value(name, *place, None, n, d, unknown)
    deff = design_effect(Clusters(count, n, d, nn, nd, dd))
    low, high = wilson(n, d, deff) if count >= FEWEST else (None, None)
    return Value(name, *place, n / d, n, d, unknown, low, high, deff, count)


def run_rates(
    name: str, rows: Grouped, states: tuple[pl.Series, pl.Series], cut: str | None
) -> Iterator[Value]:
    """The share of runs whose actions with the second of `states` all have the first.

    A run fails by one action, is unsure by one that cannot be told, and else holds.
    """
    runs, sets = rows.clustered, _of_run(*states)
    key = b"".join(one.tobytes() for one in sets)
    if key not in runs.known:
        applies, fails, open_ = (count > 0 for count in runs.counts(sets))
        holds = applies & ~fails & ~open_
        told = (holds, holds | fails, open_ & ~fails)
        runs.known[key] = tuple(runs.by_place(one) for one in told)
    sums = (rows.folded(one) for one in runs.known[key])
    found = list(zip(rows.ats, *sums, strict=True)) or [(None, 0, 0, 0)] * (cut is None)
    yield from (share(name, (cut, at), n, d, u) for at, n, d, u in found)


def _of_run(wanted: pl.Series, base: pl.Series) -> tuple[Mask, Mask, Mask]:
    """The classes by which a run applies, fails, or is unsure."""
    unsure = (base.is_null() & wanted.ne_missing(True)) | (base & wanted.is_null()).fill_null(False)
    return mask(base), mask(base & ~wanted), mask(unsure)


def share(name: str, place: Place, n: int, d: int, unknown: int) -> Value:
    """The value of a share of units each of which is a cluster of its own."""
    return _rate(name, place, (n, d, unknown, d, n, n, d))
