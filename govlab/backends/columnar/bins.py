"""Numbers binned at the constants that conditions compare them with.

Where all that conditions ask of a number is how it stands to constants, two numbers in one bin
are the same to them: a table has as many entries as there are bins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from govlab.backends.columnar.cells import is_nan
from govlab.backends.columnar.native import Native
from govlab.lang.nodes import And, Call, Conditional, Node, Not, Or, Present, Variable
from govlab.runtime.states import Mark
from govlab.runtime.values import Duration, Timestamp

__all__ = ["binned", "shape"]

_COMPARED = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})


def binned(values: pl.Series, leaves: Sequence[Node]) -> pl.Series | None:
    """The bin of each number; None where the leaves ask for more than comparisons."""
    native = Native()
    edges: list[Any] = []
    for leaf in leaves:
        found = _constants(leaf, native)
        if found is None:
            return None
        edges += found
    if values.dtype == pl.Float64:
        if values.is_nan().any() or any(map(is_nan, edges)):
            return None
        values = values.set(values == 0.0, 0.0)  # -0.0 is sorted before 0.0, but equals it
    bounds = pl.Series(sorted({e + 0 for e in edges}), dtype=values.dtype)
    places = values.fill_null(0)
    left, right = (bounds.search_sorted(places, side=side) for side in ("left", "right"))
    return (left + right).set(values.is_null(), None)


def _constants(node: Node, native: Native) -> list[Any] | None:
    """The constants that `node` compares its variable with; None where it does something else."""
    if native.is_constant(node):
        return []
    match node:
        case Present():
            return []
        case And(left=left, right=right) | Or(left=left, right=right):
            return _together((left, right), native)
        case Not(operand=operand):
            return _constants(operand, native)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return _together((condition, then, otherwise), native)
        case Call(function=function, args=(Variable() as name, other)) if function in _COMPARED:
            return _numbers(name, other, native)
        case Call(function=function, args=(other, Variable() as name)) if function in _COMPARED:
            return _numbers(name, other, native)
        case _:
            return None


def _together(parts: Iterable[Node], native: Native) -> list[Any] | None:
    found = [_constants(part, native) for part in parts]
    return None if any(f is None for f in found) else [c for f in found if f for c in f]


def _numbers(name: Variable, other: Node, native: Native) -> list[Any] | None:
    if other.type != name.type or not native.is_constant(other) or not native.storable(other):
        return None
    match native.constant(other):
        case Mark():
            return []
        case Timestamp(ns=ns) | Duration(ns=ns):
            return [ns // 1000]
        case value:
            return [value]


def shape(node: Node) -> tuple[Any, ...]:
    """What identifies a node, wherever it stands in its text."""
    fields = [f for f in type(node).__dataclass_fields__ if f != "span"]
    return (type(node).__name__, *(_shape(getattr(node, f)) for f in fields))


def _shape(value: Any) -> Any:
    if hasattr(value, "span"):
        return shape(value)
    if isinstance(value, tuple):
        return tuple(map(_shape, value))
    return (type(value).__name__, repr(value))
