"""Captures of MCP traffic: each `tools/call` with its answer is an action (MCP 2026-07-28).

| column | from |
|---|---|
| tool, args | `params.name`, `params.arguments` |
| server | the recorder, else `serverInfo` of the session |
| actor | `clientInfo`, of the request's `_meta` or of the session: the client says it |
| trace_id, span_id | `_meta.traceparent` |
| read_only, destructive, risk_tags | annotations in `tools/list`, with MCP's defaults |
| outcome | `isError`, or the error |
| decision | error -32001 is a denial (COAZ-MCP); other codes where a map says what they mean |

Answers are found by session, id and direction, in one file or in those of a log that was turned
over (`govlab.log.adapters.rotated`); what is no tool call is counted by kind and method.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from govlab.log.adapters.mcp_messages import Heard, Message, heard
from govlab.log.adapters.mcp_rows import Called, Session, Spoken, row
from govlab.log.adapters.mcp_tools import tools_of
from govlab.log.adapters.objects import each_object
from govlab.log.adapters.rotated import each_of, enlist, tallied
from govlab.log.decode import NotJsonError, decode, shown
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import Action, Bad, Format, Options, Record, Run, Skipped
from govlab.log.sources import Source

__all__ = ["FORMAT", "format_of", "heed", "read"]

_NAME = "mcp"
_Key = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for its answer."""

    method: str
    direction: str | None
    call: Called | None
    ts: datetime | None
    file: int


@dataclass(frozen=True, slots=True)
class _Stray:
    """An answer whose request was not met before it."""

    key: _Key
    id: bytes
    one: Heard
    file: int


@dataclass(slots=True)
class _Capture:
    """The calls of a log, held until their answers and the tools' definitions were seen.

    `file` is the number of the file that is being read.
    """

    file: int = 0
    strays: list[_Stray] = field(default_factory=list)
    sessions: dict[_Key, Session] = field(default_factory=dict)
    waiting: dict[tuple[_Key, bytes], list[_Asked]] = field(default_factory=dict)
    calls: list[Called] = field(default_factory=list)

    def take(self, data: bytes, place: int) -> Iterator[Record]:
        """Keeps what one recorded object says; what is no tool call is given as skipped."""
        nothing = True
        for one in heard(data):
            nothing = False
            if kind := self._one(one, place):
                yield Skipped(kind)
        if nothing:
            yield Skipped("no JSON-RPC message")

    def _one(self, one: Heard, place: int) -> str | None:
        key = (one.session, one.server)
        session = self.sessions.setdefault(key, Session(one.session, one.server))
        message = one.message
        if message.method is None:
            return self._answered(key, session, one)
        if message.id is None:
            return self._notified(key, message)
        call = None
        if message.method == "tools/call":
            call = _called(one, session, place, self.file)
            self.calls.append(call)
        elif message.method == "initialize":
            self._begun(key)
            session.spoke(decode(bytes(message.params) or b"{}", Spoken))
        asked = _Asked(message.method, one.direction, call, one.ts, self.file)
        self.waiting.setdefault((key, _id(message.id)), []).append(asked)
        return None if call else f"request {message.method}"

    def _begun(self, key: _Key) -> None:
        """A connection begins: what one in an earlier file did not answer stays so."""
        for (own, _), waiting in self.waiting.items():
            if own == key:
                waiting[:] = [asked for asked in waiting if asked.file == self.file]

    def _answered(self, key: _Key, session: Session, one: Heard) -> str | None:
        """Gives an answer to the request it is for: never one that went the same way.

        Ids may come again: a request of the same file goes before those of earlier ones.
        """
        waiting = self.waiting.get((key, _id(one.message.id)), [])
        fitting = [asked for asked in waiting if _opposite(asked.direction, one.direction)]
        if not fitting:
            self.strays.append(_Stray(key, _id(one.message.id), one, self.file))
            return None
        asked = max(fitting, key=lambda asked: asked.file)
        waiting.remove(asked)
        return self._given(asked, session, one)

    def settled(self) -> Iterator[tuple[int, Skipped]]:
        """Gives answers that stand in a file read before their request's, where one alone fits
        one; what each of the others is, with its file."""
        met = Counter((stray.key, stray.id) for stray in self.strays)
        for stray in self.strays:
            place = (stray.key, stray.id)
            fitting = [a for a in self.waiting.get(place, ()) if a.file != stray.file]
            kind: str | None = "response to no request"
            if met[place] == len(fitting) == 1 and _may_be(stray.one, fitting[0]):
                kind = self._given(fitting[0], self.sessions[stray.key], stray.one)
            if kind:
                yield stray.file, Skipped(kind)

    def _given(self, asked: _Asked, session: Session, one: Heard) -> str | None:
        """An answer beside its request; None where that is a call, else what it is."""
        if asked.call:
            asked.call.answer, asked.call.ended = one.message, one.ts
            return None
        if bytes(one.message.result) and asked.method == "initialize":
            session.spoke(decode(bytes(one.message.result), Spoken))
        if bytes(one.message.result) and asked.method == "tools/list":
            session.tools |= tools_of(one.message.result)
        return f"response to {asked.method}"

    def _notified(self, key: _Key, message: Message) -> str:
        if message.method == "notifications/cancelled":
            meant = decode(bytes(message.params) or b"{}", _Cancelled).request_id
            for asked in self.waiting.get((key, _id(meant)), []):
                if asked.call:
                    asked.call.cancelled = True
        return f"notification {message.method}"


