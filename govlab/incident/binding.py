"""Whether an approval held when it was used: each binding of S9, from what the log says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from govlab.incident.model import Binding, Ruling
from govlab.plan import compile_plan
from govlab.plan.admit import Approval, Vote, action_sha256, admit, base_digest
from govlab.runtime.variants import variant

__all__ = ["bindings"]

_EARLIER = timedelta(seconds=2)  # clocks of two machines may differ by so much
Holds = Literal["holds", "fails", "unknown"]
Event = Mapping[str, Any]


def bindings(ruling: Ruling, uses: Sequence[Event], unknown: frozenset[str]) -> tuple[Binding, ...]:
    """Every binding of the approval of the recorded action, empty where none was needed.

    `uses` are the actions of the log that name the same approval; `unknown` the columns that the
    source cannot fill. What only the snapshot tells is unknown without it.
    """
    event = ruling.recorded
    needed = event.get("decision") == "REQUIRE_APPROVAL" or event.get("approval_id") is not None
    if not needed:
        return ()
    if event.get("approval_id") is None and event.get("approval_status") is None:
        silent = "approval_id" in unknown and "approval_status" in unknown
        why = "the source does not record approvals" if silent else "no approval is on record"
        return (Binding("missing", "unknown" if silent else "fails", why),)
    return tuple(_each(ruling, uses))


def _each(ruling: Ruling, uses: Sequence[Event]) -> Iterator[Binding]:
    event, failed = ruling.recorded, _failed(ruling)
    status = event.get("approval_status")
    yield Binding("not_approved", _verdict(status == "approved"), f"status {status or 'unknown'}")
    yield _digest(ruling)
    yield _action(ruling)
    yield _expired(event)
    yield _people("quorum", failed, f"{len(event.get('approved_by') or ())} approved")
    yield _people("approver", failed, "those who approved are named by the rule")
    yield _self(event, failed)
    yield _consumed(event, uses)


def _verdict(holds: bool) -> Holds:
    return "holds" if holds else "fails"


def _failed(ruling: Ruling) -> tuple[str, ...] | None:
    """What `admit` finds wrong at the time of use; None without the snapshot or that time.

    The stamp of consumption may be this very use: earlier ones are looked for in the log.
    """
    decision, bundle, event = ruling.replayed, ruling.snapshot, ruling.recorded
    at = event.get("started_at") or event.get("approval_consumed_at")
    if decision is None or bundle is None or at is None or decision.status == "undecidable":
        return None
    counted = decision.enforced or decision
    if counted.decision != "REQUIRE_APPROVAL":
        return None
    in_use = counted._replace(digest=ruling.at_use or counted.digest, enforced=None)
    approval = Approval(
        event.get("approval_status") or "",
        event.get("approval_requested_at"),
        tuple(_votes(event)),
        event.get("approval_policy_digest"),
        event.get("approval_action_sha256"),
    )
    return admit(in_use, event, approval, now=at, plan=compile_plan(bundle)).failed


def _votes(event: Event) -> Iterator[Vote]:
    """The votes on record; where there are none, those named as having approved."""
    try:
        said = json.loads(event.get("approval_votes") or "[]")
        votes = [Vote(v["approver"], v["vote"], datetime.fromisoformat(v["at"])) for v in said]
    except (ValueError, KeyError, TypeError):
        votes = []
    at = event.get("approval_decided_at") or datetime.max.replace(tzinfo=UTC)
    yield from votes or [Vote(name, "approve", at) for name in event.get("approved_by") or ()]


def _digest(ruling: Ruling) -> Binding:
    bound = base_digest(ruling.recorded.get("approval_policy_digest"))
    force = ruling.at_use or base_digest(ruling.recorded.get("policy_digest"))
    source = "registry" if ruling.at_use else "self-reported"
    if bound is None or force is None:
        what = "the approval names no snapshot" if bound is None else "nobody knows what held then"
        return Binding("digest", "unknown", what)
    said = f"given under {bound[:12]}, in force at use {force[:12]} ({source})"
    return Binding("digest", _verdict(bound == force), said)


def _action(ruling: Ruling) -> Binding:
    event, bound = ruling.recorded, ruling.recorded.get("approval_action_sha256")
    if bound is None:
        return Binding("action", "unknown", "the approval names no action")
    set_ = _set(ruling)
    own = action_sha256(variant(event, set_) if set_ else event)
    if bound != own and set_ is None and ruling.replayed is None:
        said = f"bound to {bound[:12]}, the action is {own[:12]}; a variant of it may be meant"
        return Binding("action", "unknown", said)
    return Binding("action", _verdict(bound == own), f"bound to {bound[:12]}, used for {own[:12]}")


def _set(ruling: Ruling) -> Mapping[str, Any] | None:
    """What the recorded remediation sets, else what a replay of the snapshot in force does."""
    remedy = ruling.replayed.remediation if ruling.replayed else None
    try:
        told = json.loads(ruling.recorded.get("remediation") or "null")
    except ValueError:
        told = None
    recorded = told.get("set") if isinstance(told, dict) else None
    if isinstance(recorded, dict):
        return recorded
    return remedy.set if remedy else None


def _expired(event: Event) -> Binding:
    end, used = event.get("approval_expires_at"), event.get("started_at")
    if used is None:
        return Binding("expired", "unknown", "it was not used, or the time is not on record")
    if end is None:
        return Binding("expired", "unknown", "the approval has no end on record")
    late = int((used - end).total_seconds())
    where = f"{late:,} s after" if late >= 0 else f"{-late:,} s before"
    return Binding("expired", _verdict(used < end), f"used {where} its end")


def _people(name: str, failed: tuple[str, ...] | None, said: str) -> Binding:
    """A binding that only the rule of the snapshot can tell."""
    if failed is None:
        return Binding(name, "unknown", "only the snapshot tells who must approve")
    if name == "approver" and "quorum" in failed:
        return Binding(name, "unknown", "too few voted to tell")
    wrong = {"quorum": f"{said}: too few", "approver": "someone not named by the rule"}
    return Binding(name, _verdict(name not in failed), wrong[name] if name in failed else said)


def _self(event: Event, failed: tuple[str, ...] | None) -> Binding:
    """From the row itself; a rule may have switched separation of duties off."""
    approved = set(event.get("approved_by") or ())
    parties = {event.get("actor"), event.get("principal"), *(event.get("delegation_chain") or ())}
    if failed is not None and "self_approval" in failed:
        return Binding("self_approval", "fails", "approved by the requester's own side")
    if not approved or event.get("principal") is None:
        return Binding("self_approval", "unknown", "who approved or who asked is not on record")
    if approved & parties:
        allowed = failed is not None and not {"quorum", "approver"} & set(failed)
        said = "approved by the requester's own side" + (
            ", which the rule lets pass" if allowed else "")  # fmt: skip
        return Binding("self_approval", "holds" if allowed else "fails", said)
    return Binding("self_approval", "holds", "nobody who approved had asked")


def _consumed(event: Event, uses: Sequence[Event]) -> Binding:
    before = _used_before(event, uses)
    if before:
        return Binding("consumed", "fails", f"used {before} times before")
    if event.get("approval_id") is None:
        return Binding("consumed", "unknown", "the approval has no id")
    return Binding("consumed", "holds", "the log has no use before this one")


def _used_before(event: Event, uses: Sequence[Event]) -> int:
    """How often the approval was used before this action began, by the log."""
    at, consumed = event.get("started_at"), event.get("approval_consumed_at")
    earlier = [u for u in uses if u.get("executed") and at and (u.get("started_at") or at) < at]
    stamped = consumed is not None and at is not None and consumed < at - _EARLIER
    return max(len(earlier), int(stamped))
