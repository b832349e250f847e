"""The state of every attribute of an event (S2, S13)."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from govlab.runtime.event import COUNTS, attribute_states, instant, micro_usd
from govlab.runtime.states import ABSENT, MALFORMED, UNKNOWN
from govlab.runtime.values import Timestamp
from govlab.schema import ACTIONS, DERIVED
from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type, list_of

STRINGS = list_of(STRING)
NAN, INF = math.nan, math.inf


def state(name: str, kind: Type, event: dict[str, Any], *unknown: str) -> Any:
    return attribute_states(event, {name: kind}, frozenset(unknown))[name]


STATES = [
    ("env", STRING, "prod", "prod"), ("env", STRING, "", ""), ("env", STRING, None, ABSENT),
    ("env", STRING, 1, MALFORMED), ("env", STRING, True, MALFORMED),
    ("env", STRING, ["a"], MALFORMED),
    ("read_only", BOOL, False, False), ("read_only", BOOL, 0, MALFORMED),
    ("read_only", BOOL, "true", MALFORMED),
    ("n", INT, 2**63 - 1, 2**63 - 1), ("n", INT, 2**63, MALFORMED), ("n", INT, -(2**63), -(2**63)),
    ("n", INT, -(2**63) - 1, MALFORMED), ("n", INT, 1.0, MALFORMED), ("n", INT, True, MALFORMED),
    ("n", INT, "1", MALFORMED),
    ("d", DOUBLE, 1, 1.0), ("d", DOUBLE, 1.5, 1.5), ("d", DOUBLE, NAN, MALFORMED),
    ("d", DOUBLE, INF, MALFORMED),
    ("d", DOUBLE, -1.5, -1.5), ("d", DOUBLE, "1", MALFORMED), ("d", DOUBLE, 10**400, MALFORMED),
    ("d", DOUBLE, False, MALFORMED),
    ("amount", DOUBLE, -1.0, MALFORMED), ("amount", DOUBLE, -0.0, 0.0),
    ("tokens_in", INT, -1, MALFORMED),
    ("tokens_in", INT, 0, 0),
    ("risk_tags", STRINGS, ["a", ""], ("a", "")), ("risk_tags", STRINGS, [], ()),
    ("risk_tags", STRINGS, "a", MALFORMED),
    ("risk_tags", STRINGS, ["a", 1], MALFORMED), ("risk_tags", STRINGS, ["a", None], MALFORMED),
    ("risk_tags", STRINGS, ("a",), ("a",)), ("risk_tags", STRINGS, {"a": 1}, MALFORMED),
    ("ts", TIMESTAMP, "1970-01-01T00:00:01.5Z", Timestamp(1_500_000_000)),
    ("ts", TIMESTAMP, "1970-01-01T01:00:00+01:00", Timestamp(0)),
    ("ts", TIMESTAMP, "1970-01-01T00:00:00", MALFORMED),
    ("ts", TIMESTAMP, 0, MALFORMED), ("ts", TIMESTAMP, "yesterday", MALFORMED),
    ("ts", TIMESTAMP, datetime(1970, 1, 1, tzinfo=UTC), Timestamp(0)),
    ("ts", TIMESTAMP, datetime(1970, 1, 1), MALFORMED),  # noqa: DTZ001 - a time without offset
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "raw", "wanted"), STATES)
def test_state_of_a_column(name, kind, raw, wanted):
    found = state(name, kind, {name: raw})
    assert type(found) is type(wanted)
    assert found == wanted


def test_what_the_event_lacks_is_absent():
    assert state("env", STRING, {}) is ABSENT
    assert state("args.path", STRING, {}) is ABSENT
    assert state("run.prompt", STRING, {}) is ABSENT


@pytest.mark.parametrize(
    ("event", "unknown", "wanted"),
    [
        ({}, ("env",), UNKNOWN),
        ({"env": None}, ("env",), UNKNOWN),
        ({"env": "a"}, ("env",), "a"),
        ({"env": 1}, ("env",), MALFORMED),
        ({}, ("other",), ABSENT),
    ],
)
def test_only_what_is_not_there_can_be_unknown(event, unknown, wanted):
    assert state("env", STRING, event, *unknown) is wanted


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ('{"a": {"b": 1}}', 1), ({"a": {"b": 1}}, 1), ("{}", ABSENT), ('{"a": null}', ABSENT),
        ('{"a": {"b": null}}', ABSENT), ('{"a": 1}', MALFORMED), ('{"a": {"b": "1"}}', MALFORMED),
        (None, ABSENT), ("", MALFORMED), ("[1]", MALFORMED), ("{", MALFORMED), (7, MALFORMED),
        ('{"a": {"b": 1}, "a": {"b": 1}}', MALFORMED), ('{"x": NaN, "a": {"b": 1}}', MALFORMED),
        ('{"a": {"b": 1}} {}', MALFORMED), ("[" * 100_000, MALFORMED),
    ],
)  # fmt: skip
def test_state_of_an_argument(args, wanted):
    assert state("args.a.b", INT, {"args": args}) == wanted


def test_an_argument_set_by_a_remedy_wins_over_the_text():
    assert state("args.a", INT, {"args": '{"a": 1}', "args.a": 2}) == 2


def test_arguments_that_the_source_cannot_tell_are_unknown():
    assert state("args.a", INT, {}, "args") is UNKNOWN
    assert state("args.a", INT, {}, "args.a") is UNKNOWN
    assert state("args.a", INT, {"args": "{}"}, "args") is UNKNOWN
    assert state("args.a", INT, {"args": "{"}, "args") is MALFORMED


def test_cells_that_ingest_marked_are_malformed():
    event = {"malformed_columns": "env,args,cost_micro_usd", "tool": "a"}
    reads = {"env": STRING, "args.a": INT, "cost": DOUBLE, "tool": STRING, "cost_micro_usd": INT}
    found = attribute_states(event, reads, frozenset({"env"}))
    marked = dict.fromkeys(("env", "args.a", "cost", "cost_micro_usd"), MALFORMED)
    assert found == {**marked, "tool": "a"}


@pytest.mark.parametrize(
    ("event", "cost", "micro"),
    [
        ({"cost_micro_usd": 1_500_000}, 1.5, 1_500_000), ({"cost": 1.5}, 1.5, 1_500_000),
        ({"cost": 2}, 2.0, 2_000_000), ({"cost_micro_usd": 1, "cost": 9.0}, 0.000001, 1),
        ({"cost": 0.0000005}, 0.0, 0), ({"cost": 0.0000015}, 0.000002, 2),
        ({}, ABSENT, ABSENT), ({"cost": None}, ABSENT, ABSENT),
        ({"cost": -1.0}, MALFORMED, MALFORMED),
        ({"cost": NAN}, MALFORMED, MALFORMED), ({"cost": "1.5"}, MALFORMED, MALFORMED),
        ({"cost": 1e300}, MALFORMED, MALFORMED), ({"cost_micro_usd": 1.5}, MALFORMED, MALFORMED),
        ({"cost_micro_usd": -1}, MALFORMED, MALFORMED),
    ],
)  # fmt: skip
def test_cost_is_counted_in_micro_usd(event, cost, micro):
    assert state("cost", DOUBLE, event) == cost
    assert state("cost_micro_usd", INT, event) == micro


@pytest.mark.parametrize("unknown", ["cost", "cost_micro_usd"])
def test_cost_is_unknown_under_both_its_names(unknown):
    assert state("cost", DOUBLE, {}, unknown) is UNKNOWN
    assert state("cost_micro_usd", INT, {}, unknown) is UNKNOWN


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("0.0000005", 0), ("0.0000015", 2), ("0.0000025", 2), (12.5, 12_500_000), (3, 3_000_000),
        (Decimal("1.1"), 1_100_000), ("free", None), (NAN, None), (INF, None), ("1e30", None),
        (True, None),
        (None, None), ("9223372036854.775807", 2**63 - 1), ("9223372036854.775808", None),
        ("-1", -1_000_000),
    ],
)  # fmt: skip
def test_micro_usd_rounds_half_to_even(value, wanted):
    assert micro_usd(value) == wanted


@pytest.mark.parametrize(
    ("moment", "ns"),
    [
        (datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC), 1000),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), -1000),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0),
        (datetime(1, 1, 1, tzinfo=UTC), -62135596800 * 10**9),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 253402300799999999 * 1000),
    ],
)
def test_instant_is_exact(moment, ns):
    assert instant(moment) == Timestamp(ns)


def test_counts_are_those_of_the_schema():
    columns = {**ACTIONS, **DERIVED}
    assert {n for n, c in columns.items() if c.counts and c.phase == "request"} == COUNTS


@pytest.mark.parametrize("text", ["1e999999", "nan", "inf", "1e30"])
def test_money_beyond_int64_is_none(text):
    assert micro_usd(text) is None


def test_money_with_more_digits_than_can_be_read_is_none():
    assert micro_usd(10**5000) is None
