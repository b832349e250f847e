"""Timestamps and durations: reading, writing, arithmetic, calendar fields in a time zone.

Ranges and text forms are those of google/cel-spec (doc/langdef.md, "Abstract Types"): years 1 to
9999, durations within int64 nanoseconds. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from govlab.runtime.values import INT_MAX, INT_MIN, CelError, Duration, Timestamp

__all__ = [
    "DURATION_FIELDS",
    "TIMESTAMP_FIELDS",
    "duration",
    "read_duration",
    "read_timestamp",
    "timestamp",
    "write_duration",
    "write_timestamp",
    "zone",
]

_SECOND = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62135596800 * _SECOND
_LAST = 253402300800 * _SECOND - 1
_CYCLE_DAYS, _MARGIN = 146_097, 2 * 86_400
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|μs|ns)", re.ASCII)
_UNITS = {
    "h": 3600 * _SECOND,
    "m": 60 * _SECOND,
    "s": _SECOND,
    "ms": 10**6,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ns": 1,
}
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
# Zone names that every time zone database agrees on: Area/City, and UTC. Abbreviations such as
# EST or CET differ between databases and years.
_ZONE = re.compile(
    r"(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)"
    r"/[A-Za-z0-9_+/-]+",
    re.ASCII,
)


def timestamp(ns: int) -> Timestamp:
    """The instant `ns` nanoseconds after 1970; raises CelError outside the years 1 to 9999."""
    if not _FIRST <= ns <= _LAST:
        raise CelError("timestamp out of range")
    return Timestamp(ns)


def duration(ns: int) -> Duration:
    """The span of `ns` nanoseconds; raises CelError outside int64."""
    if not INT_MIN <= ns <= INT_MAX:
        raise CelError("duration out of range")
    return Duration(ns)


def read_timestamp(text: str) -> Timestamp:
    """The instant written in RFC 3339, with offset and at most nine fractional digits.

    >>> read_timestamp("1970-01-01T01:00:00.5+01:00")
    Timestamp(ns=500000000)
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise CelError(f"not an RFC 3339 timestamp: `{text[:40]}`")
    *fields, fraction, offset = match.groups()
    try:
        moment = datetime(*map(int, fields), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six ints
    except ValueError as error:
        raise CelError(f"not an RFC 3339 timestamp: {error}") from None
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - _offset_seconds(offset)
    return timestamp(seconds * _SECOND + int((fraction or "0").ljust(9, "0")))


def _offset_seconds(offset: str) -> int:
    if offset in "Zz":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[4:])
    if hours > 23 or minutes > 59:
        raise CelError(f"no such offset `{offset}`")
    return (hours * 3600 + minutes * 60) * (-1 if offset[0] == "-" else 1)


def write_timestamp(moment: Timestamp) -> str:
    """RFC 3339 in UTC, with no more fractional digits than needed.

    >>> write_timestamp(Timestamp(500_000_000))
    '1970-01-01T00:00:00.5Z'
    """
    written = f"{_EPOCH + timedelta(seconds=moment.ns // _SECOND):%Y-%m-%dT%H:%M:%S}"
    return written.rjust(19, "0") + _fraction(moment.ns) + "Z"


def _fraction(ns: int) -> str:
    rest = ns % _SECOND
    return f".{rest:09d}".rstrip("0") if rest else ""


def read_duration(text: str) -> Duration:
    """The span written as Go writes it: `1h30m`, `-1.5s`, `100ms`.

    >>> read_duration("1m0.5s")
    Duration(ns=60500000000)
    """
    sign, body = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if body == "0":
        return Duration(0)
    total, end = 0, 0
    for part in _DURATION.finditer(body):
        if part.start() != end:
            break
        whole, _, fraction = part[1].partition(".")
        unit, fraction = _UNITS[part[2]], fraction[:18]
        total += int(whole or "0") * unit + int(fraction or "0") * unit // 10 ** len(fraction)
        end = part.end()
    if not body or end != len(body):
        raise CelError(f"not a duration: `{text[:40]}`")
    return duration(sign * total)


def write_duration(span: Duration) -> str:
    """Seconds with `s`: `90s`, `-1.5s`."""
    whole = f"{abs(span.ns) // _SECOND}{_fraction(abs(span.ns))}s"
    return f"-{whole}" if span.ns < 0 else whole


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The time zone `name`: Area/City, UTC, or an offset such as `+02:00`; else CelError."""
    match = _OFFSET.fullmatch(name)
    if match:
        minutes = int(match[2]) * 60 + int(match[3])
        if minutes >= 24 * 60 or int(match[3]) > 59:
            raise CelError(f"no such offset `{name}`")
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    if name == "UTC":
        return UTC
    if not _ZONE.fullmatch(name):
        raise CelError(f"no such time zone `{name[:60]}`")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise CelError(f"no such time zone `{name[:60]}`") from None


def _moment(instant: Timestamp, where: tzinfo) -> tuple[datetime, int]:
    """`instant` on the calendar of `where`, and the years to add to it.

    An offset may lead into the years 0 and 10000, which datetime lacks; the calendar, weekdays
    included, repeats every 400 years.
    """
    seconds = instant.ns // _SECOND
    cycles = (seconds < _FIRST // _SECOND + _MARGIN) - (seconds > _LAST // _SECOND - _MARGIN)
    shifted = _EPOCH + timedelta(seconds=seconds, days=cycles * _CYCLE_DAYS)
    return shifted.astimezone(where), -400 * cycles


_CALENDAR: dict[str, Callable[[datetime], int]] = {
    "getMonth": lambda t: t.month - 1,
    "getDate": lambda t: t.day,
    "getDayOfMonth": lambda t: t.day - 1,
    "getDayOfWeek": lambda t: t.isoweekday() % 7,
    "getDayOfYear": lambda t: t.timetuple().tm_yday - 1,
    "getHours": lambda t: t.hour,
    "getMinutes": lambda t: t.minute,
    "getSeconds": lambda t: t.second,
}


def _calendar(read: Callable[[datetime], int]) -> Callable[..., int]:
    return lambda instant, where="UTC": read(_moment(instant, zone(where))[0])


def _year(instant: Timestamp, where: str = "UTC") -> int:
    moment, years = _moment(instant, zone(where))
    return moment.year + years


def _milliseconds(instant: Timestamp, where: str = "UTC") -> int:
    zone(where)  # an unknown zone is an error here too
    return instant.ns % _SECOND // 10**6


TIMESTAMP_FIELDS: dict[str, Callable[..., int]] = {
    "getFullYear": _year,
    **{name: _calendar(read) for name, read in _CALENDAR.items()},
    "getMilliseconds": _milliseconds,
}


def _whole(span: Duration, unit: int) -> int:
    """Whole units in `span`, towards zero."""
    return abs(span.ns) // unit * (-1 if span.ns < 0 else 1)


DURATION_FIELDS: dict[str, Callable[[Duration], int]] = {
    "getHours": lambda d: _whole(d, 3600 * _SECOND),
    "getMinutes": lambda d: _whole(d, 60 * _SECOND),
    "getSeconds": lambda d: _whole(d, _SECOND),
    "getMilliseconds": lambda d: _whole(d, 10**6) - _whole(d, _SECOND) * 1000,
}
