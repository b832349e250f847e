"""What decisions still hang on where some of a row's columns are known: the other units it reads.

Where rows share the known columns, and what they hang on comes to the same, their decisions are the
same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from govlab.backends.columnar.batch import Batch
from govlab.backends.columnar.dictionaries import FIRST
from govlab.backends.columnar.distinct import Groups, group
from govlab.backends.columnar.engine import Engine
from govlab.backends.columnar.layout import Bools
from govlab.backends.columnar.machine import Machine
from govlab.backends.columnar.parts import Unit
from govlab.backends.columnar.units import Table

__all__ = ["Hanging", "Open", "hanging"]

_IDS = 20  # bits for the id of a value of a coded unit


@dataclass(frozen=True, slots=True)
class Open:
    """A unit that some rows hang on; `bits` hold what it comes to, which is never 0."""

    table: Table
    rows: Bools
    bits: int

    def states(self, batch: Batch) -> pl.Series:
        """What the unit comes to in the rows of `batch`; null where that does not say enough."""
        if self.table.unit.kind != "rows":
            ids = batch.ids(self.table) + 1
            return ids.set(ids >= 2**self.bits, None)
        key = pl.repeat(0, len(batch), dtype=pl.UInt32, eager=True)
        every = pl.int_range(len(batch), dtype=pl.UInt32, eager=True)
        for part in self.table.parts:
            verdict = batch.verdict(part, every).cast(pl.UInt32)
            key = key * 4 + verdict.set(verdict > 2, None) + 1  # unknown may come to anything
        return key


@dataclass(frozen=True, slots=True)
class Hanging:
    """What each row hangs on beside what is known of it; `whole`: on all of the row.

    Rows of one class are decided alike where what they hang on comes to the same.
    """

    units: tuple[Open, ...]
    whole: Bools
    classes: Groups

    def settled(self) -> Bools:
        """The rows that hang on nothing else."""
        open_ = self.whole.copy()
        for unit in self.units:
            open_ |= unit.rows
        return ~open_


def hanging(engine: Engine, rows: pl.DataFrame, unread: Collection[str], *, risk: bool) -> Hanging:
    """What `rows` hang on of the columns `unread`, which `rows` lacks; with `risk`, what is
    reported as risk too.
    """
    batch = Batch(engine.session, rows)
    unread = frozenset(unread)
    whole = np.zeros(len(batch), dtype=bool)
    for some in (batch.odd(engine.plan.reads()), _given(batch, unread)):
        whole[some.to_numpy()] = True
    machines = [engine.machine, *([engine.risks] if risk and engine.risks else [])]
    needs: dict[int, tuple[Table, Bools]] = {}
    again, apart = np.zeros(len(batch), dtype=bool), list[pl.Series]()
    for machine in machines:
        for reading in (batch, batch.as_absent()):
            found, sets, columns = _of_machine(engine, machine, reading, unread)
            again |= sets
            apart += columns
            for table, needed in found:
                known = needs.get(id(table), (table, np.zeros(len(batch), dtype=bool)))[1]
                needs[id(table)] = table, known | needed
    alone = again | whole  # what a remedy makes of rows is not looked up here
    apart.append(pl.Series(np.where(alone, np.arange(1, len(batch) + 1), 0).astype(np.uint32)))
    if again.any() and _unsure(engine, [t.unit for t, _ in needs.values()]):
        whole |= again
    units = tuple(
        Open(table, (needed | again) & ~whole, _bits(table)) for table, needed in needs.values()
    )
    return Hanging(units, whole, group(apart, len(batch)))


def _given(batch: Batch, unread: frozenset[str]) -> pl.Series:
    """The rows whose marks say that the arguments are unknown, where there may be some."""
    if "args" not in unread:
        return pl.Series(dtype=pl.UInt32)
    return batch.named("unknown_columns", frozenset({"args"}))


def _of_machine(
    engine: Engine, machine: Machine, batch: Batch, unread: frozenset[str]
) -> tuple[list[tuple[Table, Bools]], Bools, list[pl.Series]]:
    """What a machine's guards hang on, the rows that may be decided a second time, and what tells
    rows apart."""
    left = [t for u, t in machine.tables.items() if not unread.isdisjoint(u.columns)]
    policies = engine.plan.policies if machine is engine.machine else ()
    sets = np.array(
        [
            at
            for at, guard in enumerate(machine.layout.guards)
            if policies and guard.rule >= 0 and _remedies(engine, guard.policy, guard.rule)
        ],
        dtype=np.int64,
    )
    guards = [*(machine.guards_of(t) for t in left), sets]
    (*needed, again), apart = machine.hanging(batch, left, guards)
    return list(zip(left, needed, strict=True)), again, apart


def _remedies(engine: Engine, policy: int, rule: int) -> bool:
    found = engine.plan.policies[policy].rules[rule]
    return bool(found.set) or found.decision == "REMEDIATE"


def _unsure(engine: Engine, units: Collection[Unit]) -> bool:
    """Whether what rows hang on may come to something else once a remedy has set columns."""
    names = {n for p in engine.plan.policies for r in p.rules for n, _ in r.set}
    read = {c for u in units if u.kind == "rows" for c in u.columns}
    return bool(engine.computed) or not names.isdisjoint(read)


def _bits(table: Table) -> int:
    match table.unit.kind:
        case "rows":
            return 2 * len(table.parts)
        case "number":
            return (FIRST + len(table.bounds) + 2).bit_length()
        case "index" | "columns":
            return _IDS
