"""The states that one bundle's expressions read, each found when first read (S2, S7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from govlab.backends.scalar.features import Feature
from govlab.backends.scalar.fields import argument, field
from govlab.backends.scalar.policies import Policy, Tried
from govlab.runtime.event import argument_values, attribute_states
from govlab.runtime.states import ABSENT, ERROR, MALFORMED, UNKNOWN, Mark
from govlab.runtime.values import Timestamp
from govlab.runtime.withheld import WITHHELD
from govlab.types import STRING, Type

__all__ = ["Attributes", "Scope", "assumed", "filled", "prepare", "scope", "settled", "undecided"]

Event = Mapping[str, Any]


class Scope(NamedTuple):
    """One bundle of the chain: how its states are had, and its policies by target.

    `fields` read attributes of an event without marks, `plain` are those that nothing derives,
    `arguments` read those inside of its arguments;
    `touching` are the unknown columns that make any of them unknown;
    `steps` are derived attributes and lookup columns; `known` is what of the policies was found to
    be tried for a tool and an action.
    """

    reads: Mapping[str, Type]
    fields: Mapping[str, Callable[[Event], Any]]
    plain: Mapping[str, Callable[[Event], Any]]
    arguments: Mapping[str, Callable[[Event, Any], Any]]
    touching: frozenset[str]
    steps: Mapping[str, Callable[[Attributes], Any]]
    features: Sequence[Feature]
    risk: Callable[[Attributes], Any] | None
    policies: Sequence[Policy]
    known: dict[tuple[Any, Any], Tried]


class Attributes(dict[str, Any]):
    """The states that one bundle's expressions read, each found when first read."""

    __slots__ = ("_event", "_marked", "_values", "scope", "settled")

    def __init__(
        self, scope: Scope, event: Event, unknown: frozenset[str], settled: frozenset[str]
    ) -> None:
        self.scope = scope
        self._event = event
        self.settled = settled
        self._values: Any = None  # of the arguments, parsed once, whatever is read of them
        self._marked: Mapping[str, Any] | None = None
        if event.get("malformed_columns") or not unknown.isdisjoint(scope.touching):
            self._marked = found = attribute_states(event, scope.reads, unknown)
            self.update((name, found[name]) for name in scope.plain)

    def __missing__(self, name: str) -> Any:
        scope = self.scope
        read = scope.plain.get(name)
        if read is not None:
            state = read(self._event)
        elif name in scope.steps:
            state = scope.steps[name](self)
        else:
            state = self.recorded(name)
        self[name] = state
        return state

    def recorded(self, name: str) -> Any:
        """The event's own state of the attribute `name`, before anything is derived."""
        if self._marked is not None:
            return self._marked[name]
        read = self.scope.arguments.get(name)
        if read is None:
            return self.scope.fields[name](self._event)
        if self._values is None:
            self._values = argument_values(self._event)
        return read(self._event, self._values)


def scope(
    *,
    reads: Mapping[str, Type],
    steps: Mapping[str, Callable[[Attributes], Any]],
    features: Sequence[Feature],
    risk: Callable[[Attributes], Any] | None,
    policies: Sequence[Policy],
) -> Scope:
    """The scope with its readers made."""
    reads = {"action": STRING, "tool": STRING, **reads}  # what policies are found by
    arguments = {n: argument(n, kind) for n, kind in reads.items() if n.startswith("args.")}
    fields = {n: field(n, kind) for n, kind in reads.items() if n not in arguments}
    plain = {name: read for name, read in fields.items() if name not in steps}
    touching = frozenset({*reads, "args", WITHHELD, "cost", "cost_micro_usd"})
    return Scope(
        reads, fields, plain, arguments, touching, steps, features, risk, policies, {}
    )  # fmt: skip


def prepare(states: Attributes, history: Mapping[str, Any]) -> None:
    """Adds what targets and conditions read besides attributes: history, then risk."""
    for feature in states.scope.features:
        states[f"history.{feature.name}"] = undecided(history[feature.name])
    if states.scope.risk is not None:
        states["risk"] = states.scope.risk(states)


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
    """The state of a derived attribute whose rule gave `result`: malformed if no log could hold it.

    That is an error, NaN, an infinity, and a time that is no whole number of microseconds.
    """
    match result:
        case float():
            return result if isfinite(result) else MALFORMED
        case Timestamp(ns=ns):
            return result if ns % 1000 == 0 else MALFORMED
        case _:
            return undecided(result)


def assumed(
    name: str, value: Any, derived: Callable[[Attributes], Any] | None = None
) -> Callable[[Attributes], Any]:
    """A step that fills the attribute `name` with `value` where it is absent or unknown."""

    def step(states: Attributes) -> Any:
        state = states.recorded(name) if derived is None else derived(states)
        return value if state is ABSENT or state is UNKNOWN else state

    return step
