"""What the values of one unit do to the words of rows: a look-up by class of row and of value."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from govlab.backends.columnar.layout import BITS, Bools, Classes, Ints, Layout
from govlab.backends.columnar.numbering import Words
from govlab.backends.columnar.parts import Part
from govlab.backends.columnar.units import Table

__all__ = ["ODD", "Asked", "Effect"]

ODD = np.uint64(1 << 63)
"""Set in a first word while nothing is in error or unknown."""
_EVERY = np.uint64(2**64 - 1)
_MOST = 2**22  # entries of an effect, before its parts are looked up apart


@dataclass(frozen=True, slots=True)
class Effect:
    """Words by class and value: at `base[class of row] + column[value]`."""

    base: Ints
    column: Ints  # of each value
    words: Words

    def of(self, rows: Ints, columns: Ints) -> Words:
        """The words of rows, from their classes and what `column` has for their values."""
        return self.words.take(self.base.take(rows) + columns)


@dataclass(slots=True)
class Asked:
    """The parts of a unit, its values in classes that are the same to all of them."""

    table: Table
    parts: list[Part]
    of_value: array[int] = field(default_factory=lambda: array("I"))
    verdicts: list[bytes] = field(default_factory=list)  # of each class, a part each
    classes: Ints = field(default_factory=lambda: np.zeros(0, np.intp))  # the same as an array
    _by_verdicts: dict[bytes, int] = field(default_factory=dict)
    _effects: dict[tuple[int, str], Effect] = field(default_factory=dict)
    _made_of: tuple[int, int] = (-1, -1)
    _bits: _Bits | None = None
    _odd: Bools = field(default_factory=lambda: np.zeros(0, dtype=bool))
    _wanting: dict[tuple[int, str], Bools] = field(default_factory=dict)

    def grow(self) -> None:
        """Classes for the values that the table has and this has not."""
        begin, end = len(self.of_value), self.table.size
        if begin == end:
            return
        columns = [np.frombuffer(self.table.verdicts[p][begin:end], np.uint8) for p in self.parts]
        for row in np.ascontiguousarray(np.stack(columns, axis=1)):
            self.of_value.append(self._class(row.tobytes()))
        self.classes = np.array(self.of_value, np.intp)

    def _class(self, verdicts: bytes) -> int:
        found = self._by_verdicts.get(verdicts)
        if found is None:
            found = self._by_verdicts[verdicts] = len(self.verdicts)
            self.verdicts.append(verdicts)
        return found

    def odd(self) -> Bools:
        """Of each value whether a part is in error or unknown."""
        if len(self._odd) < len(self.classes):
            verdicts = np.frombuffer(b"".join(self.verdicts), np.uint8)
            some = _HITS["either"][verdicts.reshape(-1, len(self.parts))]
            self._odd = some.any(axis=1).take(self.classes)
        return self._odd

    def too_many(self, classes: Classes) -> bool:
        """Whether the parts are better looked up apart."""
        return len(self.parts) > 1 and len(classes) * len(self.verdicts) > _MOST

    def halves(self) -> list[Asked]:
        """The parts in two."""
        middle = len(self.parts) // 2
        return [Asked(self.table, p) for p in (self.parts[:middle], self.parts[middle:])]

    def wanting(self, layout: Layout, classes: Classes, word: int, kind: str) -> Bools:
        """The classes of rows whose words an effect can change."""
        if self._bits is None or self._bits.classes is not classes:
            self._bits, self._wanting = _Bits.of(layout, classes, self.parts), {}
        if (word, kind) not in self._wanting:
            rows, odd = self._bits.row, kind == "kept" and word == 0
            found = self._wanting[word, kind] = np.zeros(len(classes), dtype=bool)
            found[rows if odd else rows[self._bits.word == word]] = True
        return self._wanting[word, kind]

    def effect(self, layout: Layout, classes: Classes, word: int, kind: str) -> Effect:
        """Of word number `word`: `kept` (and-ed), or the guards in `error` or `unknown` (or-ed)."""
        state = len(classes), len(self.classes)
        if self._made_of != state:
            self._effects, self._made_of = {}, state
        found = self._effects.get((word, kind))
        if found is None:
            wanted = self.wanting(layout, classes, word, kind)
            found = self._effects[word, kind] = self._effect(wanted, word, kind)
        return found

    def _effect(self, wanted: Bools, word: int, kind: str) -> Effect:
        assert self._bits is not None  # known since `wanted` is  # noqa: S101
        verdicts = np.frombuffer(b"".join(self.verdicts), np.uint8).reshape(-1, len(self.parts)).T
        hits = [(_HITS[kind][verdicts], self._bits.only(self._bits.word == word))]
        if kind == "kept" and word == 0:
            hits.append((_HITS["either"][verdicts], self._bits.odd()))
        tells = np.logical_or.reduce([of.any(axis=0) for of, _ in hits])
        words = np.zeros((np.count_nonzero(wanted) + 1, np.count_nonzero(tells) + 1), np.uint64)
        for of, bits in hits:  # the first row and column are those of all other classes
            _add(words[1:, 1:], np.cumsum(wanted) - 1, bits, of[:, tells])
        flat = (~words if kind == "kept" else words).reshape(-1)
        column = _places(tells, 1).take(self.classes)
        return Effect(_places(wanted, words.shape[1]), column, flat)


@dataclass(frozen=True, slots=True)
class _Bits:
    """Open guards, class by class: of each the class of rows, its part, its word, its bit there."""

    classes: Classes
    row: Ints
    part: Ints
    word: Ints
    bit: Words

    @classmethod
    def of(cls, layout: Layout, classes: Classes, parts: Sequence[Part]) -> Self:
        """The guards that have one of `parts`; none has two parts of one unit."""
        part = np.full(len(layout.guards), -1)
        for number, known in enumerate(parts):
            part[layout.of_part[known]] = number
        own = classes.stands.only(part[classes.stands.guard] >= 0)
        return cls(classes, own.row, part[own.guard], own.place // BITS, own.bit())

    def only(self, hits: Bools) -> Self:
        """Those where `hits` is true."""
        return replace(
            self, row=self.row[hits], part=self.part[hits], word=self.word[hits],
            bit=self.bit[hits],
        )  # fmt: skip

    def odd(self) -> Self:
        """The same with the bit `ODD` for each."""
        return replace(self, bit=np.full(len(self.bit), ODD))


_CODES = {"kept": (0,), "error": (2,), "unknown": (3,), "either": (2, 3)}
_HITS = {kind: np.isin(np.arange(4), codes) for kind, codes in _CODES.items()}


def _add(words: NDArray[np.uint64], slots: Ints, bits: _Bits, hits: Bools) -> None:
    """Sets each bit where its part, by value, hits."""
    bits = bits.only(np.logical_or.reduce(hits, axis=1)[bits.part])
    full = np.where(hits, _EVERY, np.uint64(0))
    begins = np.flatnonzero(np.diff(bits.row, prepend=-1))
    rank = np.arange(len(bits.row)) - np.repeat(begins, np.diff(begins, append=len(bits.row)))
    order, ends = np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))
    for some in np.split(order, ends[:-1]):  # of a class one at a time
        words[slots[bits.row[some]]] |= full[bits.part[some]] & bits.bit[some][:, None]


def _places(told: Bools, width: int) -> Ints:
    """Where each class that is told apart stands, behind the place of all others."""
    return np.where(told, np.cumsum(told) * width, 0)
