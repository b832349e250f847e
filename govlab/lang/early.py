"""Arguments that are looked at when the bundle loads, as a mistake in them fits no event."""

from __future__ import annotations

from dataclasses import replace

from govlab.lang import nodes
from govlab.lang.compiled import compile_literal

__all__ = ["READ_EARLY", "compile_argument", "is_written_out"]

# function -> places of the arguments that, where they are literals, must be readable
READ_EARLY: dict[str, frozenset[int]] = {
    **dict.fromkeys(("timestamp", "duration", "ip", "cidr", "url", "path.clean"), frozenset({0})),
    **dict.fromkeys(("containsIP", "containsCIDR", "hostIn", "pathIn"), frozenset({1})),
}


def is_written_out(node: nodes.Node) -> bool:
    """Whether `node` is a literal or a list of literals."""
    if isinstance(node, nodes.MakeList):
        return all(isinstance(element, nodes.Literal) for element in node.elements)
    return isinstance(node, nodes.Literal)


def compile_argument(function: str, node: nodes.Node) -> nodes.Node:
    """`node` as `function` wants it; of a list, each element is looked at and left as it is.

    Raises ValueError with `cause; cure` where it cannot be read.
    """
    match node:
        case nodes.Literal(value=tuple() as values):
            for value in values:
                compile_literal(function, value)
        case nodes.Literal(value=value):
            return replace(node, value=compile_literal(function, value))
        case nodes.MakeList(elements=elements):
            for element in elements:
                compile_argument(function, element)
        case _:
            pass
    return node
