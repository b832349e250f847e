"""What a change of a series comes to: before, after, how sure, and whether it is worth telling."""

from __future__ import annotations

import math
from typing import Final

from govlab.drifting.days import Days
from govlab.drifting.model import Direction, Key, Verdict, Way
from govlab.drifting.shifts import Daily, Shift
from govlab.kpi.model import Better
from govlab.kpi.stats import wilson

__all__ = ["LEAST", "LEAST_VOLUME", "verdict_of"]

LEAST: Final = 0.2
"""A share has to change by a fifth of itself, or of what it lacks to all, to be told."""
LEAST_VOLUME: Final = 1 / 3
"""Volume comes and goes: it has to halve again or lose a third."""
_Z = 1.959963984540054


def verdict_of(
    key: Key, series: Daily, days: Days, *, better: Better = "none", unit: str = "share",
    weight: float = 1.0,
) -> Verdict | None:  # fmt: skip
    """The last change of `series`; None where there is too little to tell.

    `better` says which way is good, `weight` how much the series counts among all.
    """
    found = days.changes(series)
    if not found:
        return None
    now = found[-1]
    surest = min(found, key=lambda one: one.p)
    low, high = _apart(now, count=series.count)
    return Verdict(
        key=key,
        direction=_direction(now, count=series.count),
        way="worse" if series.count and now.of_after == 0 else _way(now.z, better),
        unit=unit,
        p=surest.p,
        z=now.z,
        since=days.at(now.day),
        first=days.at(now.first),
        last=days.at(now.last),
        before=now.before,
        after=now.after,
        low=low,
        high=high,
        of_before=round(now.of_before),
        among_before=round(now.among_before),
        of_after=round(now.of_after),
        among_after=round(now.among_after),
        spread=now.spread,
        held=_large(now, count=series.count),
        weight=weight,
        earlier=tuple(days.at(one.day) for one in found[:-1]),
    )


def _direction(now: Shift, *, count: bool) -> Direction:
    if count and now.of_after == 0:
        return "silent"
    return "rose" if now.z > 0 else "fell"


def _way(z: float, better: Better) -> Way:
    if better == "none":
        return "changed"
    return "better" if (z > 0) == (better == "high") else "worse"


def _large(now: Shift, *, count: bool) -> bool:
    moved = abs(now.after - now.before)
    if count:
        return moved >= LEAST_VOLUME * max(now.after, now.before)
    sides = (min(now.before, 1 - now.before), min(now.after, 1 - now.after))
    return moved > 0 and moved >= LEAST * max(sides)


def _apart(now: Shift, *, count: bool) -> tuple[float, float]:
    """The interval of after less before (95 %): of two score intervals (Newcombe 1998)."""
    apart = now.after - now.before
    if count:
        each = (now.before / max(now.among_before, 1), now.after / max(now.among_after, 1))
        half = _Z * math.sqrt(now.spread * sum(each))
        return apart - half, apart + half
    before = wilson_of(now.before, now.among_before, now.spread)
    after = wilson_of(now.after, now.among_after, now.spread)
    low = math.hypot(now.after - after[0], before[1] - now.before)
    high = math.hypot(after[1] - now.after, now.before - before[0])
    return apart - low, apart + high


def wilson_of(share: float, among: float, spread: float) -> tuple[float, float]:
    """The score interval of a share; shares of weekdays need not be whole numbers of actions."""
    low, high = wilson(share * among, among, spread)  # type: ignore[arg-type]  # any size will do
    return low, high
