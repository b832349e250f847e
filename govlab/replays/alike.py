"""Rows of one kind decided together, once for all that they hang on beside it (see `log.kinds`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import polars as pl

from govlab.backends.columnar import Engine
from govlab.backends.columnar.batch import Batch
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.hanging import Hanging, Open, hanging
from govlab.backends.columnar.numbering import Numbering
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
    blank: pl.DataFrame  # no rows of what is beside a kind
    engine: Engine
    decide: Decide
    hanging: Hanging
    settled: pl.Series  # of each class that hangs on nothing, the first of `kinds`
    places: pl.Series  # of each of `kinds` among `decided`: of `settled`, or _OPEN
    decided: pl.DataFrame = field(default_factory=pl.DataFrame)
    numbering: Numbering | None = None
    _lock: Any = field(default_factory=RLock)

    @classmethod
    def of(
        cls, kinds: pl.DataFrame, engine: Engine, decide: Decide, beside: pl.Schema, *, risk: bool
    ) -> Alike:
        """For rows of `kinds` that have the columns `beside` too; `risk`: it is decided too."""
        groups = group(kinds.get_columns(), kinds.height)
        kinds = kinds[groups.rows]
        hang = _packed(hanging(engine, kinds, list(beside), risk=risk))
        settled = pl.Series(hang.settled())[hang.classes.rows]
        numbers = (settled.cum_sum().cast(pl.UInt32) - 1).set(~settled, _OPEN)
        first = hang.classes.rows.filter(settled)
        places = numbers[hang.classes.ids]
        return cls(kinds, groups.ids, beside.to_frame(), engine, decide, hang, first, places)

    def of_rows(self, kinds: pl.Series, beside: pl.DataFrame) -> pl.DataFrame:
        """The decisions of rows of these kinds; `beside` has their other columns."""
        places = self.places[self.of_kind][kinds]
        rows = (places == _OPEN).arg_true()
        found, decided = self._open(_Rows(self.of_kind[kinds[rows]], beside, rows))
        return decided[places.scatter(rows, found) if len(rows) else places]

    def _open(self, rows: _Rows) -> tuple[pl.Series, pl.DataFrame]:
        """The place of each row's decision in the frame given with them."""
        keys = self._keys(rows)
        known = keys.is_not_null().arg_true() if keys.null_count() else None
        with self._lock:
            found = self._known(keys.drop_nulls(), rows if known is None else rows.take(known))
            decided = self.decided
        if known is None:
            return found, decided
        whole = keys.is_null().arg_true()
        every = pl.int_range(len(whole), dtype=pl.UInt32, eager=True) + decided.height
        places = pl.repeat(0, len(keys), dtype=pl.UInt32, eager=True)
        alone = rows.take(whole)
        own = self._decided(alone.kinds, alone.cells())
        return places.scatter(known, found).scatter(whole, every), pl.concat([decided, own])

    def _known(self, keys: pl.Series, rows: _Rows) -> pl.Series:
        """The place of each key's decision; the first row of each that is new is decided."""
        if self.numbering is None or self.decided.height > _FULL:
            self.numbering, self.decided = Numbering(self._lock), pl.DataFrame()
        begin = len(self.settled)
        places = pl.Series(self.numbering.numbers(keys.to_numpy())) + begin
        if self.decided.width and self.decided.height == begin + len(self.numbering):
            return places
        new = (places >= max(self.decided.height, begin)).arg_true()
        first = pl.DataFrame({"place": places[new], "row": new}).unique("place", keep="first")
        fresh = rows.take(first.sort("place")["row"])
        if self.decided.height:
            self.decided = pl.concat([self.decided, self._decided(fresh.kinds, fresh.cells())])
        else:
            blank = self.blank.clear(begin)
            kinds, beside = pl.concat([self.settled, fresh.kinds]), [blank, fresh.cells()]
            self.decided = self._decided(kinds, pl.concat(beside))
        return places

    def _decided(self, kinds: pl.Series, beside: pl.DataFrame) -> pl.DataFrame:
        return self.decide(self.kinds[kinds].hstack(beside))

    def _keys(self, rows: _Rows) -> pl.Series:
        """What decides each row as a number: its class, what it hangs on; null: the whole row."""
        keys = self.hanging.classes.ids[rows.kinds].cast(pl.UInt64)
        if self.hanging.whole.any():
            keys = keys.set(pl.Series(self.hanging.whole)[rows.kinds], None)
        shift = _KIND
        for unit in self.hanging.units:
            some = pl.Series(unit.rows)[rows.kinds].arg_true()
            if len(some):
                states = unit.states(self._batch(unit, rows.take(some)))
                keys = keys.scatter(some, keys[some] + states.cast(pl.UInt64) * 2**shift)
            shift += unit.bits
        return keys

    def _batch(self, unit: Open, rows: _Rows) -> Batch:
        """What a unit looks at in some rows."""
        names = {*unit.table.unit.columns, *MARKS}
        own = _named(self.kinds, names)[rows.kinds]
        return Batch(self.engine.session, own.hstack(rows.cells(names)))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some rows: the kind of each, and its place in `beside`."""

    kinds: pl.Series
    beside: pl.DataFrame
    places: pl.Series

    def take(self, rows: pl.Series) -> _Rows:
        """The rows at some places among these."""
        return _Rows(self.kinds[rows], self.beside, self.places[rows])

    def cells(self, names: Collection[str] | None = None) -> pl.DataFrame:
        """What is beside the kinds: the columns `names` (all)."""
        frame = _named(self.beside, names)
        return frame[self.places] if frame.width else frame


def _named(frame: pl.DataFrame, names: Collection[str] | None) -> pl.DataFrame:
    """The columns `names` (all) of `frame`, lists as texts among them."""
    if names is None:
        return frame
    return frame.select(n for n in frame.columns if n.removesuffix(LIST_TEXT) in names)


def _packed(found: Hanging) -> Hanging:
    """As many units as a key has room for; rows that hang on others hang on all."""
    units, whole, left = [], found.whole.copy(), _KEY - _KIND
    for unit in sorted(found.units, key=lambda u: u.bits):
        if unit.bits <= left:
            units.append(unit)
            left -= unit.bits
        else:
            whole |= unit.rows
    return Hanging(tuple(units), whole, found.classes)
