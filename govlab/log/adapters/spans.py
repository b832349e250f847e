"""Spans of a trace, by whichever tracer, and the map of attributes that says what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from govlab.log.maps import ColumnMap, load_map
from govlab.log.spanmap import SpanMap

__all__ = ["NOTED", "RESULTS", "RUN_FILLS", "TYPES", "Marks", "Reading", "Span",
           "filled", "preset", "reading"]  # fmt: skip


@cache
def preset() -> ColumnMap:
    """The attribute map that is shipped; what is handed a reading of it does not load it."""
    return load_map(Path(__file__).parents[1] / "presets" / "spans.yaml")


RUN_FILLS: Final = frozenset(
    {"run_id", "started", "ended", "system", "source_format", "source_ref"}
)
"""What spans say of their run, besides what their source says of it."""

TYPES: Final = (
    "gen_ai.operation.name", "openinference.span.kind", "ai.operationId", "mcp.method.name"
)  # fmt: skip
"""Attributes that tell the type of a span; one that has any of them speaks of agents."""

NOTED: Final = ("gen_ai.tool.call.id", "gen_ai.tool.type", "gen_ai.agent.id", "error.type")
"""Attributes that are kept in `extra`."""

RESULTS: Final = ("gen_ai.tool.call.result", "ai.toolCall.result", "output.value")
"""Attributes that hold what a tool gave back."""

_BASE = frozenset({
    "event_id", "ts", "run_id", "trace_id", "span_id", "executed", "started_at", "ended_at",
    "outcome", "time_source", "source_format", "source_ref", "extra",
})  # fmt: skip
_AGENTS = frozenset({"actor", "parent_agent", "delegation_chain", "delegation_depth"})


class Span(msgspec.Struct, gc=False):  # there are many: a data class takes thrice as long to make
    """One span as any of the tracers wrote it; `values` are columns that its own fields say.

    Times are microseconds since 1970.
    """

    line: int
    name: str
    type: str = ""
    trace_id: str | None = None
    span_id: str | None = None
    parent_id: str | None = None
    started_us: int | None = None
    ended_us: int | None = None
    failed: bool = False
    action: bool | None = None  # None: as its attributes say
    agent: bool = False  # known to be an agent's
    requested_only: bool = False  # asked for; whether it was made is not said
    event: bool = False  # a log record in the span above it
    attributes: dict[str, Any] = msgspec.field(default_factory=dict)
    resource: Mapping[str, Any] = msgspec.field(default_factory=dict)
    values: Mapping[str, Any] = msgspec.field(default_factory=dict)
    broken: str = ""  # why one of an action's attributes cannot be read


class Marks:
    """Which spans are of a kind: those that have the attributes of any of some marks.

    >>> Marks(({"kind": "tool"}, {"a": "*", "b": "*"})).meet({"a": 1, "b": 2})
    True
    """

    __slots__ = ("_ones", "_several")

    def __init__(self, marks: tuple[Mapping[str, str], ...]) -> None:
        ones: dict[str, set[str]] = {}  # of marks with one attribute, its values
        self._several = [mark for mark in marks if len(mark) > 1]
        for mark in marks:
            if len(mark) == 1:
                ((name, value),) = mark.items()
                ones.setdefault(name, set()).add(value)
        self._ones = tuple((name, values, "*" in values) for name, values in ones.items())

    def meet(self, attributes: Mapping[str, Any]) -> bool:
        """Whether the attributes have what one of the marks asks for; `*` is any value."""
        for name, values, any_ in self._ones:
            found = attributes.get(name)
            if found is not None and (any_ or (type(found) is str and found in values)):
                return True
        for mark in self._several:  # noqa: SIM110  a generator takes longer than most marks
            if _all(mark, attributes):
                return True
        return False


def _all(mark: Mapping[str, str], attributes: Mapping[str, Any]) -> bool:
    for name, value in mark.items():
        found = attributes.get(name)
        if found is None or value not in ("*", found):
            return False
    return True


@dataclass(frozen=True)
class Reading:
    """How spans are read: the map of attributes and the words of decisions."""

    spans: SpanMap
    words: Mapping[str, str]
    results: bool = False  # whether what a tool gave back is kept

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy derives anew: while a thread sends it on, another may be at deriving."""
        return Reading, (self.spans, self.words, self.results)

    @cached_property
    def actions(self) -> Marks:
        """Which spans are tool calls."""
        return Marks(self.spans.actions)

    @cached_property
    def agents(self) -> Marks:
        """Which spans are an agent's."""
        return Marks(self.spans.agents)

    @cached_property
    def of_all(self) -> frozenset[str]:
        """The attributes that are read of every span."""
        known = self.spans
        marks = {name for mark in (*known.actions, *known.agents) for name in mark}
        shared = {name for names in known.inherited.values() for name in names}
        return frozenset(marks | shared | {*known.agent, *known.run, *TYPES})

    @cached_property
    def of_actions(self) -> frozenset[str]:
        """Those that only an action's own row has."""
        named = {name for names in self.spans.columns.values() for name in names}
        return frozenset({*NOTED, *named, *(RESULTS if self.results else ())}) - self.of_all


def reading(given: ColumnMap) -> Reading:
    """The user's map where there is one, else the shipped preset; decision words of both."""
    words = {**preset().decisions, **given.decisions}
    return Reading(given.spans or preset().spans or SpanMap(), words)


def filled(how: Reading) -> frozenset[str]:
    """The columns that spans fill when they are read so."""
    names = {*how.spans.columns, *how.spans.inherited}
    money = {"cost_micro_usd", "actual_cost_micro_usd"} if "cost" in names else set()
    digest = {"args_sha256"} if "args" in names else set()
    reason = {"reason"} if "decision" in names else set()
    agents = _AGENTS if how.spans.agent else frozenset()
    return _BASE | (names - {"cost"}) | money | digest | reason | agents
