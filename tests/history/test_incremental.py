"""Sums that are kept are those of looking at every earlier event: every feature, every decision."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from govlab.bundle import load_bundle
from govlab.errors import BundleError
from govlab.history import HELD, decide_each, decide_in_order
from govlab.plan import Plan, compile_plan
from govlab.plan.assume import with_assumptions
from govlab.runtime.states import ERROR, UNKNOWN
from tests import generators, histories

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"
BUNDLES, ROWS = (500, 200) if DEEP else (60, 60)
ASKED = [("factual", "recorded"), *product(["counterfactual"], HELD)]


def random_plan(seed: object, folder: Path) -> Plan | None:
    rng = random.Random(f"history-{seed}")
    try:
        path = generators.write(histories.bundle(rng), folder / str(seed))
        return compile_plan(load_bundle(path))
    except BundleError:  # what it made up does not check: the loader's matter
        return None


def marks(value: Any) -> str:
    return {ERROR: "error", UNKNOWN: "unknown"}.get(value, "zero" if value == 0 else "value")


def test_random_bundles_and_events(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(BUNDLES):
        plan = random_plan(seed, tmp_path)
        seen["refused"] += plan is None
        if plan is None:
            continue
        rng = random.Random(seed)
        lacking = frozenset(rng.sample(["env", "team", "args", "tenant"], rng.choice([0, 0, 1, 2])))
        rows = [{n: v for n, v in r.items() if n not in lacking} for r in histories.rows(rng, ROWS)]
        unknown = [generators.unknown_of(row, lacking) for row in rows]
        if seed % 5 == 0:
            plan = with_assumptions(plan, {"env": "prod", "tokens_in": 3, "team": "ab"})
        for state, held in ASKED:
            wanted = decide_each(plan, rows, state=state, held=held, unknown=unknown)
            got = decide_in_order(plan, rows, state=state, held=held, unknown=unknown)
            assert got == wanted, (seed, state, held)
            seen.update(marks(value) for one in got for value in one.features.values())
            seen.update(one.decision.decision for one in got)
    assert seen["refused"] < BUNDLES / 2
    assert min(seen[kind] for kind in ("error", "unknown", "zero", "value")) > 500
    assert {"DENY", "ALLOW", "REMEDIATE", "REQUIRE_APPROVAL"} <= seen.keys()


BUDGET = """
history:
  total: {sum: tokens_in, per: [actor]}
  spend: {sum: cost, per: [actor], within: 10m}
  calls: {count: "tool == 'x'", per: [actor], within: 1s, over: permitted}
name: p
rules:
  - {condition: "history.spend > 1.0", decision: DENY}
  - {decision: ALLOW}
"""


@pytest.fixture(scope="module")
def budget(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("h") / "b.yaml"
    file.write_text(BUDGET)
    return compile_plan(load_bundle(file))


def test_a_sum_that_overflows_errs_and_one_that_is_whole_again_does_not(budget: Plan) -> None:
    events = [{"ts": f"2026-01-01T00:00:0{n}Z", "actor": "a", "tokens_in": 2**62} for n in range(4)]
    for decide in (decide_each, decide_in_order):
        totals = [one.features["total"] for one in decide(budget, events)]
        assert totals == [0, 2**62, ERROR, ERROR]


def test_an_event_of_nobody_knows_whom_makes_every_sum_unknown_while_it_is_in(budget: Plan) -> None:
    times = ["2026-01-01T00:00:00Z", "2026-01-01T00:09:59Z", "2026-01-01T00:10:00Z"]
    events = [{"ts": ts, "actor": "a", "cost_micro_usd": 5} for ts in times]
    unknown = [frozenset({"actor"}), frozenset[str](), frozenset[str]()]
    events[0].pop("actor")
    found = decide_in_order(budget, events, unknown=unknown)
    assert [one.features["spend"] for one in found] == [UNKNOWN, UNKNOWN, 0.000005]


def test_what_was_before_1970_is_remembered_whatever_is_read(budget: Plan) -> None:
    """More keys than are kept without asking, and a sum without a window beside one with."""
    long_ago = datetime(1960, 1, 1, tzinfo=UTC)
    rows = [
        {"event_id": f"{at:05}", "ts": long_ago + timedelta(milliseconds=at), "tokens_in": 1,
         "actor": f"a{at % 1500}", "cost_micro_usd": 1_500_000}
        for at in range(3000)
    ]  # fmt: skip
    found = decide_in_order(budget, rows)
    assert [one.features["spend"] for one in found] == [0.0] * 1500 + [1.5] * 1500
    assert [one.decision.decision for one in found] == ["ALLOW"] * 1500 + ["DENY"] * 1500
