"""Timestamps, durations and the calendar."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from govlab.runtime.clock import (
    DURATION_FIELDS,
    TIMESTAMP_FIELDS,
    duration,
    read_duration,
    read_timestamp,
    timestamp,
    write_duration,
    write_timestamp,
    zone,
)
from govlab.runtime.values import CelError, Duration, Timestamp

FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01T00:00:00-00:00", 0),
        ("1970-01-01T00:00:00.000000001Z", 1), ("1969-12-31T23:59:59.999999999Z", -1),
        ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T18:30:00.5-05:30", 500_000_000),
        (FIRST, -62135596800 * 10**9), (LAST, 253402300800 * 10**9 - 1),
        ("0000-12-31T23:00:00-01:00", None), ("2001-02-29T00:00:00Z", None),
        ("2000-02-29T00:00:00Z", 951782400 * 10**9), ("2001-01-01T24:00:00Z", None),
        ("2001-01-01T00:00:60Z", None), ("2001-01-01T00:00:00", None), ("2001-01-01", None),
        ("2001-01-01T00:00:00.Z", None), ("2001-01-01T00:00:00.0000000001Z", None),
        ("2001-01-01 00:00:00Z", None), ("2001-01-01T00:00:00+24:00", None),
        ("2001-01-01T00:00:00+00:60", None), ("2001-01-01T00:00:00+0000", None), ("", None),
        ("2001-01-01T00:00:00Z\n", None), ("٢001-01-01T00:00:00Z", None),
        ("+2001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+00:01", None), ("9999-12-31T23:59:59-00:01", None),
    ],
)  # fmt: skip
def test_read_timestamp(text, ns):
    assert read(read_timestamp, text) == ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0), ("-0", 0), ("0s", 0), ("1s", 10**9), ("-1.5s", -1_500_000_000),
        ("+1h", 3600 * 10**9),
        ("1h30m", 5400 * 10**9), ("1ms1us1ns", 1_001_001), ("1µs", 1000), ("1μs", 1000),
        (".5s", 500_000_000), ("1.s", 10**9), ("1.0000000001s", 10**9), ("-1ns", -1),
        ("9223372036854775807ns", 2**63 - 1), ("-9223372036854775808ns", -(2**63)),
        ("9223372036854775808ns", None), ("2562048h", None), ("1", None), ("s", None), ("", None),
        ("1d", None), ("1 h", None), ("--1s", None), ("1h-1m", None), ("1e3s", None), (".s", None),
        ("1S", None), ("٣s", None), ("1s\n", None), ("-", None),
    ],
)  # fmt: skip
def test_read_duration(text, ns):
    assert read(read_duration, text) == ns


def read(function, text):
    try:
        return function(text).ns
    except CelError:
        return None


@pytest.mark.parametrize(
    "text",
    [FIRST, LAST, "0999-02-03T04:05:06Z", "2001-01-01T00:00:00.12Z", "1969-12-31T23:59:59.9Z"],
)
def test_timestamps_are_written_as_they_are_read(text):
    assert write_timestamp(read_timestamp(text)) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [(0, "0s"), (-1, "-0.000000001s"), (90 * 10**9, "90s"), (-1_500_000_000, "-1.5s")],
)
def test_durations_are_written_as_they_are_read(ns, text):
    assert write_duration(Duration(ns)) == text
    assert read_duration(text) == Duration(ns)


def test_ranges_end_where_the_language_says():
    assert timestamp(read_timestamp(LAST).ns) == read_timestamp(LAST)
    assert duration(2**63 - 1) == Duration(2**63 - 1)
    for function, ns in [(timestamp, read_timestamp(LAST).ns + 1),
    (timestamp, read_timestamp(FIRST).ns - 1),
                         (duration, 2**63), (duration, -(2**63) - 1)]:  # fmt: skip
        with pytest.raises(CelError, match="out of range"):
            function(ns)


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "+02:00", "-11:30", "05:45"]
)
def test_zones(name):
    assert zone(name).utcoffset(datetime(2026, 1, 1, tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    "name", ["EST", "CET", "utc", "Z", "", "Europe", "Europe/Atlantis", "Europe/../Europe/Paris",
             "+24:00",
             "+2:00", "+02:60", "+0200", "America/Argentina", "US/Central", "Etc/GMT+3", "x" * 500]
)  # fmt: skip
def test_zones_that_are_refused(name):
    with pytest.raises(CelError, match="no such"):
        zone(name)


def test_fields_are_those_of_the_calendar():
    moment = read_timestamp("2024-02-29T23:59:58.123456789Z")
    assert {name: read_field(moment) for name, read_field in TIMESTAMP_FIELDS.items()} == {
        "getFullYear": 2024, "getMonth": 1, "getDate": 29, "getDayOfMonth": 28, "getDayOfWeek": 4,
        "getDayOfYear": 59, "getHours": 23, "getMinutes": 59, "getSeconds": 58,
        "getMilliseconds": 123,
    }  # fmt: skip


def test_sunday_is_the_first_day_of_the_week():
    days = [
        TIMESTAMP_FIELDS["getDayOfWeek"](Timestamp(day * 86_400 * 10**9)) for day in range(3, 10)
    ]
    assert days == [0, 1, 2, 3, 4, 5, 6]  # 1970-01-04 was a Sunday


@pytest.mark.parametrize(
    ("text", "where", "wanted"),
    [
        (FIRST, "-00:01", [0, 11, 31, 0, 23]),
        (LAST, "+00:01", [10000, 0, 1, 6, 0]),
        (LAST, "Asia/Tokyo", [10000, 0, 1, 6, 8]),
        (FIRST, "UTC", [1, 0, 1, 1, 0]),
        (LAST, "UTC", [9999, 11, 31, 5, 23]),
    ],
)
def test_an_offset_may_lead_into_the_years_0_and_10000(text, where, wanted):
    moment = read_timestamp(text)
    fields = ("getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours")
    assert [TIMESTAMP_FIELDS[f](moment, where) for f in fields] == wanted


@pytest.mark.parametrize("where", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_zones_agree_with_zoneinfo(where):
    rng = random.Random(where)
    for _ in range(300):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(4 * 10**9))
        local = moment.astimezone(ZoneInfo(where))
        ours = Timestamp(int(moment.timestamp()) * 10**9)
        fields = {"getHours": local.hour, "getDate": local.day, "getFullYear": local.year}
        assert {f: TIMESTAMP_FIELDS[f](ours, where) for f in fields} == fields


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("1h1m1.5s", (1, 61, 3661, 500)),
        ("-1h1m1.5s", (-1, -61, -3661, -500)),
        ("59.999s", (0, 0, 59, 999)),
        ("-1ns", (0, 0, 0, 0)),
    ],
)
def test_duration_fields_truncate_towards_zero(text, fields):
    span = read_duration(text)
    names = ("getHours", "getMinutes", "getSeconds", "getMilliseconds")
    assert tuple(DURATION_FIELDS[n](span) for n in names) == fields
