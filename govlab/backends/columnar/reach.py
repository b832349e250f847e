"""What the changes of a remedy can reach: which rows still get one answer after it (S6).

Rows of one class agree in everything that rules ask of one attribute. A change keeps that so,
but where something reads a changed attribute beside another, the other one's value comes in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import polars as pl

from govlab.backends.columnar.attributes import Events
from govlab.backends.columnar.cells import malformed_name, unknown_name
from govlab.backends.columnar.classes import leaves, scope_nodes
from govlab.backends.columnar.distinct import Groups, group
from govlab.backends.columnar.steps import step_inputs, step_outputs
from govlab.lang.nodes import variables
from govlab.plan.model import Plan

__all__ = ["alike"]

_MARKS = ("unknown_columns", "malformed_columns")


def alike(
    plan: Plan,
    events: Events,
    changed: Collection[str],
    frames: Sequence[pl.DataFrame],
    given: Iterable[pl.Series],
) -> Groups:
    """Groups of the rows of `events` that get one answer once attributes `changed` are set.

    `frames` are the rows' states before, one frame a bundle of the chain; `given` tells apart
    their classes and what they are changed to.
    """
    marks = [events.raw.get_column(m) for m in _MARKS if m in events.raw.columns]
    parts = [*given, *marks]
    for number, frame in enumerate(frames):
        names = _beside(plan, number, frozenset(changed))
        parts += [*_states(frame, names), *_states(events.states, names)]
    return group(parts, events.states.height)


def _states(frame: pl.DataFrame, names: Iterable[str]) -> Iterator[pl.Series]:
    for name in sorted(names):
        for column in (name, malformed_name(name), unknown_name(name)):
            if column in frame.columns:
                yield frame.get_column(column)


def _beside(plan: Plan, number: int, changed: frozenset[str]) -> set[str]:
    """The attributes that are read beside one that `changed` can change, in bundle `number`."""
    reached, found = set(changed), set[str]()
    steps = [(step_inputs(step), step_outputs(step)) for step in plan.scopes[number].steps]
    for inputs, outputs in steps:
        if inputs & reached:
            reached |= outputs
            found |= inputs
    risk = [name for _, when in plan.scopes[number].risk or () for name in variables(when)]
    reached |= {"risk"} if reached.intersection(risk) else set()
    for leaf in leaves(scope_nodes(plan, number)):
        names = variables(leaf)
        found |= names - reached if names & reached else set()
    for inputs, outputs in reversed(steps):
        found |= inputs if outputs & found else set()
    return found - changed - {"risk"}
