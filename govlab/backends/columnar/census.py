"""Which state each attribute has in each event: what replayability is counted from (S14)."""

from __future__ import annotations

import polars as pl

from govlab.backends.columnar.attributes import prepare
from govlab.backends.columnar.cells import marks
from govlab.backends.columnar.steps import with_steps
from govlab.plan.model import Plan

__all__ = ["attribute_marks"]


def attribute_marks(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """A UInt8 column an attribute: 0 present, 1 absent, 2 malformed, 3 unknown; rows as given.

    Derived attributes and lookup columns are counted as computed; where bundles of a chain see an
    attribute differently, the root's view holds.
    """
    events = prepare(frame, plan.reads())
    columns: dict[str, pl.Series] = {}
    for scope in plan.scopes:
        seen = {c for c in events.states.columns if c.partition("#")[0] in {"", *scope.reads}}
        states = with_steps(scope, events.states.select(sorted(seen)), frozenset())
        for name in states.columns:
            if "#" not in name and name not in columns:
                columns[name] = marks(states, name).alias(name)
    return pl.DataFrame(list(columns.values()))
