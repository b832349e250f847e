"""Where a daily series changed, and how sure that is: same weekdays held against each other.

A day is `of` out of `among`: denials out of decisions, or events out of one day. For each day the
days from it on are held against those before, weekday by weekday (Mantel and Haenszel 1959), by the
root of the likelihood ratio, divided by how much more the series varies than independent actions
would. The surest day is the change; its probability allows for having looked at all of them
(`looks`). Parts before and after are then looked at in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from govlab.drifting.looks import chance_of

__all__ = ["SETTLED", "Daily", "Floats", "Shift", "shift_between", "shifts"]

Floats = NDArray[np.float64]
_Of = Callable[[float], float]

SETTLED = 14
"""Days that stand before a change: each weekday is then known twice."""
_FEWEST = 10.0  # clusters on either side, as for intervals
_FREE = 5  # degrees of freedom below which nobody can tell how much days vary
_WEEK = 7
_INSIDE = 3.84  # twice the log-likelihood within which the day of the change lies (95 %)
_MORE = 1.5  # times the variance by run from which that by day is the one that counts


@dataclass(frozen=True, slots=True)
class Daily:
    """Days in a row, the first on `weekday` (Monday is 0): `of`, `among`, and clusters of each.

    `deff` is how many times the variance of the whole exceeds the binomial one. In a `count`,
    `of` is any number and `among` is 1 on each day that was looked at.
    """

    of: Floats
    among: Floats
    clusters: Floats
    weekday: int
    deff: float = 1.0
    count: bool = False

    def __len__(self) -> int:
        return len(self.of)

    def part(self, start: int, end: int) -> Daily:
        """The days from `start` to before `end`."""
        return Daily(self.of[start:end], self.among[start:end], self.clusters[start:end],
                     (self.weekday + start) % _WEEK, self.deff, self.count)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shift:
    """A change: from `day` on, somewhere from `first` to `last`.

    `before` is what the same weekdays had led to expect of the days after. `p` is the probability
    of a change as sure as this where there is none; `spread` is the factor of the variance.
    """

    day: int
    first: int
    last: int
    z: float
    p: float
    before: float
    after: float
    of_before: float
    among_before: float
    of_after: float
    among_after: float
    spread: float

    def moved(self, earlier: int) -> Shift:
        """The same, in a series that begins `earlier` days before."""
        return Shift(
            self.day + earlier, self.first + earlier, self.last + earlier, self.z, self.p,
            self.before, self.after, self.of_before, self.among_before, self.of_after,
            self.among_after, self.spread,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Split:
    """Sums before and after each day, over the weekdays that stand on both sides.

    `due` and `due_before` are what is expected after and before where nothing changed, `held` what
    the rates before come to after; `free` is the variance
    of the first, `whole` what it would be without weekdays; `alike` is how much what is found after
    a day goes with what is found after the next.
    """

    of: Floats
    among: Floats
    due: Floats
    held: Floats
    of_before: Floats
    among_before: Floats
    due_before: Floats
    free: Floats
    whole: Floats
    alike: Floats


def shifts(series: Daily, *, sure: float = 0.0) -> tuple[Shift, ...]:
    """The changes of `series` in their order: the surest, then those of the parts it leaves.

    The first is given however unsure it is; changes of the parts only with `p` up to `sure`. Empty
    where there is too little to tell.

    >>> of = np.array([5.0] * 28 + [15.0] * 7)
    >>> found = shifts(Daily(of, np.full(35, 50.0), np.full(35, 50.0), 0))
    >>> found[0].day, round(found[0].before, 2), found[0].after
    (28, 0.1, 0.3)
    """
    top = _surest(series)
    if top is None:
        return ()
    if top.p > sure:
        return (top,)
    return tuple(sorted([top, *_parts(series, top.day, sure)], key=lambda shift: shift.day))


def _parts(series: Daily, day: int, sure: float) -> Iterator[Shift]:
    for start, end in ((0, day), (day, len(series))):
        found = _surest(series.part(start, end))
        if found is not None and found.p <= sure:
            moved = found.moved(start)
            yield moved
            inner = series.part(start, end)
            yield from (one.moved(start) for one in _parts(inner, found.day, sure))


def shift_between(series: Daily, day: int) -> Shift | None:
    """The days from `day` on against those before: one look, so that nothing is allowed for."""
    if not 0 < day < len(series):
        return None
    split = _split(series)
    if not _enough(series, least=1)[day - 1]:
        return None
    return _at(series, split, day, (day, day), lambda z: chance_of(z, np.array([])))


def _surest(series: Daily) -> Shift | None:
    if len(series) <= SETTLED:
        return None
    split, allowed = _split(series), _enough(series, least=SETTLED)
    squares = np.where(allowed, _squares(split, count=series.count), -1.0)
    place = int(np.argmax(squares))
    if squares[place] < 0:
        return None
    spread, _ = _spread(series, split, place)
    near = np.flatnonzero(squares >= squares[place] - _INSIDE * spread) + 1
    inside = (_start(near, place + 1), _end(near, place + 1))
    looks = split.alike[allowed[:-1] & allowed[1:]]
    return _at(series, split, place + 1, inside, lambda z: chance_of(z, looks))


def _start(near: NDArray[np.int64], day: int) -> int:
    """The first of the days in a row that lead to `day`."""
    while day - 1 in near:
        day -= 1
    return day


def _end(near: NDArray[np.int64], day: int) -> int:
    while day + 1 in near:
        day += 1
    return day


def _enough(series: Daily, *, least: int) -> NDArray[np.bool_]:
    """Which splits, before the days 1 to the last, have enough on both sides."""
    met = np.cumsum(series.clusters)[:-1]
    days = np.cumsum(series.among > 0)[:-1]
    after = series.clusters.sum() - met
    # a count of nothing is an answer: silence has no clusters
    heard = np.full(len(after), series.count) | (after >= _FEWEST)
    left = np.cumsum(series.among[::-1])[::-1][1:] > 0
    return np.asarray((met >= _FEWEST) & heard & (days >= least) & left)


def _by_weekday(series: Daily, values: Floats) -> Floats:
    """The running sum of `values` by weekday, a row a split."""
    of_day = (np.arange(len(series)) + series.weekday) % _WEEK
    table = np.zeros((len(series), _WEEK))
    table[np.arange(len(series)), of_day] = values
    return np.asarray(np.cumsum(table, axis=0)[:-1])


def _split(series: Daily) -> _Split:
    of, among = (_by_weekday(series, values) for values in (series.of, series.among))
    days = (np.arange(len(series)) + series.weekday) % _WEEK
    all_of, all_among = (
        np.bincount(days, weights=values, minlength=_WEEK) for values in (series.of, series.among)
    )
    rest_of, rest = all_of - of, all_among - among
    both = (among > 0) & (rest > 0)
    share = np.divide(all_of, all_among, out=np.zeros(_WEEK), where=all_among > 0)
    chance = share if series.count else share * (1 - share)
    free = np.divide(chance * among * rest, all_among, out=np.zeros_like(of), where=both)

    def added(values: Floats) -> Floats:
        return np.asarray(np.where(both, values, 0.0).sum(axis=1))

    before = np.divide(of, among, out=np.zeros_like(of), where=among > 0)
    found = (added(rest_of), added(rest), added(share * rest), added(before * rest),
             added(of), added(among), added(share * among))  # fmt: skip
    varies = free.sum(axis=1)
    shared = np.divide(chance * among[:-1] * rest[1:], all_among, out=np.zeros_like(of[1:]),
                       where=(all_among > 0) & both[:-1] & both[1:]).sum(axis=1)  # fmt: skip
    alike = shared * _over(1.0, np.sqrt(varies[:-1] * varies[1:]))
    return _Split(*found, varies, _without_weekdays(found, count=series.count), alike)


def _without_weekdays(found: tuple[Floats, ...], *, count: bool) -> Floats:
    _, among, due, _, _, among_before, due_before = found
    parts = _over(1.0, due) + _over(1.0, due_before)
    if not count:
        parts = parts + _over(1.0, among - due) + _over(1.0, among_before - due_before)
    return _over(1.0, parts)


def _over(number: float, values: Floats) -> Floats:
    return np.divide(number, values, out=np.zeros_like(values), where=values > 0)


def _squares(split: _Split, *, count: bool) -> Floats:
    """Twice the log-likelihood ratio of each split, as if actions were independent."""
    cells = [(split.of, split.due), (split.of_before, split.due_before)]
    if not count:
        cells += [
            (split.among - split.of, split.among - split.due),
            (split.among_before - split.of_before, split.among_before - split.due_before),
        ]
    ratio = np.zeros_like(split.of)
    for seen, due in cells:
        there = (seen > 0) & (due > 0)
        logs = np.log(np.divide(seen, due, out=np.ones_like(seen), where=there))
        ratio = ratio + 2 * seen * logs
    return np.maximum(ratio, 0.0) * split.whole * _over(1.0, split.free)


def _spread(series: Daily, split: _Split, place: int) -> tuple[float, int | None]:
    """How many times the days vary more than independent actions would, by run and by day.

    The second is how many days that rests on, where days say more than runs do.
    """
    varies, free = _by_day(series, split, place)
    if free < _FREE or varies <= series.deff:
        return max(series.deff, 1.0), None
    # up to there it is chance as often as not, and the larger of both is careful enough
    return max(varies, 1.0), free if varies > _MORE * series.deff else None


def _by_day(series: Daily, split: _Split, place: int) -> tuple[float, int]:
    """Pearson's dispersion of the days around the change, and its degrees of freedom."""
    days = (np.arange(len(series)) + series.weekday) % _WEEK
    sums = [np.bincount(days, weights=v, minlength=_WEEK) for v in (series.of, series.among)]
    share = np.divide(sums[0], sums[1], out=np.zeros(_WEEK), where=sums[1] > 0)[days]
    after = np.arange(len(series)) > place
    factor = np.where(after, _ratio(split.of[place], split.due[place]),
                      _ratio(split.of_before[place], split.due_before[place]))  # fmt: skip
    level = share * factor if series.count else np.minimum(share * factor, 1.0)
    due = level * series.among
    varies = due if series.count else due * (1 - level)
    there = varies > 0
    free = int(there.sum()) - len(np.unique(days[there])) - 1
    if free < _FREE:
        return 1.0, free
    return float(((series.of[there] - due[there]) ** 2 / varies[there]).sum() / free), free


def _ratio(seen: float, due: float) -> float:
    return seen / due if due > 0 else 1.0


def _at(series: Daily, split: _Split, day: int, inside: tuple[int, int], p: _Of) -> Shift:
    place = day - 1
    spread, days = _spread(series, split, place)
    of, due = float(split.of[place]), float(split.due[place])
    square = float(_squares(split, count=series.count)[place]) / spread
    z = math.copysign(_as_normal(math.sqrt(square), days), of - due)
    among = float(split.among[place])
    return Shift(
        day, *inside, z, p(z), _ratio0(float(split.held[place]), among), _ratio0(of, among),
        float(split.of_before[place]), float(split.among_before[place]), of, among, spread,
    )  # fmt: skip


def _ratio0(of: float, among: float) -> float:
    return of / among if among else 0.0


def _as_normal(t: float, days: int | None) -> float:
    """Student's t as a normal of the same probability (Wallace 1959)."""
    if days is None:
        return t
    return math.sqrt(days * math.log1p(t * t / days)) * (8 * days + 1) / (8 * days + 3)
