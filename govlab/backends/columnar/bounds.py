"""Between which values whole numbers lie: where they rule overflow out, it is not checked.

Bounds are those of the frame at hand: found once a column, carried through arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from govlab.backends.columnar.program import NOTHING, Bounds, Col, Program
from govlab.runtime.values import INT_MAX, INT_MIN, UINT_MAX
from govlab.types import Type

__all__ = ["bounds", "exact_bounds", "fits", "result_bounds"]

_LIMITS: dict[str, Bounds] = {"int": (INT_MIN, INT_MAX), "uint": (0, UINT_MAX)}
_SIZE = (0, 2**32)


def _product(a: Bounds, b: Bounds) -> Bounds:
    corners = [x * y for x in a for y in b]
    return min(corners), max(corners)


def _quotient(a: Bounds, b: Bounds) -> Bounds:
    largest = max(map(abs, a))
    return 0 if a[0] >= 0 and b[0] >= 0 else -largest, largest


_EXACT: dict[str, Callable[[Bounds, Bounds], Bounds]] = {
    "_+_": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "_-_": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "_*_": _product,
    "_/_": _quotient,
    "_%_": lambda a, _: (min(a[0], 0), max(a[1], 0)),
}


def bounds(program: Program, col: Col) -> Bounds:
    """What the values of `col`, an int or a uint, lie between, both included."""
    if col.bounds is not None:
        return col.bounds
    if col.constant is not NOTHING:
        return col.constant, col.constant
    if col.size == 1 and col.value.meta.is_column():
        found = program.extremes(col.value.meta.output_name())
        return _LIMITS[col.type.name] if found is None else found
    return _LIMITS[col.type.name]


def exact_bounds(program: Program, function: str, cols: Sequence[Col]) -> Bounds:
    """What the results of `function` lie between, those out of range among them."""
    first, *others = (bounds(program, c) for c in cols)
    return _EXACT[function](first, *others) if others else (-first[1], -first[0])


def result_bounds(
    program: Program, function: str, cols: Sequence[Col], type_: Type
) -> Bounds | None:
    """What the values of a call lie between; None where nothing is known of them."""
    if type_.name not in _LIMITS or (function not in _EXACT and function != "size"):
        return None
    if function == "size":
        return _SIZE
    exact, limits = exact_bounds(program, function, cols), _LIMITS[type_.name]
    return max(exact[0], limits[0]), min(exact[1], limits[1])


def fits(found: Bounds, type_: Type) -> bool:
    """Whether every number that lies between `found` is one of `type_`."""
    low, high = _LIMITS[type_.name]
    return low <= found[0] and found[1] <= high
