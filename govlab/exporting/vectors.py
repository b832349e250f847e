"""Golden decisions: events, and what the engine must say of them, one JSON object a line.

They are the bundle's own cases and, of a log, one event for each distinct decision, cut down to
the attributes that the bundle reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from govlab.backends.reference import Asked, decide
from govlab.bundle import Bundle
from govlab.cases import Case, read_cases
from govlab.history import decide_each
from govlab.plan import Plan
from govlab.runtime.arguments import canonical, parse
from govlab.runtime.states import Mark

__all__ = ["MOST", "failing", "plain_event", "vectors"]

MOST = 1000
"""Vectors at most, of the log."""

_ALWAYS = ("ts", "tool", "action", "malformed_columns")
Vector = dict[str, Any]


def vectors(bundle: Bundle, plan: Plan, found: Iterable[tuple[Asked, Any]]) -> bytes:
    """The lines for the cases of `bundle` and the events `found` in a log; equal in, equal out."""
    cases = [_of_case(plan, case) for case in read_cases(bundle)]
    lines = [canonical(each) for each in (*cases, *_of_log(plan, found)) if each is not None]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines)).encode()


def _of_case(plan: Plan, case: Case) -> Vector | None:
    """The event that a case is about; None where the features before it are no plain values."""
    document = case.document
    unknown = frozenset(document.unknown)
    history: Mapping[str, Any] = document.history
    if document.events or (plan.has_history() and not history):
        events = [*document.events, document.event]
        lacking = [frozenset[str]()] * len(document.events) + [unknown]
        history = decide_each(
            plan, events, state=document.state, held=document.held, unknown=lacking
        )[-1].features
    return _vector(plan, Asked(document.event, unknown, history), f"case {case.name}")


def _of_log(plan: Plan, found: Iterable[tuple[Asked, Any]]) -> Iterator[Vector | None]:
    reads = {*plan.reads(), *_ALWAYS}
    for number, (asked, _) in enumerate(found):
        if number == MOST:
            return
        event = _cut(asked.event, reads)
        yield _vector(plan, Asked(event, asked.unknown, asked.history), "log")


def _vector(plan: Plan, asked: Asked, source: str) -> Vector | None:
    if any(isinstance(value, Mark) for value in asked.history.values()):
        return None
    decision = decide(plan, asked.event, unknown=asked.unknown, history=asked.history)
    return {
        "source": source,
        "event": plain_event(asked.event),
        "unknown": sorted(asked.unknown),
        "history": plain_event(asked.history),
        "decision": decision.to_dict(),
    }


def _cut(event: Mapping[str, Any], reads: set[str]) -> dict[str, Any]:
    """The attributes of `event` that are read, of its arguments the paths that are."""
    kept = {name: value for name, value in event.items() if name in reads}
    if "cost" in reads and "cost_micro_usd" in event:
        kept["cost_micro_usd"] = event["cost_micro_usd"]
    paths = [name.split(".")[1:] for name in sorted(reads) if name.startswith("args.")]
    given = event.get("args")
    arguments = parse(given) if isinstance(given, str) else None
    if not paths or given is None:
        return kept
    return kept | {"args": given if arguments is None else canonical(_chosen(arguments, paths))}


def _chosen(arguments: Mapping[str, Any], paths: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Of `arguments` what stands at `paths`."""
    heads = dict.fromkeys(path[0] for path in paths)
    found: dict[str, Any] = {}
    for head in heads:
        inner = [path[1:] for path in paths if path[0] == head]
        value = arguments.get(head)
        if head in arguments:
            found[head] = _chosen(value, inner) if isinstance(value, dict) and all(inner) else value
    return found


def plain_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` as JSON has it: times as text."""
    return {name: _plain(value) for name, value in event.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Mark) else value


def failing(content: bytes, engine: Any) -> Vector | None:
    """The first vector that `engine` decides otherwise, with the `fields` that differ."""
    for line in content.decode().splitlines():
        given = parse(line) or {}
        said = engine.decide(
            given["event"], history=given["history"], unknown=frozenset(given["unknown"])
        ).to_dict()
        wanted = given["decision"]
        fields = {n: (wanted.get(n), said.get(n)) for n in sorted({*wanted, *said})}
        differing = {
            name: {"replay": one, "engine": other}
            for name, (one, other) in fields.items()
            if canonical(one) != canonical(other)
        }
        if differing:
            return {**given, "fields": differing}
    return None
