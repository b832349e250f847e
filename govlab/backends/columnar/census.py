"""Where each attribute's value comes from in each event: what replayability tells (S14, J5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from govlab.backends.columnar.attributes import prepare
from govlab.backends.columnar.cells import malformed_name, marks, unknown_name
from govlab.backends.columnar.dictionaries import with_lists
from govlab.backends.columnar.distinct import Groups, group
from govlab.backends.columnar.steps import step_inputs, with_step, with_steps
from govlab.bundle.model import Derivation
from govlab.plan.model import Assumption, Plan, Scope, Step

__all__ = [
    "Census",
    "assumed_rows",
    "attribute_marks",
    "census",
    "grouped",
    "overridden",
    "traced",
]

_PRESENT, _ABSENT, _MALFORMED, _UNKNOWN = range(4)


@dataclass(frozen=True, slots=True)
class Census:
    """In how many events an attribute is what; the first six sum to the events.

    `disagreements` are those among `derived` whose source said something else.
    """

    recorded: int = 0
    derived: int = 0
    assumed: int = 0
    absent: int = 0
    malformed: int = 0
    unknown: int = 0
    disagreements: int = 0


_COUNTED = tuple(field.name for field in fields(Census))
_OF_MARK = {_PRESENT: "recorded", _ABSENT: "absent", _MALFORMED: "malformed", _UNKNOWN: "unknown"}


def attribute_marks(plan: Plan, frame: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """A UInt8 column an attribute of `names` that the plan reads or computes, and maybe of others:
    0 present, 1 absent, 2 malformed, 3 unknown; rows as given.

    Derived attributes and lookup columns are counted as computed; where bundles of a chain see an
    attribute differently, the root's view holds.
    """
    computes = any(scope.steps for scope in plan.scopes)
    reads = {n: kind for n, kind in plan.reads().items() if computes or n in names}
    events = prepare(with_lists(frame), reads)
    columns: dict[str, pl.Series] = {}
    for scope in plan.scopes:
        seen = {c for c in events.states.columns if c.partition("#")[0] in {"", *scope.reads}}
        states = with_steps(scope, events.states.select(sorted(seen)), frozenset())
        for name in states.columns:
            if "#" not in name and name not in columns:
                columns[name] = marks(states, name).alias(name)
    return pl.DataFrame(list(columns.values()))


def census(plan: Plan, frame: pl.DataFrame, times: pl.Series) -> dict[str, Census]:
    """The census of every attribute that `plan` reads of the events of `frame`.

    `times` says how many events each row stands for.
    Where several bundles of a chain derive an attribute, the last one's view holds.
    """
    states = prepare(frame, plan.reads()).states
    found = {name: _recorded(states, name, times) for name in plan.reads()}
    for scope in plan.scopes:
        found |= dict(_stepwise(scope, states, times))
    return {name: Census(**counts) for name, counts in found.items()}


def assumed_rows(plan: Plan, frame: pl.DataFrame) -> pl.Series:
    """Where an assumption of `plan` gave an attribute its value, as booleans; rows as given."""
    rows = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    if not plan.assumptions:
        return rows
    states = prepare(with_lists(frame), plan.reads()).states
    for scope in plan.scopes:
        groups = grouped(scope, states)
        for step, before, _ in traced(scope, states[groups.rows]):
            if isinstance(step, Assumption):
                rows = rows | _lacking(before, step.attribute).gather(groups.ids)
    return rows


def _recorded(states: pl.DataFrame, name: str, times: pl.Series) -> dict[str, int]:
    counts = _sums(marks(states, name), times)
    return {_OF_MARK[mark]: n for mark, n in counts.items()}


def _sums(values: pl.Series, times: pl.Series) -> dict[Any, int]:
    """How many events have each value."""
    both = pl.DataFrame([values.alias("value"), times.alias("n")])
    return dict(both.group_by("value").agg(pl.col("n").sum()).iter_rows())


def _stepwise(
    scope: Scope, states: pl.DataFrame, times: pl.Series
) -> Iterator[tuple[str, dict[str, int]]]:
    """The attributes that a bundle derives or assumes, each distinct row of its steps once."""
    changed = [s.attribute for s in scope.steps if isinstance(s, Derivation | Assumption)]
    if not changed:
        return
    groups = grouped(scope, states)
    by_group = _sums(groups.ids, times)
    weights = pl.Series([by_group[at] for at in range(len(groups))], dtype=pl.UInt64)
    sample = states[groups.rows]
    kinds = {name: _words(marks(sample, name)) for name in changed}
    differs = {name: pl.repeat(False, len(weights), eager=True) for name in changed}
    for step, before, after in traced(scope, sample):
        if isinstance(step, Derivation | Assumption):
            kinds[step.attribute] = _kinds(step, before, after, kinds[step.attribute])
        if isinstance(step, Derivation):
            differs[step.attribute] = _differs(step.attribute, before, after)
    for name in dict.fromkeys(changed):
        counted = pl.DataFrame({"kind": kinds[name], "n": weights, "differs": differs[name]})
        by = _sums(counted["kind"], counted["n"])
        other = counted.filter("differs")["n"].sum()
        yield name, {k: by.get(k, 0) for k in _COUNTED} | {"disagreements": int(other)}


def grouped(scope: Scope, states: pl.DataFrame) -> Groups:
    """The rows that the steps of `scope` can tell apart."""
    inputs = {name for step in scope.steps for name in step_inputs(step)}
    columns = [c for n in sorted(inputs) for c in (n, malformed_name(n), unknown_name(n))]
    return group((states.get_column(c) for c in columns if c in states.columns), states.height)


def traced(scope: Scope, states: pl.DataFrame) -> Iterator[tuple[Step, pl.DataFrame, pl.DataFrame]]:
    """Each step of `scope` with the states before and after it."""
    own = {"", *scope.reads}
    before = states.select(c for c in states.columns if c.partition("#")[0] in own)
    for step in scope.steps:
        after = with_step(step, scope, before, frozenset())
        yield step, before, after
        before = after


def _lacking(states: pl.DataFrame, name: str) -> pl.Series:
    return marks(states, name).is_in([_ABSENT, _UNKNOWN])


def _kinds(
    step: Derivation | Assumption, before: pl.DataFrame, after: pl.DataFrame, said: pl.Series
) -> pl.Series:
    """What the attribute is after `step`; `said` is what it was."""
    name = step.attribute
    if isinstance(step, Assumption):
        frame = pl.DataFrame({"said": said, "filled": _lacking(before, name)})
        made = pl.when("filled").then(pl.lit("assumed")).otherwise("said")
        return frame.select(made).to_series()
    now = _words(marks(after, name))
    frame = pl.DataFrame({"now": now, "derived": overridden(name, before, after)})
    return frame.select(pl.when("derived").then(pl.lit("derived")).otherwise("now")).to_series()


def overridden(name: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.Series:
    """Where `after` has a value of an attribute that `before` had not, or had another one."""
    new = _differs(name, before, after) | _lacking(before, name)
    return new & (marks(after, name) == _PRESENT)


def _words(codes: pl.Series) -> pl.Series:
    return codes.replace_strict(_OF_MARK, return_dtype=pl.String)


def _differs(name: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.Series:
    """Where a value was there and another one stands in its place."""
    frame = pl.DataFrame({"old": before.get_column(name), "new": after.get_column(name)})
    both = pl.all_horizontal(pl.all().is_not_null())
    same = pl.col("old").cast(frame.schema["new"]).eq_missing(pl.col("new"))
    return frame.select(both & ~same).to_series()
