"""Arguments written as a Python literal, as some tracers do: read in bounded work, never run."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any, Final

from govlab.runtime.arguments import MAX_DEPTH

__all__ = ["MAX_LITERAL", "literal_json"]

MAX_LITERAL: Final = 100_000
"""Characters of a literal that are read; a longer one stays text."""

# an end that is missing is no failure: the pattern would look for it again from every quote
_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*'?|\"(?:[^\"\\\n]|\\.)*\"?")
# what is left without the texts: displays of numbers and names, one sign before a number
_SKELETON = re.compile(r"(?:[\s{}\[\]():,.\w]|[+-](?=[\d.]))*", re.ASCII)


class _NotJsonError(ValueError):
    """A literal that no JSON says."""


def literal_json(text: str) -> str | None:
    """The JSON text of a Python `dict` display; None where `text` is none, or says more than JSON.

    Duplicate keys, keys that are no text, bytes, sets, infinities, and nesting deeper than 64
    say more than JSON.

    >>> literal_json("{'path': 'a.txt', 'force': True}")
    '{"path":"a.txt","force":true}'
    """
    if len(text) > MAX_LITERAL or not text.lstrip().startswith("{"):
        return None
    bare = _TEXT.sub("", text)
    if not _SKELETON.fullmatch(bare) or _depth(bare) > MAX_DEPTH:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape Python does not know is kept as it stands
            tree = ast.parse(text.strip(), mode="eval")
        value = _value(tree.body)
        found = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return found if found.isascii() else found.encode().decode()  # raises for half a surrogate
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in text:
        depth += (char in "{[(") - (char in "}])")
        deepest = max(deepest, depth)
    return deepest


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Dict():
            return _dict(node)
        case ast.List() | ast.Tuple():
            return [_value(element) for element in node.elts]
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return node.value
        case ast.UnaryOp(operand=ast.Constant(value=int() | float() as number)):
            return -number if isinstance(node.op, ast.USub) else number
        case _:
            raise _NotJsonError


def _dict(node: ast.Dict) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = _value(key) if key is not None else None
        if not isinstance(name, str) or name in found:
            raise _NotJsonError
        found[name] = _value(value)
    return found
