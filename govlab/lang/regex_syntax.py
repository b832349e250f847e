r"""Reads the patterns of RE2: what RE2 refuses is refused, and little more.

Refused although RE2 takes it: `\C` (one byte), script classes such as `\p{Greek}`, groups
nested more than 200 deep, and patterns that expand to a program too large for one engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from govlab.lang.codepoints import canonical, fold, negate
from govlab.lang.regex_class import Cursor, Flags, bracket, escaped_code, named_class
from govlab.lang.regex_nodes import (
    Anchor,
    AnchorKind,
    Chars,
    Empty,
    RegexError,
    Sized,
    alternate,
    captured,
    concat,
    leaf,
    repeat,
)

__all__ = ["read"]

_MOST_GROUPS = 200
_MOST_REPEATS = 1000

# RE2 reads numbers of up to nine digits; with more of them the brace is a literal.
_COUNTED = re.compile(r"\{(0|[1-9][0-9]{0,8})(?:(,)(0|[1-9][0-9]{0,8})?)?\}")
_FLAG_GROUP = re.compile(r"\(\?([imsU]*)(-[imsU]+)?([:)])")
_FLAG_FIELDS = MappingProxyType({"i": "ignore_case", "m": "multi_line", "s": "dot_newline"})
_NAMED_GROUP = re.compile(r"\(\?P?<([^>]*)>", re.DOTALL)
_NAME_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Mn", "Mc", "Nd", "Pc"})
_LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")
_ESCAPED_ANCHORS: MappingProxyType[str, AnchorKind] = MappingProxyType(
    {"A": "text_start", "z": "text_end", "b": "word_boundary", "B": "not_word_boundary"}
)


@dataclass(frozen=True, slots=True)
class _Counts:
    """How often; `written` are the counts in braces, which RE2 multiplies when they nest."""

    minimum: int
    maximum: int | None
    written: bool = False

    @property
    def largest(self) -> int:
        return max(self.minimum, self.maximum or 0)


_SIMPLE_COUNTS = MappingProxyType(
    {"*": _Counts(0, None), "+": _Counts(1, None), "?": _Counts(0, 1)}
)


@dataclass(slots=True)
class _Group:
    """An open group: where it starts, the flags to go back to, and what was read of it."""

    at: int
    outer: Flags
    captures: bool
    parts: list[Sized] = field(default_factory=list)
    options: list[Sized] = field(default_factory=list)


def read(pattern: str) -> Sized:
    """The tree of a pattern with its costs; raises `RegexError`.

    An explicit stack of open groups takes the place of recursion, so that the depth of a
    pattern is bounded by a rule and not by the interpreter.

    >>> read("a|b").node
    Chars(ranges=((97, 98),))
    """
    _refuse_surrogates(pattern)
    cursor, groups = Cursor(pattern), [_Group(0, Flags(), captures=False)]
    operator_at: int | None = None
    while cursor.at < len(pattern):
        start = cursor.at
        if (counts := _read_counts(cursor)) is None:
            _read_item(cursor, groups)
            operator_at = None
        else:
            _refuse_second_operator(cursor, operator_at)
            _apply(counts, groups[-1].parts, start, pattern[start : cursor.at])
            operator_at = start
    if len(groups) > 1:
        raise RegexError("missing `)`", groups[-1].at, "close the group or write `\\(`")
    return _closed(groups[0])


def _refuse_surrogates(pattern: str) -> None:
    for at, char in enumerate(pattern):
        if "\ud800" <= char <= "\udfff":
            raise RegexError(f"lone surrogate U+{ord(char):04X} in the pattern", at)


def _read_counts(cursor: Cursor) -> _Counts | None:
    counts = _SIMPLE_COUNTS.get(cursor.pattern[cursor.at])
    if counts is not None:
        cursor.at += 1
    elif (written := _COUNTED.match(cursor.pattern, cursor.at)) is not None:
        cursor.at = written.end()
        counts = _written_counts(written)
    else:
        return None  # also for a `{` that starts no count: it is a literal, as in Perl
    if cursor.rest_starts("?"):
        cursor.at += 1  # lazy or greedy: the verdict of a search is the same
    return counts


def _written_counts(written: re.Match[str]) -> _Counts:
    minimum = int(written[1])
    if written[2] is None:
        return _Counts(minimum, minimum, written=True)
    return _Counts(minimum, int(written[3]) if written[3] else None, written=True)


def _refuse_second_operator(cursor: Cursor, operator_at: int | None) -> None:
    if operator_at is not None:
        operators = cursor.pattern[operator_at : cursor.at]
        raise RegexError(
            f"bad repetition operator `{operators}`", operator_at, "put the first in `(?:...)`"
        )


def _apply(counts: _Counts, parts: list[Sized], start: int, operator: str) -> None:
    """Repeats the last part."""
    if counts.maximum is not None and counts.maximum < counts.minimum:
        raise RegexError(f"bad repetition `{operator}`", start, "the larger count comes second")
    if counts.largest > _MOST_REPEATS:
        raise RegexError(f"repetition `{operator}` is more than {_MOST_REPEATS} times", start)
    if not parts:
        hint = f"a literal is `\\{operator}`"
        raise RegexError(f"no argument for the repetition `{operator}`", start, hint)
    repeated = repeat(parts[-1], counts.minimum, counts.maximum, written=counts.written)
    if counts.written and counts.largest >= 2 and repeated.factor > _MOST_REPEATS:
        raise RegexError(
            f"nested repetitions up to `{operator}` multiply to more than {_MOST_REPEATS}", start
        )
    parts[-1] = repeated


def _read_item(cursor: Cursor, groups: list[_Group]) -> None:
    structure = _STRUCTURE.get(cursor.pattern[cursor.at])
    if structure is not None:
        structure(cursor, groups)
    else:
        groups[-1].parts += map(leaf, _read_leaves(cursor))


def _read_leaves(cursor: Cursor) -> list[Chars | Anchor]:
    """One leaf, or several for a quotation."""
    char = cursor.pattern[cursor.at]
    match char:
        case "\\":
            return _read_escape(cursor)
        case "[":
            return [Chars(bracket(cursor))]
        case _:
            cursor.at += 1
            return [_plain(char, cursor.flags)]


def _plain(char: str, flags: Flags) -> Chars | Anchor:
    match char:
        case ".":
            return Chars(negate(() if flags.dot_newline else ((0x0A, 0x0A),)))
        case "^":
            return Anchor("line_start" if flags.multi_line else "text_start")
        case "$":
            return Anchor("line_end" if flags.multi_line else "text_end")
        case _:
            return _one(ord(char), flags)


def _one(code: int, flags: Flags) -> Chars:
    ranges = ((code, code),)
    return Chars(fold(ranges) if flags.ignore_case else canonical(ranges))


def _read_escape(cursor: Cursor) -> list[Chars | Anchor]:
    kind = _ESCAPED_ANCHORS.get(cursor.pattern[cursor.at + 1 : cursor.at + 2])
    if kind is not None:
        cursor.at += 2
        return [Anchor(kind)]
    if cursor.rest_starts("\\Q"):
        return [_one(ord(char), cursor.flags) for char in _read_quotation(cursor)]
    ranges = named_class(cursor)
    if ranges is not None:
        return [Chars(canonical(ranges))]
    return [_one(escaped_code(cursor), cursor.flags)]


def _read_quotation(cursor: Cursor) -> str:
    quoted, ended, _ = cursor.pattern[cursor.at + 2 :].partition("\\E")
    cursor.at += 2 + len(quoted) + len(ended)
    return quoted


def _bar(cursor: Cursor, groups: list[_Group]) -> None:
    group = groups[-1]
    group.options.append(_sequence(group))
    group.parts = []
    cursor.at += 1


def _close(cursor: Cursor, groups: list[_Group]) -> None:
    if len(groups) == 1:
        raise RegexError("unexpected `)`", cursor.at, "a literal is `\\)`")
    group = groups.pop()
    body = _closed(group)
    groups[-1].parts.append(captured(body) if group.captures else body)
    cursor.flags = group.outer
    cursor.at += 1


def _closed(group: _Group) -> Sized:
    return alternate([*group.options, _sequence(group)])


def _sequence(group: _Group) -> Sized:
    return concat(group.parts) if group.parts else leaf(Empty())


def _open(cursor: Cursor, groups: list[_Group]) -> None:
    if cursor.pattern.startswith(_LOOK_AROUND, cursor.at):
        raise RegexError(
            "look-around is not supported", cursor.at, "RE2 has none: use two conditions and `!`"
        )
    if len(groups) > _MOST_GROUPS:
        raise RegexError(f"groups nest more than {_MOST_GROUPS} deep", cursor.at)
    group = _Group(cursor.at, cursor.flags, captures=True)
    if not cursor.rest_starts("(?"):
        cursor.at += 1
    elif cursor.rest_starts("(?P<") or cursor.rest_starts("(?<"):
        cursor.at = _named_group_end(cursor)
    else:
        group.captures = False
        if not _read_flags(cursor):
            return
    groups.append(group)


def _named_group_end(cursor: Cursor) -> int:
    named = _NAMED_GROUP.match(cursor.pattern, cursor.at)
    if not named or not named[1] or not all(map(_in_name, named[1])):
        raise RegexError("invalid group name", cursor.at, "write `(?P<name>...)`")
    return named.end()


def _in_name(char: str) -> bool:
    return unicodedata.category(char) in _NAME_CATEGORIES


def _read_flags(cursor: Cursor) -> bool:
    """Sets the flags of `(?i)` or `(?i:`; whether they open a group."""
    found = _FLAG_GROUP.match(cursor.pattern, cursor.at)
    if found is None:
        shown = cursor.pattern[cursor.at : cursor.at + 4]
        raise RegexError(
            f"invalid group `{shown}`", cursor.at, "only `(?:...)`, names and flags i m s U exist"
        )
    flags = replace(cursor.flags, **_switched(found[1], to=True))
    cursor.flags = replace(flags, **_switched(found[2] or "", to=False))
    cursor.at = found.end()
    return found[3] == ":"


def _switched(letters: str, *, to: bool) -> dict[str, bool]:
    return {_FLAG_FIELDS[letter]: to for letter in letters if letter in _FLAG_FIELDS}


_STRUCTURE: MappingProxyType[str, Callable[[Cursor, list[_Group]], None]] = MappingProxyType(
    {"(": _open, ")": _close, "|": _bar}
)
