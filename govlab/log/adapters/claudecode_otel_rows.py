"""One tool use that Claude Code's events tell of as a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govlab.log.adapters.span_values import arguments_of, instant, micro_usd
from govlab.log.adapters.words import extra
from govlab.log.records import WORD
from govlab.runtime import arguments
from govlab.runtime.claudecode import BYPASS, MAIN_AGENT, target
from govlab.schema import MARKS

__all__ = ["DECIDED", "Request", "Use", "Verdict", "row"]

_INPUT = ("args", "args_sha256", "resource", "resource_type")
_SIZE = ("cost", "cost_micro_usd", "tokens_in", "tokens_out")
_PROMPT_TOKENS = ("input_tokens", "cache_read_tokens", "cache_creation_tokens")
_HIDDEN = "mcp_tool"
"""The name of every MCP tool where tool details are not logged."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer from some source means (S15)."""

    decision: str
    policy: str | None = None
    origin: str | None = None
    approval: str | None = None
    by_mode: bool = False  # a permission mode may have given it


_SETTINGS, _HOOK = ("permission settings", "in_process"), ("hook", "out_of_process")
DECIDED: Mapping[tuple[str, str], Verdict] = {
    ("accept", "config"): Verdict("ALLOW", *_SETTINGS, by_mode=True),
    ("reject", "config"): Verdict("DENY", *_SETTINGS),
    ("accept", "hook"): Verdict("ALLOW", *_HOOK),
    ("reject", "hook"): Verdict("DENY", *_HOOK),
    ("accept", "user_permanent"): Verdict("REQUIRE_APPROVAL", approval="approved"),
    ("accept", "user_temporary"): Verdict("REQUIRE_APPROVAL", approval="approved"),
    ("reject", "user_reject"): Verdict("REQUIRE_APPROVAL", approval="rejected"),
    ("reject", "user_abort"): Verdict("REQUIRE_APPROVAL", approval="cancelled"),
}
"""Answer and source to what was decided: `user_abort` is a prompt that was left unanswered."""


@dataclass(slots=True)
class Request:
    """A request to the model, and whether its size stands beside a call already."""

    said: Mapping[str, Any]
    used: bool = False


@dataclass(slots=True)
class Use:
    """A tool use with the events that tell of it; times are microseconds since 1970."""

    line: int
    id: str | None
    prompt: str
    tool: str | None
    mode: str | None
    decided: Mapping[str, Any] | None = None
    decided_us: int | None = None
    result: Mapping[str, Any] | None = None
    ended_us: int | None = None
    request: Request | None = None
    leads: bool = False  # the first call of its request

    @property
    def answer(self) -> tuple[str | None, str | None]:
        """What was answered and by which source; a result repeats it."""
        if self.decided is not None:
            return _text(self.decided, "decision"), _text(self.decided, "source")
        result = self.result or {}
        return _text(result, "decision_type"), _text(result, "decision_source")

    @property
    def accepted(self) -> bool:
        """Whether it may have been made."""
        return self.answer[0] != "reject"


def row(use: Use) -> dict[str, Any]:
    """The canonical row of a tool use."""
    decision, unmapped = _decision(use)
    tool, known = _tool(use), {**_input(use), **_size(use)}
    started = _started(use)
    values = {
        "event_id": use.id,
        "ts": _at(use.decided_us or started),
        "time_source": "event" if use.decided_us else "derived" if started else "none",
        "system": "claude-code",
        "actor": MAIN_AGENT,
        "permission_mode": use.mode,
        **target(tool or "", {}),
        "tool": tool,
        "extra": extra({"prompt": use.prompt, **_noted(use, unmapped)}),
        **known,
        **decision,
        **_execution(use, started),
    }
    return {**values, WORD: unmapped, MARKS[0]: ",".join(_unknown(values)) or None}


def _unknown(values: Mapping[str, Any]) -> list[str]:
    """What these events do not tell of this call, though they can of others."""
    lacks = [name for name in ("permission_mode", "model") if values.get(name) is None]
    lacks += _INPUT if values.get("args") is None else ()
    lacks += _SIZE if values.get("tokens_in") is None else ()
    return lacks + (["server"] if values["tool"] == _HIDDEN else [])


