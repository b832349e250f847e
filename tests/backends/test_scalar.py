"""The scalar engine decides as the reference engine does: every case, random bundles, real ones."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govlab.backends.reference import decide
from govlab.backends.scalar import Engine, compile_engine
from govlab.bundle import load_bundle
from govlab.errors import BundleError
from govlab.plan import Plan, compile_plan
from govlab.runtime.states import ERROR, UNKNOWN
from tests import generators
from tests.conformance.test_decisions import (
    Tree,
    plan_of,
)

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"
BUNDLES, ROWS = (1000, 1000) if DEEP else (150, 30)
POLICIES = Path(__file__).parents[2] / "policies"


def test_random_bundles_and_rows(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(BUNDLES):
        rng = random.Random(seed)
        try:
            path = generators.write(generators.bundle(rng), tmp_path / str(seed))
            plan = compile_plan(load_bundle(path))
        except BundleError:  # what it made up does not check: the loader's matter
            seen["refused"] += 1
            continue
        _same_on(plan, rng, seen, ROWS)
    assert seen["refused"] < BUNDLES / 2
    assert {
        "DENY",
        "ALLOW",
        "REMEDIATE",
        "REQUIRE_APPROVAL",
        "ALLOW_WITH_CONSTRAINTS",
    } <= seen.keys()
    assert min(seen["error"], seen["undecidable"], seen["decided"]) > 0.02 * seen["rows"]


def _same_on(plan: Plan, rng: random.Random, seen: Counter[str], count: int) -> None:
    engine = compile_engine(plan)
    for event in generators.rows(rng, count):
        lacking = frozenset(
            rng.sample(["env", "region", "args", "amount"], rng.choice([0, 0, 1, 2]))
        )
        known = {name: value for name, value in event.items() if name not in lacking}
        unknown = generators.unknown_of(known, lacking)
        want = decide(plan, known, unknown=unknown)
        assert engine.decide(known, unknown=unknown) == want, (plan.name, known, unknown)
        seen.update((want.decision, want.status, "rows"))


@pytest.mark.parametrize("name", sorted(p.parent.name for p in POLICIES.glob("*/bundle.yaml")))
def test_starter_bundles(name: str) -> None:
    plan, seen = compile_plan(load_bundle(POLICIES / name)), Counter[str]()
    if plan.has_history():
        pytest.skip("rows have no history")
    _same_on(plan, random.Random(name), seen, 400)
    assert seen["decided"] > 0


# -- what the generators do not reach --------------------------------------------------------------


def engine_of(folder: Path, bundle: Tree) -> tuple[Plan, Engine]:
    plan = plan_of(folder, bundle)
    return plan, compile_engine(plan)


WATCHING: Tree = {
    "policies": [
        {"name": "deny", "mode": "enforce",
         "rules": [{"condition": "env == 'prod'", "decision": "DENY", "reason": "no"}]},
        {"name": "watch", "rules": [{"condition": "env != 'dev'", "decision": "REMEDIATE",
                                     "remediation": {"set": {"env": "'dev'"}}}]},
        {"name": "ask", "mode": "monitor", "rules": [
            {"condition": "env == 'test'", "decision": "REQUIRE_APPROVAL", "approvers": ["ann"]}]},
        {"name": "allow", "rules": [{"decision": "ALLOW"}]},
    ],
}  # fmt: skip


UNTIL = {"mode": "monitor", "until": "2026-06-01T00:00:00Z"}


@pytest.mark.parametrize("mode", [{}, {"mode": "monitor"}, UNTIL])
def test_monitor_mode(mode: Tree, tmp_path: Path) -> None:
    plan, engine = engine_of(tmp_path, {**WATCHING, **mode})
    enforced = 0
    for env in ("prod", "dev", "test", None):
        for ts in (datetime(2026, 1, 1, tzinfo=UTC), "2026-07-01T00:00:00Z", None):
            for unknown in (frozenset[str](), frozenset({"env"})):
                event = {"env": env, "ts": ts}
                want = decide(plan, event, unknown=unknown)
                assert engine.decide(event, unknown=unknown) == want
                enforced += want.enforced not in (None, want)
    assert enforced > 0


HISTORY: Tree = {
    "history": {"spend": {"sum": "cost", "per": ["actor"], "within": "1h"}},
    "rules": [
        {"condition": "history.spend > 5.0", "decision": "DENY", "reason": "budget"},
        {"condition": "env == 'dev' || history.spend < 1.0", "decision": "ALLOW"},
    ],
}


@pytest.mark.parametrize("spend", [0.0, 3.0, 7.5, ERROR, UNKNOWN])
def test_history_given(spend: object, tmp_path: Path) -> None:
    plan, engine = engine_of(tmp_path, HISTORY)
    for env in ("dev", "prod", None):
        given = {"spend": spend}
        assert engine.decide({"env": env}, history=given) == decide(
            plan, {"env": env}, history=given
        )


def test_history_that_lacks_a_feature_is_an_error_of_the_caller(tmp_path: Path) -> None:
    _, engine = engine_of(tmp_path, HISTORY)
    with pytest.raises(KeyError, match="spend"):
        engine.decide({"env": "dev"})


ODD_VALUES = [
    None, "", "dev", "\ud800", "é", 3, True, 1.0, float("nan"), float("inf"), -1, 2**63, [], ["a"],
    ("a", 1), ["\ud800"], {"x": 1}, b"a", datetime(2026, 1, 1),  # noqa: DTZ001 - odd
    "2026-01-01T00:00:00+02:00",
]  # fmt: skip
READING: Tree = {
    "attributes": {"context.n": "int", "args.path": "string"},
    "rules": [
        {"condition": f"has(event.{name}) && {test}", "decision": "DENY", "reason": name}
        for name, test in {
            "env": "env == 'dev'", "tokens_in": "tokens_in == 3", "amount": "amount == 1.0",
            "risk_tags": "'a' in risk_tags", "destructive": "destructive",
            "context.n": "context.n < 0",
            "args.path": "args.path != ''", "cost": "cost >= 1.0", "ts": "ts.getHours() == 22",
            "cost_micro_usd": "cost_micro_usd == 0", "args": "args.contains('x')",
        }.items()
    ],
}  # fmt: skip
NAMES = ["env", "tokens_in", "amount", "risk_tags", "destructive", "context.n", "context",
         "args.path", "args", "cost", "cost_micro_usd", "ts"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_odd_values_are_read_as_the_reference_reads_them(name: str, tmp_path: Path) -> None:
    plan, engine = engine_of(tmp_path, READING)
    statuses = set()
    for value in [
        *ODD_VALUES,
        {"n": 4},
        '{"path": "x"}',
        '{"path": 1}',
        '{"path": "a", "path": "b"}',
    ]:
        for marks in ({}, {"malformed_columns": name}):
            event = {name: value, **marks}
            want = decide(plan, event)
            assert engine.decide(event) == want, event
            statuses.add(want.status)
    assert statuses == ({"decided"} if name == "context" else {"decided", "error"})


def test_a_decision_is_made_once_for_equal_outcomes(tmp_path: Path) -> None:
    _, engine = engine_of(tmp_path, {"rules": [{"condition": "env == 'dev'", "decision": "ALLOW"}]})
    assert engine.decide({"env": "dev"}) is engine.decide({"env": "dev", "tool": "t"})
    assert engine.decide({"env": "x"}) is not engine.decide({"env": "dev"})
