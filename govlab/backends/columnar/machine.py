"""Rows as words of guards: one look-up a unit, however many rules there are (bit vectors).

A row begins with the guards that its tool and action leave open; the value of each unit takes away
those that it makes false. What stands first in each policy is then found by one subtraction, and
combined once for each distinct word. Rows where a guard that may decide is in error or unknown are
gone over again with words for these.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Protocol, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar.asked import ODD, Asked, Effect
from govlab.backends.columnar.chain import GUARDS
from govlab.backends.columnar.dictionaries import UNSEEN
from govlab.backends.columnar.endings import Endings
from govlab.backends.columnar.layout import BITS, Bools, Classes, Ints, Layout, lay
from govlab.backends.columnar.numbering import Words
from govlab.backends.columnar.parts import Part, Unit
from govlab.backends.columnar.places import hits
from govlab.backends.columnar.telling import Telling
from govlab.backends.columnar.units import Table
from govlab.backends.columnar.values import Few, Read, Values

__all__ = ["Machine", "Rows"]

_NEAR = 2**17  # rows of a block: what is worked out of them stays near the processor


class Rows(Protocol):
    """Rows of the log as the machine asks for them."""

    def __len__(self) -> int: ...

    def ids(self, table: Table) -> pl.Series:
        """The id of each row's value of the table's unit (UInt32); the table knows them all."""

    def values(self, table: Table) -> Values:
        """The same to be read in blocks; what nobody met yet is `UNSEEN` until `ids` is asked."""

    def take(self, rows: pl.Series) -> Self:
        """The rows at some places."""

    def verdict(self, part: Part, rows: pl.Series) -> pl.Series:
        """What `part` comes to in some rows, by reading them: 0 to 3, UInt8."""


@dataclass(slots=True)
class _Run:
    """Rows on their way: their classes, words, values of units (by the ids of tables), and the
    verdicts of parts that have no table."""

    rows: Rows
    index: Ints
    classes: Classes
    words: list[Words]
    values: dict[int, Values] = field(default_factory=dict)
    read: list[tuple[Part, Ints, NDArray[np.uint8]]] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Rows, index: Ints, classes: Classes, start: Sequence[Words]) -> Self:
        """Rows of these classes at their start."""
        return cls(rows, index, classes, [word.take(index) for word in start])

    def learn(self, table: Table) -> None:
        """Gives an id to each value that has none yet."""
        self.rows.ids(table)
        del self.values[id(table)]

    def blocks(self) -> Iterator[slice]:
        """All rows, as many at a time as stay near the processor."""
        for begin in range(0, len(self.index), _NEAR):
            yield slice(begin, min(begin + _NEAR, len(self.index)))


@dataclass(frozen=True, slots=True)
class _Looking:
    """What an effect's column has for the rows of a block, to be looked up."""

    effect: Effect
    read: Read


