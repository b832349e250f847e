"""The columnar engine: fixed cases, invariances, what it refuses."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.backends.columnar import decide_frame, evaluate_frame, needed
from govlab.errors import UsageError
from govlab.lang.checker import Scope, check
from govlab.lang.nodes import Node
from govlab.lang.parser import parse
from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, UINT, list_of
from tests import generators
from tests.backends.differential import differences, plan_of, random_case

TYPES = {
    "i": INT, "j": INT, "u": UINT, "v": UINT, "d": DOUBLE, "e": DOUBLE, "s": STRING, "t": STRING,
    "b": BOOL, "c": BOOL, "xs": list_of(STRING), "at": TIMESTAMP,
}  # fmt: skip
LOWEST, HIGHEST = -(2**63), 2**63 - 1
NAN, INF = math.nan, math.inf
ERROR, UNKNOWN = "error", "unknown"


def node(text: str) -> Node:
    checked = check(parse(text), Scope(TYPES), want=None)
    assert not checked.problems
    return checked.node


def policy(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": "p", "rules": rules}


def results(text: str, **columns: list[Any]) -> list[Any]:
    """What `text` comes to on each row: a value, ERROR or UNKNOWN."""
    schema = {"u": pl.UInt64(), "v": pl.UInt64(), "xs": pl.List(pl.String)}
    frame = pl.DataFrame(
        columns, schema_overrides={n: t for n, t in schema.items() if n in columns}
    )
    values, status = evaluate_frame(node(text), frame)
    return [v if s == "value" else s for v, s in zip(values.to_list(), status, strict=True)]


CASES: list[tuple[str, dict[str, list[Any]], list[Any]]] = [
    # int64: overflow, truncation, the one quotient that does not fit
    ("i + j", {"i": [HIGHEST, 1], "j": [1, 2]}, [ERROR, 3]),
    ("i - j", {"i": [LOWEST, 1], "j": [1, 2]}, [ERROR, -1]),
    ("i * j", {"i": [2**62, -3], "j": [2, 4]}, [ERROR, -12]),
    ("i / j", {"i": [-7, LOWEST, 7], "j": [2, -1, 0]}, [-3, ERROR, ERROR]),
    ("i % j", {"i": [-7, LOWEST, 7], "j": [2, -1, -2]}, [-1, ERROR, 1]),
    ("-i", {"i": [LOWEST, 5]}, [ERROR, -5]),
    ("u * v", {"u": [2**63, 2**64 - 1], "v": [2, 1]}, [ERROR, 2**64 - 1]),
    ("u - v", {"u": [1, 3], "v": [2, 2]}, [ERROR, 1]),
    # doubles: NaN, infinities, the sign of zero
    ("d == e", {"d": [NAN, 1.0, 0.0], "e": [NAN, 1.0, -0.0]}, [False, True, True]),
    ("d != e", {"d": [NAN, 1.0], "e": [NAN, 1.0]}, [True, False]),
    ("d < e || e < d", {"d": [NAN, 1.0], "e": [1.0, 2.0]}, [False, True]),
    ("d < e", {"d": [NAN, NAN], "e": [None, 1.0]}, [ERROR, False]),
    ("d in [1.0, 2.0]", {"d": [NAN, 2.0, None]}, [False, True, ERROR]),
    ("1.0 / (d + 0.0)", {"d": [-0.0, 0.0]}, [INF, INF]),
    ("1.0 / (d + 0.0)", {"d": [-0.0]}, [INF]),
    ("d / e", {"d": [1.0, -1.0], "e": [0.0, 0.0]}, [INF, -INF]),
    # absorption, and that guards do not absorb
    ("b && c", {"b": [None, None, False], "c": [False, True, None]}, [False, ERROR, False]),
    ("b || c", {"b": [None, None, True], "c": [True, False, None]}, [True, ERROR, True]),
    ("b ? s : t", {"b": [True, False, None], "s": ["x", None, "x"], "t": [None, "y", "y"]},
     ["x", "y", ERROR]),
    ("s in ['a', t]", {"s": ["a", "a", "b"], "t": ["x", None, "b"]}, [True, ERROR, True]),
    # text, by code point
    ("size(s)", {"s": ["🐱x", "e\u0301", ""]}, [2, 2, 0]),
    ("s.contains(t)", {"s": ["a.b", "axb", "abc"], "t": [".", ".", ""]}, [True, False, True]),
    ("s.matches('^a$')", {"s": ["a", "a\n"]}, [True, False]),
    ("s < t", {"s": ["\uffff"], "t": ["🐱"]}, [True]),
    ("int(s)", {"s": ["-0007", "9223372036854775808", "+5", " 5"]}, [-7, ERROR, 5, ERROR]),
    ("int(d)", {"d": [9.3e18, -1.9, NAN, INF]}, [ERROR, -1, ERROR, ERROR]),
    # lists and macros
    ("xs.all(x, x == s)", {"xs": [[], ["a"], None], "s": [None, None, "a"]}, [True, ERROR, ERROR]),
    ("xs.exists(x, x == s)", {"xs": [["a", "b"], []], "s": ["b", None]}, [True, False]),
    ("xs.filter(x, x != s)", {"xs": [["a", "b"], []], "s": ["b", "a"]}, [["a"], []]),
    ("xs.map(x, x + s)", {"xs": [["a"], [], None], "s": ["z", None, "z"]}, [["az"], [], ERROR]),
    ("xs.map(x, x != 'a', x + s)", {"xs": [["a"], ["b"]], "s": [None, "z"]}, [[], ["bz"]]),
    ("xs.exists_one(x, x == s)", {"xs": [["a", "a"], ["a"]], "s": ["a", "a"]}, [False, True]),
    ("xs.exists(x, xs.all(y, y == x || b))", {"xs": [["a", "b"], ["a"]], "b": [False, None]},
     [False, True]),
    ("xs[i]", {"xs": [["a"], ["a"], ["a"]], "i": [0, -1, HIGHEST]}, ["a", ERROR, ERROR]),
    ("['x', s].exists(x, x == t)", {"s": ["y", None], "t": ["y", "x"]}, [True, ERROR]),
    # what runs by dictionary evaluation
    ("{'k': i}['k'] + 1", {"i": [1, HIGHEST]}, [2, ERROR]),
    ("dyn(i) == d", {"i": [1, 1], "d": [1.0, 1.5]}, [True, False]),
    # a literal that every row takes is one value to polars: it must still fill every row
    ("4 > (has(event.i) ? i : 0) + 0", {"i": [None, None, None]}, [True, True, True]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "columns", "wanted"), CASES, ids=[c[0] for c in CASES])
def test_conditions_on_columns(text: str, columns: dict[str, Any], wanted: list[Any]) -> None:
    assert results(text, **columns) == wanted


def test_unknown_wins_over_error_and_is_absorbed() -> None:
    frame = pl.DataFrame(
        {"b": [None, None, None], "c": [None, True, False], "b#unknown": [True, True, True]},
        schema_overrides={"b": pl.Boolean},
    )
    words = [evaluate_frame(node(t), frame)[1].to_list() for t in ("b && c", "b || c", "b == c")]
    assert words == [
        ["unknown", "unknown", "value"],
        ["unknown", "value", "unknown"],
        ["unknown", "unknown", "unknown"],
    ]


def test_zones_come_from_the_reference_zone_database() -> None:
    moments = pl.Series([0, 1711846800 * 10**6 - 1, 1711846800 * 10**6, -3 * 10**15])
    frame = pl.DataFrame({"at": moments.cast(pl.Datetime("us", "UTC"))})
    hours = evaluate_frame(node("at.getHours('Europe/Berlin')"), frame)[0].to_list()
    assert hours == [1, 1, 3, 19]  # the last is 1874, 18:40 UTC, when Berlin was 53 min 28 s ahead


def test_rows_keep_their_decision_in_any_order_and_chunking(tmp_path: Path) -> None:
    plan, events, lacking = random_case("order", tmp_path, 600)
    frame = generators.frame_of(events, lacking)
    whole = decide_frame(plan, frame)
    order = list(range(frame.height))
    random.Random(3).shuffle(order)
    assert decide_frame(plan, frame[order]).equals(whole[order])
    parts = [frame[a : a + 170] for a in range(0, frame.height, 170)]
    assert pl.concat([decide_frame(plan, p) for p in parts]).equals(whole)
    assert decide_frame(plan, pl.concat(parts, rechunk=False)).equals(whole)


def test_text_columns_may_be_categorical(tmp_path: Path) -> None:
    plan, events, lacking = random_case("coded", tmp_path, 400)
    frame = generators.frame_of(events, lacking)
    coded = frame.with_columns(pl.col(pl.String).cast(pl.Categorical))
    assert decide_frame(plan, coded).equals(decide_frame(plan, frame))


@pytest.mark.parametrize("height", [0, 1, 2])
def test_few_rows(height: int, tmp_path: Path) -> None:
    for at in range(15):
        plan, events, lacking = random_case(f"few-{at}", tmp_path / str(at), height)
        assert differences(plan, events, lacking) == []


def test_a_frame_without_any_column_is_all_unknown(tmp_path: Path) -> None:
    rules = [{"condition": "env == 'prod'", "decision": "DENY", "reason": "no"}]
    plan = plan_of({"name": "p", "default": "ALLOW", "policies": [policy(rules)]}, tmp_path)
    frame = decide_frame(plan, pl.DataFrame({"event_id": ["a", "b"]}))
    assert frame["status"].to_list() == ["undecidable", "undecidable"]
    assert frame["missing"].to_list() == [["env"], ["env"]]


def test_a_bundle_without_policies_is_its_default(tmp_path: Path) -> None:
    plan = plan_of({"name": "p", "default": "ALLOW", "policies": []}, tmp_path)
    frame = decide_frame(plan, pl.DataFrame({"event_id": ["a"], "tool": ["x"]}))
    assert frame.select("decision", "reason").rows() == [("ALLOW", "no_policy")]


def test_columns_that_are_one_value_in_every_row(tmp_path: Path) -> None:
    rules = [{"condition": "1.0 <= cost && 'dev' != env", "decision": "DENY", "reason": "no"}]
    plan = plan_of({"name": "p", "default": "ALLOW", "policies": [policy(rules)]}, tmp_path)
    frame = pl.DataFrame({"event_id": ["a", "b", "c"]}).with_columns(
        cost_micro_usd=pl.lit(2_000_000, dtype=pl.Int64), env=pl.lit("prod")
    )
    assert decide_frame(plan, frame)["decision"].to_list() == ["DENY"] * 3


def test_needed_names_the_columns_to_read(tmp_path: Path) -> None:
    rules = [{"condition": "cost > 1.0 && args.n == 1", "decision": "ALLOW"}]
    tree = {"name": "p", "attributes": {"args.n": "int"}, "policies": [policy(rules)]}
    marks = ("malformed_columns", "unknown_columns")
    assert needed(plan_of(tree, tmp_path)) == tuple(
        sorted(("args", "cost_micro_usd", "event_id", *marks))
    )


def test_history_is_refused_with_the_way_out(tmp_path: Path) -> None:
    tree = {
        "name": "p",
        "history": {"n": {"count": "true", "per": ["actor"]}},
        "policies": [
            policy([{"condition": "history.n > 3", "decision": "DENY", "reason": "many"}])
        ],
    }
    plan = plan_of(tree, tmp_path)
    with pytest.raises(UsageError, match="`replay` runs it on the scalar engine"):
        decide_frame(plan, pl.DataFrame({"event_id": ["a"]}))
    with pytest.raises(UsageError):
        needed(plan)
