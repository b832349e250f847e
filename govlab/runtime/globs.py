"""Target globs (S3): `*` is any run of characters, `?` exactly one, everything else itself.

Linear time in text times pattern; anchored; by code point, nothing folded. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["matches", "matches_any"]


def matches(text: str, pattern: str) -> bool:
    """Whether the whole of `text` is an instance of `pattern`.

    >>> matches("db:delete", "db*"), matches("db", "db?"), matches("a*b", "a*b")
    (True, False, True)
    """
    at, star, mark, place = 0, -1, 0, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, mark, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:  # let the last star take one character more
            mark, at, place = mark + 1, mark + 1, star + 1
        else:
            return False
    return all(char == "*" for char in pattern[place:])


def matches_any(text: str, patterns: Iterable[str]) -> bool:
    """Whether `text` matches one of `patterns`."""
    return any(matches(text, pattern) for pattern in patterns)
