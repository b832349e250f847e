"""Bundles to plans: scopes of a chain, who watches until when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from govlab.bundle import load_bundle
from govlab.plan import Plan, compile_plan
from govlab.plan.compile import FOREVER
from govlab.plan.risk import highest

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)


def compiled(folder: Path, text: str) -> Plan:
    file = folder / "b.yaml"
    file.write_text(text)
    return compile_plan(load_bundle(file))


@pytest.mark.parametrize(
    ("bundle", "policy", "until"),
    [
        ("", "", None),
        ("mode: monitor", "", FOREVER),
        ("mode: monitor", "mode: enforce,", None),
        ("", "mode: monitor,", FOREVER),
        ("", "mode: monitor, until: '2026-06-01T00:00:00Z',", UNTIL),
        ("mode: monitor", "mode: monitor, until: '2026-06-01T00:00:00Z',", UNTIL),
        ("mode: monitor\nuntil: 2026-06-01T00:00:00Z", "", UNTIL),
    ],
)
def test_a_policys_own_mode_wins(
    bundle: str, policy: str, until: datetime | None, tmp_path: Path
) -> None:
    plan = compiled(tmp_path, f"{bundle}\npolicies: [{{name: p, {policy} rules: []}}]\n")
    assert plan.policies[0].monitored == until


def test_reads_are_what_conditions_steps_and_features_name(tmp_path: Path) -> None:
    plan = compiled(
        tmp_path,
        "history: {n: {sum: cost, per: [actor]}}\n"
        "derive: {env: [{value: region}]}\n"
        "name: p\non: [{tool: x}]\n"
        "rules: [{condition: env == 'a', decision: DENY}]\n",
    )
    assert set(plan.reads()) == {
        "action",
        "actor",
        "cost_micro_usd",
        "env",
        "event_id",
        "region",
        "run_id",
        "step",
        "tool",
        "ts",
    }


def test_a_child_reads_its_parents_attributes_with_their_types(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "a.yaml").write_text("attributes: {args.n: int}\nname: a\nrules: []\n")
    (tmp_path / "top" / "b.yaml").write_text(
        "extends: {path: a.yaml}\nname: b\nrules: [{condition: args.n > 3, decision: DENY}]\n"
    )
    plan = compile_plan(load_bundle(tmp_path / "top" / "b.yaml"))
    assert [str(scope.reads.get("args.n")) for scope in plan.scopes] == ["None", "int"]


def test_an_unknown_risk_could_be_critical_but_not_more() -> None:
    assert highest(["high", "unknown"]) == "unknown"
    assert highest(["critical", "unknown"]) == "critical"
    assert highest([None, None]) is None
