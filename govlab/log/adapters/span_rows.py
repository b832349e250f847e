"""Spans that are calls as columns: who, what, and what came of it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from govlab.log.adapters.span_cells import cells_of, decided
from govlab.log.adapters.span_values import first
from govlab.log.adapters.spans import NOTED, RESULTS, Reading, Span
from govlab.log.adapters.words import extra
from govlab.log.decode import result_text
from govlab.log.records import OBJECT, RESULT

__all__ = ["MADE", "Above", "Calls", "columns_of"]

MADE: Final = frozenset({
    "event_id", "run_id", "trace_id", "span_id", "time_source", "extra", "args_sha256",
    "delegation_chain", "delegation_depth",
})  # fmt: skip
"""Columns whose cells are made here, of their own type, and that no map reads."""

_TIMEOUTS = frozenset({"timeout", "timeouterror", "deadline_exceeded"})
_WHO = ("actor", "parent_agent", "delegation_chain", "delegation_depth")
_NOBODY = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Above:
    """What the spans above one say: agents from the outermost, columns that are inherited."""

    agents: tuple[Any, ...]
    columns: Mapping[str, Any]


@dataclass(slots=True)
class Calls:
    """Spans that are calls; beside each what stands above it, and its run."""

    spans: list[Span] = field(default_factory=list)
    above: list[Above] = field(default_factory=list)
    runs: list[str | None] = field(default_factory=list)

    def take(self, span: Span, above: Above, run: str | None) -> None:
        """One more."""
        self.spans.append(span)
        self.above.append(above)
        self.runs.append(run)

    @property
    def lines(self) -> list[int]:
        """Where each stands in its file."""
        return [span.line for span in self.spans]


def columns_of(calls: Calls, how: Reading) -> dict[str, list[Any]]:
    """The columns of `calls`, one cell a call, None where nothing is said.

    Times are microseconds since 1970.
    """
    spans = calls.spans
    cells = cells_of(spans, [above.columns for above in calls.above], how.spans)
    read, notes = decided(cells, how.words)
    there = set().union(*(span.attributes for span in spans))
    columns = _identity(spans) | _who(calls, how, there) | _execution(spans)
    for name, values in read.items():
        _lay(columns, name, values)
    for name in dict.fromkeys(name for span in spans for name in span.values):
        if name != RESULT:
            _lay(columns, name, [span.values.get(name) for span in spans])
    if any("args" in span.values for span in spans):  # of other arguments nothing is known
        own = [span.values.get("args") is None for span in spans]
        for name in ("args_sha256", OBJECT):
            known = columns.get(name, [None] * len(spans))
            columns[name] = [k if o else None for k, o in zip(known, own, strict=True)]
    noted = [name for name in NOTED if name in there]
    columns["extra"] = _extra(spans, columns["tool"], noted, notes, how)
    columns["run_id"] = list(calls.runs)
    return columns


def _lay(columns: dict[str, list[Any]], name: str, values: list[Any]) -> None:
    """Puts cells of a column over those that are there."""
    below = columns.get(name)
    if below is not None and None in values:
        values = [b if v is None else v for v, b in zip(values, below, strict=True)]
    columns[name] = values


def _extra(
    spans: Sequence[Span], tools: Sequence[Any], names: Sequence[str],
    notes: Mapping[int, Mapping[str, Any]], how: Reading,
) -> list[str | None]:  # fmt: skip
    """What no column holds, as JSON."""
    made = []
    for place, (span, tool) in enumerate(zip(spans, tools, strict=True)):
        attributes = span.attributes
        noted: dict[str, Any] = {} if span.name == tool else {"name": span.name}
        for name in names:
            if name in attributes:
                noted[name] = attributes[name]
        if how.results:
            noted |= _result(span)
        if place in notes:
            noted |= notes[place]
        made.append(extra(noted))
    return made


def _result(span: Span) -> dict[str, str]:
    """What the tool gave back, cut off."""
    found = span.values.get(RESULT) or first(span.attributes, RESULTS)
    return {"result": result_text(found)} if found else {}


def _identity(spans: Sequence[Span]) -> dict[str, list[Any]]:
    """Ids of spans are unique in their trace only."""
    return {
        "event_id": [
            f"{s.trace_id}/{s.span_id}" if s.trace_id and s.span_id else None for s in spans
        ],
        "ts": [s.started_us for s in spans],
        "trace_id": [s.trace_id for s in spans],
        "span_id": [s.span_id for s in spans],
        "time_source": ["event" if s.started_us else "none" for s in spans],
        "tool": [s.name.removeprefix("execute_tool ") or None for s in spans],
    }


def _who(calls: Calls, how: Reading, there: Container[str]) -> dict[str, list[Any]]:
    """The agents above each call; calls with the same above share them."""
    names = [name for name in how.spans.agent if name in there]
    known: dict[tuple[int, str | None], tuple[Any, ...]] = {}
    found = []
    for span, above in zip(calls.spans, calls.above, strict=True):
        own = first(span.attributes, names) if names else None
        key = id(above), own if isinstance(own, str) else None
        if key not in known:
            known[key] = _chained((*above.agents, own))
        found.append(known[key])
    return {name: [cells[place] for cells in found] for place, name in enumerate(_WHO)}


def _chained(names: Sequence[Any]) -> tuple[Any, ...]:
    """The cells of `_WHO` for agents, outermost first; two spans of one agent count once."""
    chain: list[str] = []
    for name in names:
        if isinstance(name, str) and chain[-1:] != [name]:
            chain.append(name)
    if not chain:
        return _NOBODY
    return chain[-1], chain[-2] if len(chain) > 1 else None, chain, len(chain) - 1


def _execution(spans: Sequence[Span]) -> dict[str, list[Any]]:
    """A span of a call is there because the call was made."""
    made = [not span.requested_only for span in spans]
    return {
        "executed": [True if done else None for done in made],
        "started_at": [s.started_us if d else None for s, d in zip(spans, made, strict=True)],
        "ended_at": [s.ended_us if d else None for s, d in zip(spans, made, strict=True)],
        "outcome": [_outcome(s) if d else None for s, d in zip(spans, made, strict=True)],
    }


def _outcome(span: Span) -> str:
    error = span.attributes.get("error.type")
    if not span.failed and error is None:
        return "success"
    return "timeout" if str(error).lower() in _TIMEOUTS else "error"