class _Cancelled(msgspec.Struct, rename="camel"):
    request_id: Any = None


def _called(one: Heard, session: Session, place: int, file: int) -> Called:
    session.calls += 1
    tool = session.tools.get(decode(bytes(one.message.params) or b"{}", _Named).name or "")
    return Called(place, one, session, session.calls - 1, tool, file=file)


class _Named(msgspec.Struct):
    name: str | None = None


def _opposite(asked: str | None, answered: str | None) -> bool:
    return asked is None or answered is None or asked != answered


def _may_be(answer: Heard, asked: _Asked) -> bool:
    """Whether an answer can be that of a request, by where they went and when."""
    late = answer.ts is None or asked.ts is None or answer.ts >= asked.ts
    return late and _opposite(asked.direction, answer.direction)


def _id(value: Any) -> bytes:
    """An id as the text it had: 1 and "1" are two ids."""
    return msgspec.json.encode(value)


def heed(source: Source, options: Options) -> None:
    """Notes a capture: it may be one of several that are one log."""
    enlist(source, options, _NAME)


def read(source: Source, options: Options, *, words: Mapping[str, str]) -> Iterator[Record]:
    """The sessions and calls of one capture."""
    yield from each_of(source, options, _NAME, _time, partial(_told, words=words))


def _told(files: Sequence[Source], *, words: Mapping[str, str]) -> list[list[Record]]:
    """What each file of a log says."""
    capture, told = _Capture(), list[list[Record]]()
    for capture.file, file in enumerate(files):
        told.append(tallied(each_object(file, capture.take)))
    for number, skipped in capture.settled():
        told[number].append(skipped)
    for number, run in _runs(capture):
        told[number].append(run)
    for call in capture.calls:
        told[call.file].append(_action(call, words))
    return told


def _action(call: Called, words: Mapping[str, str]) -> Action | Bad:
    try:
        return Action(call.line, row(call, words))
    except NotJsonError as error:
        return Bad(call.line, str(error), shown(bytes(call.heard.message.params)))


def _time(data: bytes) -> datetime | None:
    """When what a recorded object holds was said."""
    try:
        return next((one.ts for one in heard(data) if one.ts), None)
    except NotJsonError:
        return None


def _runs(capture: _Capture) -> Iterator[tuple[int, Run]]:
    """The sessions that have a name and called a tool, with the file of their first call."""
    times: dict[str, list[datetime]] = {}
    named: dict[str, Called] = {}
    for call in capture.calls:
        if call.session.id is not None:
            named.setdefault(call.session.id, call)
            times.setdefault(call.session.id, []).extend(t for t in (call.heard.ts,) if t)
    for name, call in named.items():
        started = min(times[name], default=None)
        version = call.session.client_version
        known = {"run_id": name, "started": started, "agent_version": version}
        yield call.file, Run(call.line, known)


def format_of(given: ColumnMap) -> Format:
    """The format with a user's words for decisions: codes of errors."""
    return Format(
        name=_NAME,
        read=partial(read, words=given.decisions),
        heed=heed,
        fills=frozenset({
            "event_id", "ts", "run_id", "step", "trace_id", "span_id", "actor", "tool", "action",
            "server", "args", "args_sha256", "read_only", "destructive", "risk_tags", "decision",
            "reason", "decision_origin", "executed", "started_at", "ended_at", "outcome",
            "error_class", "time_source", "source_format", "source_ref", "extra",
        }),
        partly=frozenset({"decision", "reason", "decision_origin", "executed", "outcome"}),
        runs=frozenset({"run_id", "started", "agent_version", "source_format", "source_ref"}),
        origins={"actor": "agent", "read_only": "agent", "destructive": "agent"},
        notes=(
            "annotations of tools are hints that a server gives of itself; where they are not "
            "said, MCP's defaults hold: destructive and open to the world",
            "of a tool whose definition is not in the capture they are unknown",
            "error -32001 is a denial, unless its text says that time ran out",
            "a run is a session that the recorder names; without one there is none",
        ),
    )  # fmt: skip


FORMAT = format_of(EMPTY_MAP)
