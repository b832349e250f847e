"""What deciding rules name and rows lack: found from the rows without a value, which are few."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar.answers import Book
from govlab.backends.columnar.distinct import group
from govlab.plan.combine import Combined

__all__ = ["Asked", "Seen", "lacks_of", "missing_of"]

_BITS = 64
_Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which attributes may be missing, in which bundle's states, of which round."""

    mentions: tuple[str, ...]
    scope: int
    of_variant: bool = False

    @classmethod
    def of(cls, combined: Combined) -> Self:
        """What a decision asks, of the round that it was found in."""
        return cls(combined.mentions, combined.scope)


@dataclass(frozen=True, slots=True)
class Seen:
    """An attribute as a bundle of the chain sees it, in one of the rounds."""

    name: str
    scope: int
    of_variant: bool


Lacking = Callable[[Seen, pl.Series], pl.Series]
"""Whether an attribute has no value, in some rows (by their places)."""


def missing_of(
    book: Book,
    combined: Sequence[Combined],
    which: pl.Series,
    own: Sequence[pl.DataFrame],
    variant: Sequence[pl.DataFrame] = (),
) -> pl.Series:
    """For each row, the place in `book` of what its deciding rule lacks (S4.4).

    `own` and `variant` are the rows' states, one frame a bundle of the chain.
    """

    def lacking(seen: Seen, rows: pl.Series) -> pl.Series:
        frame = (variant if seen.of_variant else own)[seen.scope]
        return frame.get_column(seen.name)[rows].is_null()

    each = [Asked(c.mentions, c.scope, c.of_variant and bool(variant)) for c in combined]
    order = {asked: place for place, asked in enumerate(dict.fromkeys(each))}
    kinds = pl.Series([order[asked] for asked in each], dtype=pl.UInt32)[which]
    return lacks_of(book, list(order), kinds, lacking)


def lacks_of(book: Book, asked: Sequence[Asked], kinds: pl.Series, lacking: Lacking) -> pl.Series:
    """For each row, the place in `book` of what `asked[kind]` names and it lacks."""
    naming = pl.Series([bool(one.mentions) for one in asked], dtype=pl.Boolean)
    rows = naming[kinds].arg_true()
    words = _words(asked, kinds[rows], lambda seen, some: lacking(seen, rows[some]))
    odd = np.flatnonzero(words.any(axis=0))
    found, lacks = np.zeros(len(kinds), np.uint32), rows[odd].to_numpy()
    found[lacks] = _places(book, asked, kinds[lacks].to_numpy(), words[:, odd])
    return pl.Series(found)


def _words(asked: Sequence[Asked], kinds: pl.Series, lacking: Lacking) -> _Words:
    """For each row a bit for each attribute that is asked for and lacks, in words."""
    numbers = kinds.to_numpy()
    here = [(at, asked[at]) for at in np.flatnonzero(np.bincount(numbers)).tolist()]
    most = max((len(one.mentions) for _, one in here), default=0)
    words = np.zeros((-(-most // _BITS), len(numbers)), np.uint64)
    for (number, seen), bits in _bits(here, len(asked)).items():
        rows = pl.Series(bits != 0)[kinds].arg_true()
        some = rows.filter(lacking(seen, rows)).to_numpy()
        words[number, some] |= bits[numbers[some]]
    return words


def _bits(here: Sequence[tuple[int, Asked]], size: int) -> dict[tuple[int, Seen], _Words]:
    """For each word and attribute the bit that it has in that word for each of what is asked."""
    found: dict[tuple[int, Seen], _Words] = {}
    for at, one in here:
        for place, name in enumerate(one.mentions):
            number, bit = divmod(place, _BITS)
            key = number, Seen(name, one.scope, one.of_variant)
            found.setdefault(key, np.zeros(size, np.uint64))[at] = np.uint64(1 << bit)
    return found


def _places(book: Book, asked: Sequence[Asked], numbers: Any, words: _Words) -> Any:
    groups = group([pl.Series(numbers), *map(pl.Series, words)], len(numbers))
    first = groups.rows.to_numpy()
    with book.lock:
        places = [
            book.missing.setdefault(tuple(_named(asked[at].mentions, own)), len(book.missing))
            for at, own in zip(numbers[first], words[:, first].T.tolist(), strict=True)
        ]
    return np.array(places, np.uint32)[groups.ids.to_numpy()]


def _named(mentions: Sequence[str], words: Sequence[int]) -> Iterator[str]:
    for at, name in enumerate(mentions):
        if words[at // _BITS] >> at % _BITS & 1:
            yield name
