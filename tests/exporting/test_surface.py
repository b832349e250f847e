"""`admit` and `explain` of an exported engine: bindings, closed where it cannot tell, and why."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from govlab.backends.reference import Asked, decide_rounds
from govlab.plan import action_sha256, compile_plan
from govlab.plan.model import decode
from tests import generators
from tests.exporting.engines import bundle_of, engine_of

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
EVENT = {
    "tool": "aws-cli", "env": "production", "actor": "agent", "principal": "pat",
    "action": "infrastructure:mutation", "ts": "2026-01-01T12:00:00Z",
}  # fmt: skip


def approved(**changes: Any) -> tuple[Any, Any, Any]:
    """An engine, its decision for EVENT as if enforced, and an approval that fits it."""
    engine = engine_of("prod-safety")
    decision = engine.decide(EVENT)._replace(enforced=None)
    assert decision.decision == "REQUIRE_APPROVAL"
    vote = engine.module.Vote("security-team", "approve", NOW)
    given: dict[str, Any] = {
        "status": "approved", "requested_at": NOW, "votes": (vote,),
        "policy_digest": decision.digest, "action_sha256": action_sha256(EVENT),
    }  # fmt: skip
    return engine, decision, engine.module.Approval(**given | changes)


def people(engine: Any, decision: Any) -> set[str]:
    """Who may approve."""
    names = decision.approvals[0].approvers
    return {person for name in names for person in engine.module.PLAN.groups.get(name, (name,))}


def test_an_approval_that_fits_admits() -> None:
    engine, decision, approval = approved()
    person = min(people(engine, decision))
    voted = engine.module.Vote(person, "approve", NOW)
    fits = engine.module.Approval(
        approval.status, NOW, (voted,), decision.digest, approval.action_sha256
    )
    said = engine.admit(decision, EVENT, fits, now=NOW + timedelta(minutes=1))
    assert (said.permitted, said.failed) == (True, ())
    assert dict(said.constraints) == decision.constraints


@pytest.mark.parametrize(("changes", "name"), [
    ({"status": "pending"}, "not_approved"), ({"policy_digest": "other"}, "digest"),
    ({"action_sha256": "other"}, "action"), ({"consumed_at": NOW}, "consumed"),
    ({"requested_at": NOW - timedelta(days=9)}, "expired"), ({"votes": ()}, "quorum"),
])  # fmt: skip
def test_a_binding_that_fails_is_named(changes: dict[str, Any], name: str) -> None:
    engine, decision, approval = approved(**changes)
    said = engine.admit(decision, EVENT, approval, now=NOW)
    assert not said.permitted
    assert name in said.failed


@pytest.mark.parametrize("now", [datetime(2026, 1, 1), None, "noon"])  # noqa: DTZ001  # what is tested
def test_a_time_that_is_none_admits_nothing(now: Any) -> None:
    engine, decision, approval = approved()
    said = engine.admit(decision, EVENT, approval, now=now)
    assert (said.permitted, said.failed) == (False, ("engine_error",))


def test_no_approval_is_named_as_missing() -> None:
    engine, decision, _ = approved()
    assert engine.admit(decision, EVENT, None, now=NOW).failed == ("missing",)
    assert engine.admit(None, EVENT, None, now=NOW).failed == ("engine_error",)


def test_explain_has_the_rules_tried_and_what_they_read() -> None:
    engine = engine_of("prod-safety")
    said = engine.module.explain(EVENT)
    assert json.dumps(said)
    assert said["decision"] == engine.decide(EVENT).decision
    policy = next(one for one in said["trace"] if one["policy"] == said["policy"])
    assert policy["target"] == "true"
    results = [rule["result"] for rule in policy["rules"]]
    assert results[-1] == "true"
    assert set(results[:-1]) <= {"false"}
    last = policy["rules"][-1]
    assert last["rule"] == said["rule"]
    assert last["reads"]["env"] == {"value": "production"}
    assert "env" in last["condition"]
    assert "`govlab explain FOLDER --event @EVENT.json`, of bundle `prod-safety`" in said["more"]


def test_explain_tells_what_is_absent_and_what_is_unknown() -> None:
    engine = engine_of("prod-safety")
    event = {"tool": "aws-cli", "cost": "much"}
    said = engine.module.explain(event, unknown=frozenset({"env"}))
    assert said["status"] == "undecidable"
    reads = {n: s for p in said["trace"] for r in p["rules"] for n, s in r["reads"].items()}
    assert reads["env"] == {"state": "unknown"}


@pytest.mark.parametrize("seed", range(5))
def test_explain_agrees_with_the_reference(seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"explain {seed}")
    bundle = bundle_of(generators.bundle(rng), tmp_path)
    plan, engine = compile_plan(bundle), engine_of(bundle)
    for event in generators.rows(rng, 30):
        done = decide_rounds(plan, Asked(event))
        for code, one in zip(done.codes, engine.module.explain(event)["trace"], strict=True):
            outcome = decode(code)
            verdict = one["rules"][-1]["result"] if one["rules"] else one["target"]
            wanted = "false" if outcome is None else outcome.verdict
            assert verdict == (
                "true" if outcome is None and one["rules"] == [] and code else wanted
            )
