"""Words of a shell command: pieces joined, escapes decoded, and the error for unreadable text.

With the other `shell*.py` files this one is copied into exported engines: standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

__all__ = [
    "ASSIGNMENT",
    "ShellScript",
    "ShellTextError",
    "ShellWord",
    "ansi_text",
    "copies_descriptor",
    "joined_line",
    "lead_of",
    "require",
    "unescaped_backticks",
    "unescaped_pair",
    "whole_word",
]

_DESCRIPTOR = re.compile(r"[0-9]*-?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[.*\])?\+?=", re.ASCII | re.DOTALL)
_ANSI_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c(.)|(.))",
    re.DOTALL,
)
_ANSI_LETTER = dict(zip("abeEfnrtv\\'\"?", "\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))


class ShellTextError(Exception):
    """The text cannot be understood; `analyse` of `shell.py` turns it into `parsed=False`."""


@dataclass(frozen=True, slots=True)
class ShellWord:
    """A word or a piece of one after quote removal.

    `plain` means nothing in it was quoted or expanded, `expanded` that the shell would put
    something else in its place, `assigns` that it begins with `name=` as the shell sees it.
    """

    text: str
    plain: bool = False
    expanded: bool = False
    assigns: bool = False


@dataclass(slots=True)
class ShellScript:
    """The simple commands of a text, a substitution's before the command that holds it."""

    commands: list[tuple[ShellWord, ...]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    substitution: bool = False


def require(condition: bool) -> None:
    """Raise `ShellTextError` unless `condition` holds."""
    if not condition:
        raise ShellTextError


def whole_word(pieces: Sequence[ShellWord]) -> ShellWord:
    """The pieces as one word."""
    return ShellWord(
        "".join(piece.text for piece in pieces),
        plain=all(piece.plain for piece in pieces),
        expanded=any(piece.expanded for piece in pieces),
        assigns=bool(ASSIGNMENT.match(lead_of(pieces))),
    )


def lead_of(pieces: Sequence[ShellWord]) -> str:
    """What stands before the first quote or expansion: only there may a word assign."""
    return "".join(piece.text for piece in takewhile(lambda piece: piece.plain, pieces))


def copies_descriptor(target: ShellWord) -> bool:
    """Whether `>&target` copies or closes a descriptor instead of writing a file."""
    return bool(_DESCRIPTOR.fullmatch(target.text))


def unescaped_pair(pair: str) -> str:
    """A backslash and what follows it, inside double quotes."""
    if pair == "\\\n":
        return ""
    return pair[1] if pair[1:] in ("$", "`", '"', "\\") else pair


def joined_line(line: str) -> str:
    """A line of a here-document as it is compared with the delimiter."""
    return _ESCAPED.sub(lambda pair: "" if pair[1] == "\n" else pair[0], line)


def unescaped_backticks(text: str, escapable: str) -> str:
    """What stands between backticks, without the backslashes that protect it there."""
    return _ESCAPED.sub(lambda pair: pair[1] if pair[1] in escapable else pair[0], text)


def ansi_text(text: str) -> str:
    """What stands inside `$'...'`, its escapes decoded."""
    return _ANSI_ESCAPE.sub(_ansi_character, text)


def _ansi_character(escape: re.Match[str]) -> str:
    """What an escape inside `$'...'` stands for; a NUL, where bash ends the word, is an error."""
    octal, byte, short, long, control, letter = escape.groups()
    if letter:
        return _ANSI_LETTER.get(letter, escape[0])
    require(not control or control.isascii())
    hexadecimal = byte or short or long
    code = int(hexadecimal, 16) if hexadecimal else int(octal or "0", 8) & 255
    code = ord(control.upper()) ^ 64 if control else code
    require(0 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF)
    return chr(code)
