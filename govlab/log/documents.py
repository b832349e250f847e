"""The JSON documents of a file: the file itself, the elements of its list, or its lines."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from govlab.log.decode import NotJsonError, decode, shown
from govlab.log.records import Bad
from govlab.log.sources import Source, UnreadableError

__all__ = ["TOO_LONG", "documents"]

TOO_LONG = "the line is longer than 64 MiB"
_LINES = {".jsonl", ".ndjson"}


def documents(source: Source) -> Iterator[tuple[int, bytes] | Bad]:
    """Each document with its place (line, or element of a list), from 1.

    What breaks off or cannot be decoded is one `Bad`; what stands before it is still given.
    """
    try:
        if source.extension in _LINES:
            yield from _lines(source)
        else:
            yield from _whole(source)
    except UnreadableError as error:
        yield Bad(0, str(error).partition(": ")[2])


def _lines(source: Source) -> Iterator[tuple[int, bytes] | Bad]:
    for line in source.lines():
        yield (
            Bad(line.number, TOO_LONG, shown(line.text))
            if line.cut
            else (
                line.number,
                line.text,
            )
        )


def _whole(source: Source) -> Iterator[tuple[int, bytes] | Bad]:
    data = source.read()
    try:
        if data.lstrip()[:1] == b"[":
            for place, raw in enumerate(decode(data, list[msgspec.Raw]), 1):
                yield place, bytes(raw)
        else:
            decode(data, msgspec.Raw)
            yield 1, data
    except NotJsonError as error:
        if _looks_like_lines(data):
            yield from _lines(source)
        else:
            yield Bad(1, str(error), shown(data))


def _looks_like_lines(data: bytes) -> bool:
    """Whether `data` is JSON lines under another name: the first line is a document."""
    first, newline, _ = data.lstrip().partition(b"\n")
    try:
        decode(first, dict[str, msgspec.Raw])
    except NotJsonError:
        return False
    return bool(newline)
