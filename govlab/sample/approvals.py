"""The approvals of the sample: quick or slow, refused, forgotten, and now and then not covering."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from govlab.plan import Decision
from govlab.plan.admit import action_sha256
from govlab.runtime.variants import variant
from govlab.sample.facts import DEFECTS
from govlab.sample.runs import happens, log_normal

__all__ = ["Answer", "Desk", "ask"]

Groups = Mapping[str, tuple[str, ...]]

_QUICK_S = (140.0, 1.0)
_SLOW_S = (9_000.0, 1.2)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where approvals are asked for: who may give them, a snapshot not in force, the log's end."""

    groups: Groups
    other_digest: str
    end: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """The approval columns, and when the action went ahead; None where it did not."""

    values: Mapping[str, Any]
    used: datetime | None
    over: datetime


def ask(
    event: Mapping[str, Any], decision: Decision, desk: Desk, chance: Random, *, defect: str = ""
) -> Answer:
    """What came of asking for the approvals that `decision` requires."""
    defect = defect or _defect(chance)
    asked: datetime = event["ts"] + timedelta(milliseconds=chance.randint(40, 900))
    if defect == "unasked":
        return Answer({}, asked, asked)
    expires = asked + timedelta(seconds=_window(decision))
    bindings = {
        "approval_id": f"ap-{event['event_id']}",
        "approval_requested_at": asked,
        "approval_expires_at": expires,
        "approval_policy_digest": desk.other_digest if defect == "snapshot" else decision.digest,
        "approval_action_sha256": _bound(event, decision, defect),
    }
    answered, refused = _answered(asked, chance)
    if defect == "late":
        answered = min(answered, expires - timedelta(minutes=1))
    status = _status(chance, answered, expires, desk.end)
    if status != "approved":
        over = min(answered, expires) if status == "cancelled" else expires
        told = {"approval_decided_at": over} if status != "pending" else {}
        return Answer({**bindings, **told, "approval_status": status}, None, over)
    people = _people(decision, desk.groups, chance, event, defect)
    votes = _votes(people, answered, refused=refused and not defect)
    if refused and not defect:
        return Answer({**bindings, **votes}, None, answered)
    used = _used(answered, expires, chance, defect)
    return Answer({**bindings, **votes, "approved_by": sorted(people),
                   "approval_consumed_at": used}, used, used)  # fmt: skip


def _window(decision: Decision) -> float:
    """The shortest of the requirements' windows, in seconds (S4.4)."""
    return min(r.expires_after_s for r in decision.approvals if r.expires_after_s is not None)


def _defect(chance: Random) -> str:
    """What is wrong with this approval; mostly nothing."""
    roll, below = chance.random(), 0.0
    for name, share in DEFECTS.items():
        below += share
        if roll < below:
            return name
    return ""


def _bound(event: Mapping[str, Any], decision: Decision, defect: str) -> str:
    """The action the approval is bound to: the variant where there is one, S6."""
    dispatched = variant(event, decision.remediation.set) if decision.remediation else event
    if defect == "action":
        dispatched = {**dispatched, "resource": "queue/other"}
    return action_sha256(dispatched)


def _answered(asked: datetime, chance: Random) -> tuple[datetime, bool]:
    """When the answer came, and whether it was no.

    Minutes or hours later; what waits into a weekend waits through it.
    """
    quick = happens(chance, "quick_answer")
    wait = log_normal(chance, _QUICK_S if quick else _SLOW_S)
    answered = asked + timedelta(milliseconds=int(wait * 1000))
    if answered.weekday() >= 5 and not quick:
        answered += timedelta(days=7 - answered.weekday())
    return answered, happens(chance, "quick_reject" if quick else "slow_reject")


def _status(chance: Random, answered: datetime, expires: datetime, end: datetime) -> str:
    forgotten = happens(chance, "no_answer")
    if happens(chance, "cancelled"):
        return "cancelled"
    if min(answered, expires) >= end:
        return "pending"
    return "expired" if forgotten or answered >= expires else "approved"


def _people(
    decision: Decision, groups: Groups, chance: Random, event: Mapping[str, Any], defect: str
) -> list[str]:
    """Who answered: as many as the requirements need, of the groups they name."""
    people: list[str] = []
    for requirement in decision.approvals:
        named = sorted({p for g in requirement.approvers for p in groups.get(g, (g,))})
        missing = requirement.quorum - len(set(people) & set(named))
        people += chance.sample([p for p in named if p not in people], max(0, missing))
    if defect == "self":
        people[0] = event["principal"] or event["actor"]
    if defect == "outsider":
        people[0] = "contractor@example.com"
    return people


def _votes(people: list[str], at: datetime, *, refused: bool) -> dict[str, Any]:
    """The columns of an answer that came."""
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    vote = "reject" if refused else "approve"
    votes = [{"approver": person, "vote": vote, "at": stamp} for person in people]
    return {
        "approval_decided_at": at,
        "approval_status": "rejected" if refused else "approved",
        "approval_votes": json.dumps(votes, separators=(",", ":")),
    }


def _used(answered: datetime, expires: datetime, chance: Random, defect: str) -> datetime:
    """When the action went ahead: soon, unless the window closed first."""
    if defect == "late":
        return expires + timedelta(seconds=chance.randint(60, 3000))
    soon = answered + timedelta(milliseconds=int(log_normal(chance, (4_000, 1.0))))
    return min(soon, max(answered, expires - timedelta(milliseconds=1)))
