"""One line of a hook log: what the hook was told, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from govlab.log.adapters.objects import args_at, text_of
from govlab.log.adapters.times import moment
from govlab.log.decode import decode
from govlab.schema import RECORDED_DECISIONS

__all__ = ["Told", "told"]

_INNER = ("input", "event", "payload", "data", "stdin", "record")
_ANSWER = ("output", "response", "stdout", "result")
_TIME = ("timestamp", "ts", "time", "logged_at", "at")
_OURS = "govlab"
"""Beside what govlab's own hook answered: the columns of what it decided."""
_COLUMNS = (
    "decision", "policy", "policy_version", "policy_digest", "rule", "reason", "constraints",
    "remediation", "decision_mode",
)  # fmt: skip
_BLOCKED = 2
"""The exit code by which a hook stops what it was asked about."""


@dataclass(frozen=True, slots=True)
class Told:
    """A hook's record: `event` is None for an answer on a line of its own."""

    event: str | None
    session: str | None
    call: str | None
    tool: str | None
    args: str | None
    ts: datetime | None
    rest: Mapping[str, Any]
    word: Any = None  # the decision, in the hook's word
    reason: str | None = None
    updated: bool = False  # the hook changed the input
    columns: Mapping[str, str] = field(default_factory=dict)  # of govlab's own hook

    @property
    def answered(self) -> bool:
        """Whether the hook's answer is known."""
        return self.word is not None or bool(self.columns)

    def same_call(self, other: Told) -> bool:
        """Whether both are about one session's call of one tool with one input."""
        mine, others = (self.session, self.tool, self.args), (other.session, other.tool, other.args)
        return mine == others


def told(data: bytes) -> Told:
    """What one line says. Raises `NotJsonError`."""
    line = decode(data, dict[str, Any])
    key = next((k for k in _INNER if _is_record(line.get(k))), None)
    record: dict[str, Any] = line[key] if key else line
    path = (key, "tool_input") if key else ("tool_input",)
    word, reason, updated = _answer(line, record)
    return Told(
        text_of(record.get("hook_event_name")),
        text_of(record.get("session_id")),
        text_of(record.get("tool_use_id")),
        text_of(record.get("tool_name")),
        args_at(data, path),
        moment(next((line[k] for k in _TIME if line.get(k) is not None), None)),
        record,
        word,
        reason,
        updated,
        _columns(line) if key else {},
    )


def _columns(line: Mapping[str, Any]) -> dict[str, str]:
    """What govlab's own hook decided, where one of the five decisions stands there."""
    said = line.get(_OURS)
    if not isinstance(said, dict) or said.get("decision") not in RECORDED_DECISIONS:
        return {}
    return {name: said[name] for name in _COLUMNS if isinstance(said.get(name), str)}


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and "hook_event_name" in value


def _answer(line: Mapping[str, Any], record: Mapping[str, Any]) -> tuple[Any, str | None, bool]:
    """The decision that stands in a line, its reason, and whether the input was changed."""
    for answer in (line, record, *(_object(line.get(k)) for k in _ANSWER)):
        said = answer.get("hookSpecificOutput")
        if isinstance(said, dict):
            inner = _object(said.get("decision"))  # of a PermissionRequest
            word = said.get("permissionDecision") or inner.get("behavior")
            reason = said.get("permissionDecisionReason") or inner.get("message")
            return word, text_of(reason), "updatedInput" in {**said, **inner}
    code = next((line[k] for k in ("exit_code", "exitCode") if k in line), None)
    if code == _BLOCKED:
        return "deny", text_of(line.get("stderr")), False
    old = next((o for k in _ANSWER if (o := _object(line.get(k))).get("decision")), {})
    return old.get("decision"), text_of(old.get("reason")), False  # approve, block: before 2026


def _object(value: Any) -> dict[str, Any]:
    """An object, or the JSON text of one."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return decode(value.encode(errors="replace"), dict[str, Any])
    return value if isinstance(value, dict) else {}
