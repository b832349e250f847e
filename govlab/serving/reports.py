"""What is told of an action after its decision: approvals, starts, ends; by column (S21)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NoReturn

from govlab.entries import FIELDS
from govlab.plan.admit import Approval, Vote
from govlab.runtime import arguments
from govlab.schema import ACTIONS
from govlab.serving.wire import RefusedError

__all__ = ["Report", "approval_bound", "approval_names", "approval_of", "read_report"]

_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "approval_status": frozenset({"approved", "rejected", "expired", "cancelled", "pending"}),
    "outcome": frozenset({"success", "error", "timeout", "blocked", "dlq"}),
    "error_class": frozenset({"transient", "poison", "policy", "unknown_commit"}),
}
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class Report:
    """What was told: columns with their values, and members that no column holds."""

    columns: Mapping[str, Any]
    beyond: Mapping[str, Any]


def read_report(kind: str, body: Mapping[str, Any], *, now: datetime | None = None) -> Report:
    """What `body` tells of the kind `kind`; raises RefusedError (400) for a value of another type.

    `now` is the time of a start or end that says none.

    >>> read_report("ended", {"outcome": "success", "attempt": 1}).columns
    {'outcome': 'success'}
    """
    names, columns, beyond = FIELDS[kind], {}, {}
    for name, raw in body.items():
        if raw is None:
            continue
        if name in names:
            columns[names[name]] = _value(name, names[name], raw)
        else:
            beyond[name] = raw
    if kind == "approval":
        _count_votes(columns)
    elif now is not None:
        columns.setdefault(f"{kind}_at", now)
        columns.setdefault("executed", columns.get("outcome") != "blocked")
    return Report(columns, beyond)


def _value(name: str, column: str, raw: Any) -> Any:
    if column == "approval_votes":
        return _votes(raw)
    kind, counts = ACTIONS[column].type, ACTIONS[column].counts
    state, value = arguments.value_state(raw, kind, counts)
    words = _WORDS.get(column)
    if state != "present" or (words is not None and value not in words):
        _refuse(name, raw, f"one of {', '.join(sorted(words))}" if words else f"a {kind}")
    return value


def _refuse(name: str, raw: Any, wanted: str) -> NoReturn:
    raise RefusedError(400, f"`{name}` is `{str(raw)[:60]}`; it is {wanted}")


def _votes(raw: Any) -> str:
    """Votes as they are stored: JSON of approver, vote and time."""
    if not isinstance(raw, list):
        _refuse("votes", raw, "a list of {approver, vote, at}")
    return _JSON([_vote(one) for one in raw])


def _vote(one: Any) -> dict[str, str]:
    said = one if isinstance(one, dict) else {}
    approver, vote, at = said.get("approver"), said.get("vote"), arguments.timestamp(said.get("at"))
    if not (isinstance(approver, str) and isinstance(vote, str) and at is not None):
        _refuse("votes", one, "a list of {approver, vote: `approve` or another word, at: a time}")
    return {"approver": approver, "vote": vote, "at": at.isoformat().replace("+00:00", "Z")}


def _count_votes(columns: dict[str, Any]) -> None:
    """Who approved, and when it was decided, where only the votes say so."""
    votes = json.loads(columns.get("approval_votes", "[]"))
    approved = sorted({v["approver"] for v in votes if v["vote"] == "approve"})
    if approved:
        columns.setdefault("approved_by", approved)
    if votes and columns.get("approval_status") in ("approved", "rejected"):
        columns.setdefault("approval_decided_at", max(_time(v["at"]) for v in votes))


def approval_of(columns: Mapping[str, Any]) -> Approval:
    """The approval that `columns` describe, as `admit` takes it."""
    votes = json.loads(columns.get("approval_votes", "[]"))
    return Approval(
        status=columns.get("approval_status", ""),
        requested_at=columns.get("approval_requested_at"),
        votes=tuple(Vote(v["approver"], v["vote"], _time(v["at"])) for v in votes),
        policy_digest=columns.get("approval_policy_digest"),
        action_sha256=columns.get("approval_action_sha256"),
        consumed_at=columns.get("approval_consumed_at"),
    )


def approval_names(columns: Mapping[str, Any]) -> frozenset[str]:
    """By what an approval is known again: its own id, and what it binds.

    An approval is used once, under another id too: ids are what the caller says.
    """
    return frozenset({str(columns.get("approval_id") or ""), approval_bound(columns)} - {""})


def approval_bound(columns: Mapping[str, Any]) -> str:
    """A digest of what was asked for, and when (hex); of the votes, where nobody says when."""
    timed = columns.get("approval_requested_at") is not None
    names = _BINDING if timed else (*_BINDING, "approval_votes")
    bound = {name: columns[name] for name in sorted(names) if columns.get(name) is not None}
    return sha256(arguments.canonical(bound).encode()).hexdigest()[:32]


_BINDING: Final = ("approval_requested_at", "approval_policy_digest", "approval_action_sha256")


def _time(text: str) -> datetime:
    found = arguments.timestamp(text)
    assert found is not None  # noqa: S101  # checked as the vote was read
    return found
