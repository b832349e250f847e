"""Argument text: one parser for all engines (S2, S9)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from govlab.runtime import arguments
from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type, list_of

DEEP = arguments.MAX_DEPTH
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", '"a"', "3", "{", "{'a': 1}", '{"a": 1} x', '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}', '{"a": NaN}', '{"a": Infinity}', '{"a": -Infinity}',
        '{"a": "\\ud800"}', '{"\\udfff": 1}', '{"a": "\ud800"}', '\ufeff{"a": 1}',
        '{"a": "\n"}', '{"a": 01}', '{"a": ' + "9" * 5000 + "}", "[" * 100_000,
        '{"a":' * DEEP + "{}" + "}" * DEEP,
    ],
)  # fmt: skip
def test_text_that_is_not_one_json_object_is_malformed(text: str) -> None:
    assert arguments.parse(text) is None


def test_depth_is_counted_outside_strings() -> None:
    inside = '{"a":' * (DEEP - 1) + "{}" + "}" * (DEEP - 1)
    assert arguments.parse(inside) is not None
    assert arguments.parse('{"a": "' + "[{" * 200 + '\\"["}') == {"a": "[{" * 200 + '"['}


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON_VALUES))
def test_parse_reads_what_json_writes(value: dict[str, object]) -> None:
    assert arguments.parse(json.dumps(value)) == value
    assert arguments.parse(json.dumps(value, ensure_ascii=False)) == value


@given(JSON_VALUES)
def test_canonical_is_rfc_8785(value: Any) -> None:
    assert arguments.canonical(value).encode() == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_as_ecmascript_does(value: float) -> None:
    assert arguments.canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("text", "path", "kind", "want"),
    [
        ('{"a": 1}', ("a",), INT, ("present", 1)),
        ('{"a": 1.0}', ("a",), INT, ("malformed", None)),
        ('{"a": true}', ("a",), INT, ("malformed", None)),
        ('{"a": 9223372036854775807}', ("a",), INT, ("present", 2**63 - 1)),
        ('{"a": 9223372036854775808}', ("a",), INT, ("malformed", None)),
        ('{"a": -9223372036854775808}', ("a",), INT, ("present", -(2**63))),
        ('{"a": 1}', ("a",), DOUBLE, ("present", 1.0)),
        ('{"a": 1e400}', ("a",), DOUBLE, ("malformed", None)),
        ('{"a": false}', ("a",), DOUBLE, ("malformed", None)),
        ('{"a": "1"}', ("a",), DOUBLE, ("malformed", None)),
        ('{"a": 1}', ("a",), STRING, ("malformed", None)),
        ('{"a": 0}', ("a",), BOOL, ("malformed", None)),
        ('{"a": ["x"]}', ("a",), list_of(STRING), ("present", ["x"])),
        ('{"a": []}', ("a",), list_of(STRING), ("present", [])),
        ('{"a": "x"}', ("a",), list_of(STRING), ("malformed", None)),
        ('{"a": ["x", 1]}', ("a",), list_of(STRING), ("malformed", None)),
        ('{"a": ["x", null]}', ("a",), list_of(STRING), ("malformed", None)),
        ('{"a": null}', ("a",), STRING, ("absent", None)),
        ("{}", ("a",), STRING, ("absent", None)),
        ("{}", ("a", "b"), STRING, ("absent", None)),
        ('{"a": null}', ("a", "b"), STRING, ("absent", None)),
        ('{"a": 3}', ("a", "b"), STRING, ("malformed", None)),
        ('{"a": [{}]}', ("a", "b"), STRING, ("malformed", None)),
        ('{"a": {"b": "c"}}', ("a", "b"), STRING, ("present", "c")),
        ("not json", ("a",), STRING, ("malformed", None)),
    ],
)
def test_read(text: str, path: tuple[str, ...], kind: Type, want: object) -> None:
    assert arguments.read(arguments.parse(text), path, kind) == want


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:30:00.5+01:30", datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-01T00:00:00.123456000Z", datetime(2026, 1, 1, 0, 0, 0, 123_456, tzinfo=UTC)),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
         datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00.1234567Z", None), ("2026-01-01T00:00:00", None),
        ("2026-01-01 00:00:00Z", None), ("2026-02-30T00:00:00Z", None), ("2026-01-01", None),
        ("2026-01-01T00:00:60Z", None), ("2026-01-01T00:00:00+24:00", None),
        ("0001-01-01T00:00:00+01:00", None), ("٢٠٢٦-01-01T00:00:00Z", None), (0, None),
        (datetime(2026, 1, 1), None),  # noqa: DTZ001  without an offset on purpose
    ],
)  # fmt: skip
def test_times_are_rfc_3339_with_an_offset(raw: object, want: datetime | None) -> None:
    assert arguments.value_state(raw, TIMESTAMP) == (
        ("present", want) if want else ("malformed", None)
    )


@pytest.mark.parametrize(
    ("raw", "kind", "counts", "want"),
    [
        (-1, INT, True, "malformed"), (-1, INT, False, "present"), (0, INT, True, "present"),
        (-0.5, DOUBLE, True, "malformed"), (float("nan"), DOUBLE, False, "malformed"),
        (float("inf"), DOUBLE, False, "malformed"), (10**400, DOUBLE, False, "malformed"),
        ("\ud800", STRING, False, "malformed"), ("", STRING, False, "present"),
        (("a", "b"), list_of(STRING), False, "present"), ("a", list_of(STRING), False, "malformed"),
        (["\ud800"], list_of(STRING), False, "malformed"), (None, INT, True, "absent"),
    ],
)  # fmt: skip
def test_value_state(raw: object, kind: Type, counts: bool, want: str) -> None:
    assert arguments.value_state(raw, kind, counts)[0] == want


def test_the_digest_is_of_the_meaning_not_of_the_text() -> None:
    one = arguments.digest('{"b": 1.0, "a": "\\u00e9"}')
    assert one == arguments.digest('{"a":"é","b":1}')
    assert one == hashlib.sha256('{"a":"é","b":1}'.encode()).hexdigest()


@pytest.mark.parametrize(
    "text", ["", "x", '{"a": 1, "a": 2}', '{"a": 9007199254740992}', '{"a": 1e400}']
)
def test_what_has_no_canonical_form_is_hashed_raw(text: str) -> None:
    assert arguments.digest(text) == hashlib.sha256(b"raw:" + text.encode()).hexdigest()


def test_integers_below_two_to_the_53_have_a_canonical_form() -> None:
    text = '{"a":9007199254740991}'
    assert arguments.digest(text) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "changes", "want"),
    [
        (None, {("a",): 1}, '{"a":1}'),
        ('{"b": 2, "a": 1}', {("c", "d"): [True]}, '{"a":1,"b":2,"c":{"d":[true]}}'),
        ("broken", {("a",): "x"}, '{"a":"x"}'),
        ('{"a": 3}', {("a", "b"): 1}, '{"a":{"b":1}}'),
        ('{"n": 9007199254740993}', {("a",): 1.0}, '{"a":1,"n":9007199254740993}'),
        (
            '{"n": 1e400}',
            {("t",): datetime(2026, 1, 1, tzinfo=UTC)},
            '{"n":1e999,"t":"2026-01-01T00:00:00Z"}',
        ),
    ],
)
def test_patch(text: str | None, changes: dict[tuple[str, ...], object], want: str) -> None:
    assert arguments.patch(text, changes) == want
