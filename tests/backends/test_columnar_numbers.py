"""What columns leave out where it cannot matter: overflow checks, NaN guards, single passes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from govlab.backends.columnar import evaluate_frame
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.moments import local_time
from govlab.backends.reference.walker import evaluate
from govlab.lang.checker import Scope, check
from govlab.lang.nodes import Node
from govlab.lang.parser import parse
from govlab.runtime import clock
from govlab.runtime.states import ABSENT, ERROR, UNKNOWN
from govlab.runtime.values import Uint
from govlab.types import BOOL, DOUBLE, INT, STRING, UINT, Type, list_of

TYPES: dict[str, Type] = {
    "i": INT, "j": INT, "k": INT, "u": UINT, "v": UINT, "d": DOUBLE, "e": DOUBLE, "s": STRING,
    "xs": list_of(STRING), "ys": list_of(STRING), "ns": list_of(INT), "ms": list_of(INT),
}  # fmt: skip
LOWEST, HIGHEST = -(2**63), 2**63 - 1
SMALL = [-7, -2, -1, 0, 1, 2, 9]
INTS = {
    "small": SMALL,
    "not negative": [0, 1, 2, 3, 100],
    "large": [LOWEST, LOWEST + 1, -1, 0, 1, 2**62, HIGHEST],
    "nearly": [-(2**62), 2**62 - 1, 5],
}


def node(text: str) -> Node:
    checked = check(parse(text), Scope(TYPES), want=None)
    assert not checked.problems, checked.problems
    return checked.node


def agreed(text: str, rows: Sequence[dict[str, Any]]) -> None:
    """The columns give what the reference walker gives, for every row."""
    names = sorted({name for row in rows for name in row})
    dtypes = {"int": pl.Int64(), "uint": pl.UInt64(), "double": pl.Float64(), "string": pl.String()}
    schema = {
        n: pl.List(dtypes[TYPES[n].params[0].name]) if TYPES[n].params else dtypes[TYPES[n].name]
        for n in names
    }
    plain = {n: [None if r[n] in (ABSENT, UNKNOWN) else r[n] for r in rows] for n in names}
    unknown = {f"{n}#unknown": [r[n] is UNKNOWN for r in rows] for n in names}
    frame = pl.DataFrame(plain, schema=schema).with_columns(
        pl.Series(n, values) for n, values in unknown.items() if any(values)
    )
    values, status = evaluate_frame(node(text), frame)
    for row, value, word in zip(rows, values.to_list(), status, strict=True):
        typed = {n: _typed(n, v) for n, v in row.items()}
        want = evaluate(node(text), typed)
        wanted = "unknown" if want is UNKNOWN else "error" if want is ERROR else want
        assert (value if word == "value" else word) == wanted, (text, row)


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return Uint(value) if TYPES[name] == UINT and isinstance(value, int) else value


@pytest.mark.parametrize("text", ["i + j", "i - j", "i * j", "i / j", "i % j", "-i", "i + j - j",
                                  "i * j + i", "i / j / j", "i % j * i", "i + 1", "2 - i", "i / 2",
                                  "i % -1", "i / -1", "i * -1", "i / 0", "i % 0"])  # fmt: skip
@pytest.mark.parametrize("left", INTS)
@pytest.mark.parametrize("right", INTS)
def test_ints_overflow_where_the_reference_does(text: str, left: str, right: str) -> None:
    pairs = [*itertools.product(INTS[left], INTS[right]), (ABSENT, 1), (1, ABSENT)]
    agreed(text, [{"i": i, "j": j} for i, j in pairs])


@pytest.mark.parametrize("text", ["u + v", "u - v", "u * v", "u / v", "u % v", "u - v - v"])
@pytest.mark.parametrize("numbers", [[0, 1, 2, 9], [5, 6], [0, 1, 2**63, 2**64 - 1]])
def test_uints_overflow_where_the_reference_does(text: str, numbers: list[int]) -> None:
    agreed(text, [{"u": u, "v": v} for u, v in itertools.product(numbers, numbers)])


@pytest.mark.parametrize("text", ["size(s) + i > 0", "size(s) / i", "size(xs) * size(xs) - i"])
def test_sizes_have_bounds(text: str) -> None:
    agreed(text, [{"s": "abc", "i": i, "xs": ["a"]} for i in (LOWEST, -1, 0, 1, HIGHEST)])


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("form", ["d {} 1.0", "1.0 {} d", "d {} e", "d / e {} 1.0", "1.0 {} d / e",
                                  "d / e {} e / d", "d {} d"])  # fmt: skip
def test_nan_compares_as_in_the_reference(operator: str, form: str) -> None:
    numbers = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 2.0, ABSENT]
    pairs = itertools.product(numbers, numbers)
    agreed(form.format(operator), [{"d": d, "e": e} for d, e in pairs])


LISTS = [[], ["a"], ["b"], ["a", "b"], ["b", "pii:x", "a"], ["a", "a"], ABSENT, UNKNOWN]


@pytest.mark.parametrize("kind", ["all", "exists", "exists_one"])
@pytest.mark.parametrize("body", [
    "x == 'a'", "x.startsWith('pii:') || x == 'b'", "!(x in ['a', 'b'])", "x in ['a']",
    "x.matches('^a$') && x != 'b'", "x in []", "'ab'.contains(x)", "x < 'b' || x > 'b' && x != 'c'",
    "x in ys", "!(x in ys)", "x in ys && x == 'a'", "x == 'a' || x in ys", "x == s", "x in [s]",
    "x == x", "true", "s == 'a'", "x.size() == 1", "x in ys.filter(y, y != s)",
])  # fmt: skip
def test_macros_over_lists(kind: str, body: str) -> None:
    rows = [
        {"xs": xs, "ys": ys, "s": s} for xs in LISTS for ys in LISTS for s in ("a", ABSENT, UNKNOWN)
    ]
    agreed(f"xs.{kind}(x, {body})", rows)


@pytest.mark.parametrize("body", ["n in ms", "n > 1", "n in [1, 2]", "n + 1 > 2", "!(n in ms)"])
@pytest.mark.parametrize("kind", ["all", "exists"])
def test_macros_over_numbers(kind: str, body: str) -> None:
    lists: list[Any] = [[], [1], [2, 3], [HIGHEST], [0, 0, 1], ABSENT]
    rows = [{"ns": ns, "ms": ms} for ns in lists for ms in lists]
    agreed(f"ns.{kind}(n, {body})", rows)


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Africa/Monrovia", "Pacific/Apia"]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_around_every_hour_of_days_that_change(zone: str) -> None:
    starts = [(2024, 3, 9), (2024, 3, 30), (2024, 4, 6),
              (2024, 10, 5), (2024, 10, 26), (2024, 11, 2),
              (2011, 12, 29), (1972, 1, 6), (1883, 11, 17)]  # fmt: skip
    moments = [
        datetime(*start, tzinfo=UTC) + timedelta(minutes=7 * at, microseconds=at % 2)
        for start in starts
        for at in range(500)
    ]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    instants = pl.Series([(m - epoch) // timedelta(microseconds=1) for m in moments])
    plain = epoch.replace(tzinfo=None)
    wanted = [
        (m.astimezone(clock.zone(zone)).replace(tzinfo=None) - plain) // timedelta(microseconds=1)
        for m in moments
    ]
    assert local_time(instants, zone).to_list() == wanted


def test_an_instant_that_is_missing_has_no_local_time() -> None:
    assert local_time(pl.Series([None, 0], dtype=pl.Int64), "Asia/Tokyo")[0] is None
    assert local_time(pl.Series([], dtype=pl.Int64), "Asia/Tokyo").to_list() == []


COLUMNS = [
    pl.Series([None, True, None, False, True]),
    pl.Series([3, None, 3, 255, 0], dtype=pl.UInt8),
    pl.Series([2**64 - 1, 0, None, 0, 2**64 - 1], dtype=pl.UInt64),
    pl.Series([-1, None, 2**62, -1, 0], dtype=pl.Int64),
    pl.Series([0.0, -0.0, math.nan, None, 0.0]),
    pl.Series(["b", "", None, "b", "\x00"]),
    pl.Series(["b", "a", None, "b", "c"], dtype=pl.Categorical),
    pl.Series([["a", "b"], None, [], ["ab"], ["a", "b"]]),
    pl.Series([["a"] * 9, ["a"] * 10, None, [], ["a"] * 9]),
    pl.Series([[1, None], [None, 1], [1], None, [1, None]], dtype=pl.List(pl.Int64)),
    pl.Series([None] * 5),
]


@pytest.mark.parametrize("first", COLUMNS, ids=[str(c.dtype) for c in COLUMNS])
@pytest.mark.parametrize("second", COLUMNS, ids=[str(c.dtype) for c in COLUMNS])
def test_groups_are_numbered_by_first_appearance(first: pl.Series, second: pl.Series) -> None:
    rows = [repr(pair) for pair in zip(first.to_list(), second.to_list(), strict=True)]
    firsts = {row: rows.index(row) for row in rows}
    found = group([first, second], len(rows))
    assert found.ids.to_list() == [list(firsts).index(row) for row in rows]
    assert found.rows.to_list() == list(firsts.values())


@pytest.mark.parametrize("typed", [BOOL, INT])
def test_no_rows_make_no_groups(typed: Type) -> None:
    dtype = pl.Boolean if typed == BOOL else pl.Int64
    found = group([pl.Series([], dtype=dtype)], 0)
    assert (len(found), len(found.ids)) == (0, 0)
