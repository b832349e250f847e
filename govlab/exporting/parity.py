"""Replay and the exported engine side by side: every event of a log, every field (S18).

Each event is decided by the engine itself, with every column that a request has; nothing is
sampled, and no event stands for another. Where the bundle reads history the engine remembers by
itself, too, and what it remembers is compared before what it decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from govlab.backends.reference import Asked, decide
from govlab.exporting.loading import Exported
from govlab.exporting.shrinking import shrunk
from govlab.exporting.vectors import plain_event
from govlab.history import counterfactual, decide_in_order, in_order
from govlab.log.collect import collected
from govlab.plan import Plan
from govlab.replays.rows import SCHEMA, events, unknown_columns
from govlab.replays.stream import LOG, Stream
from govlab.runtime.arguments import canonical
from govlab.runtime.states import Mark
from govlab.schema import ACTIONS, LIST_TEXT, MARKS
from govlab.selection import CHOSEN

__all__ = ["Difference", "Parity", "compare"]

Event = Mapping[str, Any]
FIELDS = tuple(name for name in SCHEMA if name != "event_id")
"""The fields of a decision that are compared."""

Row = tuple[Any, ...]
_JSON = frozenset({"constraints", "approvals", "remediation"})
_AFTER = frozenset(n for n, c in ACTIONS.items() if c.phase != "request") - {*MARKS}
_KEPT = 4096  # decisions whose rows are remembered


@dataclass(frozen=True, slots=True)
class Difference:
    """An event on which the two differ, made as small as it can be, and the fields that do."""

    event: Event
    unknown: tuple[str, ...]
    history: Event
    fields: Mapping[str, tuple[Any, Any]]  # what replay says, what the engine says

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "event": plain_event(self.event),
            "unknown": list(self.unknown),
            "history": plain_event(self.history),
            "fields": {n: {"replay": a, "engine": b} for n, (a, b) in self.fields.items()},
        }


@dataclass(slots=True)
class Parity:
    """How many events were compared, by decision; and the first difference, if there is any."""

    events: int = 0
    by: dict[str, int] = field(default_factory=dict)
    difference: Difference | None = None
    found: list[tuple[Asked, Any]] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """0, or 1: the first ends the comparison."""
        return int(self.difference is not None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: `events`, `differences`, `by`, and `first` where there is a difference."""
        said = {"events": self.events, "differences": self.differences, "by": self.by}
        return said | ({"first": self.difference.to_dict()} if self.difference else {})


@dataclass(slots=True)
class _Rows:
    """The rows of decisions that are handed out again and again."""

    known: dict[int, tuple[Any, Row]] = field(default_factory=dict)

    def row(self, decision: Any) -> Row:
        """`decision` as a row of the decisions frame, in the order of `FIELDS`."""
        found = self.known.get(id(decision))
        if found is not None:  # it is kept, so that its id is no other's
            return found[1]
        plain = decision.to_dict()
        row = tuple(_cell(name, plain[name]) for name in FIELDS)
        if len(self.known) < _KEPT:
            self.known[id(decision)] = decision, row
        return row


def _cell(name: str, value: Any) -> Any:
    if name in _JSON:
        return canonical(value) if value else None
    return tuple(value) if isinstance(value, list) else value


def compare(plan: Plan, log: pl.LazyFrame, engine: Exported, *, most: int) -> Parity:
    """Every event of `log` (the first `most`, if there are more) decided by both.

    Where `log` has the column CHOSEN, only those of which it holds; what the bundle remembers is
    that of all. The comparison ends at the first difference. `found` has an event for each distinct
    decision.
    """
    parity, rows, seen = Parity(), _Rows(), set[Row]()
    past = _Past(engine)
    each = _with_history(plan, log, most, past) if past.remembers else _replayed(plan, log, most)
    for asked, wanted in each:
        if unlike := past.unlike(asked):
            parity.difference = Difference(
                asked.event, tuple(sorted(asked.unknown)), asked.history, unlike
            )
            return parity
        decision = _decided(engine, asked)
        got = rows.row(decision)
        if got != wanted:
            parity.difference = _difference(plan, engine, asked, wanted)
            return parity
        parity.events += 1
        parity.by[_word(got)] = parity.by.get(_word(got), 0) + 1
        if got not in seen and len(parity.found) < _KEPT:
            seen.add(got)
            parity.found.append((asked, decision))
    return parity


