"""Arguments cut down to some of their paths, so that what is kept reads as it did before (J18)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from govlab.log.plainlists import read_all
from govlab.runtime.arguments import parse

__all__ = ["NOTHING", "NO_OBJECT", "cut"]

NO_OBJECT: Final = "left out: no JSON object"
"""Stands for arguments that were malformed: it is that, too."""

NOTHING: Final = "{}"
"""What is left of an object where no path is wanted."""

_ENCODE = msgspec.json.Encoder().encode
_Tree = dict[str, Any]  # the wanted keys; None below a key: all of it


def cut(texts: Sequence[str], paths: Iterable[str]) -> list[str]:
    """The arguments in each of `texts` with nothing but `paths`, names such as `args.to.name`.

    Each of `paths` has the state it had: absent, malformed, or the same value. Where something
    else than an object stands on the way to one, `false` stands there.

    >>> cut(['{"to": {"name": "a", "mail": "a@b.c"}, "n": 3.0}'], ["args.to.name", "args.n"])
    ['{"to":{"name":"a"},"n":3.0}']
    >>> cut(['{"n": 1, "n": 2}'], ["args.n"])
    ['left out: no JSON object']
    """
    tree = _tree(tuple(paths))
    plain = read_all(texts)
    return [_left(text, each and each[0], tree) for text, each in zip(texts, plain, strict=True)]


def _left(text: str, plain: dict[str, Any] | None, tree: _Tree) -> str:
    if plain is not None:
        return _ENCODE(_wanted(plain, tree)).decode() if tree else NOTHING
    parsed = parse(text)
    return NO_OBJECT if parsed is None else _text(_wanted(parsed, tree))


@lru_cache(maxsize=64)
def _tree(paths: tuple[str, ...]) -> _Tree:
    tree: _Tree = {}
    for path in sorted(paths, key=len, reverse=True):  # the shortest last: it takes in the others
        *way, last = path.split(".")[1:]
        at = tree
        for key in way:
            at = at.setdefault(key, {})
        at[last] = None
    return tree


def _wanted(value: Any, tree: _Tree | None) -> Any:
    if tree is None or value is None:
        return value
    if not isinstance(value, Mapping):
        return False
    return {key: _wanted(inner, tree[key]) for key, inner in value.items() if key in tree}


def _text(value: Any) -> str:
    """JSON text that reads back as the same: `3.0` stays a double, digits stay as many."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # an infinity, which is a number too large for a double
        return _written(value)


def _written(value: Any) -> str:
    match value:
        case dict():
            inner = (f"{json.dumps(k, ensure_ascii=False)}:{_written(v)}" for k, v in value.items())
            return "{" + ",".join(inner) + "}"
        case list():
            return "[" + ",".join(map(_written, value)) + "]"
        case float() if math.isinf(value):
            return "1e999" if value > 0 else "-1e999"
        case _:
            return json.dumps(value, ensure_ascii=False)
