"""The shares followed, day by day, from what the figures' own reading left of a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from govlab.drifting.catalog import FOLLOWED, HEAD, LADDERS, METADATA, WAIT
from govlab.drifting.days import Days
from govlab.drifting.model import Key, Unknown, Verdict
from govlab.drifting.shifts import Daily
from govlab.drifting.verdicts import verdict_of
from govlab.kpi.classes import Classes, classes_of
from govlab.kpi.model import Value
from govlab.kpi.partials import Partial
from govlab.kpi.rates import Share, rates
from govlab.kpi.spec import Spec, texts_of

__all__ = ["HEAD_WEIGHT", "Followed", "follow", "share_verdicts", "unknown_shares"]

HEAD_WEIGHT: Final = 8.0
"""How much the first questions about the whole log count among all series."""

_REGISTERED: Final = "decisions.unregistered_digest_rate"
_LACKS: Final = frozenset(f"drift.missing.{column}" for column in METADATA)
_RUNGS: Final = {
    f"{ladder}.{seconds}": (ladder, seconds)
    for ladder, steps in LADDERS.items()
    for seconds in steps
}


@dataclass(frozen=True, slots=True)
class Followed:
    """A share for all (`cut` None) or one value of a cut: over all days, and for each."""

    cut: str | None
    whole: Value
    days: Mapping[date, Value]


def follow(whole: Partial, spec: Spec, cuts: Sequence[str]) -> dict[str, list[Followed]]:
    """The shares of `spec` by id, for all and for each value of `cuts`."""
    classes = classes_of(whole.kinds, spec)
    states = classes.states([text for f in spec.figures for text in texts_of(f.measure)])
    shares = {f.id: Share.of(*(states[text] for text in texts_of(f.measure))) for f in spec.figures}
    found: dict[str, list[Followed]] = {name: [] for name in shares}
    for cut in (None, *cuts):
        for name, values in _of_cut(classes, shares, cut):
            found[name] += values
    return found


def _of_cut(
    classes: Classes, shares: Mapping[str, Share], cut: str | None
) -> Iterator[tuple[str, list[Followed]]]:
    totals = rates(classes.grouped(cut), shares, cut)
    daily = rates(classes.by_day(cut), shares, cut)
    for name, values in totals.items():
        by_value: dict[str | None, dict[date, Value]] = {}
        for value in daily[name]:
            if value.at is not None:
                day, at = date.fromisoformat(value.at[:10]), value.at[11:] or None
                by_value.setdefault(at, {})[day] = value
        yield name, [Followed(cut, one, by_value.get(one.at or None, {})) for one in values]


def share_verdicts(
    followed: Mapping[str, Sequence[Followed]], days: Days, as_of: datetime
) -> Iterator[Verdict]:
    """The verdict of each share that can be told."""
    for name, series in followed.items():
        if name in _RUNGS:
            continue
        for one in series:
            head = one.cut is None and name in HEAD
            key = Key(name, one.cut, one.whole.at)
            found = _verdict(key, one, days, weight=HEAD_WEIGHT if head else 1.0)
            if found is not None:
                yield found
    yield from _times(followed, days, as_of)


def _verdict(key: Key, one: Followed, days: Days, *, weight: float = 1.0) -> Verdict | None:
    if one.whole.value is None or not 0 < one.whole.value < 1:
        return None
    better = FOLLOWED[one.whole.id].better
    return verdict_of(key, daily_of(one, days), days, better=better, weight=weight)


def daily_of(one: Followed, days: Days, *, until: int | None = None) -> Daily:
    """The days of a share, or those before the number `until`."""
    of, among, clusters = (
        days.filled({day: float(number(value)) for day, value in one.days.items()})
        for number in (_of, _among, _clusters)
    )
    series = Daily(of, among, clusters, days.first.weekday(), one.whole.deff or 1.0)
    return series if until is None else series.part(0, max(until, 0))


def _of(value: Value) -> int:
    return value.numerator or 0


def _among(value: Value) -> int:
    return value.denominator or 0


def _clusters(value: Value) -> int:
    return value.clusters or 0


def _times(
    followed: Mapping[str, Sequence[Followed]], days: Days, as_of: datetime
) -> Iterator[Verdict]:
    """Of each series the time within which about half of the answers, or calls, are done."""
    places: dict[tuple[str, str | None, str | None], list[Followed]] = {}
    for name, (ladder, _) in _RUNGS.items():
        for one in followed.get(name, ()):
            places.setdefault((ladder, one.cut, one.whole.at), []).append(one)
    for place, rungs in places.items():
        known = [one for one in rungs if one.whole.value is not None]
        if not known:
            continue
        half = min(known, key=lambda one: abs((one.whole.value or 0.0) - 0.5))
        ladder, seconds = _RUNGS[half.whole.id]
        over = _settled(days, as_of, seconds) if ladder == WAIT else None
        found = verdict_of(Key(*place), daily_of(half, days, until=over), days, better="low")
        if found is not None:
            yield replace(found, moved=str(seconds))


def _settled(days: Days, as_of: datetime, seconds: int) -> int:
    """The number of the first day whose questions may still be answered in time."""
    over = (as_of - timedelta(seconds=seconds)).date()
    return days.place(over)


def unknown_shares(
    followed: Mapping[str, Sequence[Followed]], *, registry: bool
) -> Iterator[Unknown]:
    """The shares of which more is unknown than known, over the whole log.

    A column that no source has is none that could go missing, and without a registry nobody asks
    what it holds.
    """
    for name, series in followed.items():
        whole = next((one.whole for one in series if one.cut is None), None)
        if whole is None or whole.value is not None or not whole.unknown or name in _RUNGS:
            continue
        asked = registry if name == _REGISTERED else bool(whole.denominator) or name not in _LACKS
        if asked:
            known = f" and can for {whole.denominator:,}" if whole.denominator else ""
            yield Unknown(name, f"the log cannot tell for {whole.unknown:,} actions{known}")
