"""Columns of the log as small numbers: 0 absent, 1 malformed, 2 unknown, then its values.

A dictionary lasts for a whole replay, so that equal values have equal codes in every batch. Text is
not hashed where the log has it as categories: a category's own number is looked up.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.flat import Flat
from govlab.backends.columnar.numbering import Numbering
from govlab.backends.columnar.packed import pack, unpack
from govlab.backends.columnar.places import gaps, raw
from govlab.schema import LIST_TEXT

Ints = NDArray[np.int64]

__all__ = [
    "ABSENT",
    "FIRST",
    "MALFORMED",
    "NOT_SEEN",
    "UNKNOWN",
    "UNSEEN",
    "Dictionary",
    "buffer",
    "can_code",
    "with_lists",
]

ABSENT, MALFORMED, UNKNOWN, FIRST = range(4)
NOT_SEEN = 2**32 - 1
UNSEEN = -1
"""Stands for `NOT_SEEN` where a code is signed."""
_MOST = 65_536  # distinct values of a column that a table is made of
_FLAGS = np.array([FIRST, FIRST + 1])  # of false and true
_FEW = 4  # text with more than a quarter of its values distinct is looked at row by row


def buffer(numbers: array[int]) -> pl.Series:
    """The numbers as a series (UInt32)."""
    return pl.Series(np.array(numbers, np.uint32))


def can_code(series: pl.Series) -> bool:
    """Whether a column, to judge by these rows, has few enough values for a table."""
    dtype = series.dtype
    if dtype == pl.Boolean:
        return True
    if isinstance(dtype, pl.Categorical | pl.Enum):
        high = series.to_physical().max()
        return not isinstance(high, int) or high < _MOST or series.n_unique() <= _MOST
    if dtype == pl.String or dtype == pl.List(pl.String):
        return group([series], len(series)).rows.len() <= max(len(series) // _FEW, 256)
    return False


@dataclass(slots=True)
class Dictionary:
    """The values of one column met so far, in the order of their codes from `FIRST` on."""

    name: str
    lists: bool = False  # its texts are lists in JSON
    values: list[Any] = field(default_factory=list)
    _codes: dict[Any, int] = field(default_factory=dict)
    _places: array[int] = field(default_factory=lambda: array("I"))
    _dtype: pl.DataType | None = None
    _anchor: pl.Series | None = None  # polars forgets categories that no column has any more
    _table: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt32))
    _codes_at: Ints = field(default_factory=lambda: np.zeros(0, np.intp))  # the same, to take from
    _special: bool = False  # some texts are no values
    _elements: Dictionary | None = None  # of lists, which are words of their elements' codes
    _words: Numbering = field(default_factory=lambda: Numbering(nullcontext()))

    def encode(self, series: pl.Series) -> pl.Series:
        """The codes of a column's cells, new values added; a null is `ABSENT`."""
        dtype = series.dtype
        if series.null_count() == len(series):
            return pl.repeat(ABSENT, len(series), dtype=pl.UInt32, eager=True)
        if dtype == pl.Boolean:
            return self._flags(series)
        if isinstance(dtype, pl.List):
            return self._lists(series)
        if self._dtype is None:
            own = isinstance(dtype, pl.Categorical)
            self._dtype = dtype if own else pl.Categorical(pl.Categories.random())
        series = series if dtype == self._dtype else series.cast(self._dtype)
        if self._anchor is None:
            self._anchor = series.clear()
        return self._texts(series)

    def seen(self, series: pl.Series) -> pl.Series | None:
        """The codes of cells that are all known, else None; threads may ask at the same time."""
        if isinstance(series.dtype, pl.List):
            return self._lists_seen(series)
        if self._anchor is None or series.dtype not in (self._dtype, pl.String):
            return None
        texts = series if series.dtype == self._dtype else series.cast(self._anchor.dtype)
        place = texts.to_physical()
        return self._known(place, raw(place))

    def placed(self, series: pl.Series) -> tuple[NDArray[Any], Ints] | None:
        """The place of each cell in a table, and the code at each place (`UNSEEN`: none yet).

        A null's place is any. None where the column holds nothing that has such places, or where
        some of these stand for no value.
        """
        if series.dtype == pl.Boolean and self.values:
            return raw(series.cast(pl.UInt8)), _FLAGS
        if self._anchor is None or series.dtype != self._dtype or self._special:
            return None
        return raw(series.to_physical()), self._codes_at

    def _known(self, cells: pl.Series, place: NDArray[Any]) -> pl.Series | None:
        """What the table has at the place of each of `cells`; None where one is not known."""
        table = self._table
        if not len(place) or place.max() >= len(table):
            return None  # it may be the place of a null: `encode` looks closer
        codes = _absent(cells, table[pl.Series(place)])
        return None if codes.max() == NOT_SEEN else codes

    def frame(self, codes: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
        """The cells of `codes`: values, and where they are malformed and unknown."""
        kept: list[Any] = [None, None, None, *self.values]
        return pl.Series(kept, dtype=self.dtype())[codes], codes == MALFORMED, codes == UNKNOWN

    def dtype(self) -> pl.DataType:
        """The type of the values."""
        first = next(iter(self.values), "")
        match first:
            case bool():
                return pl.Boolean()
            case tuple():
                return pl.List(pl.String())
            case _:
                return pl.String()

    def code(self, value: Any) -> int:
        """The code of `value`, which is added where it is new."""
        key = tuple(value) if isinstance(value, list | tuple) else value
        if isinstance(key, bool) and not self.values:
            self._codes, self.values = {False: FIRST, True: FIRST + 1}, [False, True]
        if key not in self._codes:
            self._codes[key] = FIRST + len(self.values)
            self.values.append(key)
        return self._codes[key]

    def __len__(self) -> int:
        return FIRST + len(self.values)

    def _flags(self, series: pl.Series) -> pl.Series:
        self.code(False)
        return _absent(series, pl.Series(raw(series.cast(pl.UInt32)) + np.uint32(FIRST)))

    def _texts(self, series: pl.Series) -> pl.Series:
        physical = series.to_physical()
        found = self._known(physical, raw(physical))
        if found is not None:
            return found
        rows = physical.arg_unique()
        place, texts = physical[rows].to_list(), series[rows].cast(pl.String).to_list()
        high = int(str(physical.max()))
        self._places.extend([NOT_SEEN] * (high + 1 - len(self._places)))
        for at, value in zip(place, texts, strict=True):
            if value is not None and self._places[at] == NOT_SEEN:
                self._places[at] = self._list(json.loads(value)) if self.lists else self.code(value)
        every = raw(physical).copy()
        every[gaps(physical)] = high  # a null's is any
        return self._stand(physical, every)

    def _stand(self, cells: pl.Series, place: NDArray[Any]) -> pl.Series:
        """The codes at these places, of which all are known by now."""
        codes = np.array(self._places, np.intp)
        self._special = bool((codes < FIRST).any())
        self._codes_at = np.where(codes == NOT_SEEN, UNSEEN, codes)
        self._table = buffer(self._places[:])
        found = self._known(cells, place)
        assert found is not None  # they have just been added  # noqa: S101
        return found

    def _lists(self, series: pl.Series) -> pl.Series:
        if self._elements is None:
            self._elements = Dictionary(self.name)
        flat = Flat.of(series)
        words = pack(self._elements.encode(flat.elements), flat.lengths)
        if words is None:
            groups = group([series], len(series))
            codes = [self._list(cell) for cell in series[groups.rows].to_list()]
            return pl.Series(codes, dtype=pl.UInt32)[groups.ids]
        place = self._words.numbers(words).astype(np.uint32)
        for word in self._words.words[len(self._places) :].tolist():
            cell = [None if c == ABSENT else self._elements.values[c - FIRST] for c in unpack(word)]
            self._places.append(self._list(cell))
        return self._stand(series, place)

    def _lists_seen(self, series: pl.Series) -> pl.Series | None:
        flat = Flat.of(series)
        codes = None if self._elements is None else self._elements.seen(flat.elements)
        words = None if codes is None else pack(codes, flat.lengths)
        place = None if words is None else self._words.known(words)
        return None if place is None else self._known(series, place.astype(np.uint32))

    def _list(self, cell: Sequence[str | None] | None) -> int:
        if cell is None:
            return ABSENT
        return MALFORMED if None in cell else self.code(tuple(cell))


def _absent(cells: pl.Series, codes: pl.Series) -> pl.Series:
    """`codes`, but where there is no cell."""
    return codes.scatter(pl.Series(gaps(cells)), ABSENT) if cells.null_count() else codes


def with_lists(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with lists in place of the texts that a log on disk has for them.

    A list with a null among its elements is malformed, and comes back as one of a null.
    """
    cells = []
    for column in frame.get_columns():
        name = column.name.removesuffix(LIST_TEXT)
        if name == column.name:
            cells.append(column)
        elif name not in frame.columns:
            known = Dictionary(name, lists=True)
            codes = known.encode(column)
            odd = [[None] if code == MALFORMED else None for code in range(FIRST)]
            values = pl.Series([*odd, *known.values], dtype=pl.List(pl.String))
            cells.append(values[codes].alias(name))
    return pl.DataFrame(cells)
