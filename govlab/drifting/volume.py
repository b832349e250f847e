"""How much there is: actions a day of all, of each source and agent, and who fell silent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.drifting.days import Days
from govlab.drifting.model import Key, Seen, Verdict
from govlab.drifting.shifts import Daily
from govlab.drifting.sightings import Sightings
from govlab.drifting.verdicts import verdict_of

__all__ = ["VOLUME", "last_seen", "volume_columns", "volume_verdicts"]

VOLUME: Final = "drift.volume"
_OF: Final = ("source_format", "actor")
_CHANCE: Final = 0.001


def volume_columns(cuts: tuple[str, ...]) -> tuple[str, ...]:
    """The columns by whose values volume is followed: sources, agents and the cuts.

    >>> volume_columns(("workflow", "actor"))
    ('source_format', 'actor', 'workflow')
    """
    return tuple(dict.fromkeys((*_OF, *cuts)))


def volume_verdicts(seen: Sightings, days: Days) -> Iterator[Verdict]:
    """The verdict on the actions a day of the whole log, and of each value."""
    for column in ("", *volume_columns(seen.cuts)):
        rows = seen.of(column)
        if column and rows["value"].n_unique() < 2:  # one source: that is the log
            continue
        for (value,), part in sorted(_by_value(rows), key=str):
            key = Key(VOLUME, column or None, str(value) if column else None)
            found = verdict_of(key, _daily(part, days), days, unit="actions a day")
            if found is not None:
                yield found


def _daily(part: pl.DataFrame, days: Days) -> Daily:
    """Actions of each day that is over, from the day after the first."""
    met = pl.struct("run", "day").n_unique()
    daily = part.group_by("day").agg(pl.col("events").sum(), met.alias("runs")).rows()
    of = days.filled({day: float(events) for day, events, _ in daily})
    runs = days.filled({day: float(runs) for day, _, runs in daily})
    among = days.filled({})
    start = max(days.place(min(day for day, _, _ in daily)) + 1, 0)
    among[start : days.place(days.whole) + 1] = 1.0
    return Daily(of * among, among, runs * among, days.first.weekday(), _deff(part), count=True)


def _deff(part: pl.DataFrame) -> float:
    """How many times the variance of actions exceeds that of as many runs of one action."""
    runs = part.filter(pl.col("run").is_not_null()).group_by("run").agg(pl.col("events").sum())
    alone = int(part.filter(pl.col("run").is_null())["events"].sum())
    squares = int((runs["events"] ** 2).sum()) + alone
    return squares / max(int(runs["events"].sum()) + alone, 1)


def last_seen(
    seen: Sightings, days: Days, as_of: datetime, late: frozenset[tuple[str | None, str | None]]
) -> Iterator[Seen]:
    """When each source, agent and value of a cut was last heard of; `late` are who fell silent."""
    for column in volume_columns(seen.cuts):
        for (value,), part in sorted(_by_value(seen.of(column)), key=str):
            first: Any = part["first"].min()
            last: Any = part["last"].max()
            stamps = [at.astimezone(as_of.tzinfo).isoformat() for at in (first, last)]
            age = max(int((as_of - last).total_seconds()), 0)
            events = int(part["events"].sum())
            quiet, since = _quiet(_daily(part, days), days)
            heard = (column, str(value), events, stamps[0], stamps[1], age)
            yield Seen(*heard, (column, value) in late, quiet, since)


def _by_value(rows: pl.DataFrame) -> Iterator[tuple[tuple[Any, ...], pl.DataFrame]]:
    yield from rows.partition_by("value", as_dict=True).items()


def _quiet(series: Daily, days: Days) -> tuple[int, str | None]:
    """The longest silence that is no chance: how many days, from when.

    Of a day of which as many actions were to be expected as its weekday has, nothing is on record
    by the chance exp(-expected / spread).
    """
    weekday = (np.arange(len(series)) + series.weekday) % 7
    sums = [np.bincount(weekday, weights=v, minlength=7) for v in (series.of, series.among)]
    due = np.divide(sums[0], sums[1], out=np.zeros(7), where=sums[1] > 0)[weekday]
    silent = (series.of == 0) & (series.among > 0)
    found: tuple[int, str | None] = (0, None)
    for start, end in _stretches(silent):
        chance = math.exp(-due[start:end].sum() / max(series.deff, 1.0)) * len(series)
        if chance <= _CHANCE and end - start > found[0]:
            found = (end - start, days.at(start).isoformat())
    return found


def _stretches(marks: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where `marks` are true in a row, as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
