"""Strings: the strings library of cel-go; places count code points. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from govlab.runtime.formats import write_format
from govlab.runtime.signatures import takes
from govlab.runtime.values import CelError, kind

__all__ = ["STRING_CALLS"]

# Unicode's White_Space, whatever the Python version takes for a space
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = str.maketrans(_CAPITALS, _CAPITALS.lower())
_UPPER = str.maketrans(_CAPITALS.lower(), _CAPITALS)
_QUOTED = str.maketrans({
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v",
    "\\": r"\\", '"': r"\"",
})  # fmt: skip


def _place(text: str, at: int) -> int:
    """`at`, which may be behind the last character but not beyond."""
    if not 0 <= at <= len(text):
        raise CelError(f"index out of range: {at}")
    return at


def _character(text: str, at: int) -> str:
    return text[_place(text, at) :][:1]


def _first_index(text: str, part: str, start: int = 0) -> int:
    return text.find(part, _place(text, start))


def _last_index(text: str, part: str, last: int | None = None) -> int:
    """The last place of `part` that is not behind `last`."""
    return text.rfind(part) if last is None else text.rfind(part, 0, _place(text, last) + len(part))


def _joined(parts: Sequence[Any], separator: str = "") -> str:
    if any(kind(part) != "string" for part in parts):
        raise CelError("`join` takes a list of strings")
    return separator.join(parts)


def _replaced(text: str, old: str, new: str, most: int = -1) -> str:
    return text.replace(old, new, most)


def _parts(text: str, separator: str, most: int = -1) -> tuple[str, ...]:
    """What stands between separators; the last of `most` parts holds the rest."""
    if most == 0:
        return ()
    if separator:
        return tuple(text.split(separator, most - 1 if most > 0 else -1))
    heads = min(len(text), most if most > 0 else len(text)) - 1
    return (*text[: max(heads, 0)], text[max(heads, 0) :])


def _slice(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= stop <= len(text):
        raise CelError(f"invalid substring range: {start} to {stop}")
    return text[start:stop]


# name -> function, kinds of arguments
_STRINGS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "charAt": (_character, ("string int",)),
    "indexOf": (_first_index, ("string string", "string string int")),
    "lastIndexOf": (_last_index, ("string string", "string string int")),
    "join": (_joined, ("list", "list string")),
    "lowerAscii": (lambda text: text.translate(_LOWER), ("string",)),
    "upperAscii": (lambda text: text.translate(_UPPER), ("string",)),
    "replace": (_replaced, ("string string string", "string string string int")),
    "reverse": (lambda text: text[::-1], ("string",)),
    "split": (_parts, ("string string", "string string int")),
    "substring": (_slice, ("string int", "string int int")),
    "trim": (lambda text: text.strip(_SPACES), ("string",)),
    "format": (write_format, ("string list",)),
    "strings.quote": (lambda text: f'"{text.translate(_QUOTED)}"', ("string",)),
}
STRING_CALLS: dict[str, Callable[..., Any]] = {
    name: takes(name, function, *kinds) for name, (function, kinds) in _STRINGS.items()
}
