"""A YAML document as a tree of frozen values, each of which knows where it was written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from govlab.bundle.offsets import Style, offsets
from govlab.bundle.suggest import quoted
from govlab.errors import Diagnostic, Place

__all__ = [
    "Entry",
    "Location",
    "Mapping",
    "Scalar",
    "ScalarValue",
    "Sequence",
    "Source",
    "Tree",
    "describe",
    "key_at",
    "node_at",
    "plain",
    "problem",
]

ScalarValue = str | int | float | bool | None
Location = tuple[str | int, ...]

_BREAK = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A file's text; lines are kept once, so that a thousand diagnostics share them."""

    file: str
    text: str
    starts: tuple[int, ...] = field(init=False)
    lines: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        breaks = [match.span() for match in _BREAK.finditer(self.text)]
        starts = (0, *(end for _, end in breaks))
        ends = (*(start for start, _ in breaks), len(self.text))
        lines = tuple(self.text[a:b] for a, b in zip(starts, ends, strict=True))
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "lines", lines)

    def place(self, offset: int) -> Place:
        """Line and column, from 1, of the character at `offset`."""
        line = bisect_right(self.starts, offset)
        return Place(self.file, line, offset - self.starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of line `number`, from 1, without its line break."""
        return self.lines[number - 1]

    def problem(self, offset: int, code: str, message: str, hint: str = "") -> Diagnostic:
        """An error at `offset`, with the line it points into."""
        place = self.place(offset)
        return Diagnostic(code, message, place, hint=hint, line=self.line(place.line))


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf: `text` is its content with escapes and folding undone, `value` what it stands for.

    For text the two are equal; `50.00` has the value 50.0 and keeps its text. `start` and `end`
    are offsets into the source, of the opening quote or `|` where there is one; `parent_indent`
    is what a block scalar's explicit indentation counts from.
    """

    value: ScalarValue
    text: str
    style: Style
    start: int = field(compare=False)
    end: int = field(compare=False)
    parent_indent: int = field(compare=False, repr=False)
    source: Source = field(compare=False, repr=False)

    @property
    def place(self) -> Place:
        """Where the scalar begins."""
        return self.source.place(self.start)

    def offset_of(self, index: int) -> int:
        """The offset in the source of character `index` of `text`; its length means the end."""
        found = offsets(self.source.text, self.start, self.end, self.style, self.parent_indent)
        return found[max(0, min(index, len(found) - 1))]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Tree, ...]
    start: int = field(compare=False)
    source: Source = field(compare=False, repr=False)

    @property
    def place(self) -> Place:
        """Where the list begins."""
        return self.source.place(self.start)


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping and what stands under it."""

    key: Scalar
    value: Tree


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping from text to nodes, in the order written; keys are unique."""

    entries: tuple[Entry, ...]
    start: int = field(compare=False)
    source: Source = field(compare=False, repr=False)
    index: dict[str, int] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        places = {entry.key.text: at for at, entry in enumerate(self.entries)}
        object.__setattr__(self, "index", places)

    def __contains__(self, key: str) -> bool:
        return key in self.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.index)

    @property
    def place(self) -> Place:
        """Where the mapping begins."""
        return self.source.place(self.start)

    def entry(self, key: str) -> Entry | None:
        """The entry of `key`, or None."""
        at = self.index.get(key)
        return None if at is None else self.entries[at]

    def get(self, key: str) -> Tree | None:
        """What stands under `key`, or None."""
        entry = self.entry(key)
        return entry.value if entry else None


Tree = Scalar | Sequence | Mapping


def problem(
    node: Tree, code: str, message: str, hint: str = "", *, index: int | None = None
) -> Diagnostic:
    """An error at `node`, or at character `index` of a scalar's text."""
    if isinstance(node, Scalar) and index is not None:
        return node.source.problem(node.offset_of(index), code, message, hint)
    return node.source.problem(node.start, code, message, hint)


def node_at(tree: Tree, location: Location) -> Tree:
    """The node at `location` (keys and positions), or the deepest one on the way to it.

    >>> from govlab.bundle.yamltext import read
    >>> (tree,), _ = read("rules: [{decision: DENY}]", "p.yaml")
    >>> str(node_at(tree, ("rules", 0, "decision")).place)
    'p.yaml:1:20'
    """
    for step in location:
        below = _child(tree, step)
        if below is None:
            break
        tree = below
    return tree


def key_at(tree: Tree, location: Location) -> Tree:
    """The key that the last step of `location` names; the node there where it is not one."""
    if not location:
        return tree
    above = node_at(tree, location[:-1])
    entry = above.entry(str(location[-1])) if isinstance(above, Mapping) else None
    return entry.key if entry else node_at(tree, location)


def _child(tree: Tree, step: str | int) -> Tree | None:
    match tree:
        case Mapping():
            return tree.get(str(step))
        case Sequence(items=items):
            return items[step] if isinstance(step, int) and step < len(items) else None
        case Scalar():
            return None


def plain(tree: Tree) -> Any:
    """The tree as ordinary Python values: dict, list and scalars.

    Recursive: the reader bounds depth.
    """
    match tree:
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(entries=entries):
            return {entry.key.text: plain(entry.value) for entry in entries}


def describe(tree: Tree) -> str:
    """What `tree` is, in the words of a message."""
    match tree:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=str(), text=text):
            return f"the text {quoted(text)}"
        case Scalar(value=bool(), text=text):
            return f"the boolean {quoted(text)}"
        case Scalar(text=text):
            return f"the number {quoted(text)}"
