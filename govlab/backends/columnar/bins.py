"""Where numbers stand among the constants that conditions compare them with.

Where all that conditions ask of a number is how it stands to constants, two numbers between the
same constants are the same to them: a table has as many entries as there are bins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar.cells import is_nan
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.places import raw
from govlab.lang.nodes import And, Call, Conditional, Node, Not, Or, Present, Variable, variables
from govlab.runtime.states import Mark
from govlab.runtime.values import Duration, Timestamp
from govlab.types import Type

__all__ = ["bin_numbers", "reached", "samples", "shape", "thresholds"]

_BELOW = {"_<_": (0,), "_>=_": (0,), "_<=_": (1,), "_>_": (1,), "_==_": (0, 1), "_!=_": (0, 1)}
_TURNED = {"_<_": "_>_", "_>_": "_<_", "_<=_": "_>=_", "_>=_": "_<=_"}
_FEW = 5  # bounds that are compared with one by one
_BUCKET_BITS = 18
_MIXED = 2**32 - 1
_LEAST, _MOST = -(2**63), 2**63 - 1


def thresholds(node: Node, term: Node, native: Native) -> tuple[Any, ...] | None:
    """The numbers at which what `node` asks of `term` can change, sorted.

    None where it does not only compare, `()` never: a node that asks nothing has one threshold.
    """
    found = _found(node, shape(term), term, native)
    if found is None:
        return None
    return tuple(sorted(set(found))) or (0,)


def _found(node: Node, key: tuple[Any, ...], term: Node, native: Native) -> list[Any] | None:
    match node:
        case _ if not variables(node):
            return []
        case Present(name=name):
            return [] if isinstance(term, Variable) and term.name == name else None
        case And(left=left, right=right) | Or(left=left, right=right):
            return _together((left, right), key, term, native)
        case Not(operand=operand):
            return _found(operand, key, term, native)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return _together((condition, then, otherwise), key, term, native)
        case Call(function=function, args=(left, right)) if function in _BELOW:
            if shape(left) == key:
                return _steps(function, left, right, native)
            if shape(right) == key:
                return _steps(_TURNED.get(function, function), right, left, native)
            return None
        case _:
            return None


def _together(
    parts: Iterable[Node], key: tuple[Any, ...], term: Node, native: Native
) -> list[Any] | None:
    found = [_found(part, key, term, native) for part in parts]
    return None if any(f is None for f in found) else [c for f in found if f for c in f]


def _steps(function: str, term: Node, other: Node, native: Native) -> list[Any] | None:
    """The thresholds of one comparison: the constant itself, the next number, or both."""
    if other.type != term.type or not native.is_constant(other) or not native.storable(other):
        return None
    match native.constant(other):
        case Mark():
            return []
        case Timestamp(ns=ns) | Duration(ns=ns):
            value: Any = ns // 1000
        case constant:
            value = constant + 0  # -0.0 is 0.0
    if is_nan(value) or (isinstance(value, float) and math.isinf(value)):
        return None
    nexts = [value, math.nextafter(value, math.inf) if isinstance(value, float) else value + 1]
    return [nexts[at] for at in _BELOW[function] if isinstance(value, float) or nexts[at] <= _MOST]


def bin_numbers(values: pl.Series, bounds: Sequence[Any]) -> pl.Series:
    """How many of the sorted `bounds` each number reaches, as UInt32; null stays null."""
    if not values.dtype.is_integer() and not values.dtype.is_float():
        places = pl.Series(bounds, dtype=values.dtype).search_sorted(values.fill_null(0), "right")
        return places.cast(pl.UInt32).set(values.is_null(), None)
    found = pl.Series(reached(raw(values), bounds))
    return found.set(values.is_null(), None) if values.null_count() else found


def reached(cells: NDArray[Any], bounds: Sequence[Any]) -> NDArray[np.uint32]:
    """How many of the sorted `bounds` each number reaches; NaN reaches all."""
    if cells.dtype not in (np.int64, np.float64):
        return np.searchsorted(np.array(bounds), cells, "right").astype(np.uint32)
    if len(bounds) > _FEW:
        return _looked_up(cells, tuple(bounds))
    below = np.zeros(len(cells), np.uint8)
    for bound in bounds:
        below += cells < bound
    return np.uint32(len(bounds)) - below


def _looked_up(cells: NDArray[Any], bounds: tuple[Any, ...]) -> NDArray[np.uint32]:
    """By the numbers' leading bits; where these are a bound's too, by all of them."""
    known = _buckets(bounds, cells.dtype.kind)
    keys = _ordered(cells)
    at = keys >> known.shift if known.shift else keys.copy()
    np.clip(at, known.first, known.last, out=at)
    at -= known.first
    found = known.reached.take(at)
    if known.shift:
        rows = np.flatnonzero(found == _MIXED)
        found[rows] = np.searchsorted(known.bounds, cells[rows], side="right")
    return found


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Numbers by their leading bits, from `first` to `last`: how many bounds those reach.

    That is `_MIXED` where it is not one number.
    """

    bounds: NDArray[Any]
    shift: int
    first: int
    last: int
    reached: NDArray[np.uint32]


@lru_cache(256)
def _buckets(bounds: tuple[Any, ...], kind: str) -> _Buckets:
    edges = np.array(bounds, np.float64 if kind == "f" else np.int64)
    keys = _ordered(edges)
    shift = max((int(keys[-1]) - int(keys[0])).bit_length() - _BUCKET_BITS, 0)
    at = keys >> shift
    first, last = max(int(at[0]) - 1, _LEAST), min(int(at[-1]) + 1, _MOST)
    inside = np.bincount(at - first, minlength=last - first + 1)
    counts = np.cumsum(inside).astype(np.uint32)
    if shift:
        counts[inside > 0] = _MIXED
    return _Buckets(edges, shift, first, last, counts)


def _ordered(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers in the same order; NaN comes last."""
    if numbers.dtype.kind == "i":
        return numbers
    bits = (numbers + 0.0).view(np.int64)  # -0.0 sorts before 0.0, but equals it
    if not len(bits) or bits.min() >= 0:
        return bits
    return np.where(np.isnan(numbers), _MOST, bits ^ ((bits >> 63) & _MOST))


def samples(bounds: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """A number of each bin, in order."""
    first = bounds[0]
    below = math.nextafter(first, -math.inf) if dtype == pl.Float64 else max(first - 1, _LEAST)
    return pl.Series([below, *bounds], dtype=dtype)


def shape(node: Node) -> tuple[Any, ...]:
    """What identifies a node, wherever it stands in its text."""
    kind = type(node)
    fields = [_shape(getattr(node, f)) for f in kind.__dataclass_fields__ if f != "span"]
    return (kind.__name__, *fields)


def _shape(value: Any) -> Any:
    if isinstance(value, str | Type):
        return (type(value).__name__, str(value))
    if hasattr(value, "span"):
        return shape(value)
    if isinstance(value, tuple):
        return tuple(map(_shape, value))
    return (type(value).__name__, repr(value))
