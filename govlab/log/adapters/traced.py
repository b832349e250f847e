"""What the spans of traces say: actions with the agents above them, and the runs they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from govlab.log.adapters.lineages import VARYING, Lineages
from govlab.log.adapters.span_rows import Calls, columns_of
from govlab.log.adapters.span_values import OF_THE_CALL, first, instant, said
from govlab.log.adapters.spans import TYPES, Reading, Span
from govlab.log.records import Action, Bad, Record, Run, Skipped

__all__ = ["Members", "Traced", "is_action", "records"]

_SERVICE = "service.name"


def records(spans: Sequence[Span], how: Reading, run: Mapping[str, Any]) -> Iterator[Record]:
    """The runs that `spans` belong to, their actions, and the others as skipped by (type, name).

    `run` are the columns of the runs table that the source itself says of all of them.
    """
    traced = Traced(how)
    traced.add(spans)
    yield from traced.told(run)
    columns = columns_of(traced.calls, how)
    for name in OF_THE_CALL:
        columns[name] = [_instant(at) for at in columns[name]]
    for place, span in enumerate(traced.calls.spans):
        cells = {name: values[place] for name, values in columns.items()}
        yield Action(span.line, {n: value for n, value in cells.items() if value is not None})
    yield from traced.counted()


def is_action(span: Span, how: Reading) -> bool:
    """Whether a span is a tool call."""
    if span.action is None:
        return bool(span.attributes) and how.actions.meet(span.attributes)
    return span.action


def _instant(micros: int | None) -> Any:
    return None if micros is None else instant(micros * 1000)


class Members(msgspec.Struct, gc=False):  # a data class is pickled by Python, not by C
    """What the spans of a run say of it; times are microseconds since 1970."""

    line: int
    started_us: int | None = None
    ended_us: int | None = None
    system: str | None = None
    of_agents: bool = False

    def add(self, span: Span, of_agents: bool) -> None:
        """Takes one span of the run."""
        at, end = span.started_us, span.ended_us
        if at and (self.started_us is None or at < self.started_us):
            self.started_us = at
        if end and (self.ended_us is None or end > self.ended_us):
            self.ended_us = end
        if self.system is None and isinstance(named := said(span.resource.get(_SERVICE)), str):
            self.system = named
        if of_agents:
            self.of_agents = True

    def join(self, other: Members) -> None:
        """Takes what other spans of the run, which stand behind, say of it."""
        starts = [at for at in (self.started_us, other.started_us) if at]
        ends = [at for at in (self.ended_us, other.ended_us) if at]
        self.started_us, self.ended_us = min(starts, default=None), max(ends, default=None)
        self.system = other.system if self.system is None else self.system
        self.of_agents = self.of_agents or other.of_agents


@dataclass(slots=True)
class Traced:
    """What spans say, gathered trace by trace: calls, runs, and the rest by count."""

    how: Reading
    calls: Calls = field(default_factory=Calls)
    runs: dict[str, Members] = field(default_factory=dict)
    others: dict[tuple[str, str], int] = field(default_factory=dict)  # by type and name
    bad: list[Bad] = field(default_factory=list)

    def add(self, spans: Sequence[Span]) -> None:
        """Takes all spans of some traces; an agent's may stand anywhere among them."""
        lineages, runs = Lineages(spans, self.how), self.runs
        for place, run in enumerate(lineages.runs()):
            span = spans[place]
            if span.broken:
                self.bad.append(Bad(span.line, span.broken))
                continue
            run_id = run or (span.values and span.values.get("run_id")) or span.trace_id
            of_agents = self._one(span, place, run_id, lineages)
            if run_id:
                known = runs.get(run_id)
                if known is None:
                    known = runs[run_id] = Members(span.line)
                known.add(span, of_agents)

    def _one(self, span: Span, place: int, run_id: str | None, lineages: Lineages) -> bool:
        """Whether it is an agent's; a call is taken, all else is counted."""
        if is_action(span, self.how) and not (span.event and self._within_action(place, lineages)):
            self.calls.take(span, lineages.over(place), run_id)
            return True
        type_ = span.type or (first(span.attributes, TYPES) if span.attributes else None)
        kind = "log" if span.event else str(type_ or "span"), span.name
        self.others[kind] = self.others.get(kind, 0) + 1
        return bool(type_)

    def _within_action(self, place: int, lineages: Lineages) -> bool:
        """Whether it is an event of a call that its own span tells of."""
        above = lineages.above[place]
        return above >= 0 and is_action(lineages.spans[above], self.how)

    def join(self, runs: Mapping[str, Members]) -> None:
        """Takes what spans elsewhere say of runs."""
        for name, members in runs.items():
            if name in self.runs:
                self.runs[name].join(members)
            else:
                self.runs[name] = members

    def told(self, run: Mapping[str, Any]) -> Iterator[Run]:
        """The runs that agents have a part in, with what the source itself says in `run`."""
        for name, of in self.runs.items():
            if of.of_agents:  # else a trace of something else
                times = {"started": of.started_us, "ended": of.ended_us}
                yield Run(of.line, {"run_id": name, "system": of.system, **times, **run})

    def counted(self) -> Iterator[Record]:
        """What is no action, and spans that cannot be read; each once."""
        skipped: Counter[str] = Counter()
        for (what, name), rows in self.others.items():
            skipped[_kind(what, name)] += rows
        yield from (Skipped(kind, rows) for kind, rows in skipped.items())
        yield from self.bad
        self.others, self.bad = {}, []


def _kind(what: str, name: str) -> str:
    """Type and name, without what differs from span to span."""
    return f"{what} {VARYING.sub('*', name)}".strip()
