"""Derived attributes, lookups and risk on a states frame, in the order of S7."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import polars as pl

from govlab.backends.columnar.cells import (
    dtype_of,
    flag,
    malformed_name,
    states,
    to_cells,
    unknown_name,
)
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.distinct import Groups, group
from govlab.backends.reference.steps import join
from govlab.bundle.model import Derivation, Lookup
from govlab.lang.nodes import Node, variables
from govlab.plan.model import Assumption, Scope, Step
from govlab.runtime.states import MALFORMED, UNKNOWN
from govlab.schema import by_control
from govlab.types import BOOL, STRING, TIMESTAMP, Type

__all__ = ["step_inputs", "step_outputs", "with_risk", "with_step", "with_steps"]


_Row = tuple[str, int | None, int | None, tuple[Any, ...]]


def step_inputs(step: Step) -> frozenset[str]:
    """What a step reads: a derived attribute its recorded value too, a lookup perhaps the time."""
    match step:
        case Derivation(attribute=attribute, rules=rules):
            read = [variables(part.node) for rule in rules for part in rule]
            return frozenset({attribute}).union(*read)
        case Lookup(on=on, rows=rows):
            timed = any(since is not None or until is not None for _, since, until, _ in rows)
            return frozenset({on, "ts"} if timed else {on})
        case Assumption(attribute=attribute):
            return frozenset({attribute})


def step_outputs(step: Step) -> frozenset[str]:
    """What a step computes."""
    match step:
        case Derivation(attribute=attribute):
            return frozenset({attribute})
        case Lookup(name=name, columns=columns):
            return frozenset({name, *(f"{name}.{column}" for column, _ in columns)})
        case Assumption(attribute=attribute):
            return frozenset({attribute})


def with_steps(scope: Scope, frame: pl.DataFrame, settled: frozenset[str]) -> pl.DataFrame:
    """`frame` with the derived attributes and lookups of `scope`; `settled` ones are kept."""
    for step in scope.steps:
        frame = with_step(step, scope, frame, settled)
    return frame


def with_step(
    step: Step, scope: Scope, frame: pl.DataFrame, settled: frozenset[str]
) -> pl.DataFrame:
    """`frame` with what one step of `scope` computes."""
    match step:
        case Derivation(attribute=attribute):
            keeps = attribute in settled or by_control(attribute)
            return _filled(step, frame, keeps, scope.reads[attribute])
        case Lookup():
            return _joined(step, frame)
        case Assumption(attribute=attribute):
            return _assumed(step, frame, scope.reads[attribute])


def _no(height: int) -> pl.Series:
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True)


def _replaced(
    frame: pl.DataFrame, name: str, value: pl.Series, malformed: pl.Series, unknown: pl.Series
) -> pl.DataFrame:
    """`frame` with attribute `name` in these states; flags that are never true are left out."""
    stale = [c for c in (malformed_name(name), unknown_name(name)) if c in frame.columns]
    flags = [
        s.alias(n)
        for s, n in ((malformed, malformed_name(name)), (unknown, unknown_name(name)))
        if s.any()
    ]
    cells = {s.name: s for s in frame.get_columns() if s.name not in stale}
    cells |= {s.name: s for s in (value.alias(name), *flags)}
    return pl.DataFrame(list(cells.values()))


def _assumed(step: Assumption, frame: pl.DataFrame, type_: Type) -> pl.DataFrame:
    """The assumed value where the attribute is absent or unknown (J1)."""
    no = _no(frame.height)
    value = to_cells([step.value], type_).value.new_from_index(0, frame.height)
    malformed = _flag(frame, malformed_name(step.attribute), no)
    parts = pl.DataFrame({"v": frame.get_column(step.attribute), "a": value, "m": malformed})
    given = pl.col("v").cast(value.dtype)
    found = parts.select(pl.when("m").then(given).otherwise(pl.coalesce(given, "a")).alias("v"))
    return _replaced(frame, step.attribute, found["v"], malformed, no)


def _filled(step: Derivation, frame: pl.DataFrame, keeps: bool, type_: Type) -> pl.DataFrame:
    """The first rule that holds gives the value; malformed is never filled (J5)."""
    nodes = [part.node for rule in step.rules for part in rule]
    cells = evaluate_nodes(nodes, frame)
    no, height = _no(frame.height), frame.height
    recorded = {
        "value": frame.get_column(step.attribute),
        "m": _flag(frame, malformed_name(step.attribute), no),
        "u": _flag(frame, unknown_name(step.attribute), no),
    }
    found = pl.DataFrame(recorded).with_columns(pl.col("value").cast(dtype_of(type_) or pl.Null))
    start = found
    for at in reversed(range(len(step.rules))):
        when, value = cells[2 * at], cells[2 * at + 1]
        typed = (
            value.value
            if value.value.dtype == found.schema["value"]
            else pl.repeat(None, height, dtype=found.schema["value"], eager=True)
        )
        parts = {
            "w": when.value,
            "wu": no if when.unknown is None else when.unknown,
            "v": typed,
            "vu": no if value.unknown is None else value.unknown,
        }
        found = found.with_columns([s.alias(n) for n, s in parts.items()]).select(_chosen(found))
    stays = pl.col("m0") | (pl.col("v0").is_not_null() if keeps else pl.lit(False))
    both = found.with_columns(v0=start["value"], m0=start["m"], u0=start["u"])
    final = both.select(
        value=pl.when(stays).then("v0").otherwise("value"),
        m=pl.when(stays).then("m0").otherwise("m"),
        u=pl.when(stays).then("u0").otherwise("u"),
    )
    return _replaced(frame, step.attribute, final["value"], final["m"], final["u"])


def _flag(frame: pl.DataFrame, column: str, no: pl.Series) -> pl.Series:
    found = flag(frame, column)
    return no if found is None else found


def _chosen(found: pl.DataFrame) -> list[pl.Expr]:
    """One rule before the others: `w` whether it holds, `v` what it gives."""
    v, w, wu = pl.col("v"), pl.col("w"), pl.col("wu")
    if found.schema["value"] == pl.Float64:
        v = pl.when(v.is_finite()).then(v)  # NaN and infinities are no values
    failed = v.is_null() & ~pl.col("vu")
    return [
        pl.when(w).then(v).when(~w).then("value").alias("value"),
        pl.when(w).then(failed).when(~w).then("m").otherwise(~wu).alias("m"),
        pl.when(w).then("vu").when(~w).then("u").otherwise(wu).alias("u"),
    ]


def _joined(lookup: Lookup, frame: pl.DataFrame) -> pl.DataFrame:
    """The lookup's row and columns, found once for each distinct key and validity."""
    groups, times = _keys(lookup, frame)
    names = [lookup.on, "ts"] if times else [lookup.on]
    flags = [f for n in names for f in (malformed_name(n), unknown_name(n)) if f in frame.columns]
    sample = frame.select("#row", *names, *flags)[groups.rows]
    table = {n: states(sample, n, TIMESTAMP if n == "ts" and times else STRING) for n in names}
    index = _Index.of(lookup)
    rows = [
        join(index.narrowed(row[lookup.on]), row)
        for row in (dict(zip(table, r, strict=True)) for r in zip(*table.values(), strict=True))
    ]
    types = {lookup.name: BOOL, **{f"{lookup.name}.{c}": t for c, t in lookup.columns}}
    for name, type_ in types.items():
        found = [row[name] for row in rows]
        marks = [
            pl.Series([f is mark for f in found], dtype=pl.Boolean)[groups.ids]
            for mark in (MALFORMED, UNKNOWN)
        ]
        frame = _replaced(frame, name, to_cells(found, type_).value[groups.ids], *marks)
    return frame


