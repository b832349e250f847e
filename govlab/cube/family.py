"""How each column is to be kept for a family of plans, and whether a plan is of the family."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from govlab.backends.columnar.attributes import columns_of
from govlab.backends.columnar.bins import thresholds
from govlab.backends.columnar.native import Native
from govlab.cube.asked import Asked, asked
from govlab.cube.model import Cube, Kept
from govlab.cube.reduce import paths_apart
from govlab.errors import UsageError
from govlab.lang.nodes import And, Call, Node, Not, Or, Present, Variable, variables
from govlab.lang.syntax import Span
from govlab.plan import Plan
from govlab.schema import LIST_TEXT
from govlab.selection import Selection

__all__ = ["admit", "bounds_of", "columns_kept", "kept_columns", "refuse_filters",
           "refuse_history"]  # fmt: skip

_NAMES = ("tool", "action", "hindsight_columns")
_MARKED = ("unknown_columns", "malformed_columns", "harmful")
_FEW = 24  # values of a column of text that are kept as they are
_BINNED = {"int": (pl.Int64,), "double": (pl.Float64,)}
_HIGHEST = 2**63 - 1
_EQUAL = frozenset({"_==_", "_!=_"})


def kept_columns(
    family: Asked, sample: pl.DataFrame, by: Sequence[str], *, hashed: bool, named: bool = True
) -> tuple[Kept, ...]:
    """How columns are kept, to judge by `sample`, the first rows of the log.

    Columns of text with few values are kept as they are: more candidates can be decided then.
    Tools and actions always are where `named`: they are listed with figures.
    """
    own = [c for c in sample.columns if not c.startswith("#")]
    names = {c.removesuffix(LIST_TEXT): c for c in own}
    found: list[Kept] = []
    whole = {c for n in family.exact for c in columns_of(n)}
    always = (*(_NAMES if named else ()), *_MARKED, *by)
    done = set(always)
    for part in family.joined():
        columns = tuple(sorted(c for c in part if c in names))
        if not columns or set(columns) <= done:
            continue
        found.append(_kept(family, part, columns, sample, (whole | done, hashed)))
    seen = {c for k in found for c in k.columns}
    plain = [c for c in dict.fromkeys(always) if c in names and c not in seen]
    return (*(Kept((c,), "plain") for c in plain), *found)


def refuse_filters(selection: Selection) -> None:
    """Raises UsageError for filters over a cube, whose rows stand for many events."""
    if not selection.is_all():
        raise UsageError("a cube holds no single events to filter; filter the log it is made of")


def columns_kept(family: Asked, by: Sequence[str]) -> set[str]:
    """The columns of a log that are kept for a family, as far as the log has them."""
    return {*_NAMES, *_MARKED, *by}.union(*family.joined())


def _kept(
    family: Asked, part: set[str], columns: tuple[str, ...], sample: pl.DataFrame, how: Any
) -> Kept:
    whole, hashed = how
    if len(columns) == 1 and len(part) == 1:
        (column,) = columns
        if column != "args" and column in whole:
            return Kept(columns, "plain")
        bounds = _binned(family, column, sample)
        if bounds is not None:
            return Kept(columns, "binned", bounds)
        if _is_few(sample, column) and not (hashed and _only_equality(family, column)):
            return Kept(columns, "plain")
    if part == {"args"} and ("args" in whole & family.exact or not paths_apart(family.types)):
        return Kept(columns, "plain")
    types = {n: t for n, t in family.types.items() if set(columns_of(n)) & part}
    leaves = tuple(t for t, leaf in family.leaves.items() if variables(leaf) & types.keys())
    held = whole - {"args"}  # of arguments each path is asked for by itself
    exact = {n for n in types if n in family.exact or held & set(columns_of(n))}
    masked = [n for n in types if hashed and n not in exact and _only_equality(family, n)]
    return Kept(
        columns, "classed", (), tuple((n, str(t)) for n, t in sorted(types.items())),
        tuple(sorted(exact)), leaves, tuple(sorted(masked)),
    )  # fmt: skip


def _is_few(sample: pl.DataFrame, column: str) -> bool:
    name = column if column in sample.columns else column + LIST_TEXT
    cells = sample.get_column(name)
    if cells.dtype == pl.Boolean:
        return True
    texts = isinstance(cells.dtype, pl.String | pl.Categorical | pl.Enum)
    return texts and column != "args" and cells.n_unique() <= _FEW


def _only_equality(family: Asked, name: str) -> bool:
    """Whether all that is asked of attribute `name` is which constant it equals."""
    own = [leaf for leaf in family.leaves.values() if name in variables(leaf)]
    native = Native()
    return bool(own) and all(_equality(leaf, native) for leaf in own)


def _equality(node: Node, native: Native) -> bool:
    match node:
        case Present():
            return True
        case And(left=left, right=right) | Or(left=left, right=right):
            return _equality(left, native) and _equality(right, native)
        case Not(operand=operand):
            return _equality(operand, native)
        case Call(function=function, args=(left, right)) if function in _EQUAL:
            pair = (left, right) if isinstance(left, Variable) else (right, left)
            return isinstance(pair[0], Variable) and native.is_constant(pair[1])
        case Call(function="@in", args=(Variable(), right)):
            return native.is_constant(right)
        case _:
            return False


# -- numbers -----------------------------------------------------------------------------------


def _binned(family: Asked, column: str, sample: pl.DataFrame) -> tuple[Any, ...] | None:
    """The bounds between which numbers of `column` are the same to all; None where they are not."""
    if column not in sample.columns or "cost" in sample.columns:
        return None
    dtype = sample.schema[column]
    for name, kind in family.types.items():
        if column in columns_of(name):
            right = dtype == pl.Int64 if name == "cost" else dtype in _BINNED.get(kind.name, ())
            timed = kind.name == "timestamp" and dtype == pl.Datetime("us", "UTC")
            if not (right or timed):
                return None
    return bounds_of(family, column)


def bounds_of(family: Asked, column: str) -> tuple[Any, ...] | None:
    """The sorted numbers at which what the family asks of `column` can change, 0 among them."""
    found: set[Any] = {0}
    native = Native()
    for leaf in family.leaves.values():
        for name in variables(leaf):
            if column in columns_of(name):
                term = Variable(family.types[name], Span(0, 0), name)
                ends = thresholds(leaf, term, native)
                if ends is None:
                    return None
                found |= set(filter(None, map(_micro, ends))) if name == "cost" else {*ends}
    return tuple(sorted(found))


def _micro(cost: float) -> int | None:
    """The least micro-USD whose USD, as they are read, reach `cost`; None where none does."""
    at = math.floor(cost * 1e6) - 2
    while at / 1e6 < cost:
        at += 1
    return at if abs(at) < _HIGHEST else None


# -- is a plan of the family? --------------------------------------------------------------------


def refuse_history(plan: Plan) -> None:
    """Raises UsageError where `plan` reads earlier events: rows of a cube have no order."""
    if plan.has_history():
        raise UsageError(
            f"`{plan.name}` reads history, and a cube keeps no order of events; "
            "replay it on the log itself"
        )


def admit(cube: Cube, plan: Plan) -> None:
    """Raises UsageError where `plan` asks what the rows of `cube` no longer tell, by its name."""
    refuse_history(plan)
    one = asked(plan)
    by_column = {c: kept for kept in cube.kept for c in kept.columns}
    for part in one.joined():
        there = {c for c in part if c in cube.origin.columns}
        for column in sorted(there):
            if column not in by_column:
                raise _refused(plan, column, "does not have it: none of its bundles reads it")
        for kept in dict.fromkeys(by_column[c] for c in sorted(there)):
            if kept.kind != "plain":
                _check(one, plan, part, kept)


def _check(one: Asked, plan: Plan, part: set[str], kept: Kept) -> None:
    leaves = {t: leaf for t, leaf in one.leaves.items()
              if any(set(columns_of(n)) & part for n in variables(leaf))}  # fmt: skip
    names = {n for n in one.types if set(columns_of(n)) & set(kept.columns)}
    wanted = sorted(n for n in names if n in one.exact and n not in kept.exact)
    if wanted:
        raise _refused(plan, wanted[0], "does not have its single values")
    if kept.kind == "binned":
        ends = bounds_of(one, kept.columns[0]) if len(part) == 1 else None
        more = () if ends is None else sorted({*ends} - {*kept.bounds})
        if ends is None or more:
            what = f"does not part it at {more[0]}" if more else "knows it only in steps"
            raise _refused(plan, min(names), what)
        return
    types = dict(kept.types)
    for name in sorted(names):
        if name not in types:
            raise _refused(plan, name, "does not have it: none of its bundles reads it")
        if types[name] != (wanted_type := str(one.types[name])):
            raise UsageError(
                f"`{plan.name}` reads `{name}` as `{wanted_type}`, and the cube has it as "
                f"`{types[name]}`; make a cube for this bundle by itself"
            )
    for leaf in (leaf for t, leaf in leaves.items() if t not in kept.leaves):
        if not variables(leaf) <= {*kept.exact}:
            raise _refused(plan, min(variables(leaf)), "was made for other conditions on it")


def _refused(plan: Plan, name: str, why: str) -> UsageError:
    return UsageError(
        f"`{plan.name}` reads `{name}`, and the cube {why}; "
        "make the cube again with this bundle among its `--bundle`"
    )


def families(plans: Iterable[Plan]) -> list[Asked]:
    """What each plan asks; refuses history."""
    found = []
    for plan in plans:
        refuse_history(plan)
        found.append(asked(plan))
    return found
