"""The policies of a plan that an event asks, found by the text of its tool or action, and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from govlab.runtime.states import ABSENT, Mark

__all__ = ["Policy", "Table", "asked"]

States = Mapping[str, Any]


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


def outcomes(scopes: Sequence[Scope], states: Sequence[Attributes]) -> tuple[tuple[int, int], ...]:
    """The place and outcome number of every policy whose target was not false, in order."""
    found = []
    for scope, known in zip(scopes, states, strict=True):
        for place, outcome in _asked(scope, known) if scope.tables else scope.always:
            code = outcome(known)
            if code:
                found.append((place, code))
    if len(found) > 1:
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
