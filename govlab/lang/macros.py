"""Macros: calls that stand for something else, told by their name and the shape of their arguments.

The source is google/cel-spec doc/langdef.md, "Macros".
"""

from __future__ import annotations

from govlab.lang.lexer import SyntaxProblem
from govlab.lang.syntax import Call, Ident, Macro, MacroKind, Select, Span, Syntax

__all__ = ["global_call", "method_call"]

_KINDS: dict[str, MacroKind] = {
    "all": "all",
    "exists": "exists",
    "exists_one": "exists_one",
    "existsOne": "exists_one",
    "map": "map",
    "filter": "filter",
}
_SHAPES: dict[MacroKind, str] = {
    "all": "variable, condition",
    "exists": "variable, condition",
    "exists_one": "variable, condition",
    "map": "variable, [condition,] value",
    "filter": "variable, condition",
}
_WITH_TWO_VARIABLES = frozenset({"all", "exists", "exists_one"})
_LATER = frozenset({"transformList", "transformMap", "transformMapEntry"})


def global_call(span: Span, function: str, args: tuple[Syntax, ...]) -> Syntax:
    """`function(args)`, where `has(a.b)` is the test for a field.

    Raises `SyntaxProblem` for a `has` of anything but one field.
    """
    if function != "has":
        return Call(span, function, None, args)
    match args:
        case (Select(operand=operand, field=field, test=False),):
            return Select(span, operand, field, test=True)
        case _:
            hint = "write `has(a.b)`"
            raise SyntaxProblem("`has` takes one field, such as `a.b`", span, hint)


def method_call(span: Span, target: Syntax, method: str, args: tuple[Syntax, ...]) -> Syntax:
    """`target.method(args)`, which is a macro for `all`, `exists`, `exists_one`, `map`, `filter`.

    `cel.bind` stays a call, for the checker. Raises `SyntaxProblem` for a macro with other
    arguments than it takes, and for macros with two variables, which are left to a later version.
    """
    if method in _LATER:
        raise SyntaxProblem(f"`{method}` is left to a later version", span)
    if method == "bind" and isinstance(target, Ident) and target.name == "cel":
        _check_binding(span, args)
    kind = _KINDS.get(method)
    if kind is None:
        return Call(span, method, target, args)
    if len(args) == 3 and kind in _WITH_TWO_VARIABLES:
        raise SyntaxProblem(f"`{method}` with two variables is left to a later version", span)
    if len(args) != 2 and not (kind == "map" and len(args) == 3):
        raise SyntaxProblem(f"`{method}` takes `({_SHAPES[kind]})`", span)
    condition = args[1] if len(args) == 3 else None
    return Macro(span, kind, target, _variable(method, args[0]), condition, args[-1])


def _variable(method: str, argument: Syntax) -> str:
    match argument:
        case Ident(name=name, absolute=False):
            return name
        case _:
            message = f"the first argument of `{method}` must be a simple name"
            raise SyntaxProblem(message, argument.span, "it names a value, such as `x`")


def _check_binding(span: Span, args: tuple[Syntax, ...]) -> None:
    if len(args) != 3:
        raise SyntaxProblem("`cel.bind` takes `(name, value, expression)`", span)
    _variable("cel.bind", args[0])
