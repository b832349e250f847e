"""Arguments as text, many at a time: what `govlab.log.plainjson` does, in fewer steps.

Texts are read as lines of one text. A line that is written again as it stands is the text that
stood there; where lines differ in white space only, all of a text must, so that none was read
across the end of another. All else is read one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from govlab.log import plainjson
from govlab.log.plainjson import Plain

__all__ = ["digests", "read_all", "sealed_all"]

_READ = msgspec.json.Decoder().decode_lines
_WRITE = msgspec.json.Encoder().encode_lines
_SORTED = msgspec.json.Encoder(order="sorted").encode_lines
_AT_A_TIME = 64
"""Texts that are read together: of those that one is odd among, more are read one by one."""


def read_all(texts: Sequence[str]) -> list[Plain | None]:
    """The object that each text is, and its compact text; None where it is not plain.

    >>> read_all(['{"a": 1}', '{"a": 1, "a": 2}'])
    [({'a': 1}, '{"a":1}'), None]
    """
    found: list[Plain | None] = []
    for start in range(0, len(texts), _AT_A_TIME):
        found += _together(texts[start : start + _AT_A_TIME])
    return found


def digests(texts: Sequence[str]) -> list[str]:
    """`args_sha256` of each text.

    >>> digests(['{"a": 1}']) == [plainjson.digest('{"a":1}')]
    True
    """
    plain = read_all(texts)
    made = iter(_digests([each[0] for each in plain if each]))
    return [
        next(made) if each else plainjson.digest(text)
        for text, each in zip(texts, plain, strict=True)
    ]


def sealed_all(values: Sequence[Any]) -> list[tuple[str, str] | None]:
    """Compact text and digest of each of `values`, objects or texts; None where it is not plain.

    >>> sealed_all(['{"a": 1}', {"a": 1}, 3]) == [plainjson.sealed({"a": 1})] * 2 + [None]
    True
    """
    found: list[Plain | None] = [None] * len(values)
    objects = [place for place, value in enumerate(values) if type(value) is dict]
    texts = [place for place, value in enumerate(values) if type(value) is str]
    plain = _written_all([values[place] for place in objects])
    plain += read_all([values[place].strip() for place in texts])
    for place, each in zip((*objects, *texts), plain, strict=True):
        found[place] = each
    made = iter(_digests([each[0] for each in found if each]))
    return [(each[1], next(made)) if each else None for each in found]


def _digests(objects: Sequence[dict[str, Any]]) -> list[str]:
    return [sha256(line).hexdigest() for line in _SORTED(objects).split(b"\n")[:-1]]


def _together(texts: Sequence[str]) -> list[Plain | None]:
    """`read_all` of a few."""
    joined = "\n".join(texts)
    try:
        values = _READ(joined)
        again = _WRITE(values).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return list(map(plainjson.plain, texts))
    lines = again.split("\n")[:-1]
    if len(lines) != len(texts) or plainjson.odd(again):
        return list(map(plainjson.plain, texts))
    # with as many line ends, what is the same as a whole is so line by line
    aligned = plainjson.spaced(again[:-1], joined) or all(map(plainjson.same, lines, texts))
    return [
        _checked(value, line, text) if aligned or line == text else plainjson.plain(text)
        for value, line, text in zip(values, lines, texts, strict=True)
    ]


def _checked(value: Any, line: str, text: str) -> Plain | None:
    good = type(value) is dict and text.startswith("{") and not plainjson.deep(text)
    return (value, line) if good else None


def _written_all(objects: Sequence[dict[str, Any]]) -> list[Plain | None]:
    """Each object with its compact text; None where another reader might not read the same."""
    found: list[Plain | None] = []
    for start in range(0, len(objects), _AT_A_TIME):
        some = objects[start : start + _AT_A_TIME]
        try:
            joined = _WRITE(some).decode()
        except (msgspec.MsgspecError, ValueError, RecursionError, TypeError):
            joined = ""
        if not joined or plainjson.odd(joined):
            found += map(_written, some)
        else:
            found += map(_whole, some, joined.split("\n"))
    return found


def _whole(value: dict[str, Any], line: str) -> Plain | None:
    if "null" in line:  # as NaN is written
        return _written(value)
    return None if plainjson.deep(line) else (value, line)


def _written(value: dict[str, Any]) -> Plain | None:
    text = plainjson.encoded(value)
    return None if text is None else (value, text)
