"""Plain scalars to values by the YAML 1.2 core schema (YAML 1.2.2, 10.3.2)."""

from __future__ import annotations

import re

__all__ = ["resolve"]

_NAMED: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_BASES = {"0o": 8, "0x": 16}
_MOST_DIGITS = 400  # beyond any double; Python refuses to read integers of more than 4,300


def resolve(text: str) -> str | int | float | bool | None:
    """What the plain scalar `text` stands for; a number of over 400 characters stays text.

    >>> [resolve(text) for text in ("on", "0o17", "017", "1_000", "~", "5e1", "-.inf")]
    ['on', 15, 17, '1_000', None, 50.0, -inf]
    """
    if text in _NAMED:
        return _NAMED[text]
    if len(text) > _MOST_DIGITS:
        return text
    if _INT.fullmatch(text):
        base = _BASES.get(text[:2])
        return int(text[2:], base) if base else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if _SPECIAL.fullmatch(text) else text
