"""Binary operators: how tightly each binds, and how operands are joined.

Chains of `&&` and `||` are balanced, as in cel-go, so that long ones stay shallow. The operators
are associative, also in what they absorb (false, then unknown, then error, then true), so
brackets inside a chain of one operator mean nothing and are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from govlab.lang.syntax import Call, Span, Syntax

__all__ = ["OPERATORS", "Operand", "Operator", "goes_first", "join"]

Operand = tuple[Syntax, Span]  # a tree, and all of its source with the brackets around it


@dataclass(frozen=True, slots=True)
class Operator:
    """The function an operator calls, its precedence, and whether its chains are balanced."""

    function: str
    precedence: int
    chained: bool = False


OPERATORS = {
    "||": Operator("_||_", 1, chained=True),
    "&&": Operator("_&&_", 2, chained=True),
    **{sign: Operator(f"_{sign}_", 3) for sign in ("==", "!=", "<", "<=", ">", ">=")},
    "in": Operator("@in", 3),
    **{sign: Operator(f"_{sign}_", 4) for sign in "+-"},
    **{sign: Operator(f"_{sign}_", 5) for sign in "*/%"},
}


def goes_first(earlier: Operator, later: Operator) -> bool:
    """Whether `earlier` is joined before what follows `later` is read."""
    if earlier.precedence == later.precedence:
        return not earlier.chained
    return earlier.precedence > later.precedence


def join(terms: list[Operand], waiting: list[Operator]) -> None:
    """Replace the last operands by the call of the last operator, all of a chain at once."""
    operator = waiting.pop()
    count = 2
    while operator.chained and waiting and waiting[-1] is operator:
        waiting.pop()
        count += 1
    operands = terms[-count:]
    if operator.chained:
        operands = [leaf for term in operands for leaf in _leaves(operator.function, *term)]
    terms[-count:] = [_balanced(operator.function, operands)]


def _leaves(function: str, node: Syntax, source: Span) -> list[Operand]:
    """The operands of a chain in brackets inside a chain; each stands for the whole brackets."""
    match node:
        case Call(function=inner, args=args) if inner == function:
            return [leaf for arg in args for leaf in _leaves(function, arg, source)]
        case _:
            return [(node, source)]


def _balanced(function: str, terms: list[Operand]) -> Operand:
    """The calls of `function` that join `terms`, as shallow as can be."""
    if len(terms) == 1:
        return terms[0]
    middle = (len(terms) + 1) // 2
    left, before = _balanced(function, terms[:middle])
    right, after = _balanced(function, terms[middle:])
    source = Span(before.start, after.end)
    return Call(source, function, None, (left, right)), source
