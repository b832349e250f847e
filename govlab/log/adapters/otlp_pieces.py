"""A file in pieces of a size that fits in memory, and the traces that more than one of them holds.

The spans of a trace may stand anywhere in a file. A file of several pieces is therefore read
twice: the first time only for the ids of traces, as they stand in the text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from govlab.log import limits, sources
from govlab.log.adapters.otlp_spans import hex_id
from govlab.log.decode import shown
from govlab.log.documents import TOO_LONG, are_lines, documents
from govlab.log.records import Bad
from govlab.log.sources import MAX_LINE, Source, UnreadableError, lines_of

__all__ = ["Found", "Piece", "Split", "pieces", "split"]

Found = tuple[int, bytes | memoryview] | Bad
_BLANK = 64  # bytes in which most lines show that they are not blank
_TRACE = re.compile(rb'"trace(?:Id|_id)"\s*:\s*"([^"\\]*)"')


@dataclass(frozen=True, slots=True)
class Piece:
    """Some documents of a file, in memory or as a range of its bytes that are whole lines."""

    source: Source
    held: tuple[Found, ...] | None = None
    offset: int = 0
    size: int = 0
    before: int = 0  # lines
    traces: frozenset[str] = frozenset()  # those of a range

    def documents(self) -> Iterator[Found]:
        """Each document with its line, and what cannot be read."""
        if self.held is not None:
            yield from self.held
            return
        try:
            yield from self._lines()
        except UnreadableError as error:
            yield Bad(0, str(error).partition(": ")[2])

    def _lines(self) -> Iterator[Found]:
        with self.source.reported(), self.source.open() as stream:
            stream.seek(self.offset)
            if self.size <= sources.MAX_LINE:  # then no line is too long
                for number, line in _lines(stream.read(self.size)):
                    yield number + self.before, line
                return
            for found in lines_of(stream, self.offset + self.size):
                number = found.number + self.before
                if found.cut:
                    yield Bad(number, TOO_LONG, shown(found.text))
                else:
                    yield number, found.text

    def named(self) -> Iterator[str]:
        """The traces whose ids stand in its text; one may come more than once."""
        yield from self.traces
        for found in self.held or ():
            if not isinstance(found, Bad):
                yield from _traces(found[1])


def pieces(source: Source) -> Iterator[Piece]:
    """The file in pieces of about `limits.PIECE` bytes; what cannot be read is in the last one."""
    try:
        ranged = source.plain and are_lines(source)
    except UnreadableError:
        ranged = False
    yield from _ranges(source) if ranged else _held(source)


def _held(source: Source) -> Iterator[Piece]:
    some: list[Found] = []
    size = 0
    for found in documents(source):
        some.append(found)
        size += 0 if isinstance(found, Bad) else len(found[1])
        if size >= limits.PIECE:
            yield Piece(source, tuple(some))
            some, size = [], 0
    yield Piece(source, tuple(some))


def _ranges(source: Source) -> Iterator[Piece]:
    with source.open() as stream:
        offset = before = 0
        while text := stream.read(limits.PIECE):
            text += b"" if text.endswith(b"\n") else stream.readline(MAX_LINE)
            lines, traces = _ends(text), _traces(text)
            while not text.endswith(b"\n") and (text := stream.readline(MAX_LINE)):
                lines += text.endswith(b"\n")  # of a line that is too long to be read
            end = stream.tell()
            yield Piece(source, None, offset, end - offset, before, traces)
            offset, before = end, before + lines


@dataclass(frozen=True, slots=True)
class Split:
    """Traces that several pieces hold: those in each piece, and those that end with it."""

    inside: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    ending: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))


def split(found: Iterable[Piece]) -> Split:
    """The traces that more than one of the pieces hold."""
    last: dict[str, int] = {}
    many: set[str] = set()
    inside: defaultdict[int, set[str]] = defaultdict(set)
    for number, piece in enumerate(found):
        for trace in set(piece.named()):
            before = last.get(trace)
            if before is not None:
                many.add(trace)
                inside[before].add(trace)
                inside[number].add(trace)
            last[trace] = number
    ending: defaultdict[int, set[str]] = defaultdict(set)
    for trace in many:
        ending[last[trace]].add(trace)
    return Split(inside, ending)


def _lines(text: bytes) -> Iterator[tuple[int, memoryview]]:
    """The lines that are not blank, none of them copied."""
    whole, start, number = memoryview(text), 0, 0
    while start < len(text):
        found = text.find(b"\n", start)
        end = len(text) if found < 0 else found
        number += 1
        if text[start : min(end, start + _BLANK)].strip() or text[start:end].strip():
            yield number, whole[start:end]
        start = end + 1


def _ends(text: bytes) -> int:
    """How many lines end in `text`; of long lines `count` would look at every byte."""
    at, lines = text.find(b"\n"), 0
    while at >= 0:
        at, lines = text.find(b"\n", at + 1), lines + 1
    return lines


def _traces(text: bytes | memoryview) -> frozenset[str]:
    named = set(_TRACE.findall(text))
    traces = (hex_id(name.decode(errors="replace")) for name in named)
    return frozenset(trace for trace in traces if trace is not None)
