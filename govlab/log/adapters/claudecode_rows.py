"""One Claude Code call as a row: who asked, what decided, what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from govlab.log.records import RESULT
from govlab.runtime.claudecode import BYPASS, target, who

__all__ = ["Asked", "Hooks", "Result", "Tokens", "action"]

_REJECTED = ("The user doesn't want to proceed", "The user doesn't want to take this action",
             "User rejected tool use")  # fmt: skip
_UNANSWERED = "Claude requested permissions to use"
_FORBIDDEN = re.compile(r"Permission to (use|read|edit|write) .* (has been )?denied", re.DOTALL)
_HOOK_WORDS = re.compile(
    r"PreToolUse:\S+ hook (error|blocked)|Hook PreToolUse\S* denied|hook returned blocking error"
)
_RAN = ("Exit code", "<tool_use_error>", "Command timed out", "[Request interrupted", "Error:")
"""How the result of a call begins that was made and failed; a hook's own words begin otherwise."""
_NOT_CALLED = re.compile(r"<tool_use_error>(Error: No such tool|InputValidationError)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A `tool_use` block and what its line says."""

    line: int
    tool: str
    args: str | None
    input: Mapping[str, Any]
    ts: datetime | None
    session_id: str | None
    agent_id: str | None
    message_id: str | None
    model: str | None
    mode: str | None
    place: Mapping[str, str]  # working folder and branch


@dataclass(frozen=True, slots=True)
class Result:
    """A `tool_result` block: its beginning only, read for what it says about the decision."""

    ts: datetime | None
    error: bool
    text: str


@dataclass(slots=True)
class Hooks:
    """The hook lines of one call: what ran before it, whether anything ran after it."""

    before: list[str] = field(default_factory=list)
    after: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    """Usage of the message a call stands in."""

    tokens_in: int | None
    tokens_out: int | None


def action(  # noqa: PLR0913  one row joins six kinds of lines
    call_id: str,
    asked: Asked,
    result: Result | None,
    hooks: Hooks,
    *,
    tokens: Tokens | None,
    agent_type: str | None,
    failures_hooked: bool,
) -> dict[str, Any]:
    """The canonical row of a call.

    `tokens` only beside the first call of a message; `failures_hooked` where failed calls of
    this tool leave a hook line too, so that a failure without one was stopped before.
    """
    notes = {**asked.place, **({"hooks": hooks.before} if hooks.before else {})}
    values: dict[str, Any] = {
        "event_id": call_id,
        "ts": asked.ts,
        "run_id": asked.session_id,
        "system": "claude-code",
        "model": asked.model,
        "permission_mode": asked.mode,
        **target(asked.tool, asked.input),
        "args": asked.args,
        "time_source": "event" if asked.ts else "none",
        "extra": json.dumps(notes, ensure_ascii=False) if notes else None,
        **who(asked.agent_id, agent_type),
    }
    if tokens:
        sizes = {"tokens_in": tokens.tokens_in, "tokens_out": tokens.tokens_out}
        values |= sizes | {f"actual_{name}": size for name, size in sizes.items()}
    if result:
        values |= _answered(asked, result, hooks, failures_hooked) | {RESULT: result.text}
    return values


def _answered(asked: Asked, result: Result, hooks: Hooks, hooked: bool) -> dict[str, Any]:
    if result.error:
        stopped = _by_person(asked, result) or _by_control(asked, result, hooks, hooked)
        if stopped:
            return {"executed": False, "outcome": "blocked", "error_class": "policy", **stopped}
        if _NOT_CALLED.match(result.text):
            return {"executed": False}
    return {
        "executed": True,
        "started_at": asked.ts,
        "ended_at": result.ts,
        "outcome": "error" if result.error else "success",
        **_passed(asked, hooks),
    }


def _by_person(asked: Asked, result: Result) -> dict[str, Any] | None:
    """A person was asked: refused, or not answered yet."""
    asking = {"decision": "REQUIRE_APPROVAL", "approval_requested_at": asked.ts}
    if result.text.startswith(_REJECTED):
        return {**asking, "approval_status": "rejected", "approval_decided_at": result.ts}
    if result.text.startswith(_UNANSWERED):
        return {**asking, "approval_status": "pending"}
    return None


def _by_control(asked: Asked, result: Result, hooks: Hooks, hooked: bool) -> dict[str, Any] | None:
    """A hook or the permission settings said no."""
    reason = result.text.strip().partition("\n")[0][:200]
    denial = {"decision": "DENY", "decided_at": result.ts, "reason": reason}
    if _FORBIDDEN.match(result.text):
        return {**denial, "policy": "permission settings", "decision_origin": "in_process"}
    silent = bool(hooks.before) and not hooks.after and not result.text.startswith(_RAN)
    # a shell's failure always names its exit code; of other tools only hook lines can tell
    inferred = silent and (asked.tool == "Bash" or hooked)
    if _HOOK_WORDS.search(result.text) or inferred:
        return {**denial, "policy": f"PreToolUse:{asked.tool}", "decision_origin": "out_of_process"}
    return None


def _passed(asked: Asked, hooks: Hooks) -> dict[str, Any]:
    """Hooks saw the call and it went ahead: an ALLOW, but not under a bypass or an unknown mode."""
    if not hooks.before or asked.mode in (None, BYPASS):
        return {}
    return {
        "decision": "ALLOW",
        "policy": f"PreToolUse:{asked.tool}",
        "decision_origin": "out_of_process",
    }