class _Past:
    """What the engine itself remembers of the events before, which come in the total order."""

    def __init__(self, engine: Exported) -> None:
        self.module = engine.module
        self.remembers = hasattr(self.module, "features")
        self.state = self.module.Windows() if self.remembers else None

    def unlike(self, asked: Asked) -> dict[str, tuple[Any, Any]]:
        """The features that the engine has otherwise, by `history.NAME`: replay's, the engine's."""
        if not self.remembers:
            return {}
        found = self.module.features(self.state, asked.event, unknown=asked.unknown)
        wanted, own = plain_event(asked.history), {n: _value(v) for n, v in found.items()}
        names = sorted({*wanted, *own})
        pairs = {f"history.{n}": (wanted.get(n), own.get(n)) for n in names}
        return {name: pair for name, pair in pairs.items() if repr(pair[0]) != repr(pair[1])}

    def add(self, asked: Asked, decision: Any) -> None:
        """Lets the engine remember the event, as replay does: by what was decided of it."""
        fate = counterfactual(decision, asked.event, "recorded")
        own = self.module.Mark(fate.value) if isinstance(fate, Mark) else fate
        self.module.record(self.state, asked.event, decision, own, unknown=asked.unknown)


def _value(state: Any) -> Any:
    """A feature's value; the word where it is one of the engine's own marks."""
    return getattr(state, "value", state)


def _decided(engine: Exported, asked: Asked) -> Any:
    """What the engine decides; features that are no value as its own marks."""
    own = {
        name: engine.module.Mark(value.value) if isinstance(value, Mark) else value
        for name, value in asked.history.items()
    }
    return engine.decide(asked.event, history=own, unknown=asked.unknown)


def _word(row: Row) -> str:
    decision, status = row[FIELDS.index("decision")], row[FIELDS.index("status")]
    return "UNDECIDABLE" if status == "undecidable" else str(decision)


def _replayed(plan: Plan, log: pl.LazyFrame, most: int) -> Iterator[tuple[Asked, Row]]:
    """Each event with what the columnar engine decides."""
    if CHOSEN in log.collect_schema():
        log = log.filter(CHOSEN).drop(CHOSEN)
    names = log.collect_schema().names()
    asked = tuple(n for n in names if not n.endswith(LIST_TEXT) and n not in _AFTER)
    columns = [*FIELDS, *(LOG + name for name in asked)]
    for _, decided in Stream(plan, log, asked).batches(columns, 0, most):
        rows = decided.select(pl.col(LOG + name).alias(name) for name in asked)
        unknown = unknown_columns(rows, plan.reads())
        wanted = decided.select(FIELDS).iter_rows()
        for event, hidden, row in zip(_events(rows), unknown, wanted, strict=True):
            yield Asked(event, hidden), tuple(map(_cell_of_frame, row))


def _cell_of_frame(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _events(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    names = rows.columns
    for values in rows.iter_rows():
        yield {n: v for n, v in zip(names, values, strict=True) if v is not None}


def _with_history(
    plan: Plan, log: pl.LazyFrame, most: int, past: _Past
) -> Iterator[tuple[Asked, Row]]:
    """Each event in the total order with its features, and what replay decides of them."""
    frame, rows = collected(log.head(most)), _Rows()
    every = pl.repeat(value=True, n=frame.height, eager=True)
    chosen = frame.get_column(CHOSEN, default=every).to_list()
    frame = frame.drop(CHOSEN, strict=False)
    given, unknown = events(frame), unknown_columns(frame, plan.reads())
    found = decide_in_order(plan, given, state="counterfactual", unknown=unknown)
    for place in in_order(given):
        asked, one = Asked(given[place], unknown[place], found[place].features), found[place]
        if chosen[place]:
            yield asked, rows.row(one.decision)
        past.add(asked, one.decision)


def _difference(plan: Plan, engine: Exported, asked: Asked, wanted: Row) -> Difference:
    """The fields that differ; of an event made smaller where the reference engine differs too."""
    rows = _Rows()

    def of_reference(given: Asked) -> Row:
        return rows.row(decide(plan, given.event, unknown=given.unknown, history=given.history))

    def of_engine(given: Asked) -> Row:
        return rows.row(_decided(engine, given))

    small = asked
    if of_reference(asked) == wanted:
        small = shrunk(asked, lambda given: of_reference(given) != of_engine(given))
        wanted = of_reference(small)
    pairs = zip(FIELDS, wanted, of_engine(small), strict=True)
    differing = {name: (a, b) for name, a, b in pairs if a != b}
    return Difference(small.event, tuple(sorted(small.unknown)), small.history, differing)
