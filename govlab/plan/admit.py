"""Whether an action may be dispatched now: the decision, and every binding of its approval (S9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from govlab.plan.decision import Decision, Requirement
from govlab.plan.model import Plan
from govlab.runtime.arguments import canonical, digest
from govlab.runtime.variants import variant

__all__ = ["BINDINGS", "Admission", "Approval", "Vote", "action_sha256", "admit", "base_digest"]

BINDINGS = (
    "missing",
    "not_approved",
    "digest",
    "action",
    "expired",
    "quorum",
    "approver",
    "self_approval",
    "consumed",
)
_ACTION = ("tenant", "actor", "principal", "tool", "action", "resource", "env", "args_sha256")


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's answer."""

    approver: str
    vote: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval record as kept by the platform; times are aware."""

    status: str
    requested_at: datetime | None = None
    votes: tuple[Vote, ...] = ()
    policy_digest: str | None = None
    action_sha256: str | None = None
    consumed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """May it go: `failed` names every binding that does not hold, in the order of BINDINGS."""

    permitted: bool
    failed: tuple[str, ...] = ()
    constraints: Mapping[str, Any] = field(default_factory=dict)


def base_digest(digest_text: str | None) -> str | None:
    """The bundle's digest in a snapshot such as `digest|cfg:hash`."""
    return digest_text.partition("|")[0] if digest_text else digest_text


def action_sha256(event: Mapping[str, Any]) -> str:
    """What an approval is bound to: SHA-256 of the RFC 8785 form of who does what (S9), hex.

    Absent keys are left out; `args_sha256` is computed from `args` where it is not given.
    """
    known = dict(event)
    if known.get("args_sha256") is None and known.get("args") is not None:
        known["args_sha256"] = digest(known["args"])
    said = {key: known[key] for key in _ACTION if known.get(key) is not None}
    return sha256(canonical(said).encode()).hexdigest()


def admit(
    decision: Decision,
    event: Mapping[str, Any],
    approval: Approval | None,
    *,
    now: datetime,
    plan: Plan,
) -> Admission:
    """Whether `event` may be dispatched at `now` under `decision` of `plan`.

    A monitored policy's outcome does not stop it: what counts is `decision.enforced`.
    """
    counted = decision.enforced or decision
    match counted.decision:
        case "ALLOW" | "ALLOW_WITH_CONSTRAINTS":
            return Admission(True, (), counted.constraints)
        case "REMEDIATE" if counted.remediation and counted.remediation.apply == "automatic":
            return Admission(True, (), counted.constraints)
        case "REQUIRE_APPROVAL":
            failed = _failed(counted, event, approval, now, plan)
            return Admission(not failed, failed, counted.constraints)
        case _:
            return Admission(False)


def _failed(
    decision: Decision,
    event: Mapping[str, Any],
    approval: Approval | None,
    now: datetime,
    plan: Plan,
) -> tuple[str, ...]:
    if approval is None:
        return ("missing",)
    dispatched = variant(event, decision.remediation.set) if decision.remediation else event
    people = [_people(r, approval, dispatched, plan) for r in decision.approvals]
    fails = {
        "not_approved": approval.status != "approved",
        "digest": base_digest(approval.policy_digest) != decision.digest,
        "action": approval.action_sha256 != action_sha256(dispatched),
        "expired": _expired(decision.approvals, approval, now),
        "quorum": "quorum" in people,
        "approver": "approver" in people,
        "self_approval": "self_approval" in people,
        "consumed": approval.consumed_at is not None,
    }
    return tuple(name for name in BINDINGS if fails.get(name))


def _expired(requirements: Iterable[Requirement], approval: Approval, now: datetime) -> bool:
    """The shortest window, from the request: votes and use must lie before its end."""
    windows = [r.expires_after_s for r in requirements if r.expires_after_s is not None]
    if not windows:
        return False
    asked = approval.requested_at
    if asked is None:
        return True  # a window that cannot be told is over
    # an end could lie beyond the year 9999: what has passed is compared, not the end
    times = (now, *(v.at for v in approval.votes if v.vote == "approve"))
    return any((at - asked) >= timedelta(seconds=min(windows)) for at in times)


def _people(
    requirement: Requirement, approval: Approval, event: Mapping[str, Any], plan: Plan
) -> str | None:
    """What is wrong with who approved: too few, not those named, or the requester; else None."""
    voters = {v.approver for v in approval.votes if v.vote == "approve"}
    if len(voters) < requirement.quorum:
        return "quorum"
    # the name of a group is a group, never a person who votes under that name
    named = {p for name in requirement.approvers for p in plan.groups.get(name, (name,))}
    eligible = voters & named
    if len(eligible) < requirement.quorum:
        return "approver"
    if not requirement.separation_of_duties:
        return None
    parties = _parties(event)
    alone = parties is None or len(eligible - parties) < requirement.quorum
    return "self_approval" if alone else None


def _parties(event: Mapping[str, Any]) -> set[str] | None:
    """Who may not approve: for whom the action is; None where that cannot be told."""
    chain = event.get("delegation_chain") or ()
    if not isinstance(chain, list | tuple) or event.get("principal") is None:
        return None
    parties = [p for p in (event.get("actor"), event["principal"], *chain) if p is not None]
    return set(parties) if all(isinstance(party, str) for party in parties) else None