def _keys(lookup: Lookup, frame: pl.DataFrame) -> tuple[Groups, bool]:
    """Rows with one key and, where rows of the table are valid for a time, one validity."""
    bounds = sorted({-(-b // 1000) for r in lookup.rows for b in r[1:3] if b is not None})
    flags = [
        f
        for n in (lookup.on, "ts")
        for f in (malformed_name(n), unknown_name(n))
        if f in frame.columns and (n == lookup.on or bounds)
    ]
    columns = [frame.get_column(c) for c in (lookup.on, *flags)]
    if bounds:
        edges = pl.Series(bounds, dtype=pl.Int64)
        at = frame.get_column("ts")
        place = edges.search_sorted(at.fill_null(0), side="right").cast(pl.Int64)
        columns.append(place.set(at.is_null(), -1))
    return group(columns, frame.height), bool(bounds)


@dataclass(frozen=True, slots=True)
class _Index:
    """A lookup's rows by key, where keys are compared whole; `timed` is one row with a validity."""

    lookup: Lookup
    rows: dict[str, list[_Row]]
    timed: _Row | None

    @classmethod
    def of(cls, lookup: Lookup) -> Self:
        """The index of `lookup`; empty where keys are globs."""
        rows: dict[str, list[_Row]] = {}
        for row in lookup.rows if lookup.match == "exact" else ():
            rows.setdefault(row[0], []).append(row)
        timed = next((r for r in lookup.rows if r[1] is not None or r[2] is not None), None)
        return cls(lookup, rows, timed)

    def narrowed(self, key: object) -> Lookup:
        """The lookup with the rows of `key`, and one that has a validity, if any has."""
        if self.lookup.match != "exact" or not isinstance(key, str):
            return self.lookup
        beside = [self.timed] if self.timed and self.timed[0] != key else []
        return replace(self.lookup, rows=(*self.rows.get(key, ()), *beside))


def with_risk(classes: tuple[tuple[str, Node], ...], frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with `risk`: the first class whose condition is not false, else low (S7)."""
    cells = evaluate_nodes([when for _, when in classes], frame)
    no = _no(frame.height)
    found = pl.DataFrame({"value": pl.repeat("low", frame.height, eager=True), "m": no, "u": no})
    w, wu = pl.col("w"), pl.col("wu")
    for (name, _), cell in zip(reversed(classes), reversed(cells), strict=True):
        unknown = no if cell.unknown is None else cell.unknown
        found = found.with_columns(cell.value.alias("w"), unknown.alias("wu")).select(
            pl.when(w).then(pl.lit(name)).when(~w).then("value").alias("value"),
            pl.when(w).then(pl.lit(False)).when(~w).then("m").otherwise(~wu).alias("m"),
            pl.when(w).then(pl.lit(False)).when(~w).then("u").otherwise(wu).alias("u"),
        )
    return _replaced(frame, "risk", found["value"], found["m"], found["u"])
