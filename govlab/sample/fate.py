"""What became of a call of the sample: decided, approved, carried out, evidenced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from govlab.plan import Decision
from govlab.runtime.limits import breaks
from govlab.sample.facts import CALLS, INCIDENTS
from govlab.sample.runs import Run, happens, log_normal

__all__ = ["carried_out", "dispatched", "evidence", "labels", "said"]

_ERRORS = {"transient": 0.75, "poison": 0.15, "unknown_commit": 0.10}


def said(event: Mapping[str, Any], decision: Decision, version: str, chance: Random
         ) -> dict[str, Any]:  # fmt: skip
    """The decision as it was recorded; a few records have gaps, a few come of a stale engine."""
    values = {
        "decision": decision.decision,
        "decided_at": event["ts"] + timedelta(milliseconds=chance.randint(2, 35)),
        "policy": decision.policy,
        "policy_version": version,
        "policy_digest": None if happens(chance, "no_digest") else decision.digest,
        "rule": decision.rule,
        "reason": None if happens(chance, "no_reason") else decision.reason,
        "constraints": _json(decision.constraints) if decision.constraints else None,
        "remediation": _json(decision.remediation._asdict()) if decision.remediation else None,
        "decision_origin": "out_of_process",
        "decision_mode": "enforced",
    }
    if happens(chance, "stale_engine"):
        values |= {"decision": "ALLOW", "rule": None, "constraints": None, "remediation": None,
                   "reason": None, "decision_origin": "in_process"}  # fmt: skip
    return values


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def dispatched(event: Mapping[str, Any], recorded: str, decision: Decision) -> bool:
    """Whether a call that no person was asked about went ahead: the guard checks what it can."""
    if recorded == "ALLOW":
        return True
    if recorded == "ALLOW_WITH_CONSTRAINTS":
        return breaks(decision.constraints, event) is not True
    remedy = decision.remediation
    return recorded == "REMEDIATE" and remedy is not None and remedy.apply == "automatic"


def carried_out(event: Mapping[str, Any], name: str, at: datetime | None, decision: Decision | None,
                chance: Random) -> dict[str, Any]:  # fmt: skip
    """The execution columns of a call that began `at`, or of one that was stopped."""
    if at is None:
        return {"executed": False, "outcome": "blocked", "error_class": "policy"}
    seconds = log_normal(chance, CALLS[name].seconds)
    limit = decision.constraints.get("timeout_s") if decision else None
    over = happens(chance, "over_limit")
    if limit is not None:
        seconds = limit * 1.4 if over else min(seconds, limit * 0.98)
    outcome = "timeout" if happens(chance, "timeout") else (
        "error" if happens(chance, "error") else "success")  # fmt: skip
    spent = event["cost_micro_usd"] * max(0.1, chance.gauss(1.0, 0.12)) * (4 if over else 1)
    values = {
        "executed": True,
        "started_at": at,
        "ended_at": at + timedelta(milliseconds=int(seconds * 1000)),
        "outcome": outcome,
        "error_class": chance.choices(list(_ERRORS), list(_ERRORS.values()))[0]
        if outcome == "error"
        else None,
        "worker": f"worker-{chance.randint(1, 6)}",
        "actual_cost_micro_usd": int(spent) // 100 * 100,
    }
    if (event.get("records_affected") or -1) >= 0:
        values["actual_records_affected"] = event["records_affected"] * (2 if over else 1)
    return values


def evidence(event: Mapping[str, Any], decision: Decision | None, chance: Random) -> dict[str, Any]:
    """Where what was done is kept; now and then it is not."""
    required = decision is not None and decision.evidence_required
    kept = chance.random() < (0.25 if not event["read_only"] else 0.02)
    if happens(chance, "no_evidence") or not (required or kept):
        return {}
    where = f"evidence://{event['tenant']}/{event['event_id']}"
    return {"evidence_uri": where, "evidence_sha256": sha256(where.encode()).hexdigest()}


def labels(run: Run) -> dict[str, Any]:
    """What people found out afterwards."""
    return {"incident": run.incident, "harmful": True} if run.incident in INCIDENTS else {}
