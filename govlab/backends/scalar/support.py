"""What generated code calls: marks absorbed, Python made as strict as CEL, states read when needed.

An exported engine carries this module behind those of `runtime`; standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from govlab.runtime.automaton import Automaton, search
from govlab.runtime.event import attribute_states
from govlab.runtime.globs import matches
from govlab.runtime.states import ABSENT, ERROR, MALFORMED, UNKNOWN, Mark
from govlab.runtime.values import INT_MAX, INT_MIN, CelError, Map, kind
from govlab.types import Type

__all__ = [
    "Attributes",
    "Lookup",
    "Scope",
    "column",
    "filled",
    "has_key",
    "in_int64",
    "lack",
    "negation",
    "outcomes",
    "ready",
    "search_text",
    "settled",
    "undecided",
]

Event = Mapping[str, Any]


def lack(*states: Any) -> Mark:
    """What comes of states or results of which one is no value: UNKNOWN where any is."""
    return UNKNOWN if any(state is UNKNOWN for state in states) else ERROR


def in_int64(number: int) -> int:
    """`number`, if CEL has it."""
    if INT_MIN <= number <= INT_MAX:
        return number
    raise CelError("integer overflow")


def negation(operand: Any) -> bool:
    """`!operand`, of any type."""
    if isinstance(operand, bool):
        return not operand
    raise CelError("`!` of something that is no bool")


def has_key(operand: Any, key: str) -> bool:
    """`has(operand.key)`, of any type."""
    if isinstance(operand, Map):
        return key in operand
    raise CelError("`has` of something that is no map")


def search_text(program: Automaton, text: Any) -> bool:
    """`text.matches(...)`, of any type."""
    if kind(text) == "string":
        return search(program, text)
    raise CelError("`matches` of something that is no text")


# -- attributes ------------------------------------------------------------------------------------


class Scope(NamedTuple):
    """One bundle of the chain: how its states are had, and its policies by target.

    `fields` read attributes of an event without marks; `steps` are derived attributes and lookup
    columns; `always` are the policies that every event asks, `tables` those found by a text.
    """

    reads: Mapping[str, Type]
    fields: Mapping[str, Callable[[Event], Any]]
    arguments: Mapping[str, Type]
    steps: Mapping[str, Callable[[Attributes], Any]]
    features: Sequence[str]
    risk: Callable[[Attributes], Any] | None
    always: Sequence[Policy]
    tables: Sequence[Table]


class Attributes(dict[str, Any]):
    """The states that one bundle's expressions read, each found when first read."""

    __slots__ = ("_arguments", "_event", "_marked", "_scope", "settled")

    def __init__(
        self, scope: Scope, event: Event, unknown: frozenset[str], settled: frozenset[str]
    ) -> None:
        super().__init__()
        self._scope = scope
        self._event = event
        self.settled = settled
        self._arguments: Mapping[str, Any] | None = None
        self._marked: Mapping[str, Any] | None = None
        if unknown or event.get("malformed_columns"):
            self._marked = attribute_states(event, scope.reads, unknown)

    def __missing__(self, name: str) -> Any:
        step = self._scope.steps.get(name)
        state = self[name] = self.recorded(name) if step is None else step(self)
        return state

    def recorded(self, name: str) -> Any:
        """The event's own state of the attribute `name`, before anything is derived."""
        if self._marked is not None:
            return self._marked[name]
        if name not in self._scope.arguments:
            return self._scope.fields[name](self._event)
        if self._arguments is None:  # the text is parsed once, whatever is read of it
            self._arguments = attribute_states(self._event, self._scope.arguments, frozenset())
        return self._arguments[name]


def ready(
    scope: Scope,
    event: Event,
    unknown: frozenset[str],
    history: Mapping[str, Any],
    settled: frozenset[str],
) -> Attributes:
    """The states for one bundle's targets and conditions, history and risk among them."""
    states = Attributes(scope, event, unknown, settled)
    for name in scope.features:
        states[f"history.{name}"] = undecided(history[name])
    if scope.risk is not None:
        states["risk"] = scope.risk(states)
    return states


