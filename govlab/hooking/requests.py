"""What Claude Code asks before a tool use, as the event that its logs hold too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from govlab.runtime.arguments import digest, parse
from govlab.runtime.claudecode import target, who

__all__ = ["Request", "RequestError", "read_request"]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_COLUMNS = {"tool_use_id": "event_id", "session_id": "run_id", "permission_mode": "permission_mode"}
_TEXTS = ("hook_event_name", "tool_name", "agent_id", "agent_type", *_COLUMNS)


class RequestError(ValueError):
    """A request that cannot be read for sure; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One tool use: the event to decide, and the request as it was written, on one line."""

    event: Mapping[str, Any]
    text: str


def read_request(data: bytes, now: datetime) -> Request:
    """The tool use that `data` asks about, at `now`. Raises RequestError.

    `args` of the event is the input as text, so that a key that stands there twice is seen.

    >>> from datetime import UTC
    >>> asked = b'{"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"a": 1}}'
    >>> read_request(asked, datetime(2026, 1, 1, tzinfo=UTC)).event["args"]
    '{"a":1}'
    """
    try:
        text = data.decode()
        found = _members(text)
        said = {name: json.loads(found[name]) for name in _TEXTS if name in found}
    except RecursionError:
        raise RequestError("the request nests too deep") from None
    except UnicodeDecodeError:
        raise RequestError("the request is not UTF-8") from None
    except json.JSONDecodeError:
        raise RequestError("the request is no JSON object") from None
    if wrong := [n for n, value in said.items() if not isinstance(value, str | None)]:
        raise RequestError(f"`{wrong[0]}` is no text")
    if said.get("hook_event_name") != "PreToolUse" or not said.get("tool_name"):
        raise RequestError("the request is not about a tool use: no `PreToolUse` with `tool_name`")
    if "tool_input" not in found:
        raise RequestError("the request has no `tool_input`")
    return Request(_event(said, _arguments(found["tool_input"]), now), _one_line(text))


def _event(said: Mapping[str, str | None], args: str | None, now: datetime) -> dict[str, Any]:
    event = {
        "ts": now,
        "system": "claude-code",
        **{column: said.get(name) for name, column in _COLUMNS.items()},
        **target(said["tool_name"] or "", parse(args or "") or {}),
        "args": args,
        "args_sha256": None if args is None else digest(args),
        **who(said.get("agent_id") or None, said.get("agent_type") or None),
    }
    return {name: value for name, value in event.items() if value is not None}


def _members(text: str) -> dict[str, str]:
    """The members of the JSON object `text`, each value as it is written."""
    found: dict[str, str] = {}
    at = _after(text, 0, "{")
    more = text[at : at + 1] != "}"
    while more:
        key, at = _DECODER.raw_decode(text, at)
        at = _after(text, at, ":")
        _, end = _DECODER.raw_decode(text, at)
        if not isinstance(key, str) or key in found:
            raise RequestError("the request has a key twice, or one that is no text")
        found[key] = text[at:end]
        at = _skip(text, end)
        more = text[at : at + 1] == ","
        at = _skip(text, at + 1) if more else at
    if _after(text, at, "}") != len(text):
        raise RequestError("the request goes on behind its JSON object")
    return found


def _after(text: str, at: int, mark: str) -> int:
    """The place behind `mark`, which must be next, and the space round it."""
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"no `{mark}`", text, at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _arguments(raw: str) -> str | None:
    """The input as the logs' adapters have it: compact, or as written where it is malformed."""
    if raw == "null":
        return None
    text = str(json.loads(raw)) if raw.startswith('"') else raw
    parsed = parse(text)
    if parsed is None or raw.startswith('"'):
        return text
    try:
        return json.dumps(parsed, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # a number beyond a double has no other text than its own
        return text


def _one_line(text: str) -> str:
    """JSON without line breaks, which stand between its tokens only."""
    return text.replace("\r", " ").replace("\n", " ").strip()
