"""Assumptions: what is absent or unknown is filled, what is malformed or there never is."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.backends.columnar import decide_frame
from govlab.backends.reference import decide
from govlab.backends.scalar import compile_engine
from govlab.bundle import load_bundle
from govlab.errors import UsageError
from govlab.plan import Plan, compile_plan
from govlab.plan.assume import with_assumptions
from tests import generators
from tests.backends.differential import differences, plan_of, random_case
from tests.frames import event_frame

GATE = {
    "attributes": {"context.score": "double"},
    "policies": [{"name": "p", "rules": [
        {"condition": "env == 'production'", "decision": "DENY"},
        {"condition": "context.score > 0.5", "decision": "REQUIRE_APPROVAL", "approvers": ["a"]},
        {"condition": "cost > 3.0 || 'pii' in risk_tags", "decision": "DENY"},
        {"condition": "destructive", "decision": "ALLOW"}]}],
}  # fmt: skip
QUIET = {"env": "dev", "context.score": 0.0, "cost": 0.0, "risk_tags": [], "destructive": True}


def gate(tmp_path: Path, tree: dict[str, Any] = GATE) -> Plan:
    return plan_of({"name": "b", **tree}, Path(tempfile.mkdtemp(dir=tmp_path)))


def decided(plan: Plan, event: dict[str, Any], *unknown: str) -> tuple[str, str]:
    """The decision and status of one event, which both engines give alike."""
    hidden = frozenset(unknown)
    one = decide(plan, event, unknown=hidden)
    frame = event_frame(event, plan.reads(), hidden)
    assert decide_frame(plan, frame).item(0, "decision") == one.decision
    assert decide_frame(plan, frame).item(0, "status") == one.status
    return one.decision, one.status


def test_absent_and_unknown_values_are_filled_and_others_never(tmp_path: Path) -> None:
    bare, plan = gate(tmp_path), with_assumptions(gate(tmp_path), {"env": "production"})
    rest = {k: v for k, v in QUIET.items() if k != "env"}
    assert decided(bare, rest) == ("DENY", "error")
    assert decided(plan, rest) == ("DENY", "decided")
    assert decided(bare, rest, "env") == ("DENY", "undecidable")
    assert decided(plan, rest, "env") == ("DENY", "decided")
    assert decided(plan, QUIET) == ("ALLOW", "decided"), "what was recorded stays"
    assert decided(plan, {**QUIET, "env": 7}) == ("DENY", "error"), "malformed stays"


@pytest.mark.parametrize(
    ("name", "value", "decision"),
    [
        ("context.score", "0.75", "REQUIRE_APPROVAL"), ("context.score", 0, "ALLOW"),
        ("cost", "5", "DENY"), ("cost", 2, "ALLOW"), ("cost_micro_usd", 5_000_000, "DENY"),
        ("risk_tags", "pii,money", "DENY"), ("risk_tags", ["money"], "ALLOW"),
        ("risk_tags", "", "ALLOW"), ("destructive", "true", "ALLOW"),
    ],
)  # fmt: skip
def test_values_are_of_the_attributes_type(
    tmp_path: Path, name: str, value: Any, decision: str
) -> None:
    plan = with_assumptions(gate(tmp_path), {name: value})
    event = {k: v for k, v in QUIET.items() if k != name.replace("_micro_usd", "")}
    assert decided(plan, event) == (decision, "decided")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("envv", "x", "did you mean `env`"), ("decision", "ALLOW", "no attribute known before"),
        ("args.path", "x", "cannot be assumed"), ("event_id", "x", "cannot be assumed"),
        ("ts", "2026-01-01T00:00:00Z", "cannot be assumed"),
        ("destructive", "yes", "of type bool"), ("cost", "much", "of type double and not negative"),
        ("cost", -1.0, "not negative"), ("tokens_in", "1.5", "of type int"),
        ("risk_tags", [1], r"of type list\(string\)"), ("amount", "nan", "of type double"),
    ],
)  # fmt: skip
def test_what_cannot_be_assumed_is_refused(
    tmp_path: Path, name: str, value: Any, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        with_assumptions(gate(tmp_path), {name: value})


def test_a_derived_attribute_is_filled_where_its_rules_give_nothing(tmp_path: Path) -> None:
    tree = {**GATE, "derive": {"env": [{"when": "tool == 'psql'", "value": "'production'"}]}}
    plan = with_assumptions(gate(tmp_path, tree), {"env": "staging"})
    rest = {k: v for k, v in QUIET.items() if k != "env"}
    assert decided(plan, {**rest, "tool": "psql"}) == ("DENY", "decided")
    assert decided(plan, {**rest, "tool": "ls"}) == ("ALLOW", "decided")


def test_what_is_derived_from_an_assumed_value_reads_it(tmp_path: Path) -> None:
    tree = {**GATE, "derive": {"env": [{"when": "team == 'ops'", "value": "'production'"}]}}
    plan = with_assumptions(gate(tmp_path, tree), {"team": "ops"})
    assert decided(plan, QUIET, "team") == ("DENY", "decided")


def test_the_default_is_the_assumed_one(tmp_path: Path) -> None:
    event = {**QUIET, "destructive": False}
    assert decided(gate(tmp_path), event) == ("DENY", "decided")
    for default in ("ALLOW", "REQUIRE_APPROVAL"):
        assert decided(with_assumptions(gate(tmp_path), {}, default), event)[0] == default
    with pytest.raises(UsageError, match="did you mean `ALLOW`"):
        with_assumptions(gate(tmp_path), {}, "ALOW")


def test_what_explores_has_a_digest_of_its_own(tmp_path: Path) -> None:
    plan = gate(tmp_path)
    some = [({"env": "a"}, None), ({"env": "b"}, None), ({}, "ALLOW"), ({"team": "a"}, None)]
    digests = {with_assumptions(plan, assume, default).digest for assume, default in some}
    assert len(digests | {plan.digest}) == 5
    assert with_assumptions(plan, {}) is plan


def test_times_may_be_assumed(tmp_path: Path) -> None:
    plan = compile_plan(load_bundle("prod-safety"))
    with pytest.raises(UsageError, match=r"a time with an offset|no attribute"):
        with_assumptions(plan, {"run.started": "yesterday"})
    tree = {"policies": [{"name": "p", "rules": [
        {"condition": "run.started.getFullYear() == 2026", "decision": "ALLOW"}]}]}  # fmt: skip
    given = {"run.started": datetime(2026, 1, 2, tzinfo=UTC)}
    assert decided(with_assumptions(gate(tmp_path, tree), given), {}) == ("ALLOW", "decided")


ASSUME = {"env": "prod", "amount": 1.0, "risk_tags": ["a"], "destructive": True, "cost": 0.5,
          "tokens_in": 3, "team": "ab", "run.system": "a", "tool": "a"}  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_engines_agree_on_assumptions(seed: int, tmp_path: Path) -> None:
    plan, events, lacking = random_case(f"assume-{seed}", tmp_path, 200)
    plan = with_assumptions(plan, ASSUME, "ALLOW" if seed % 2 else None)
    assert differences(plan, events, lacking) == []
    engine = compile_engine(plan)
    for event in events:
        unknown = generators.unknown_of(event, lacking)
        assert engine.decide(event, unknown=unknown) == decide(plan, event, unknown=unknown)


def test_assumptions_of_the_generated_plans_matter(tmp_path: Path) -> None:
    changed = 0
    for seed in range(10):
        if changed > 50:
            break
        plan, events, lacking = random_case(f"assume-{seed}", tmp_path / str(seed), 100)
        frame = generators.frame_of(events, lacking)
        with_, without = (decide_frame(p, frame) for p in (with_assumptions(plan, ASSUME), plan))
        changed += with_.filter(pl.Series(with_["status"] != without["status"])).height
    assert changed > 50
