"""Walking a syntax tree, and the bound on its depth that lets whoever walks it recurse."""

from __future__ import annotations

from govlab.lang.lexer import SyntaxProblem
from govlab.lang.syntax import (
    Call,
    Ident,
    ListDisplay,
    Literal,
    Macro,
    MapDisplay,
    Select,
    Syntax,
)

__all__ = ["MAX_DEPTH", "check_depth", "children"]

MAX_DEPTH = 100  # eight Python frames a level fit into the default recursion limit


def children(node: Syntax) -> tuple[Syntax, ...]:
    """The nodes directly below `node`, in source order."""
    match node:
        case Literal() | Ident():
            return ()
        case Select(operand=operand):
            return (operand,)
        case Call(target=target, args=args):
            return args if target is None else (target, *args)
        case ListDisplay(elements=elements):
            return elements
        case MapDisplay(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Macro(range=over, condition=condition, body=body):
            return (over, body) if condition is None else (over, condition, body)


def check_depth(tree: Syntax) -> None:
    """Raise `SyntaxProblem` for a tree too deep to recurse into, such as a sum of 200 terms."""
    level: tuple[Syntax, ...] = (tree,)
    for _ in range(MAX_DEPTH):
        level = tuple(child for node in level for child in children(node))
        if not level:
            return
    message = f"more than {MAX_DEPTH} operators, selections or calls inside one another"
    raise SyntaxProblem(message, level[0].span, "put a long list of terms in a lookup or a macro")
