"""Logs of AuthZEN decision points: the request and the response of each evaluation.

A record is `{request, response}` with time and id beside them, as the Authorization Decision Log
standard (Logius/VNG) has it too; an `evaluations` request is one row per item, top-level members
being the defaults of its items (Authorization API 1.0, 7.1). What a request says in which column
is `govlab.authzen`'s business; a `decision` that is true with `context.obligations` is
ALLOW_WITH_CONSTRAINTS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from govlab.authzen import OF_CONTEXT, SPOKEN
from govlab.log.adapters.objects import args_at, at, each_object, text_of
from govlab.log.adapters.span_values import arguments_of, micro_usd
from govlab.log.adapters.times import moment
from govlab.log.adapters.words import extra, limited, verdict
from govlab.log.decode import decode
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import Action, Format, Options, Record, Skipped
from govlab.log.sources import Source

__all__ = ["FORMAT", "format_of", "read"]

_TIMES = ("timestamp", "time", "ts")
_IDS = ("request_id", "x_request_id", "X-Request-ID", "id")
_REASONS = ("reason", "reason_admin", "reason_user")
_MEMBERS = ("subject", "action", "resource", "context")
_WORDS: Final = {True: "allow", False: "deny"}
_SERVER_ERROR = 500


def read(source: Source, options: Options, *, words: Mapping[str, str]) -> Iterator[Record]:
    """The evaluations of one file; searches are no actions and are counted."""
    del options  # times have offsets
    return each_object(source, partial(_records, words=words))


def _records(data: bytes, place: int, words: Mapping[str, str]) -> Iterator[Record]:
    entry = decode(data, dict[str, Any])
    request, response = _object(entry.get("request")), _object(entry.get("response"))
    if "results" in response or str(entry.get("endpoint", "")).startswith("search"):
        yield Skipped(f"search {entry.get('endpoint', '')}".strip())
        return
    items = request.get("evaluations")
    if not isinstance(items, list) or not items:
        action = _action(entry, request, response, place, None, words)
        if isinstance(entry.get("request"), dict):  # a key that stands twice is there to be seen
            args = args_at(data, ("request", "action", "properties"))
            action = Action(place, {**action.values, "args": args})
        yield action
        return
    answers = response.get("evaluations")
    answered = answers if isinstance(answers, list) else []
    for number, item in enumerate(items):
        whole = {**{k: request.get(k) for k in _MEMBERS}, **_object(item)}
        answer = _object(answered[number]) if number < len(answered) else {}
        yield _action(entry, whole, answer, place, number, words)


def _object(value: Any) -> dict[str, Any]:
    """An object, or the JSON text of one."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return decode(value.encode(errors="replace"), dict[str, Any])
    return value if isinstance(value, dict) else {}


def _action(
    entry: Mapping[str, Any],
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    place: int,
    number: int | None,
    words: Mapping[str, str],
) -> Action:
    decided, kept = _decided(entry, response, words)
    notes = {
        "item": number,
        "subject": at(request, ("subject", "properties")),
        "object": at(request, ("resource", "properties")),
        "context": _beyond(_object(request.get("context"))),
        "policies": entry.get("policies"),
    }
    return Action(place, {
        **_identity(entry, number),
        **_asked(request),
        **decided,
        "extra": extra({**notes, **kept}),
    })  # fmt: skip


def _identity(entry: Mapping[str, Any], number: int | None) -> dict[str, Any]:
    ts = moment(_first(entry, _TIMES))
    name = text_of(_first(entry, _IDS))
    return {
        "event_id": name if name is None or number is None else f"{name}/{number}",
        "ts": ts,
        "decided_at": ts,
        "time_source": "event" if ts else "none",
        "trace_id": text_of(entry.get("trace_id")),
        "span_id": text_of(entry.get("span_id")),
        "decision_origin": "out_of_process",
        "emitter": "control_plane",
    }


def _asked(request: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, in columns (S19)."""
    subject, action = _object(request.get("subject")), _object(request.get("action"))
    resource, context = _object(request.get("resource")), _object(request.get("context"))
    agent = context.get("agent") or at(subject, ("properties", "act", "sub")) or subject.get("id")
    kind, name = resource.get("type"), resource.get("id")
    said = {c: context[c] for c in OF_CONTEXT if context.get(c) is not None}
    cost = {"cost_micro_usd": micro_usd(context["cost"])} if "cost" in context else {}
    args = action.get("properties")
    return {
        **said,
        **cost,
        "principal": subject.get("id"),
        "subject_type": subject.get("type"),
        "actor": agent,
        "action": action.get("name"),
        "args": arguments_of(args) if isinstance(args, dict) else None,
        "resource": name,
        "resource_type": kind,
        "tool": name if kind == "tool" else None,
    }


def _beyond(context: Mapping[str, Any]) -> dict[str, Any]:
    """What of the context no column holds."""
    return {k: v for k, v in context.items() if k not in (*OF_CONTEXT, "cost", "agent")}


def _decided(
    entry: Mapping[str, Any], response: Mapping[str, Any], words: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The decision; a server error is the policy service that did not answer."""
    said, context = response.get("decision"), _object(response.get("context"))
    word = _WORDS[said] if isinstance(said, bool) else said
    if word is None and _failed(entry.get("status") or response.get("status")):
        word = "unavailable"
    decided, kept = verdict(word, words)
    error = at(context, ("error", "message"))
    reason = next((t for t in (*map(context.get, _REASONS), error) if isinstance(t, str)), None)
    reason = reason or decided.get("reason")
    return limited({**decided, "reason": reason}, context.get("obligations")), kept


def _failed(status: Any) -> bool:
    return isinstance(status, int) and status >= _SERVER_ERROR


def _first(entry: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((entry[name] for name in names if entry.get(name) is not None), None)


def format_of(given: ColumnMap) -> Format:
    """The format with a user's words for decisions."""
    return Format(
        name="authzen",
        read=partial(read, words=given.decisions),
        fills=frozenset({
            *OF_CONTEXT, *(SPOKEN - {"step"}), "decision", "decided_at", "reason",
            "constraints", "decision_origin", "emitter", "time_source", "source_format",
            "source_ref", "extra",
        }),
        origins=dict.fromkeys((*OF_CONTEXT, *SPOKEN - {"step", "ts", "event_id"}), "agent"),
        notes=(
            "what a request does not say the decision point was not told: absent, not unknown",
            "all of it is said by the caller; whether the action was made is not in the log",
            "a false decision is DENY; true with obligations is ALLOW_WITH_CONSTRAINTS",
        ),
    )  # fmt: skip


FORMAT = format_of(EMPTY_MAP)
