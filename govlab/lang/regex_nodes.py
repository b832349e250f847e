"""The syntax tree of a regular expression, and what a part of it costs when it is expanded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from govlab.lang.codepoints import Ranges, byte_weight, canonical

__all__ = [
    "Alternate",
    "Anchor",
    "AnchorKind",
    "Chars",
    "Concat",
    "Empty",
    "Node",
    "RegexError",
    "Repeat",
    "Sized",
    "alternate",
    "captured",
    "concat",
    "leaf",
    "repeat",
]

_LEAF_DEPTH = 2  # a class and the union in it

AnchorKind = Literal[
    "text_start", "text_end", "line_start", "line_end", "word_boundary", "not_word_boundary"
]


class RegexError(ValueError):
    """A pattern RE2 would refuse, or one outside the subset; `position` counts from 0."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Empty:
    """Matches between any two characters."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of sorted, disjoint, inclusive ranges; no range never matches."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Anchor:
    """A condition on a position; words and line ends are those of ASCII."""

    kind: AnchorKind


@dataclass(frozen=True, slots=True)
class Concat:
    """Two or more parts in a row, none of them a `Concat`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternate:
    """One of two or more options, none of them an `Alternate`."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`minimum` to `maximum` times the body; None is without end."""

    body: Node
    minimum: int
    maximum: int | None


Node = Empty | Chars | Anchor | Concat | Alternate | Repeat


@dataclass(frozen=True, slots=True)
class Sized:
    """A node and its costs, which RE2 charges also for parts that are simplified away."""

    node: Node
    steps: int  # instructions of our own program
    weight: int  # at least the instructions of RE2's program over bytes
    depth: int  # levels as the Rust crate counts them in our canonical pattern
    factor: int = 1  # the largest product of nested counts, as RE2 computes it


def leaf(node: Empty | Chars | Anchor) -> Sized:
    """A node without children."""
    weight = byte_weight(node.ranges) if isinstance(node, Chars) else 1
    return Sized(node, 1, weight, _LEAF_DEPTH)


def captured(body: Sized) -> Sized:
    """A capturing group: the node is that of its body, the cost two instructions more."""
    return Sized(body.node, body.steps, body.weight + 2, body.depth, body.factor)


def concat(parts: list[Sized]) -> Sized:
    """Parts in a row; none of them match where `Empty` does."""
    if len(parts) == 1:
        return parts[0]
    flat: list[Node] = []
    for part in parts:
        if isinstance(part.node, Concat):
            flat += part.node.parts
        elif not isinstance(part.node, Empty):
            flat.append(part.node)
    node = Concat(tuple(flat)) if len(flat) > 1 else (flat or [Empty()])[0]
    return _joined(node, parts)


def alternate(options: list[Sized]) -> Sized:
    """One of the options, where options of one character become one class."""
    if len(options) == 1:
        return options[0]
    flat: list[Node] = []
    singles: list[tuple[int, int]] = []
    for option in options:
        for node in option.node.options if isinstance(option.node, Alternate) else [option.node]:
            if isinstance(node, Chars):
                singles += node.ranges
            else:
                flat.append(node)
    classes = [Chars(canonical(singles))] if singles or not flat else []
    nodes = (*classes, *flat)
    return _joined(Alternate(nodes) if len(nodes) > 1 else nodes[0], options)


def repeat(body: Sized, minimum: int, maximum: int | None, *, written: bool) -> Sized:
    """The body `minimum` to `maximum` times; `written` tells `{0,}` from `*`."""
    copies = max(1, minimum if maximum is None else maximum)
    most = minimum if maximum is None else maximum
    node = _repeated(body.node, minimum, maximum)
    return Sized(
        node,
        (body.steps + 1) * copies + 1,
        (body.weight + 1) * copies + 1,
        _repeat_depth(node, body),
        body.factor * (most if written and most > 0 else 1),
    )


def _repeated(body: Node, minimum: int, maximum: int | None) -> Node:
    if maximum == 0 or isinstance(body, Empty):
        return Empty()
    if minimum == maximum == 1:
        return body
    match body:
        case Repeat(minimum=0 | 1, maximum=None) if maximum is None and minimum <= 1:
            return Repeat(body.body, min(body.minimum, minimum), None)
        case _:
            return Repeat(body, minimum, maximum)


def _repeat_depth(node: Node, body: Sized) -> int:
    """The levels of a repetition: itself, and a group around more than one character."""
    match node:
        case Empty():
            return _LEAF_DEPTH
        case Repeat(body=inner) if inner is body.node:
            grouped = isinstance(inner, Concat | Alternate | Repeat)
            return body.depth + (2 if grouped else 1)
        case _:
            return body.depth


def _joined(node: Node, children: list[Sized]) -> Sized:
    return Sized(
        node,
        sum(child.steps + 1 for child in children),
        sum(child.weight + 1 for child in children),
        max(map(_depth_below, children)) + 1,
        max(child.factor for child in children),
    )


def _depth_below(child: Sized) -> int:
    """The levels a part adds below its parent: same kinds merge, options need a group."""
    match child.node:
        case Concat():
            return child.depth  # merges into a `Concat`; in options it stays
        case Alternate():
            return child.depth + 1
        case _:
            return child.depth