class Machine:
    """The words of one plan's guards; `finish` numbers the outcomes of the policies."""

    def __init__(
        self,
        layout: Layout,
        tables: Mapping[Unit, Table],
        finish: Callable[[tuple[int, ...]], int],
        telling: Telling | None = None,
    ) -> None:
        self.layout, self.tables = layout, tables
        self.indexes = [t for u, t in tables.items() if u.kind == "index"]
        self.asked = [
            Asked(t, t.parts) for u, t in tables.items() if u.kind in ("columns", "number")
        ]
        self.rows = [p for u, t in tables.items() if u.kind == "rows" for p in t.parts]
        self.alike = layout.most_alike()
        self.lock = RLock()
        self.of_id = array("I")  # index id -> class
        self.of_open: dict[bytes, int] = {}
        self.opened = [np.zeros((0, len(layout.guards)), dtype=bool)] * 3
        self.classes: Classes | None = None
        self.endings = Endings(layout, finish, telling)

    # -- classes of rows ---------------------------------------------------------------------

    def _begin(self, rows: Rows) -> tuple[Ints, Classes]:
        """The class of each row, and where the guards of each stand."""
        ids = np.zeros(len(rows), np.uint32)
        for known in self.indexes:  # an id means the same pair in every bundle's table
            ids = rows.ids(known).to_numpy()
        with self.lock:
            size = min((t.size for t in self.indexes), default=1)
            if size > len(self.of_id) or self.classes is None:
                self._learn(len(self.of_id), size)
            assert self.classes is not None  # made above  # noqa: S101
            of_id, classes = np.array(self.of_id, np.intp), self.classes
        return of_id.take(ids), classes

    def _learn(self, begin: int, end: int) -> None:
        """Classes for the index ids from `begin` to `end`."""
        parts = [(p, t) for t in self.indexes for p in t.parts]
        codes = [(p, np.frombuffer(t.verdicts[p][begin:end], np.uint8)) for p, t in parts]
        found = self.layout.opened(end - begin, codes)
        known, fresh = len(self.of_open), list[int]()
        for at, bits in enumerate(np.packbits(np.concatenate(found, axis=1), axis=1)):
            number = self.of_open.setdefault(bits.tobytes(), len(self.of_open))
            fresh += [at] if number == known + len(fresh) else []
            self.of_id.append(number)
        if fresh or self.classes is None:
            pairs = zip(self.opened, found, strict=True)
            self.opened = [np.concatenate([old, new[fresh]]) for old, new in pairs]
            self.classes = lay(self.layout, *self.opened)

    # -- running -----------------------------------------------------------------------------

    def run(self, rows: Rows) -> pl.Series:
        """What `finish` gave for each row's outcomes (UInt32)."""
        if not len(rows):
            return pl.Series(dtype=pl.UInt32)
        index, classes = self._begin(rows)
        odd = np.bitwise_or.reduce([*classes.error, *classes.unknown])
        first = np.where(odd != 0, classes.start[0], classes.start[0] | ODD)
        run = _Run.of(rows, index, classes, [first, *classes.start[1:]])
        self._look_up(run)
        for at, part in enumerate(self.rows):
            self._read(run, self.rows[at:], part)
        return self._ends(run)

    def guards_of(self, table: Table) -> Ints:
        """The guards that have parts in a table."""
        return np.unique(np.concatenate([self.layout.of_part[p] for p in table.parts]))

    def hanging(
        self, rows: Rows, left: Sequence[Table], guards: Sequence[Ints]
    ) -> tuple[list[Bools], list[pl.Series]]:
        """For each of `guards`, where some of them may matter, as far as can be told while the
        tables `left` are not looked up.

        Beside it columns that tell rows apart: where they agree, nothing else does.
        """
        if not len(rows):
            return [np.zeros(0, dtype=bool) for _ in guards], []
        index, classes = self._begin(rows)
        run = _Run.of(rows, index, classes, classes.start)
        tables = {id(t) for t in left}
        self._look_up(run, tables)
        waiting = [p for t in left for p in t.parts]
        every = np.arange(len(rows))
        for part in self.rows:
            if part not in waiting:
                self._take(run, part, every)
        odd = self._odd(run, every, tables)
        found = [np.zeros(len(rows), dtype=bool) for _ in guards]
        for flags, own in zip(found, guards, strict=True):
            flags[self._needing(run, waiting, classes.bits(own))] = True
        told = [pl.Series(words) for words in (*run.words, *odd[0], *odd[1])]
        return found, [pl.Series(index), *told]

    def _look_up(self, run: _Run, left: Collection[int] = ()) -> None:
        """Takes from the words what each unit's value makes false, but for tables (by id) that are
        `left`."""
        every = [a for a in self._asking(run.classes) if id(a.table) not in left]
        looked = [self._looking(run, asked) for asked in every]
        for some in run.blocks():
            word, index = run.words[0][some], run.index[some]
            for number, asked in enumerate(every):
                while (column := looked[number].read(some)).min() == UNSEEN:
                    run.learn(asked.table)
                    looked[number] = self._looking(run, asked)
                word &= looked[number].effect.of(index, column)
        for number in range(1, len(run.words)):
            self._look_further(run, number, every)

    def _look_further(self, run: _Run, number: int, every: Sequence[Asked]) -> None:
        """The same for a word behind the first, which few rows have; all values are known."""
        rows = hits(run.words[number] != 0)
        index = run.index.take(rows)
        for asked in every:
            values = self._values(run, asked.table).of(rows)
            effect = self._effect(run, asked, number, "kept")
            run.words[number][rows] &= effect.of(index, effect.column.take(values))

    def _looking(self, run: _Run, asked: Asked) -> _Looking:
        values = self._values(run, asked.table)
        effect = self._effect(run, asked, 0, "kept")
        return _Looking(effect, values.through(effect.column))

    def _effect(self, run: _Run, asked: Asked, number: int, kind: str) -> Effect:
        with self.lock:
            asked.grow()
            return asked.effect(self.layout, run.classes, number, kind)

    def _values(self, run: _Run, table: Table) -> Values:
        """The id of each row's value of a unit; any where nothing is asked of it that has to be
        worked out."""
        if id(table) not in run.values:
            worked_out = table.unit.computed()
            run.values[id(table)] = (
                self._worked_out(run, table) if worked_out else run.rows.values(table)
            )
        return run.values[id(table)]

    def _worked_out(self, run: _Run, table: Table) -> Few:
        with self.lock:
            wanting = np.logical_or.reduce([
                a.wanting(self.layout, run.classes, 0, "kept")
                for a in self.asked if a.table is table
            ])  # fmt: skip
        rows = hits(wanting.take(run.index))
        return Few(rows, run.rows.take(pl.Series(rows)).ids(table).to_numpy())

    def _asking(self, classes: Classes) -> list[Asked]:
        with self.lock:
            while any(a.too_many(classes) for a in self.asked):
                self.asked = [
                    b for a in self.asked for b in (a.halves() if a.too_many(classes) else [a])
                ]
                for asked in self.asked:
                    asked.grow()
            return self.asked

    def _read(self, run: _Run, waiting: Sequence[Part], part: Part) -> None:
        """Takes a part that has no table to the rows where it may matter."""
        own = run.classes.bits(self.layout.of_part[part])
        rows = self._needing(run, waiting, own)
        if len(rows):
            self._take(run, part, rows)

    def _take(self, run: _Run, part: Part, rows: Ints) -> None:
        """Takes from the words of `rows` the guards of a part that is false."""
        own = run.classes.bits(self.layout.of_part[part])
        verdicts = run.rows.verdict(part, pl.Series(rows)).to_numpy()
        run.read.append((part, rows, verdicts))
        false, odd = rows[verdicts == 0], rows[verdicts >= 2]
        for number, word in enumerate(run.words):
            word[false] &= ~own[number].take(run.index.take(false))
        run.words[0][odd] &= ~ODD

    def _needing(self, run: _Run, waiting: Sequence[Part], own: list[Words]) -> Ints:
        """The rows where guards `own` are open, and before them in their policy none that does not
        wait for a part."""
        later = set[int]().union(*(self.layout.of_part[p].tolist() for p in waiting))
        waits = run.classes.bits(np.array(sorted(later), dtype=np.int64))
        held = np.any([word != 0 for word in own], axis=0)
        rows = hits(held.take(run.index))
        index, needs = run.index.take(rows), np.zeros(len(rows), dtype=bool)
        for number, every in enumerate(run.words):
            word = every.take(rows) & GUARDS
            low, ends = run.classes.low[number], ~_every(run.classes, number)
            stops = word & (ends | ~waits[number]).take(index)
            reached = self._spread(run, number, stops ^ (stops - low.take(index)), index)
            needs |= (word & reached & own[number].take(index)) != 0
        return rows[needs]

    def _spread(self, run: _Run, number: int, bits: Words, index: Ints) -> Words:
        """`bits`, and all of their rules."""
        if self.alike > 1:
            same = run.classes.same[number].take(index)
            for _ in range(self.alike - 1):
                bits = bits | (bits << np.uint64(1)) & same
        return bits

    # -- ends --------------------------------------------------------------------------------

    def _ends(self, run: _Run) -> pl.Series:
        which = np.empty(len(run.index), np.uint32)
        for some in run.blocks():
            index = run.index[some]
            first = [
                _first(word[some] & GUARDS, low.take(index))
                for word, low in zip(run.words, run.classes.low, strict=True)
            ]
            which[some] = self.endings.clean(run.classes, index, first)
        odd = hits((run.words[0] & ODD) == 0)
        if len(odd):
            odd, told = self._exact(run, odd)
            which[odd] = self.endings.odd(run.classes, run.index.take(odd), told)
        return pl.Series(which)

    def _exact(self, run: _Run, rows: Ints) -> tuple[Ints, list[Words]]:
        """The rows that an error or an unknown may decide, with the words that tell."""
        error, unknown = self._odd(run, rows)
        index = run.index.take(rows)
        hit, deciding = np.zeros(len(rows), dtype=bool), list[Words]()
        for number, (e, u) in enumerate(zip(error, unknown, strict=True)):
            word = run.words[number].take(rows) & GUARDS
            first = _first(word, run.classes.low[number].take(index))
            deciding.append(self._spread(run, number, first, index) & word)
            hit |= ((e | u) & deciding[-1]) != 0
        told = [
            word[hit]
            for own, e, u in zip(deciding, error, unknown, strict=True)
            for word in (own, e & own, u & own)
        ]
        return rows[hit], told

    def _odd(
        self, run: _Run, rows: Ints, left: Collection[int] = ()
    ) -> tuple[list[Words], list[Words]]:
        """The guards in error in some rows, and those unknown."""
        index, classes = run.index.take(rows), run.classes
        error = [word.take(index) for word in classes.error]
        unknown = [word.take(index) for word in classes.unknown]
        among = np.full(len(run.index), -1)
        among[rows] = np.arange(len(rows))
        for asked in self._asking(classes):
            if id(asked.table) not in left:
                self._put_odd(run, asked, among, (error, unknown))
        for part, read, verdicts in run.read:
            told = np.zeros(len(run.index), np.uint8)
            told[read] = verdicts
            here = told.take(rows)
            for code, words in ((2, error), (3, unknown)):
                hit = here == code
                for number, own in enumerate(classes.bits(self.layout.of_part[part])):
                    words[number] |= np.where(hit, own.take(index), np.uint64(0))
        return error, unknown

    def _put_odd(
        self, run: _Run, asked: Asked, among: Ints, found: tuple[list[Words], list[Words]]
    ) -> None:
        """Sets the bits of a unit's parts that are in error, and of those unknown, for the rows
        that are `among` others: at what place, or below 0."""
        with self.lock:
            odd = asked.odd()
        rows, values = self._values(run, asked.table).odd(odd)
        at = among.take(rows)
        index, values, at = run.index.take(rows)[at >= 0], values[at >= 0], at[at >= 0]
        for kind, words in zip(("error", "unknown"), found, strict=True):
            for number, word in enumerate(words):
                effect = self._effect(run, asked, number, kind)
                word[at] |= effect.of(index, effect.column.take(values))


def _first(word: Words, low: Words) -> Words:
    """The lowest bit of every field that has one."""
    lower: Words = word - low
    np.bitwise_and(word, np.invert(lower, out=lower), out=lower)
    return lower


def _every(classes: Classes, number: int) -> Words:
    """All guards of a word."""
    found = np.zeros(len(classes), np.uint64)
    for at in range(BITS):
        live = classes.guard[:, number * BITS + at] >= 0
        found[live] |= np.uint64(1 << at)
    return found
