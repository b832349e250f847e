r"""Reads the parts of a pattern that stand for one character: escapes and classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from govlab.lang.codepoints import PERL, POSIX, Ranges, canonical, category, fold, negate
from govlab.lang.regex_nodes import RegexError

__all__ = ["Cursor", "Flags", "bracket", "escaped_code", "named_class"]

_LAST_CODE = 0x10FFFF

_POSIX_CLASS = re.compile(r"\[:(.*?):\]", re.DOTALL)
_UNICODE_CLASS = re.compile(r"\\[pP](?:\{(.*?)\}|([^{]))", re.DOTALL)
_CODE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]+)\}|([1-7][0-7]{1,2}|0[0-7]{0,2}))")
_CONTROLS = MappingProxyType({"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11})
_HINTS = MappingProxyType(
    {
        **dict.fromkeys("123456789", "RE2 has no back references"),
        "C": "a byte is no character: write `.`",
        "Z": r"write `\z` for the end of the text",
        "h": r"write `[ \t]`",
        "R": r"write `\r?\n`",
        "G": r"write `\A` for the start of the text",
    }
)


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of RE2 that change a verdict; `U` does not."""

    ignore_case: bool = False
    multi_line: bool = False
    dot_newline: bool = False


@dataclass(slots=True)
class Cursor:
    """How far a pattern has been read, and under which flags its next part stands."""

    pattern: str
    at: int = 0
    flags: Flags = Flags()

    def rest_starts(self, text: str) -> bool:
        """Whether the unread part of the pattern starts with a text."""
        return self.pattern.startswith(text, self.at)


def bracket(cursor: Cursor) -> Ranges:
    """The members of a class in square brackets; the cursor is on the first one."""
    opened, ranges = cursor.at, list[tuple[int, int]]()
    negated = cursor.rest_starts("[^")
    cursor.at += 2 if negated else 1
    first = cursor.at
    while cursor.at == first or not cursor.rest_starts("]"):  # a leading `]` is a literal
        if cursor.at >= len(cursor.pattern):
            raise RegexError("missing `]`", opened, "close the class or write `\\[`")
        ranges += _class_item(cursor)
    cursor.at += 1
    return negate(ranges) if negated else canonical(ranges)


def _class_item(cursor: Cursor) -> Ranges:
    named = _posix_class(cursor)
    if named is None:
        named = named_class(cursor)
    return _folded(cursor, _class_range(cursor)) if named is None else named


def _class_range(cursor: Cursor) -> Ranges:
    start = cursor.at
    low = high = _class_code(cursor)
    following = cursor.pattern[cursor.at : cursor.at + 2]
    if len(following) == 2 and following[0] == "-" and following[1] != "]":
        cursor.at += 1
        high = _class_code(cursor)
    if high < low:
        shown = cursor.pattern[start : cursor.at]
        raise RegexError(f"bad range `{shown}`", start, "the lower character comes first")
    return ((low, high),)


def _class_code(cursor: Cursor) -> int:
    if cursor.rest_starts("\\"):
        return escaped_code(cursor)
    cursor.at += 1
    return ord(cursor.pattern[cursor.at - 1])


def _folded(cursor: Cursor, ranges: Ranges, *, negated: bool = False) -> Ranges:
    # The complement is taken after folding: `(?i)\W` has no ſ, as `(?i)\w` has it.
    members = fold(ranges) if cursor.flags.ignore_case else ranges
    return negate(members) if negated else members


def _posix_class(cursor: Cursor) -> Ranges | None:
    if (found := _POSIX_CLASS.match(cursor.pattern, cursor.at)) is None:
        return None
    name = found[1].removeprefix("^")
    if name not in POSIX:
        raise RegexError(
            f"no such class `{found[0]}`", cursor.at, f"known are {', '.join(sorted(POSIX))}"
        )
    cursor.at = found.end()
    return _folded(cursor, POSIX[name], negated=found[1].startswith("^"))


def named_class(cursor: Cursor) -> Ranges | None:
    r"""The members of a class such as `\d` or `\pL`, None if something else is next."""
    letter = cursor.pattern[cursor.at + 1 : cursor.at + 2]
    if not cursor.rest_starts("\\") or letter not in {*"dswDSWpP"}:
        return None
    if letter in {"p", "P"}:
        return _unicode_class(cursor, negated=letter == "P")
    cursor.at += 2
    return _folded(cursor, PERL[letter.lower()], negated=letter.isupper())


def _unicode_class(cursor: Cursor, *, negated: bool) -> Ranges:
    found = _UNICODE_CLASS.match(cursor.pattern, cursor.at)
    name = "" if found is None else found[2] or found[1] or ""
    inverse = found is not None and found[1] is not None and name.startswith("^")
    members = category(name[1:] if inverse else name)
    if found is None or members is None:
        shown = found[0] if found else cursor.pattern[cursor.at : cursor.at + 4]
        raise RegexError(
            f"no such Unicode class `{shown}`",
            cursor.at,
            r"general categories such as `\pL`, `\p{Nd}` are known, scripts are not: give a range",
        )
    cursor.at = found.end()
    return _folded(cursor, members, negated=negated != inverse)


def escaped_code(cursor: Cursor) -> int:
    """The code point of an escape that stands for one character."""
    start = cursor.at
    found = _CODE.match(cursor.pattern, start)
    if found is not None:
        cursor.at = found.end()
        digits = (found[1] or found[2] or found[3]).lstrip("0") or "0"
        code = int(digits[:8], 8 if found[3] else 16)
        if code <= _LAST_CODE:
            return code
    char = cursor.pattern[start + 1 : start + 2]
    cursor.at = start + 2
    if char in _CONTROLS:
        return _CONTROLS[char]
    if not char:
        raise RegexError("the pattern ends in a backslash", start, "a literal one is `\\\\`")
    if not char.isascii() or char.isalnum():
        raise RegexError(f"invalid escape `\\{char}`", start, _HINTS.get(char, ""))
    return ord(char)
