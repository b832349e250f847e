"""`all` and `exists` over list columns in one pass, where the body is simple enough.

Two forms: tests of the element alone, and whether the element is in another list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from govlab.backends.columnar.dictionary import free_locals
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.program import NOTHING, Col, Program, any_of
from govlab.lang.nodes import And, Call, Local, Macro, MakeList, Node, Not, Or
from govlab.types import BOOL

__all__ = ["one_pass"]

_Compile = Callable[[Node, Mapping[str, Col]], Col]

# doubles are left out: NaN is equal to itself in polars
_ELEMENTS = frozenset({"string", "int", "uint", "timestamp", "duration"})
_TESTS = frozenset(
    {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "@glob"}
    | {"startsWith", "endsWith", "contains", "matches"}
)
_TEST_SIZE = 4
_LARGE = 20  # operators; a larger body is laid flat, where it is cut into columns


def one_pass(
    program: Program, native: Native, node: Macro, over: Col, compile_: _Compile
) -> Col | None:
    """The column of `node` over the list column `over`; None where it needs its list laid flat.

    `compile_` gives the column of a part of the body, with the variables of macros around it.
    """
    if node.kind not in ("all", "exists") or over.constant is not NOTHING:
        return None
    if node.variable.type.name not in _ELEMENTS:
        return None
    if _size(native, node.body, node.variable.name) <= _LARGE:
        return _tested(node, over, compile_)
    other = _other_list(native, node)
    if other is None:
        return None
    return _compared(program, node, over, program.bind(compile_(other, {})))


def _size(native: Native, body: Node, name: str) -> int:
    """How many operators `body` has; more than allowed where it asks for more than tests."""
    match body:
        case And(left=left, right=right) | Or(left=left, right=right):
            return 1 + _size(native, left, name) + _size(native, right, name)
        case Not(operand=operand):
            return 1 + _size(native, operand, name)
        case Call(function=function, args=(Local(name=found), *others)) if function in _TESTS:
            alone = found == name and all(map(native.is_constant, others))
            return _TEST_SIZE if alone and native.runs(body) else _LARGE + 1
        case _:
            return _LARGE + 1


def _tested(node: Macro, over: Col, compile_: _Compile) -> Col:
    element = Col(pl.element(), node.variable.type)
    body = compile_(node.body, {node.variable.name: element}).value
    folded = body.all if node.kind == "all" else body.any
    value = over.value.list.agg(folded(ignore_nulls=False))
    return Col(value, BOOL, over.unknown, _LARGE)


def _other_list(native: Native, node: Macro) -> Node | None:
    """The list that `node` asks for each element whether it is in; None where it asks otherwise."""
    match node.body:
        case Call(function="@in", args=(Local(name=name), MakeList())):
            return None
        case Call(function="@in", args=(Local(name=name), other)) if name == node.variable.name:
            inside = name in free_locals(other) or not native.runs(node.body)
            return None if inside else other
        case _:
            return None


def _compared(program: Program, node: Macro, over: Col, other: Col) -> Col:
    """Subset or overlap; a list that has no value is not looked at for an empty one."""
    if node.kind == "all":
        found = over.value.list.set_difference(other.value).list.len() == 0
    else:
        found = over.value.list.set_intersection(other.value).list.len() > 0
    empty = over.value.list.len() == 0
    value = program.let(
        pl.when(other.value.is_not_null()).then(found).when(empty).then(pl.lit(node.kind == "all"))
    )
    if other.unknown is None:
        return Col(value, BOOL, over.unknown)
    below = value.is_null() & over.value.is_not_null() & other.unknown
    unknown = any_of((over.unknown, below))
    return Col(value, BOOL, None if unknown is None else program.let(unknown))
