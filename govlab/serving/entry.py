"""What is written of a decision and of a report: entries, before they are chained (S21)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from govlab.plan.decision import Decision, Remedy, Requirement
from govlab.serving.answers import Answer
from govlab.serving.mapping import Asked
from govlab.serving.reports import Report, approval_bound
from govlab.serving.ruling import Ruling

__all__ = ["decided", "reported"]

_encode = msgspec.json.Encoder(enc_hook=dict).encode  # a mapping that is no dict


def decided(
    ruling: Ruling,
    asked: Asked,
    decision: Decision,
    answer: Answer,
    approval: Mapping[str, Any],
) -> dict[str, Any]:
    """The entry of one decision: the request, what was decided and why, and what was answered.

    `approval` are the columns of the approval that came with the request, empty without one.
    """
    event = asked.columns
    return {
        "type": "decided",
        **event,
        **approval,
        "properties": _text(asked.properties) if asked.properties else None,
        "undeclared": asked.undeclared or None,
        "decision": decision.decision,
        "decided_at": event["ts"],
        "policy": decision.policy,
        "policy_version": ruling.version,
        "policy_digest": ruling.digest,
        "rule": decision.rule,
        "reason": decision.reason,
        "constraints": _text(decision.constraints) if decision.constraints else None,
        "decision_mode": "enforced" if decision.enforced is None else "monitor",
        "answer": answer.decision,
        "answer_reason": answer.reason,
        "status": decision.status,
        "missing": decision.missing or None,
        "matched": decision.matched or None,
        "gate": decision.gate,
        "risk": decision.risk,
        "evidence_required": decision.evidence_required or None,
        "approvals": _approvals(decision.approvals),
        "remediation": _remediation(decision.remediation),
        "approval_failed": answer.failed or None,
        **({"consumes": approval_bound(approval), "approval_consumed_at": event["ts"]}
           if answer.consumes else {}),
    }  # fmt: skip


@lru_cache(maxsize=1024)  # a bundle has few
def _approvals(found: tuple[Requirement, ...]) -> str | None:
    return _text([each._asdict() for each in found]) if found else None


def _remediation(found: Remedy | None) -> str | None:
    return _text(found._asdict()) if found else None


def _text(value: Any) -> str:
    return _encode(value).decode()


def reported(kind: str, event_id: str, report: Report, told: str) -> dict[str, Any]:
    """The entry of what was told of an action after its decision; `told` names the telling."""
    beyond = _text(report.beyond) if report.beyond else None
    known = {"type": kind, "event_id": event_id, "told": told}
    return {**known, **report.columns, "beyond": beyond}
