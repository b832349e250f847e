"""Sets of Unicode code points as sorted, disjoint, inclusive ranges: the classes of RE2."""

from __future__ import annotations

import sys
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from types import MappingProxyType

__all__ = ["PERL", "POSIX", "Ranges", "byte_weight", "canonical", "category", "fold", "negate"]

Ranges = tuple[tuple[int, int], ...]

_LAST = sys.maxunicode
_SURROGATES = (0xD800, 0xDFFF)

PERL = MappingProxyType(
    {
        "d": ((0x30, 0x39),),
        "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)),  # unlike `[:space:]` without \v
        "w": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
    }
)

POSIX = MappingProxyType(
    {
        "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
        "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
        "ascii": ((0x00, 0x7F),),
        "blank": ((0x09, 0x09), (0x20, 0x20)),
        "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
        "digit": ((0x30, 0x39),),
        "graph": ((0x21, 0x7E),),
        "lower": ((0x61, 0x7A),),
        "print": ((0x20, 0x7E),),
        "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
        "space": ((0x09, 0x0D), (0x20, 0x20)),
        "upper": ((0x41, 0x5A),),
        "word": PERL["w"],
        "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
    }
)

# Simple foldings of CaseFolding.txt that `str.casefold` cannot show, because it folds these
# six letters to two or three.
_FOLDED_BY_TABLE = MappingProxyType({0x1FD3: 0x0390, 0x1FE3: 0x03B0, 0xFB05: 0xFB06})
_CASED_END = 0x20000  # no script above the second plane has case


def canonical(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same set sorted, merged and without surrogates, which no UTF-8 text contains.

    >>> canonical([(98, 99), (97, 97)])
    ((97, 99),)
    """
    return _complement(_merge([*_complement(_merge(ranges)), _SURROGATES]))


def negate(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """All code points that are not in `ranges`, surrogates excepted.

    >>> negate([(0, 0xFFFF)])
    ((65536, 1114111),)
    """
    return _complement(_merge([*ranges, _SURROGATES]))


def fold(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """`ranges` and everything equal to a member under Unicode simple case folding.

    >>> fold([(0x6B, 0x6B)])  # k, K and the Kelvin sign
    ((75, 75), (107, 107), (8490, 8490))
    """
    orbits, keys, kept = _orbits(), _cased(), list(ranges)
    touched = [
        code
        for low, high in kept
        for code in keys[bisect_left(keys, low) : bisect_left(keys, high + 1)]
    ]
    return canonical([*kept, *((other, other) for code in touched for other in orbits[code])])


def category(name: str) -> Ranges | None:
    r"""The members of a Unicode general category (`L`, `Lu`, ..., `Any`), None for another name.

    Unassigned code points are in no category, as in RE2; which are assigned is what the
    interpreter's `unicodedata.unidata_version` says.

    >>> category("Zl")
    ((8232, 8232),)
    """
    return ((0, _LAST),) if name == "Any" else _categories().get(name)


def byte_weight(ranges: Ranges) -> int:
    """An upper bound of the instructions RE2 spends on one class, which it compiles to bytes.

    >>> byte_weight(((97, 122),))
    2
    """
    return max(1, sum(1 + len(chr(low).encode()) for low, _ in _byte_sequences(ranges)))


def _merge(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _complement(merged: list[tuple[int, int]] | Ranges) -> Ranges:
    starts = [0, *(high + 1 for _, high in merged)]
    ends = [*(low - 1 for low, _ in merged), _LAST]
    return tuple((low, high) for low, high in zip(starts, ends, strict=True) if low <= high)


def _simple_fold(code: int) -> int:
    folded, lowered = chr(code).casefold(), chr(code).lower()
    if len(folded) == 1:
        return ord(folded)
    # Where full folding gives several letters, simple folding is the small letter, if any.
    return _FOLDED_BY_TABLE.get(code, ord(lowered) if len(lowered) == 1 else code)


@cache
def _orbits() -> dict[int, frozenset[int]]:
    """Every code point that folds with another one, with all it is equal to."""
    orbits: dict[int, set[int]] = {}
    for code in range(_CASED_END):
        folded = _simple_fold(code)
        if folded != code:
            orbits.setdefault(folded, {folded}).add(code)
    return {code: frozenset(orbit) for orbit in orbits.values() for code in orbit}


@cache
def _cased() -> list[int]:
    return sorted(_orbits())


@cache
def _categories() -> dict[str, Ranges]:
    found: dict[str, list[tuple[int, int]]] = {}
    for name, run in groupby(range(_LAST + 1), key=lambda code: unicodedata.category(chr(code))):
        codes = list(run)
        if name != "Cn":
            for key in (name, name[0]):
                found.setdefault(key, []).append((codes[0], codes[-1]))
    return {name: canonical(ranges) for name, ranges in found.items()}


def _byte_sequences(ranges: Ranges) -> Iterator[tuple[int, int]]:
    """`ranges` cut so that each piece is one sequence of byte ranges in UTF-8."""
    pending = list(ranges)
    while pending:
        low, high = pending.pop()
        cut = _cut(low, high)
        if cut is None:
            yield low, high
        else:
            pending += [(low, cut), (cut + 1, high)]


def _cut(low: int, high: int) -> int | None:
    for last in (0x7F, 0x7FF, 0xFFFF):
        if low <= last < high:
            return last
    for bits in (6, 12, 18) if high > 0x7F else ():
        mask = (1 << bits) - 1
        if low & ~mask != high & ~mask:
            if low & mask:
                return low | mask
            if high & mask != mask:
                return (high & ~mask) - 1
    return None
