"""One call that hooks were asked about, as a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from govlab.log.adapters.claudecode_hook_lines import Told
from govlab.log.adapters.words import SOURCE_WORD, extra, verdict
from govlab.log.records import WORD
from govlab.runtime import arguments
from govlab.runtime.claudecode import BYPASS, target, who

__all__ = ["Asked", "rank", "row"]

_OLD_WORDS = {"approve": "allow"}
"""What hooks of earlier versions answer."""
_REASON = 200


@dataclass(slots=True)
class Asked:
    """A call with everything that the lines about it say; `first` is the line that opened it."""

    line: int
    first: Told
    step: int
    answers: list[Told] = field(default_factory=list)
    events: dict[str, datetime | None] = field(default_factory=dict)
    outcome: str | None = None
    file: int = 0  # of those that its log is made of, that with the first line

    def heard(self, one: Told, outcome: str | None) -> None:
        """Keeps one more line about the call."""
        self.events.setdefault(one.event or "", one.ts)
        self.outcome = self.outcome or outcome
        if one.answered and outcome is None:  # what hooks say afterwards decides nothing
            self.answer(one)

    def answer(self, one: Told) -> None:
        """Keeps the answer of a hook."""
        self.answers.append(one)


def row(call: Asked, words: Mapping[str, str]) -> dict[str, Any]:
    """The canonical row of a call."""
    first = call.first
    mode, tool = first.rest.get("permission_mode"), first.tool or ""
    ts = next((at for at in call.events.values() if at), None)
    decided, kept = _decided(call, mode, words)
    notes = {"cwd": first.rest.get("cwd"), **kept}
    return {
        "event_id": first.call,
        "ts": ts,
        "time_source": "event" if ts else "none",
        "run_id": first.session,
        "step": call.step if first.session else None,
        "system": "claude-code",
        "permission_mode": mode,
        **target(tool, arguments.parse(first.args or "") or {}),
        "args": first.args,
        **who(_text(first.rest.get("agent_id")), _text(first.rest.get("agent_type"))),
        **_execution(call, decided),
        **decided,
        "extra": extra(notes),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


_STRICTEST = ("DENY", "REQUIRE_APPROVAL", "REMEDIATE", "ALLOW_WITH_CONSTRAINTS", "ALLOW")


def _decided(
    call: Asked, mode: Any, words: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision: of several hooks the strictest holds; else a person was asked, or nobody."""
    found = [_one(call, answer, mode, words) for answer in call.answers]
    known = [pair for pair in found if "decision" in pair[0]]
    if known:
        return min(known, key=lambda pair: rank(pair[0]["decision"]))
    asked = _asked(call, None) if "PermissionRequest" in call.events else {}
    decided, kept = next(iter(found), ({}, {}))
    return {**decided, **asked}, kept


def rank(decision: str | None) -> int:
    """The place of a decision among the five, the strictest first; any other word is last."""
    return _STRICTEST.index(decision) if decision in _STRICTEST else len(_STRICTEST)


def _one(
    call: Asked, answer: Told, mode: Any, words: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What one hook's answer is; an allow that changes the input is a remediation (S15)."""
    if answer.columns:
        return _own(call, answer, mode)
    word = _OLD_WORDS.get(answer.word, answer.word) if isinstance(answer.word, str) else answer.word
    decided, kept = verdict(word, words)
    if decided.get("decision") == "ALLOW" and mode == BYPASS:
        return {}, {SOURCE_WORD: answer.word}
    if decided.get("decision") == "ALLOW" and answer.updated:
        decided["decision"] = "REMEDIATE"
    if WORD in decided:
        return decided, kept
    said = {
        "policy": f"PreToolUse:{call.first.tool}",
        "reason": (answer.reason or "")[:_REASON] or decided.get("reason"),
        "decided_at": answer.ts,
        "decision_origin": "out_of_process",
    }
    held = _asked(call, answer) if decided["decision"] == "REQUIRE_APPROVAL" else {}
    return {**decided, **said, **held}, kept


def _own(call: Asked, answer: Told, mode: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What govlab's own hook decided, which says more than its answer."""
    if answer.columns["decision"] == "ALLOW" and mode == BYPASS:
        return {}, {SOURCE_WORD: "ALLOW"}
    at = {"decided_at": answer.ts, "decision_origin": "out_of_process"}
    held = _asked(call, answer) if answer.word == "ask" else {}
    return {**held, **answer.columns, **at}, {}


def _asked(call: Asked, answer: Told | None) -> dict[str, Any]:
    """A person was asked: approved where the call was made after all."""
    at = call.events.get("PermissionRequest") or (answer.ts if answer else None)
    status = "approved" if call.outcome else None
    return {
        "decision": "REQUIRE_APPROVAL",
        "approval_requested_at": at,
        "approval_status": status,
    }


def _execution(call: Asked, decided: Mapping[str, Any]) -> dict[str, Any]:
    if call.outcome is None:
        denied = any(one.word == "deny" for one in call.answers) or (
            decided.get("decision") == "DENY" and decided.get("decision_mode") != "monitor"
        )
        return {"executed": False, "outcome": "blocked", "error_class": "policy"} if denied else {}
    ended = next((at for name, at in call.events.items() if name.startswith("PostToolUse")), None)
    started = call.events.get("PreToolUse")
    return {"executed": True, "outcome": call.outcome, "started_at": started, "ended_at": ended}
