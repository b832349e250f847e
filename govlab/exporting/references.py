"""Which names of a statement speak of the module around it: what it needs, and what to rename.

Scopes are Python's: parameters and what a function assigns are its own, a class's names are seen
in its body but not in its methods, a comprehension's variables are its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Reference", "references"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_Names = frozenset[str]


class Reference(NamedTuple):
    """A name of the module, at `node`: a name, or an attribute `name.attribute` of one.

    `annotation` is the whole annotation that it stands in: nothing runs there.
    """

    node: ast.Name | ast.Attribute
    name: str
    attribute: str | None
    annotation: ast.expr | None


def references(statement: ast.stmt) -> list[Reference]:
    """The references in `statement`, in the order written.

    >>> [each.name for each in references(ast.parse("def f(a): return a + b + c.d").body[0])]
    ['b', 'c']
    """
    return list(_visit(statement, frozenset(), None))


def _visit(node: ast.AST, bound: _Names, annotation: ast.expr | None) -> Iterator[Reference]:
    match node:
        case ast.Name(id=name):
            if name not in bound:
                yield Reference(node, name, None, annotation)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            if name not in bound:
                yield Reference(node, name, attribute, annotation)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from _function(node, bound)
        case ast.ClassDef():
            yield from _class(node, bound)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            targets = [generator.target for generator in node.generators]
            inner = bound | {name for target in targets for name in _stored(target)}
            for child in ast.iter_child_nodes(node):
                yield from _visit(child, inner, annotation)
        case ast.AnnAssign():
            yield from _visit(node.annotation, bound, node.annotation)
            yield from _visit(node.target, bound, annotation)
            if node.value is not None:
                yield from _visit(node.value, bound, annotation)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _visit(child, bound, annotation)


def _function(node: _Function, bound: _Names) -> Iterator[Reference]:
    parameters = _parameters(node.args)
    for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
        yield from _visit(default, bound, None)
    for parameter in parameters:
        if parameter.annotation is not None:
            yield from _visit(parameter.annotation, bound, parameter.annotation)
    inner = bound | {parameter.arg for parameter in parameters}
    if isinstance(node, ast.Lambda):
        yield from _visit(node.body, inner, None)
        return
    for decorator in node.decorator_list:
        yield from _visit(decorator, bound, None)
    if node.returns is not None:
        yield from _visit(node.returns, bound, node.returns)
    inner |= {name for statement in node.body for name in _stored(statement)}
    for statement in node.body:
        yield from _visit(statement, inner, None)


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    several = (arguments.vararg, arguments.kwarg)
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*plain, *(one for one in several if one is not None)]


def _class(node: ast.ClassDef, bound: _Names) -> Iterator[Reference]:
    for outer in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
        yield from _visit(outer, bound, None)
    inner = bound | {name for statement in node.body for name in _stored(statement)}
    for statement in node.body:
        is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _visit(statement, bound if is_function else inner, None)


def _stored(node: ast.AST) -> Iterator[str]:
    """The names that `node` gives a value to, in its own scope."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return
        case ast.alias(name=name, asname=other):
            yield (other or name).partition(".")[0]
        case _:
            yield from _bound_by(node)
            for child in ast.iter_child_nodes(node):
                yield from _stored(child)


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Names that are bound by nodes that are no `Name`: handlers and patterns."""
    match node:
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            yield name
        case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            yield name
        case _:
            return
