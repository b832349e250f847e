"""When the events happened, where nothing did, and what the times rest on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import polars as pl

from govlab.inspection.model import Gap, Period
from govlab.log.collect import collected

__all__ = ["period_of"]

_SHOWN: Final = 5
_SHORT_DAYS: Final = 3  # a log of at most so many days is looked at by the hour


def period_of(frame: pl.LazyFrame, events: int, zone: str | None) -> Period:
    """The period of the log, its gaps in days (or hours, where it is short), its clock.

    `zone` is the one that times without offset were read in; None where none was named. Days
    and hours are those of the zone that `ts` has.
    """
    have = frame.collect_schema().names()
    sources = _counts(frame, "time_source") if "time_source" in have else {}
    weighted = _one(frame, pl.col("weight").is_not_null().sum()) if "weight" in have else 0
    if "ts" not in have:
        return _unknown(events, sources, zone, weighted)
    ts = pl.col("ts")
    ends = frame.select(ts.min().alias("a"), ts.max().alias("b"), ts.null_count().alias("c"))
    low, high, none = collected(ends, in_pieces=True).row(0)
    if low is None:
        return _unknown(events, sources, zone, weighted)
    days = (high.date() - low.date()).days + 1
    hourly = days <= _SHORT_DAYS
    filled = _filled(frame, "1h" if hourly else "1d")
    gaps = _gaps(filled, hourly=hourly)
    return Period(
        oldest=low,
        newest=high,
        without_time=none,
        days=days,
        days_with_events=len({at.date() for at in filled}),
        unit="hours" if hourly else "days",
        gaps=len(gaps),
        empty_weekend_days=0 if hourly else _weekend(gaps),
        longest_gaps=tuple(sorted(gaps, key=lambda g: (-g.hours, g.start))[:_SHOWN]),
        tied=events - none - _one(frame, ts.drop_nulls().is_unique().sum()),
        whole_seconds=_one(frame, (ts.dt.microsecond() != 0).any()) is False,
        sources=sources,
        zone=zone,
        weighted=weighted,
    )


def _unknown(events: int, sources: dict[str, int], zone: str | None, weighted: int) -> Period:
    return Period(None, None, events, 0, 0, "days", 0, 0, (), 0, False, sources, zone, weighted)


def _one(frame: pl.LazyFrame, expression: pl.Expr) -> Any:
    return collected(frame.select(expression), in_pieces=True).item()


def _counts(frame: pl.LazyFrame, column: str) -> dict[str, int]:
    """Values of a column, most frequent first."""
    counted = collected(frame.group_by(pl.col(column).cast(pl.String)).len(), in_pieces=True)
    rows = [(value, n) for value, n in counted.iter_rows() if value is not None]
    return dict(sorted(rows, key=lambda row: (-row[1], row[0])))


def _filled(frame: pl.LazyFrame, step: str) -> list[datetime]:
    """The days or hours with events, in order."""
    cut = frame.select(pl.col("ts").dt.truncate(step)).unique().drop_nulls()
    return collected(cut, in_pieces=True).get_column("ts").sort().to_list()


def _gaps(filled: list[datetime], *, hourly: bool) -> list[Gap]:
    """The stretches of whole hours or days between two that have events.

    Days are counted on the calendar, hours as they pass: a night may have one more or less.
    """
    step, hour = timedelta(hours=1) if hourly else timedelta(days=1), timedelta(hours=1)
    found = []
    for before, after in pairwise(filled):
        begins = _later(before, hour) if hourly else before + step
        passed = after.astimezone(UTC) - begins.astimezone(UTC) if hourly else after - begins
        if passed >= step:
            found.append(Gap(begins, after, passed // hour))
    return found


def _later(at: datetime, span: timedelta) -> datetime:
    """The instant `span` after `at`, in its zone, whatever its clocks do."""
    return (at.astimezone(UTC) + span).astimezone(at.tzinfo)


def _weekend(gaps: list[Gap]) -> int:
    """The empty days that are Saturdays or Sundays (UTC)."""
    days = (
        gap.start + timedelta(days=at) for gap in gaps for at in range((gap.end - gap.start).days)
    )
    return sum(day.weekday() >= 5 for day in days)
