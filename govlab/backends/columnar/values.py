"""The values of a unit as look-ups read them: block by block, without a column of ids.

What a block's rows come to is read straight from the log's cells. Rows whose cell is missing or
marked stand apart; they are few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from govlab.backends.columnar.bins import reached
from govlab.backends.columnar.dictionaries import FIRST, UNSEEN
from govlab.backends.columnar.layout import Bools, Ints
from govlab.backends.columnar.places import among, hits

__all__ = ["Apart", "Binned", "Coded", "Few", "Listed", "Read", "Values"]

Apart = tuple[tuple[Ints, int], ...]
"""Places of rows, in order, and the id that they have; no row is named twice."""
Read = Callable[[slice], Ints]
"""What a column over ids has for each row of a block; the array is the caller's."""


class Values(Protocol):
    """The id of each row's value; `of` and `odd` are asked where every value has one."""

    def through(self, column: Ints) -> Read:
        """Reads `column`, which has a number for each id, in the rows of blocks."""

    def of(self, rows: Ints) -> Ints:
        """The ids of some rows, by their places in order."""

    def odd(self, flags: Bools) -> tuple[Ints, Ints]:
        """The rows of ids whose flag is true, and these ids."""


def _with(apart: Apart, column: Ints, some: slice, at: Ints) -> Ints:
    """`at`, of the rows `some`, with what stands apart."""
    for rows, number in apart:
        low, high = np.searchsorted(rows, (some.start, some.stop))
        at[rows[low:high] - some.start] = column[number]
    return at


def _told(column: Ints, ids: Ints) -> Ints:
    """What `column` has for each of `ids`, `UNSEEN` where it has none; that ends it, and stands for
    all that comes behind."""
    known = (ids >= 0) & (ids < len(column))
    return np.append(np.where(known, column.take(ids, mode="clip"), UNSEEN), UNSEEN)


def _of(apart: Apart, rows: Ints, ids: Ints) -> Ints:
    """`ids`, of some rows, with what stands apart."""
    for own, number in apart:
        ids[among(rows, own)] = number
    return ids


def _odd(values: Values, flags: Bools, apart: Apart, height: int) -> tuple[Ints, Ints]:
    """The rows of ids whose flag is true: most often only some of what stands apart."""
    if flags[FIRST:].any():
        ids = values.through(np.arange(len(flags)))(slice(0, height))
        rows = hits(flags.take(ids))
        return rows, ids.take(rows)
    none = np.zeros(0, np.intp)
    found = [(rows, np.full(len(rows), number)) for rows, number in apart if flags[number]]
    places, numbers = zip((none, none), *found, strict=True)
    return np.concatenate(places), np.concatenate(numbers)


@dataclass(frozen=True, slots=True)
class Coded:
    """Cells of a dictionary: `codes` by the place of a row's category, `UNSEEN` among them."""

    place: NDArray[Any]
    codes: Ints
    apart: Apart

    def through(self, column: Ints) -> Read:
        """See `Values`; `UNSEEN` where a row's value has no id."""
        told = _told(column, self.codes)

        def read(some: slice) -> Ints:
            at = told.take(self.place[some].astype(np.intp), mode="clip")
            return _with(self.apart, column, some, at)

        return read

    def of(self, rows: Ints) -> Ints:
        """See `Values`."""
        ids = self.codes.take(self.place.take(rows).astype(np.intp), mode="clip")
        return _of(self.apart, rows, ids)

    def odd(self, flags: Bools) -> tuple[Ints, Ints]:
        """See `Values`."""
        return _odd(self, flags, self.apart, len(self.place))


@dataclass(frozen=True, slots=True)
class Binned:
    """Numbers among `bounds`."""

    cells: NDArray[Any]
    turned: Callable[[NDArray[Any]], NDArray[Any]]
    bounds: Sequence[Any]
    apart: Apart

    def through(self, column: Ints) -> Read:
        """See `Values`."""
        told = column[FIRST:]

        def read(some: slice) -> Ints:
            at = told.take(reached(self.turned(self.cells[some]), self.bounds))
            return _with(self.apart, column, some, at)

        return read

    def of(self, rows: Ints) -> Ints:
        """See `Values`."""
        bins = reached(self.turned(self.cells.take(rows)), self.bounds)
        return _of(self.apart, rows, bins.astype(np.intp) + FIRST)

    def odd(self, flags: Bools) -> tuple[Ints, Ints]:
        """See `Values`."""
        return _odd(self, flags, self.apart, len(self.cells))


@dataclass(frozen=True, slots=True)
class Listed:
    """Ids as they are."""

    ids: NDArray[np.uint32]

    def through(self, column: Ints) -> Read:
        """See `Values`."""
        return lambda some: column.take(self.ids[some].astype(np.intp))

    def of(self, rows: Ints) -> Ints:
        """See `Values`."""
        return self.ids.take(rows).astype(np.intp)

    def odd(self, flags: Bools) -> tuple[Ints, Ints]:
        """See `Values`."""
        rows = hits(flags.take(self.ids))
        return rows, self.ids.take(rows).astype(np.intp)


@dataclass(frozen=True, slots=True)
class Few:
    """Ids of some rows, by their places in order; nothing is asked of others."""

    rows: Ints
    ids: NDArray[np.uint32]

    def through(self, column: Ints) -> Read:
        """See `Values`."""

        def read(some: slice) -> Ints:
            at = np.zeros(some.stop - some.start, np.intp)
            low, high = np.searchsorted(self.rows, (some.start, some.stop))
            at[self.rows[low:high] - some.start] = column.take(self.ids[low:high])
            return at

        return read

    def of(self, rows: Ints) -> Ints:
        """See `Values`."""
        at, ids = among(rows, self.rows), np.zeros(len(rows), np.intp)
        ids[at] = self.ids.take(np.searchsorted(self.rows, rows[at]))
        return ids

    def odd(self, flags: Bools) -> tuple[Ints, Ints]:
        """See `Values`."""
        found = hits(flags.take(self.ids))
        return self.rows.take(found), self.ids.take(found).astype(np.intp)
