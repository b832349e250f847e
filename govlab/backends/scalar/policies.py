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
    outcome: Callable[[States], int]


class Table(NamedTuple):
    """Policies whose target needs a certain text, or start of a text, as the attribute `key`.

    `named` has them by text, `starts` by the first characters, for each number of these. `every`
    are all of them, for where `key` is no text; one that is absent matches nothing if the
    attribute `other` is there.
    """

    key: str
    other: str
    named: Mapping[str, Sequence[Policy]]
    starts: Sequence[tuple[int, Mapping[str, Sequence[Policy]]]]
    every: Sequence[Policy]


def asked(always: Sequence[Policy], tables: Sequence[Table], states: States) -> Sequence[Policy]:
    """`always`, and of `tables` the policies whose target can be anything but false.

    In no order; one that is found by two texts is there twice.
    """
    policies = always
    for key, other, named, starts, every in tables:
        state = states[key]
        if type(state) is str:
            policies = (*policies, *named.get(state, ()))
            for length, edges in starts:
                policies = (*policies, *edges.get(state[:length], ()))
        elif state is not ABSENT or type(states[other]) is Mark:
            policies = (*policies, *every)
    return policies
