"""Rows of one kind decided together, once for all that they hang on beside it (see `log.kinds`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import polars as pl

from govlab.backends.columnar import Engine
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.hanging import Hanging, Open, hanging
from govlab.backends.columnar.numbering import Numbering
from govlab.backends.columnar.session import Batch
from govlab.log.kinds import Kinds
from govlab.schema import LIST_TEXT, MARKS

__all__ = ["SHARED", "Alike", "shares"]

SHARED = frozenset({
    "decision", "policy", "rule", "gate", "reason", "risk", "constraints", "approvals",
    "evidence_required", "remediation", "status", "matched", "origin",
})  # fmt: skip
"""The columns that rows share which are decided alike."""

_KIND = 16  # bits of a kind in a key
_KEY = 63
_OPEN = 2**32 - 1
_FULL = 2**20  # decisions that are kept, before they are forgotten

Decide = Callable[[pl.DataFrame], pl.DataFrame]


def shares(kinds: Kinds, reads: Sequence[str], have: Sequence[str]) -> bool:
    """Whether the kinds of a log that has the columns `have` tell enough of what a plan `reads`."""
    always = {n for n in ("tool", "action", *MARKS[:2]) if n in have and n in reads}
    return always <= set(kinds.table.columns)


@dataclass(slots=True)
class Alike:
    """The decisions of a log's kinds, and of what rows of a kind hang on beside it."""

    kinds: pl.DataFrame  # as far as their columns are read
    of_kind: pl.Series  # of each of the log's kinds, which of `kinds` it is
    engine: Engine
    decide: Decide
    hanging: Hanging
    shifts: tuple[int, ...]
    places: pl.Series  # of each kind among `decided`, or _OPEN
    decided: pl.DataFrame
    numbering: Numbering
    _first: int
    _lock: Any = field(default_factory=RLock)

    @classmethod
    def of(
        cls, kinds: pl.DataFrame, engine: Engine, decide: Decide, beside: pl.Schema, *, risk: bool
    ) -> Alike:
        """For rows of `kinds` that have the columns `beside` too; `risk`: it is decided too."""
        groups = group(kinds.get_columns(), kinds.height)
        kinds = kinds[groups.rows]
        hang = _packed(hanging(engine, kinds, list(beside), risk=risk))
        settled = pl.Series(hang.settled())
        blank = (pl.lit(None, dtype).alias(n) for n, dtype in beside.items())
        decided = decide(kinds.filter(settled).with_columns(blank))
        numbers = settled.cum_sum().cast(pl.UInt32) - 1
        places = numbers.set(~settled, _OPEN)
        lock = RLock()
        return cls(kinds, groups.ids, engine, decide, hang, tuple(_shifts(hang)), places, decided,
                   Numbering(lock), decided.height, lock)  # fmt: skip

    def of_rows(self, kinds: pl.Series, beside: pl.DataFrame) -> pl.DataFrame:
        """The decisions of rows of these kinds; `beside` has their other columns."""
        places, decided = self.places[self.of_kind][kinds], self.decided
        rows = (places == _OPEN).arg_true()
        if len(rows):
            found, decided = self._open(self.of_kind[kinds[rows]], beside[rows])
            places = places.scatter(rows, found)
        return decided[places]

    def _open(self, kinds: pl.Series, beside: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
        """The place of each row's decision in the frame given with them."""
        keys = self._keys(kinds, beside)
        known = keys.is_not_null()
        places = pl.repeat(0, len(keys), dtype=pl.UInt32, eager=True)
        with self._lock:
            rows = known.arg_true()
            if len(rows):
                found = pl.Series(self.numbering.numbers(keys[rows].to_numpy())) + self._first
                self._learn(found, kinds[rows], beside[rows])
                places = places.scatter(rows, found)
            decided = self.decided
        rows = (~known).arg_true()
        if not len(rows):
            return places, decided
        every = pl.int_range(len(rows), dtype=pl.UInt32, eager=True) + decided.height
        own = self._decided(kinds[rows], beside[rows])
        return places.scatter(rows, every), pl.concat([decided, own])

    def _learn(self, places: pl.Series, kinds: pl.Series, beside: pl.DataFrame) -> None:
        """Decides the first row of each place that is new."""
        new = (places >= self.decided.height).arg_true()
        if not len(new):
            return
        first = pl.DataFrame({"place": places[new], "row": new}).unique("place", keep="first")
        rows = first.sort("place")["row"]
        self.decided = pl.concat([self.decided, self._decided(kinds[rows], beside[rows])])

    def _decided(self, kinds: pl.Series, beside: pl.DataFrame) -> pl.DataFrame:
        return self.decide(self.kinds[kinds].hstack(beside))

    def _keys(self, kinds: pl.Series, beside: pl.DataFrame) -> pl.Series:
        """What decides each row as a number: its kind, what it hangs on; null: the whole row."""
        keys = kinds.cast(pl.UInt64).set(pl.Series(self.hanging.whole)[kinds], None)
        for unit, shift in zip(self.hanging.units, self.shifts, strict=True):
            rows = pl.Series(unit.rows)[kinds].arg_true()
            if len(rows):
                states = unit.states(self._batch(unit, kinds[rows], beside, rows))
                keys = keys.scatter(rows, keys[rows] + states.cast(pl.UInt64) * 2**shift)
        return keys

    def _batch(self, unit: Open, kinds: pl.Series, beside: pl.DataFrame, rows: pl.Series) -> Batch:
        """What a unit looks at in some rows."""
        wanted = {*unit.table.unit.columns, *MARKS}
        own = [n for n in self.kinds.columns if n.removesuffix(LIST_TEXT) in wanted]
        others = [n for n in beside.columns if n.removesuffix(LIST_TEXT) in wanted]
        frame = self.kinds.select(own)[kinds].hstack(beside.select(others)[rows])
        return Batch(self.engine.session, frame)


def _packed(found: Hanging) -> Hanging:
    """As many units as a key has room for; rows that hang on others hang on all."""
    units, whole, left = [], found.whole.copy(), _KEY - _KIND
    for unit in sorted(found.units, key=lambda u: u.bits):
        if unit.bits <= left:
            units.append(unit)
            left -= unit.bits
        else:
            whole |= unit.rows
    return Hanging(tuple(units), whole)


def _shifts(found: Hanging) -> Iterator[int]:
    at = _KIND
    for unit in found.units:
        yield at
        at += unit.bits
