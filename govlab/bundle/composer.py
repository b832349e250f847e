"""Parse events to trees: anchors, duplicate keys, depth and size, without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

from govlab.bundle.offsets import Style
from govlab.bundle.resolve import resolve
from govlab.bundle.suggest import quoted
from govlab.bundle.tree import Entry, Mapping, Scalar, Sequence, Source, Tree
from govlab.errors import Diagnostic

__all__ = ["Composer", "Refused"]

_DEEPEST = 32
_MOST_ALIASED = 10_000  # nodes that aliases add; what is written is bounded by the file's size
_MOST_PROBLEMS = 1_000
_STYLES: dict[str | None, Style] = {
    None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded",
}  # fmt: skip
# An event with an anchor or a tag begins there, its scalar only after it.
_PROPERTIES = re.compile(r"(?:&[0-9A-Za-z_-]*|!\S*|[ \t\r\n]+|#[^\r\n]*)*")


class Refused(Exception):  # noqa: N818 - nobody outside the reader meets it
    """Reading stops here: going on would be unbounded."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class _Node:
    """A tree with what bounds need: nodes in it, and levels, both with aliases expanded."""

    tree: Tree
    size: int = 1
    height: int = 1


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being read."""

    start: int
    anchor: str | None
    is_mapping: bool
    in_brackets: bool
    items: list[Tree] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: _Node | None = None
    size: int = 1
    height: int = 1


def _start(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0


class Composer:
    """Takes the events of one file in order; `documents` and `problems` grow."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.documents: list[Tree] = []
        self.problems: list[Diagnostic] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Node | None] = {}  # None: still open
        self._aliased = 0

    def take(self, event: yaml.Event) -> None:
        """Adds one event; raises `Refused` where a bound is broken."""
        match event:
            case yaml.DocumentStartEvent():
                self._anchors = {}
                self._directives(event)
            case yaml.ScalarEvent():
                self._tagless(event)
                self._close(_Node(self._scalar(event)), event.anchor)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._tagless(event)
                self._open(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                frame = self._frames.pop()
                self._close(_Node(self._built(frame), frame.size, frame.height), frame.anchor)
            case yaml.AliasEvent():
                self._alias(event)
            case _:
                pass  # stream start and end, document end

    def _problem(self, offset: int, code: str, message: str, hint: str = "") -> None:
        found = self.source.problem(offset, code, message, hint)
        if len(self.problems) + 1 >= _MOST_PROBLEMS:
            raise Refused(found)
        self.problems.append(found)

    def _refuse(self, offset: int, code: str, message: str, hint: str) -> Refused:
        return Refused(self.source.problem(offset, code, message, hint))

    def _directives(self, event: yaml.DocumentStartEvent) -> None:
        at = _start(event)
        if event.version and tuple(event.version) != (1, 2):
            self._problem(at, "GL001", f"bundles are YAML 1.2, not {event.version[0]}."
                          f"{event.version[1]}", "remove the `%YAML` line")  # fmt: skip
        if event.tags:
            self._problem(at, "GL003", "tags are not supported", "remove the `%TAG` line")

    def _tagless(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            tag = quoted(event.tag.replace("tag:yaml.org,2002:", "!!"))
            self._problem(_start(event), "GL003", f"tag {tag} is not supported",
                          "remove it; put text in quotes where it is to stay text")  # fmt: skip

    def _content(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> int:
        start = _start(event)
        if event.anchor is None and event.tag is None:
            return start
        found = _PROPERTIES.match(self.source.text, start, _end(event))
        return found.end() if found else start

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        start, style = self._content(event), _STYLES[event.style]
        value = resolve(event.value) if style == "plain" else event.value
        if not event.value.isascii() and any("\ud800" <= c <= "\udfff" for c in event.value):
            self._problem(start, "GL007", "an escape names half of a surrogate pair",
                          "write the character itself or its `\\U` escape")  # fmt: skip
        indent = self._indent() if style in ("literal", "folded") else -1
        return Scalar(value, event.value, style, start, _end(event), indent, self.source)

    def _indent(self) -> int:
        """What a block scalar's own indentation counts from."""
        frame = next((f for f in reversed(self._frames) if not f.in_brackets), None)
        return -1 if frame is None else self.source.place(frame.start).column - 1

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        start = self._content(event)
        if len(self._frames) >= _DEEPEST:
            raise self._too_deep(start)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._frames.append(_Frame(start, event.anchor, is_mapping, bool(event.flow_style)))

    def _too_deep(self, offset: int) -> Refused:
        message = f"nested deeper than {_DEEPEST} levels"
        return self._refuse(offset, "GL005", message, "no part of a bundle needs that")

    def _built(self, frame: _Frame) -> Tree:
        if frame.is_mapping:
            return Mapping(tuple(frame.entries.values()), frame.start, self.source)
        return Sequence(tuple(frame.items), frame.start, self.source)

    def _alias(self, event: yaml.AliasEvent) -> None:
        at, name = _start(event), str(event.anchor)
        node = self._anchors.get(name)
        if node is None:
            inside = name in self._anchors
            reason = "refers to a node that contains it" if inside else "has no anchor before it"
            self._problem(at, "GL015", f"alias {quoted('*' + name)} {reason}",
                          "put text that begins with `*` in quotes")  # fmt: skip
            node = _Node(Scalar(None, "", "plain", at, at, -1, self.source))
        self._aliased += node.size
        if self._aliased > _MOST_ALIASED:
            raise self._refuse(at, "GL004", f"aliases add more than {_MOST_ALIASED:,} nodes",
                               "write out what is meant")  # fmt: skip
        if len(self._frames) + node.height - 1 > _DEEPEST:
            raise self._too_deep(at)
        self._close(node, None)

    def _close(self, node: _Node, anchor: str | None) -> None:
        """Hands a finished node to the list, mapping or document it stands in."""
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._frames:
            self.documents.append(node.tree)
            return
        frame = self._frames[-1]
        frame.size += node.size
        frame.height = max(frame.height, node.height + 1)
        if not frame.is_mapping:
            frame.items.append(node.tree)
        elif frame.key is None:
            frame.key = node
        else:
            self._enter(frame, frame.key.tree, node.tree)
            frame.key = None

    def _enter(self, frame: _Frame, key: Tree, value: Tree) -> None:
        if not isinstance(key, Scalar) or not isinstance(key.value, str):
            self._problem(key.start, "GL008", "a key has to be text", "put it in quotes")
        elif key.text == "<<" and key.style == "plain":
            self._problem(key.start, "GL009", "merge keys are not supported",
                          "write the keys out")  # fmt: skip
        elif key.text in frame.entries:
            first = frame.entries[key.text].key.place
            self._problem(key.start, "GL002", f"key {quoted(key.text)} is there twice",
                          f"the first is in line {first.line}")  # fmt: skip
        else:
            frame.entries[key.text] = Entry(key, value)
