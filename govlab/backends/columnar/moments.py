"""Calendar fields of instants on columns of microseconds, in any time zone.

Offsets come from the zone database that the other engines use, once for each distinct day, or
quarter of an hour where they change within the day: polars has its own database, which differs
for some zones and years.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import polars as pl

from govlab.backends.columnar.distinct import group
from govlab.runtime import clock

__all__ = ["DURATION_FIELDS", "TIMESTAMP_FIELDS", "local_time"]

_US = 10**6
_QUARTER = 900 * _US
_UNITS = (86400 * _US, _QUARTER, _US)  # offsets are found for days, where they change for less
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62135596800 * _US, 253402300800 * _US - 1
_MARGIN = 2 * 86400 * _US
_CYCLE_DAYS = 146097  # 400 years


def _calendar(read: Callable[[pl.Expr], pl.Expr]) -> Callable[[pl.Expr], pl.Expr]:
    return lambda local: read(local.cast(pl.Datetime("us"))).cast(pl.Int64)


TIMESTAMP_FIELDS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "getFullYear": _calendar(lambda t: t.dt.year()),
    "getMonth": _calendar(lambda t: t.dt.month().cast(pl.Int64) - 1),
    "getDate": _calendar(lambda t: t.dt.day()),
    "getDayOfMonth": _calendar(lambda t: t.dt.day().cast(pl.Int64) - 1),
    "getDayOfWeek": _calendar(lambda t: t.dt.weekday().cast(pl.Int64) % 7),
    "getDayOfYear": _calendar(lambda t: t.dt.ordinal_day().cast(pl.Int64) - 1),
    "getHours": lambda local: local // (3600 * _US) % 24,
    "getMinutes": lambda local: local // (60 * _US) % 60,
    "getSeconds": lambda local: local // _US % 60,
}
"""Field of a local time in microseconds."""


def _whole(span: pl.Expr, unit: int) -> pl.Expr:
    """Whole units in a span of microseconds, towards zero."""
    return pl.when(span < 0).then(0 - (0 - span) // unit).otherwise(span // unit)


DURATION_FIELDS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "getHours": lambda d: _whole(d, 3600 * _US),
    "getMinutes": lambda d: _whole(d, 60 * _US),
    "getSeconds": lambda d: _whole(d, _US),
    "getMilliseconds": lambda d: _whole(d, 1000) - _whole(d, _US) * 1000,
}


def local_time(instants: pl.Series, where: str) -> pl.Series:
    """Microseconds of the wall clock in zone `where`; the years 0 and 10000 can occur."""
    offsets = pl.repeat(None, len(instants), dtype=pl.Int64, eager=True)
    for unit in _UNITS:
        rows = (offsets.is_null() & instants.is_not_null()).arg_true()
        if len(rows):
            offsets = offsets.scatter(rows, _offsets(instants.gather(rows), unit, where))
    return instants + offsets


def _offsets(instants: pl.Series, unit: int, where: str) -> pl.Series:
    """The offset at each instant; null where it changes within the instant's `unit`."""
    spans = instants // unit
    groups = group([spans], len(spans))
    found = [_steady(start, unit, where) for start in spans.gather(groups.rows) * unit]
    return pl.Series(found, dtype=pl.Int64).gather(groups.ids)


@lru_cache(maxsize=1 << 16)
def _steady(start: int, unit: int, where: str) -> int | None:
    """The offset of a whole `unit` from `start`, or None where it changes within."""
    first = _offset(start, where)
    looked_at = (*range(start + _QUARTER, start + unit, _QUARTER), start + unit - 1)
    return first if all(_offset(at, where) == first for at in looked_at) else None


def _offset(us: int, where: str) -> int:
    """Microseconds that `where` is ahead of UTC; datetime ends with 9999, the rules repeat."""
    cycles = (us < _FIRST + _MARGIN) - (us > _LAST - _MARGIN)
    moment = _EPOCH + timedelta(days=cycles * _CYCLE_DAYS, microseconds=us)
    ahead = moment.astimezone(clock.zone(where)).utcoffset()
    return (ahead or timedelta(0)) // timedelta(microseconds=1)
