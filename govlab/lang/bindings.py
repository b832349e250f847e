"""`cel.bind(name, value, expression)`: the value stands wherever the name does.

So it is evaluated where it is used only, as CEL wants it; what the tree may grow to is bounded.
"""

from __future__ import annotations

from govlab.lang import nodes, syntax
from govlab.lang.tree import MAX_DEPTH

__all__ = ["MOST_NODES", "bound_name", "is_too_large"]

MOST_NODES = 10_000


def bound_name(tree: syntax.Call) -> str | None:
    """The name that a `cel.bind` gives to its first argument's value; None for other calls."""
    match tree:
        case syntax.Call(
            function="bind", target=syntax.Ident(name="cel"), args=(syntax.Ident(name=name), _, _)
        ):
            return name
        case _:
            return None


def is_too_large(node: nodes.Node) -> bool:
    """Whether `node` has more nodes or levels than back-ends are asked to take."""
    waiting, count = [(node, 1)], 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MOST_NODES or depth > MAX_DEPTH:
            return True
        waiting += ((child, depth + 1) for child in nodes.children(part))
    return False
