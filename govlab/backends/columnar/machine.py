"""Rows as words of guards: one look-up a unit, however many rules there are (bit vectors).

A row begins with the guards that its tool and action leave open; the value of each unit takes away
those that it makes false. What stands first in each policy is then found by one subtraction, and
combined once for each distinct word. Rows where a guard that may decide is in error or unknown are
gone over again with words for these.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol, Self

import numpy as np
import polars as pl

from govlab.backends.columnar.asked import ODD, Asked
from govlab.backends.columnar.chain import GUARDS, Chain
from govlab.backends.columnar.dictionaries import buffer
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.layout import BITS, Bools, Classes, Ints, Layout, lay
from govlab.backends.columnar.numbering import Numbering, Words
from govlab.backends.columnar.parts import Part, Unit
from govlab.backends.columnar.places import places, where
from govlab.backends.columnar.spots import Firsts, Spots
from govlab.backends.columnar.telling import Telling
from govlab.backends.columnar.units import Table

__all__ = ["Machine", "Rows"]

_MANY = 0.7  # of the rows: above that all of them are looked up
_FULL = 2**21  # numbers of words, before they are forgotten


class Rows(Protocol):
    """Rows of the log as the machine asks for them."""

    def __len__(self) -> int: ...

    def ids(self, table: Table) -> pl.Series:
        """The id of each row's value of the table's unit (UInt32); the table knows them all."""

    def take(self, rows: pl.Series) -> Self:
        """The rows at some places."""

    def verdict(self, part: Part, rows: pl.Series) -> pl.Series:
        """What `part` comes to in some rows, by reading them: 0 to 3, UInt8."""


@dataclass(slots=True)
class _Run:
    """Rows on their way: their classes, words, and the verdicts of parts that have no table."""

    rows: Rows
    index: pl.Series
    classes: Classes
    words: list[Words]
    some: dict[bytes, tuple[pl.Series | None, Any]] = field(default_factory=dict)
    read: list[tuple[Part, pl.Series, pl.Series]] = field(default_factory=list)


class Machine:
    """The words of one plan's guards; `finish` numbers the outcomes of the policies."""

    def __init__(
        self,
        layout: Layout,
        tables: Mapping[Unit, Table],
        finish: Callable[[tuple[int, ...]], int],
        telling: Telling | None = None,
    ) -> None:
        self.layout, self.finish, self.tables, self.telling = layout, finish, tables, telling
        self.finished: dict[tuple[int, ...], int] = {}
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
        self.chains: dict[tuple[str, int], Chain] = {}
        self.firsts = Firsts.of(layout, telling)
        self.table: list[pl.Series] = []
        self.table_of: Classes | None = None

    # -- classes of rows ---------------------------------------------------------------------

    def _begin(self, rows: Rows) -> tuple[pl.Series, Classes]:
        """The class of each row, and where the guards of each stand."""
        ids = pl.repeat(0, len(rows), dtype=pl.UInt32, eager=True)
        for known in self.indexes:  # an id means the same pair in every bundle's table
            ids = rows.ids(known)
        with self.lock:
            size = min((t.size for t in self.indexes), default=1)
            if size > len(self.of_id) or self.classes is None:
                self._learn(len(self.of_id), size)
            assert self.classes is not None  # made above  # noqa: S101
            of_id, classes = buffer(self.of_id[:]), self.classes
        return of_id[ids], classes

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
        odd = classes.error[0] | classes.unknown[0]
        for more in (*classes.error[1:], *classes.unknown[1:]):
            odd = odd | more
        first = np.where(odd != 0, classes.start[0], classes.start[0] | ODD)
        words = [_at(w, index) for w in (first, *classes.start[1:])]
        run = _Run(rows, index, classes, words)
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
        run = _Run(rows, index, classes, [_at(w, index) for w in classes.start])
        tables = {id(t) for t in left}
        self._look_up(run, tables)
        waiting = [p for t in left for p in t.parts]
        every = places(len(rows))
        for part in self.rows:
            if part not in waiting:
                self._take(run, part, every)
        odd = [word for words in self._odd(run, every, tables) for word in words]
        found = [np.zeros(len(rows), dtype=bool) for _ in guards]
        for flags, own in zip(found, guards, strict=True):
            flags[self._needing(run, waiting, classes.bits(own)).to_numpy()] = True
        return found, [index, *map(pl.Series, (*run.words, *odd))]

    def _look_up(self, run: _Run, left: Collection[int] = ()) -> None:
        """Takes from the words what every unit's value makes false, but for tables (by id) that
        are `left`."""
        for asked in self._asking(run.classes):
            if id(asked.table) in left:
                continue
            for number, word in enumerate(run.words):
                with self.lock:
                    wanting = asked.wanting(self.layout, run.classes, number, "kept")
                rows, batch = self._some(run, wanting)
                if rows is not None and not len(rows):
                    continue
                ids = batch.ids(asked.table)
                with self.lock:
                    asked.grow()
                    effect = asked.effect(self.layout, run.classes, number, "kept")
                index = run.index if rows is None else run.index[rows]
                column = effect.column[asked.classes][ids]
                found = effect.words[effect.base[index] + column].to_numpy()
                if rows is None:
                    word &= found
                else:
                    word[rows.to_numpy()] &= found

    def _asking(self, classes: Classes) -> list[Asked]:
        with self.lock:
            while any(a.too_many(classes) for a in self.asked):
                self.asked = [
                    b for a in self.asked for b in (a.halves() if a.too_many(classes) else [a])
                ]
                for asked in self.asked:
                    asked.grow()
            return self.asked

    def _some(self, run: _Run, wanting: Bools) -> tuple[pl.Series | None, Any]:
        """The rows of classes that are `wanting`: places (None: all), and the rows themselves."""
        key = np.packbits(wanting).tobytes()
        if key not in run.some:
            wanted = pl.Series(wanting)[run.index]
            if (wanted.sum() or 0) > _MANY * len(wanted):
                run.some[key] = None, run.rows
            else:
                rows = where(wanted)
                run.some[key] = rows, run.rows.take(rows)
        return run.some[key]

    def _read(self, run: _Run, waiting: Sequence[Part], part: Part) -> None:
        """Takes a part that has no table to the rows where it may matter."""
        own = run.classes.bits(self.layout.of_part[part])
        rows = self._needing(run, waiting, own)
        if len(rows):
            self._take(run, part, rows)

    def _take(self, run: _Run, part: Part, rows: pl.Series) -> None:
        """Takes from the words of `rows` the guards of a part that is false."""
        own = run.classes.bits(self.layout.of_part[part])
        verdicts = run.rows.verdict(part, rows)
        run.read.append((part, rows, verdicts))
        false, odd = rows.filter(verdicts == 0), rows.filter(verdicts >= 2)
        for number, word in enumerate(run.words):
            word[false.to_numpy()] &= ~_at(own[number], run.index[false])
        run.words[0][odd.to_numpy()] &= ~ODD

    def _needing(self, run: _Run, waiting: Sequence[Part], own: list[Words]) -> pl.Series:
        """The rows where guards `own` are open, and before them in their policy none that does not
        wait for a part."""
        later = set[int]().union(*(self.layout.of_part[p].tolist() for p in waiting))
        waits = run.classes.bits(np.array(sorted(later), dtype=np.int64))
        held = pl.Series(np.any([word != 0 for word in own], axis=0))
        rows = where(held[run.index])
        index, needs = run.index[rows], np.zeros(len(rows), dtype=bool)
        for number, every in enumerate(run.words):
            word = every[rows.to_numpy()] & GUARDS
            low, ends = run.classes.low[number], ~_every(run.classes, number)
            stops = word & _at(ends | ~waits[number], index)
            reached = self._spread(run, number, stops ^ (stops - _at(low, index)), index)
            needs |= (word & reached & _at(own[number], index)) != 0
        return rows.filter(pl.Series(needs))

    def _spread(self, run: _Run, number: int, bits: Words, index: pl.Series) -> Words:
        """`bits`, and all of their rules."""
        if self.alike > 1:
            same = _at(run.classes.same[number], index)
            for _ in range(self.alike - 1):
                bits = bits | (bits << np.uint64(1)) & same
        return bits

    # -- ends --------------------------------------------------------------------------------

    def _ends(self, run: _Run) -> pl.Series:
        odd = np.flatnonzero((run.words[0] & ODD) == 0)
        words = [w & GUARDS for w in run.words]
        lows = run.classes.low
        first = [w & ~(w - _at(low, run.index)) for w, low in zip(words, lows, strict=True)]
        rows = pl.Series(odd.astype(np.uint32))
        if len(rows):
            rows, exact = self._exact(run, rows, words, first)
        table = self._table(run.classes)
        which = self._finished("clean", self.firsts.spots(table, run.index, first))
        if len(rows):
            spots = self.firsts.odd(table, run.index[rows], exact)
            which = which.clone().scatter(rows, self._finished("odd", spots))
        return which

    def _table(self, classes: Classes) -> list[pl.Series]:
        """The spots at the places of words."""
        with self.lock:
            if self.table_of is not classes:
                self.table, self.table_of = self.firsts.table(classes), classes
            return self.table

    def _exact(
        self, run: _Run, rows: pl.Series, words: list[Words], first: list[Words]
    ) -> tuple[pl.Series, list[Words]]:
        """The rows that an error or an unknown may decide, with the words that tell."""
        error, unknown = self._odd(run, rows)
        index, at = run.index[rows], rows.to_numpy()
        deciding = [self._spread(run, n, w[at], index) & words[n][at] for n, w in enumerate(first)]
        hit = np.zeros(len(rows), dtype=bool)
        for own, e, u in zip(deciding, error, unknown, strict=True):
            hit |= ((e | u) & own) != 0
        found = [
            word[hit]
            for own, e, u in zip(deciding, error, unknown, strict=True)
            for word in (own, e & own, u & own)
        ]
        return rows.filter(pl.Series(hit)), found

    def _odd(
        self, run: _Run, rows: pl.Series, left: Collection[int] = ()
    ) -> tuple[list[Words], list[Words]]:
        """The guards in error in some rows, and those unknown."""
        index, classes = run.index[rows], run.classes
        some = run.rows.take(rows)
        found = [[_at(w, index) for w in begin] for begin in (classes.error, classes.unknown)]
        for asked in self._asking(classes):
            if id(asked.table) not in left:
                self._put_odd(asked, _Run(some, index, classes, []), found)
        for part, read, verdicts in run.read:
            told = np.zeros(len(run.index), np.uint8)
            told[read.to_numpy()] = verdicts.to_numpy()
            here = told[rows.to_numpy()]
            for code, words in zip(_VERDICTS.values(), found, strict=True):
                hit = here == code
                for number, own in enumerate(classes.bits(self.layout.of_part[part])):
                    words[number] |= np.where(hit, _at(own, index), np.uint64(0))
        return found[0], found[1]

    def _put_odd(self, asked: Asked, run: _Run, found: list[list[Words]]) -> None:
        """Sets the bits of a unit's parts that are in error, and of those unknown."""
        rows, batch = None, run.rows
        if asked.table.unit.computed():
            with self.lock:
                wanting = asked.wanting(self.layout, run.classes, 0, "kept")
            rows, batch = self._some(run, wanting)
        ids = batch.ids(asked.table)
        with self.lock:
            asked.grow()
            odd, of_value = asked.odd(), asked.classes
        here = where(odd[ids])
        if not len(here):
            return
        value, at = of_value[ids[here]], here if rows is None else rows[here]
        index, places = run.index[at], at.to_numpy()
        for kind, words in zip(_VERDICTS, found, strict=True):
            for number, word in enumerate(words):
                with self.lock:
                    effect = asked.effect(self.layout, run.classes, number, kind)
                word[places] |= effect.words[effect.base[index] + effect.column[value]].to_numpy()

    def _finished(self, kind: str, spots: list[Spots]) -> pl.Series:
        """What comes of rows with these spots, found out once for equal ones."""
        words = self.firsts.pack(spots)
        with self.lock:
            key = kind, len(spots)
            chain = self.chains.get(key)
            if chain is None or any(len(s) > _FULL for s in chain.stages):
                chain = self.chains[key] = Chain([Numbering(self.lock) for _ in words])
        numbers = chain.numbers(words)
        with self.lock:
            begin, end = len(chain.which), len(chain.stages[-1])
            if begin < end:
                codes = self.firsts.codes(chain.words(begin, end), len(spots))
                chain.which.extend(self._places(codes))
            which = buffer(chain.which[:])
        return which[numbers]

    def _places(self, codes: Ints) -> list[int]:
        """What `finish` gives for rows of outcomes."""
        keys = codes if self.telling is None else self.telling.keys(codes)
        groups = group(map(pl.Series, keys.T.astype(np.uint32)), len(keys))
        first = groups.rows.to_numpy()
        rows = zip(keys[first].tolist(), codes[first].tolist(), strict=True)
        found = np.array([self._place(tuple(key), tuple(row)) for key, row in rows])
        return found[groups.ids.to_numpy()].tolist()  # type: ignore[no-any-return]

    def _place(self, key: tuple[int, ...], codes: tuple[int, ...]) -> int:
        """What `finish` gave for the first outcomes that have this key."""
        if key not in self.finished:
            self.finished[key] = self.finish(codes)
        return self.finished[key]


_VERDICTS = {"error": 2, "unknown": 3}


def _every(classes: Classes, number: int) -> Words:
    """All guards of a word."""
    found = np.zeros(len(classes), np.uint64)
    for at in range(BITS):
        live = classes.guard[:, number * BITS + at] >= 0
        found[live] |= np.uint64(1 << at)
    return found


def _at(words: Words, index: pl.Series) -> Words:
    return pl.Series(words)[index].to_numpy(writable=True)