def _decision(use: Use) -> tuple[dict[str, Any], str | None]:
    answer, source = use.answer
    if answer is None:
        return {}, None
    found = DECIDED.get((answer, source or ""))
    stopped = answer == "reject"
    ran = {"executed": False, "outcome": "blocked", "error_class": "policy"} if stopped else {}
    if found is None:
        return ran, f"{answer} by {source or 'nobody named'}"
    if found.by_mode and use.mode is None:
        return ran, f"{answer} by {source}, permission mode not known"
    if found.decision == "ALLOW" and use.mode == BYPASS:
        return ran, None  # a bypass, and never an ALLOW
    if found.approval:
        at = _at(use.decided_us)
        approval = {"approval_status": found.approval, "approval_decided_at": at}
        return {**ran, "decision": found.decision, **approval}, None
    said = {"policy": found.policy, "decision_origin": found.origin}
    return {**ran, "decision": found.decision, "decided_at": _at(use.decided_us), **said}, None


def _execution(use: Use, started: int | None) -> dict[str, Any]:
    """A result is there because the tool was called; without one nobody knows."""
    if use.result is None:
        return {}
    success = str(use.result.get("success")).lower()
    return {
        "executed": True,
        "started_at": _at(started),
        "ended_at": _at(use.ended_us),
        "outcome": {"true": "success", "false": "error"}.get(success),
        "error_class": None,
    }


def _started(use: Use) -> int | None:
    took = _number((use.result or {}).get("duration_ms"))
    return None if use.ended_us is None or took is None else use.ended_us - int(took * 1000)


def _tool(use: Use) -> str | None:
    """An MCP tool by its full name, where tool details are logged."""
    if use.tool != _HIDDEN:
        return use.tool
    for event in (use.result, use.decided):
        said = arguments.parse(_text(event or {}, "tool_parameters") or "") or {}
        server, name = _text(said, "mcp_server_name"), _text(said, "mcp_tool_name")
        if server and name:
            return f"mcp__{server}__{name}"
    return use.tool


def _input(use: Use) -> dict[str, Any]:
    """The arguments, where all of them are there: long ones are cut without a sign."""
    said = use.result or {}
    text, size = _text(said, "tool_input"), _number(said.get("tool_input_size_bytes"))
    if text is None or len(text.encode(errors="replace")) != size:
        return {}
    args = arguments_of(text)
    on = target(use.tool or "", arguments.parse(args or "") or {})
    return {"args": args, "resource": on["resource"], "resource_type": on["resource_type"]}


def _size(use: Use) -> dict[str, Any]:
    """Model of the request before; its tokens and cost beside the first call it led to."""
    if use.request is None:
        return {}
    said = use.request.said
    model = {"model": _text(said, "model")}
    if not use.leads:
        return model
    parts = [_whole(said.get(name)) for name in _PROMPT_TOKENS]
    known = [part for part in parts if part is not None]
    sizes = {
        "tokens_in": sum(known) if known else None,
        "tokens_out": _whole(said.get("output_tokens")),
        "cost_micro_usd": micro_usd(said.get("cost_usd")),
    }
    return {**model, **sizes, **{f"actual_{name}": size for name, size in sizes.items()}}


def _noted(use: Use, unmapped: str | None) -> dict[str, Any]:
    result = use.result or {}
    cut = "tool_input" in result and not _input(use)
    return {
        "answered by": use.answer[1],
        "decision (source)": unmapped,
        "error_type": _text(result, "error_type"),
        "tool_input": "cut" if cut else None,
    }


def _text(said: Mapping[str, Any], name: str) -> str | None:
    found = said.get(name)
    return found if isinstance(found, str) and found else None


def _number(value: Any) -> float | None:
    """A count that is a number or decimal text, as attributes of events are either."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < 2**53 else None


def _whole(value: Any) -> int | None:
    found = _number(value)
    return None if found is None else int(found)


def _at(micros: int | None) -> Any:
    return None if micros is None else instant(micros * 1000)