def undecided(result: Any) -> Any:
    """A result as a state: what erred is there, but no value."""
    return MALFORMED if result is ERROR else result


def settled(states: Attributes, name: str, *, control: bool) -> bool:
    """Whether the attribute `name` keeps what was recorded, though it is derived.

    Malformed always stays; a value does if the platform said it or a remediation set it.
    """
    recorded = states[name] = states.recorded(name)
    if recorded is MALFORMED:
        return True
    return type(recorded) is not Mark and (control or name in states.settled)


def filled(result: Any) -> Any:
    """The state of a derived attribute whose rule gave `result`; a double is never NaN."""
    return MALFORMED if result is ERROR or result != result else result  # noqa: PLR0124


# -- lookups ---------------------------------------------------------------------------------------


class Lookup(NamedTuple):
    """A reference table; `exact` are rows by key, `globs` rows to try in order.

    A row is `(from, to, cells)`, times in nanoseconds since 1970, None without a bound.
    """

    name: str
    on: str
    columns: Sequence[str]
    timed: bool
    exact: Mapping[str, Sequence[Row]]
    globs: Sequence[tuple[str, Row]]


Row = tuple[int | None, int | None, tuple[Any, ...]]


def column(lookup: Lookup, name: str) -> Callable[[Attributes], Any]:
    """A function that joins the lookup and gives the state of its column `name`."""

    def read(states: Attributes) -> Any:
        row = _row(lookup, states)
        cells = (row,) * len(lookup.columns) if isinstance(row, Mark) else row
        states[lookup.name] = row if isinstance(row, Mark) else True
        states.update(zip(lookup.columns, cells, strict=True))
        return states[name]

    return read


def _row(lookup: Lookup, states: Attributes) -> tuple[Any, ...] | Mark:
    key = states[lookup.on]
    if isinstance(key, Mark):
        return key
    at = states["ts"] if lookup.timed else None
    if isinstance(at, Mark):
        return UNKNOWN if at is UNKNOWN else MALFORMED  # without a time no validity can be told
    rows = lookup.exact.get(key, ()) or [row for glob, row in lookup.globs if matches(key, glob)]
    return next((cells for start, end, cells in rows if _valid(at, start, end)), ABSENT)


def _valid(at: Any, start: int | None, end: int | None) -> bool:
    return at is None or ((start is None or at.ns >= start) and (end is None or at.ns < end))


# -- outcomes --------------------------------------------------------------------------------------


class Policy(NamedTuple):
    """Where a policy stands among all, and the function that gives its outcome's number."""

    place: int
    outcome: Callable[[Attributes], int]


class Table(NamedTuple):
    """Policies whose target needs the attribute `key` to be one of the texts of `named`.

    `other` is the attribute whose being there makes an absent `key` match nothing, if any.
    """

    key: str
    other: str | None
    named: Mapping[str, Sequence[Policy]]
    every: Sequence[Policy]


def outcomes(
    scopes: Sequence[Scope], states: Sequence[Attributes]
) -> tuple[tuple[int, int], ...]:
    """The place and outcome number of every policy whose target was not false, in order."""
    found = []
    for scope, known in zip(scopes, states, strict=True):
        for place, outcome in _asked(scope, known):
            code = outcome(known)
            if code:
                found.append((place, code))
    found.sort()
    return tuple(found)


def _asked(scope: Scope, states: Attributes) -> Sequence[Policy]:
    policies = scope.always
    for key, other, named, every in scope.tables:
        state = states[key]
        if type(state) is str:
            policies = (*policies, *named.get(state, ()))
        elif state is not ABSENT or other is None or type(states[other]) is Mark:
            policies = (*policies, *every)
    return policies
