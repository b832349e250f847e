"""One MCP tool call as a row: who asked, of which server, what came back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from govlab.log.adapters.mcp_messages import Heard, Message
from govlab.log.adapters.mcp_tools import UNKNOWN, Tool, hints
from govlab.log.adapters.words import extra, verdict
from govlab.log.decode import EMPTY, argument_text, decode
from govlab.schema import MARKS

__all__ = ["Called", "Session", "Spoken", "row"]

_CODES: Final = {"-32001": "deny"}
"""Codes of errors that are decisions: -32001 by COAZ-MCP (OpenID AuthZEN)."""
_NOT_CALLED: Final = frozenset({-32700, -32600, -32601, -32602})
"""Errors of the protocol: the request reached no tool."""
_TIMEOUT = re.compile(r"time[d ]*out", re.IGNORECASE)
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_PREFIX = "io.modelcontextprotocol/"
_SHOWN = 200


class _Party(msgspec.Struct):
    name: str | None = None
    version: str | None = None


class Spoken(msgspec.Struct, rename="camel"):
    """What the two sides of a session say of themselves when it begins."""

    client_info: _Party | None = None
    server_info: _Party | None = None


class _Meta(msgspec.Struct):
    traceparent: str | None = None
    client: _Party | None = msgspec.field(default=None, name=f"{_PREFIX}clientInfo")
    server: _Party | None = msgspec.field(default=None, name=f"{_PREFIX}serverInfo")


class _Params(msgspec.Struct):
    name: str = ""
    arguments: msgspec.Raw = EMPTY
    meta: _Meta | None = msgspec.field(default=None, name="_meta")


class _Result(msgspec.Struct, rename="camel"):
    is_error: bool | None = None
    result_type: str | None = None
    task: msgspec.Raw = EMPTY
    meta: _Meta | None = msgspec.field(default=None, name="_meta")


class _Error(msgspec.Struct):
    code: int | None = None
    message: str | None = None


@dataclass(slots=True)
class Session:
    """What is known of one connection: its sides, its tools, its calls so far."""

    id: str | None
    server: str | None
    client: str | None = None
    client_version: str | None = None
    tools: dict[str, Tool] = field(default_factory=dict)
    calls: int = 0

    def spoke(self, said: Spoken) -> None:
        """Keeps the names that one of the sides gave."""
        if said.client_info:
            self.client = said.client_info.name
            self.client_version = said.client_info.version
        if said.server_info:
            self.server = self.server or said.server_info.name


@dataclass(slots=True)
class Called:
    """A `tools/call` with its answer, as far as there is one."""

    line: int
    heard: Heard
    session: Session
    step: int
    tool: Tool | None  # as it was defined when it was called
    answer: Message | None = None
    ended: datetime | None = None
    cancelled: bool = False
    file: int = 0  # of those that its log is made of, that with the request


def row(call: Called, words: Mapping[str, str]) -> dict[str, Any]:
    """The canonical row of a call. Raises `NotJsonError` where a message is malformed."""
    params = decode(bytes(call.heard.message.params) or b"{}", _Params)
    tool = call.tool or call.session.tools.get(params.name)
    said, hinted = hints(tool) if tool else ({MARKS[0]: UNKNOWN}, {})
    came, notes = _outcome(call, words)
    own = {"rpc_id": call.heard.message.id, "cancelled": call.cancelled or None}
    return {
        **_identity(call, params),
        "tool": params.name or None,
        "action": "tools/call",
        "args": argument_text(params.arguments),
        **said,
        **came,
        "extra": extra({**own, **hinted, **notes}),
    }


def _identity(call: Called, params: _Params) -> dict[str, Any]:
    meta, session, ts = params.meta or _Meta(), call.session, call.heard.ts
    trace = _TRACE.fullmatch(meta.traceparent or "")
    client = meta.client.name if meta.client else session.client
    return {
        "ts": ts,
        "time_source": "event" if ts else "none",
        "run_id": session.id,
        "step": call.step if session.id else None,
        "trace_id": trace.group(1) if trace else None,
        "span_id": trace.group(2) if trace else None,
        "actor": client,
        "server": session.server,
    }


def _outcome(call: Called, words: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What came of the call, and what of it no column holds."""
    if call.answer is None:
        return {}, {}
    times = {"started_at": call.heard.ts, "ended_at": call.ended}
    if bytes(call.answer.error) not in (b"", b"null"):
        error = decode(bytes(call.answer.error), _Error)
        notes = {"error_code": error.code, "error": (error.message or "")[:_SHOWN]}
        return _failed(error, times, words), notes
    result = _result(call.answer.result)
    if bytes(result.task) or result.result_type not in (None, "complete"):
        return {}, {"result": result.result_type or "task"}  # it is still going on
    outcome = "error" if result.is_error else "success"
    return {"executed": True, "outcome": outcome, **times}, {}


def _result(raw: msgspec.Raw) -> _Result:
    return decode(bytes(raw), _Result) if bytes(raw).startswith(b"{") else _Result()


def _failed(error: _Error, times: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """An answer that is an error: a decision, no call at all, or a call that failed."""
    code, text = str(error.code), error.message or ""
    if code not in words and _TIMEOUT.search(text):
        return {"executed": True, "outcome": "timeout", **times}
    word = code if code in words else _CODES.get(code)
    if word is None:
        return {"executed": False} if error.code in _NOT_CALLED else {}
    decided, _ = verdict(word, words)
    said = {"decision_origin": "out_of_process", "reason": text[:_SHOWN] or None, **decided}
    if decided.get("decision") != "DENY":
        return said
    return {**said, "executed": False, "outcome": "blocked", "error_class": "policy"}
