"""From a question to the event that is decided, and to the columns that are logged (S19)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from govlab.authzen import OF_CONTEXT
from govlab.entries import UNDECLARED
from govlab.log import plainjson
from govlab.runtime import arguments
from govlab.runtime.event import COUNTS, micro_usd
from govlab.schema import ACTIONS, MARKS
from govlab.serving.wire import Question

__all__ = ["Asked", "asked"]

_OF_CONTEXT: Final = frozenset(OF_CONTEXT)
_HEARD: Final = frozenset({"agent", "cost", "approval", "supported_obligations"})
_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as an event; `columns` is what of it the log holds, typed.

    `undeclared` names the properties that no rule can read, `properties` are those that one can.
    """

    event: dict[str, Any]
    columns: dict[str, Any]
    properties: Mapping[str, Any]
    undeclared: tuple[str, ...]


def asked(question: Question, declared: frozenset[str], event_id: str, now: datetime) -> Asked:
    """`question` as asked at `now`; `declared` are the attributes that the bundle declares.

    What is said in another type than its column's is malformed, for rules and in the log alike.
    """
    columns = {"event_id": event_id, "ts": now, **_spoken(question)}
    event = dict(columns)
    malformed = []
    for name, raw in question.context.items():
        if name not in _OF_CONTEXT or raw is None:
            continue
        event[name] = raw
        state, value = arguments.value_state(raw, ACTIONS[name].type, name in COUNTS)
        if state == "present":
            columns[name] = value
        else:
            malformed.append(name)
    malformed += _cost(question.context, event, columns)
    if malformed:
        columns[MARKS[1]] = ",".join(malformed)
    properties = {n: v for n, v in _properties(question) if n in declared}
    for name, value in properties.items():
        head, _, tail = name.partition(".")
        event.setdefault(head, {})[tail] = value
    unheard = [n for n, _ in _properties(question) if n not in declared]
    return Asked(event, columns, properties, tuple(unheard[:UNDECLARED]))


def _spoken(question: Question) -> dict[str, Any]:
    agent, acting = question.context.get("agent"), question.subject.get("act")
    sub = acting.get("sub") if isinstance(acting, dict) else None
    said = next((name for name in (agent, sub) if isinstance(name, str) and name), None)
    args, digest = _arguments(question.properties)
    found = {
        "actor": said or question.subject_id,
        "principal": question.subject_id,
        "subject_type": question.subject_type,
        "action": question.action,
        "resource": question.resource_id,
        "resource_type": question.resource_type,
        "tool": question.resource_id if question.resource_type == "tool" else None,
        "args": args,
        "args_sha256": digest,
    }
    return {name: value for name, value in found.items() if value is not None}


def _arguments(properties: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """The arguments as text, and their digest."""
    if properties is None:
        return None, None
    if found := plainjson.sealed(dict(properties)):
        return found
    text = _text(properties)
    return text, arguments.digest(text)


def _cost(context: Mapping[str, Any], event: dict[str, Any], columns: dict[str, Any]) -> list[str]:
    """The estimated cost, in USD on the wire and in micro-USD in the log (S13)."""
    raw = context.get("cost")
    if raw is None:
        return []
    micro = None if isinstance(raw, str) else micro_usd(raw)
    if micro is None or micro < 0:
        event["cost"] = raw
        return ["cost", "cost_micro_usd"]
    event["cost_micro_usd"] = columns["cost_micro_usd"] = micro
    return []


def _properties(question: Question) -> Iterator[tuple[str, Any]]:
    """The properties that a bundle must declare to read, by the name it does so."""
    for name, value in question.subject.items():
        yield f"subject.{name}", value
    for name, value in question.resource.items():
        yield f"object.{name}", value
    for name, value in question.context.items():
        if name not in _OF_CONTEXT and name not in _HEARD:
            yield f"context.{name}", value
