"""Arguments as text, quickly where the text is plain: what most calls hold.

JSON is plain where the quick reader loses nothing of it: written again, with white space left out
of both, it is the same text, so no key stands twice and no number or character has a form of its
own. All else is left to `govlab.runtime.arguments`, whose results these are.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import msgspec

from govlab.runtime import arguments

__all__ = ["Plain", "compact", "deep", "digest", "encoded", "odd", "plain", "read", "same",
           "sealed", "spaced"]  # fmt: skip

Plain = tuple[dict[str, Any], str]
"""An object and its compact text."""

_DECODE = msgspec.json.Decoder().decode
_ENCODE = msgspec.json.Encoder().encode
_SORTED = msgspec.json.Encoder(order="sorted").encode
# numbers that this encoder, Python's and RFC 8785 do not all write alike, in JSON without space
_ODD = re.compile(r"[:,\[]-?(?=\d)(?:\d{16}|0\.0000|\d+\.0[,\]}]|\d+(?:\.\d+)?[eE])")
# what each of them has, where all digits are zeros: quickly seen
_ZEROS = bytes.maketrans(b"123456789E", b"000000000e")
_SIGNS = (b"0" * 16, b"0.0", b"0e")
# what sorts otherwise by UTF-16 unit than by code point; halves of surrogate pairs travel there too
_ODD_TEXT = re.compile("[\ue000-\U0010ffff]")


def compact(text: str) -> str | None:
    """`text` without white space between its tokens; None where it is no plain JSON object.

    >>> compact('{"a": [1, "b c"]}'), compact('{"a": 1, "a": 2}')
    ('{"a":[1,"b c"]}', None)
    """
    found = plain(text)
    return found and found[1]


def encoded(value: dict[str, Any]) -> str | None:
    """`value` as compact JSON; None where another reader might not read the same.

    >>> encoded({"a": [1, True]}), encoded({"a": float("nan")})
    ('{"a":[1,true]}', None)
    """
    try:
        text = _ENCODE(value).decode()
        same = _DECODE(text) == value
    except (msgspec.MsgspecError, ValueError, RecursionError, TypeError):
        return None
    return text if same and not deep(text) and not odd(text) else None


def digest(text: str) -> str:
    """`args_sha256` of S9, as `arguments.digest` gives it.

    >>> digest('{"b":1,"a":2.0}') == arguments.digest('{"a": 2, "b": 1}')
    True
    """
    value = read(text)
    return arguments.digest(text) if value is None else _digest(value)


def sealed(value: str | dict[str, Any]) -> tuple[str, str] | None:
    """Plain arguments, an object or the text of one, as compact text, and its digest.

    None where they are not plain.

    >>> sealed('{"a": 1}') == ('{"a":1}', digest('{"a":1}'))
    True
    """
    if isinstance(value, str):
        found = plain(value)
        return found and (found[1], _digest(found[0]))
    text = encoded(value)
    return None if text is None else (text, _digest(value))


def _digest(value: dict[str, Any]) -> str:
    return sha256(_SORTED(value)).hexdigest()


def read(text: str) -> dict[str, Any] | None:
    """The object that `text` is; None where it is not plain.

    >>> read('{"a":1}'), read('{"a":1e5}')
    ({'a': 1}, None)
    """
    found = plain(text)
    return found and found[0]


def plain(text: str) -> Plain | None:
    """The object that `text` is, and its compact text; None where it is not plain.

    >>> plain('{"a": 1}')
    ({'a': 1}, '{"a":1}')
    """
    if not text.startswith("{") or deep(text):
        return None
    try:
        value = _DECODE(text)
        again = _ENCODE(value).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return None if not same(again, text) or odd(again) else (value, again)


def same(again: str, text: str) -> bool:
    """Whether two texts differ in white space only."""
    return spaced(again, text) or "".join(again.split()) == "".join(text.split())


def spaced(again: str, text: str) -> bool:
    """Whether `text` is `again`, without or with the spaces that Python writes."""
    return again == text or again == text.replace(", ", ",").replace(": ", ":")


def odd(text: str) -> bool:
    """Whether readers and writers might differ on something in `text`."""
    if not text.isascii() and _ODD_TEXT.search(text):
        return True
    zeros = text.encode(errors="surrogatepass").translate(_ZEROS)
    return any(sign in zeros for sign in _SIGNS) and bool(_ODD.search(text))


def deep(text: str) -> bool:
    """Whether brackets might nest too deep."""
    return text.count("{") + text.count("[") > arguments.MAX_DEPTH
