"""Params: their types, the three conversions, their ranges (S7)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.bundle import load_bundle
from govlab.bundle.params import constant
from govlab.errors import BundleError
from govlab.lang.checker import Constant
from govlab.runtime.values import Duration, Timestamp
from govlab.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type, list_of


@pytest.mark.parametrize(
    ("value", "declared", "kind", "made"),
    [
        (3, None, INT, 3),
        (3.0, None, DOUBLE, 3.0),
        (True, None, BOOL, True),
        ("x", None, STRING, "x"),
        ((1, 2), None, list_of(INT), (1, 2)),
        ((), None, list_of(STRING), ()),
        ((), "list(int)", list_of(INT), ()),
        (50, "double", DOUBLE, 50.0),
        ("50", "double", DOUBLE, 50.0),
        ("1.5e3", "double", DOUBLE, 1500.0),
        ("1h30m", "duration", DURATION, Duration(5400 * 10**9)),
        ("2d", "duration", DURATION, Duration(172800 * 10**9)),
        ("1970-01-01T00:00:01Z", "timestamp", TIMESTAMP, Timestamp(10**9)),
    ],
)
def test_constant(value: Any, declared: str | None, kind: Type, made: Any) -> None:
    found = constant(value, declared)
    assert found == Constant(kind, made)
    assert type(found.value) is type(made)


@pytest.mark.parametrize(
    ("value", "declared", "cause"),
    [
        ("x", "int", "is a string, not a int"),
        (3.0, "int", "is a double, not a int"),
        (True, "double", "is a bool, not a double"),
        ("fifty", "double", "is a string, not a double"),
        ("nan", "double", "is a string, not a double"),
        ("1e999", "double", "is a string, not a double"),
        ("1_0", "double", "is a string, not a double"),
        ((1,), "list(double)", r"is a list\(int\), not a list\(double\)"),
        ((), "int", "not a int"),
        ((), "list(list(int))", r"cannot be a list\(list\(int\)\)"),
        (3, "uint", "cannot be a uint"),
        (3, "dyn", "cannot be a dyn"),
        ("", "map(string, int)", "cannot be a map"),
        ("-1h", "duration", "is wrong: not a duration"),
        ("0s", "duration", "is wrong: a duration is positive"),
        ("2026-01-01", "timestamp", "is wrong: not an RFC 3339 timestamp"),
        (3, "duration", "is a int, not a duration"),
    ],
)
def test_no_other_conversion(value: Any, declared: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        constant(value, declared)


@pytest.mark.parametrize(
    ("param", "fine"),
    [
        ("{value: 3, range: [1, 3]}", True),
        ("{value: 4, range: [1, 3]}", False),
        ("{value: 3, range: [4, 1]}", False),
        ("{value: 50, type: double, range: [1, 60.5]}", True),
        ("{value: 2h, type: duration, range: [1h, 1d]}", True),
        ("{value: 2d, type: duration, range: [1h, 1d]}", False),
    ],
)
def test_range(param: str, fine: bool, tmp_path: Path) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(f"params: {{n: {param}}}\nname: p\nrules: []\n")
    if fine:
        assert "n" in load_bundle(file).params
    else:
        with pytest.raises(BundleError, match="GL014 param `n` is outside its own range"):
            load_bundle(file)


SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
TYPES = [
    "bool",
    "int",
    "double",
    "string",
    "duration",
    "timestamp",
    "list(int)",
    "list(double)",
    "dyn",
    "uint",
    "bytes",
    "list(bytes)",
    "map(string, int)",
    "null",
]


@given(SCALARS | st.lists(SCALARS, max_size=3).map(tuple), st.none() | st.sampled_from(TYPES))
def test_a_value_has_its_type_or_is_refused(value: Any, declared: str | None) -> None:
    if isinstance(value, tuple) and len({type(v) for v in value}) > 1:
        return  # refused by shape before
    try:
        made = constant(value, declared)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - both outcomes are right, a third is not
        return
    assert declared in (None, str(made.type))
    assert not (isinstance(made.value, float) and not math.isfinite(made.value))
