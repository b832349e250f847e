"""Where each character of a YAML scalar was written, in each of the five styles.

A condition's error must point into the file, and quotes, escapes, folded lines and indentation
stand between the two. The rules are those by which PyYAML makes the value (YAML 1.2.2, 6.5, 7.3
and 8.1), once more, keeping offsets; tests hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

__all__ = ["Style", "offsets", "traced"]

Style = Literal["plain", "single", "double", "literal", "folded"]
Traced = list[tuple[str, int]]  # a character and its offset

_BREAK = re.compile(r"\r\n?|\n")
_FLOW = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<escape>\\(?:x..|u.{4}|U.{8}|(?:\r\n?|\n)[ \t\r\n]*|.))|(?P<char>.)"
)
_QUOTED = re.compile(r"(?P<space>[ \t\r\n]+)|(?P<escape>'')|(?P<char>.)")
_PLAIN = re.compile(r"(?P<space>[ \t\r\n]+)|(?P<char>.)")
_HEADER = re.compile(r"[|>](?P<indicators>[-+0-9]*)[^\r\n]*(?:\r\n?|\n)?")
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v",
            "f": "\f", "r": "\r", "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028",
            "P": "\u2029"}  # fmt: skip


def offsets(text: str, start: int, end: int, style: Style, parent_indent: int) -> list[int]:
    """The offset in `text` of each character of the scalar, and of its end.

    >>> offsets("'it''s'", 0, 7, "single", -1)
    [1, 2, 3, 5, 6]
    """
    characters = traced(text, start, end, style, parent_indent)
    return [offset for _, offset in characters] + [_end(start, end, style, characters)]


def traced(text: str, start: int, end: int, style: Style, parent_indent: int) -> Traced:
    """The characters of the scalar that stands at `text[start:end]`, each with its offset."""
    match style:
        case "plain":
            return list(_flow(text, start, end, _PLAIN))
        case "single":
            return list(_flow(text, start + 1, end - 1, _QUOTED))
        case "double":
            return list(_flow(text, start + 1, end - 1, _FLOW))
        case "literal" | "folded":
            return _block(text, start, end, style == "folded", parent_indent)


def _end(start: int, end: int, style: Style, characters: Traced) -> int:
    match style:
        case "plain":
            return end
        case "single" | "double":
            return end - 1
        case "literal" | "folded":
            return _after(*characters[-1]) if characters else start


def _after(character: str, offset: int) -> int:
    # the line break that ends a block is itself its end: one further is the next line
    return offset if character == "\n" else offset + 1


def _flow(text: str, start: int, end: int, token: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    for match in token.finditer(text, start, end):
        written = match.group()
        if match.lastgroup == "space":
            yield from _space(written, match.start())
        elif match.lastgroup == "escape":
            yield from _escape(written, match.start())
        else:
            yield written, match.start()


def _space(written: str, start: int) -> Iterator[tuple[str, int]]:
    """White space as it stands, unless it holds a line break: one break is a space, n are n - 1."""
    breaks = [start + match.start() for match in _BREAK.finditer(written)]
    if not breaks:
        yield from ((char, start + at) for at, char in enumerate(written))
    elif len(breaks) == 1:
        yield " ", breaks[0]
    else:
        yield from (("\n", at) for at in breaks[1:])


def _escape(written: str, start: int) -> Iterator[tuple[str, int]]:
    mark = written[1]
    if mark in "\r\n":
        folded = list(_BREAK.finditer(written))[1:]
        yield from (("\n", start + match.start()) for match in folded)
    elif mark in "xuU" and len(written) > 2:
        yield chr(int.from_bytes(bytes.fromhex(written[2:]))), start
    else:
        yield _ESCAPES.get(mark, mark), start


def _block(text: str, start: int, end: int, folded: bool, parent_indent: int) -> Traced:
    header = _HEADER.match(text, start)
    if header is None or header.end() >= end:
        return []
    indicators = header.group("indicators")
    lines = _lines(text, header.end(), end)
    indent = _indent(lines, text, indicators.strip("+-"), max(parent_indent + 1, 1))
    content, pending, last_break = _content(lines, text, indent, folded)
    if content and "-" not in indicators and last_break < end:
        content.append(("\n", last_break))
    return content + [("\n", at) for at in pending] if "+" in indicators else content


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where each line begins and where its text ends, before the break."""
    ends = [match.span() for match in _BREAK.finditer(text, start, end)]
    starts = [start, *(after for _, after in ends)]
    return [
        (begin, stop)
        for begin, stop in zip(starts, [*(at for at, _ in ends), end], strict=True)
        if begin < end
    ]


def _indent(lines: list[tuple[int, int]], text: str, explicit: str, least: int) -> int:
    """The indentation of the block's content: given, or that of its first line with text."""
    if explicit:
        return least + int(explicit) - 1
    widest = least
    for begin, stop in lines:
        spaces = _spaces(text, begin, stop)
        widest = max(widest, spaces)
        if begin + spaces < stop:
            break
    return widest


def _spaces(text: str, begin: int, stop: int) -> int:
    at = begin
    while at < stop and text[at] == " ":
        at += 1
    return at - begin


def _content(
    lines: list[tuple[int, int]], text: str, indent: int, folded: bool
) -> tuple[Traced, list[int], int]:
    """The characters up to the last line with text, the breaks after it, and its own break."""
    content: Traced = []
    pending: list[int] = []
    last_break, joins = -1, False
    for begin, stop in lines:
        body = begin + min(indent, _spaces(text, begin, stop))
        if body == stop:
            pending.append(stop)
            continue
        flush = text[body] not in " \t"
        if last_break >= 0 and not (folded and joins and flush):
            content.append(("\n", last_break))
        elif last_break >= 0 and not pending:
            content.append((" ", last_break))
        content += [("\n", at) for at in pending]
        content += [(text[at], at) for at in range(body, stop)]
        pending, last_break, joins = [], stop, flush
    return content, pending, last_break
