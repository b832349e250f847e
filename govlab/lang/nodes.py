"""The checked tree: what every back-end compiles. Names are resolved, every node has its type.

One closed union, `Node`; each back-end is one `match` over it, in this order. Attributes of the
event (`env`, `event.env`, `args.path`, `tool_info.destructive`, `history.spend`, `risk`) have
become `Variable`s by their one name; `params.x` and `<lookup>.keys` have become `Literal`s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from govlab.lang.syntax import MacroKind, Span
from govlab.types import Type

__all__ = [
    "And",
    "Call",
    "Conditional",
    "HasKey",
    "Literal",
    "Local",
    "Macro",
    "MakeList",
    "MakeMap",
    "Node",
    "Not",
    "Or",
    "Present",
    "Variable",
    "children",
    "variables",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `value` in the representation of `runtime.values` (lists are tuples)."""

    type: Type
    span: Span
    value: Any


@dataclass(frozen=True, slots=True)
class Variable:
    """An attribute of the event, by its one name."""

    type: Type
    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Local:
    """The variable of an enclosing macro; names are unique within a condition."""

    type: Type
    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Present:
    """`has(attribute)`: true where present or malformed, false where absent, else unknown (S2)."""

    type: Type
    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class HasKey:
    """`has(map.key)` on a map value."""

    type: Type
    span: Span
    operand: Node
    key: str


@dataclass(frozen=True, slots=True)
class Not:
    """`!operand`."""

    type: Type
    span: Span
    operand: Node


@dataclass(frozen=True, slots=True)
class And:
    """`left && right`: false where either is false, whatever the other comes to."""

    type: Type
    span: Span
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Or:
    """`left || right`: true where either is true, whatever the other comes to."""

    type: Type
    span: Span
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`; only the chosen side counts."""

    type: Type
    span: Span
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A strict function or operator over evaluated arguments (a method's target comes first)."""

    type: Type
    span: Span
    function: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MakeList:
    """`[a, b]`."""

    type: Type
    span: Span
    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MakeMap:
    """`{k: v}`."""

    type: Type
    span: Span
    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """`range.kind(variable, [condition,] body)` over a list, or over the keys of a map."""

    type: Type
    span: Span
    kind: MacroKind
    range: Node
    variable: Local
    condition: Node | None
    body: Node


Node = (
    Literal
    | Variable
    | Local
    | Present
    | HasKey
    | Not
    | And
    | Or
    | Conditional
    | Call
    | MakeList
    | MakeMap
    | Macro
)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`, in source order."""
    match node:
        case Literal() | Variable() | Local() | Present():
            return ()
        case HasKey(operand=operand) | Not(operand=operand):
            return (operand,)
        case And(left=left, right=right) | Or(left=left, right=right):
            return (left, right)
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Call(args=args):
            return args
        case MakeList(elements=elements):
            return elements
        case MakeMap(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Macro(range=over, condition=condition, body=body):
            return (over, body) if condition is None else (over, condition, body)


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, parents first."""
    below = [node]
    while below:
        node = below.pop()
        yield node
        below.extend(reversed(children(node)))


def variables(node: Node) -> frozenset[str]:
    """The attributes that `node` mentions, read or tested with `has`."""
    return frozenset(n.name for n in walk(node) if isinstance(n, Variable | Present))
