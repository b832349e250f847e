"""`'%s of %.2f'.format([a, b])`: the source is google/cel-spec, doc/extensions/strings.md.

Standard library only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from govlab.runtime.conversions import to_string, type_name
from govlab.runtime.values import CelError, kind

__all__ = ["write_format"]

_CLAUSE = re.compile(r"%(?:\.([0-9]{1,4}))?(.?)", re.DOTALL)
_BROKEN = re.compile("[\udc80-\udcff]+")  # bytes that are not UTF-8, as `surrogateescape` has them
_MOST_DIGITS = 1000


def write_format(template: str, values: Sequence[Any]) -> str:
    """`template` with a value for each clause; raises CelError where one does not fit.

    >>> write_format("%s, %.1f%%, %X", ["a", 12.34, 255])
    'a, 12.3%, FF'
    """
    waiting = iter(values)
    return _CLAUSE.sub(
        lambda clause: "%" if clause[2] == "%" else _write_clause(clause, waiting), template
    )


def _write_clause(clause: re.Match[str], waiting: Any) -> str:
    digits, letter = clause[1], clause[2]
    for value in waiting:
        return _write(letter, value, 6 if digits is None else int(digits))
    raise CelError(f"no value for `{clause[0]}`")


def _write(letter: str, value: Any, digits: int) -> str:
    match letter:
        case "s":
            return _text(value)
        case "d":
            return _decimal(value)
        case "f" | "e":
            return _float(letter, value, digits)
        case "b" | "o" | "x" | "X":
            return _based(letter, value)
        case _:
            raise CelError(f"no such formatting clause: `%{letter}`")


def _text(value: Any) -> str:
    match kind(value):
        case "double":
            return _plain(value)
        case "bytes":
            return _BROKEN.sub("\ufffd", value.decode("utf-8", "surrogateescape"))
        case "null":
            return "null"
        case "type":
            return str(value.name)
        case "list":
            return f"[{', '.join(map(_text, value))}]"
        case "map":
            entries = sorted((_text(key), _text(item)) for key, item in value.items())
            return "{" + ", ".join(f"{key}: {item}" for key, item in entries) + "}"
        case _:
            return to_string(value)


def _plain(value: float) -> str:
    """A double without an exponent and without zeros that say nothing."""
    if not math.isfinite(value):
        return _unfinite(value)
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _unfinite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _decimal(value: Any) -> str:
    match kind(value):
        case "int" | "uint":
            return str(int(value))
        case "double":
            return _plain(value)
        case _:
            raise _unfit("d", value)


def _float(letter: str, value: Any, digits: int) -> str:
    if kind(value) not in ("int", "uint", "double") or digits > _MOST_DIGITS:
        raise _unfit(letter, value)
    number = float(value)
    return f"{number:.{digits}{letter}}" if math.isfinite(number) else _unfinite(number)


def _based(letter: str, value: Any) -> str:
    match kind(value):
        case "int" | "uint":
            return f"{int(value):{letter}}"
        case "bool" if letter == "b":
            return "1" if value else "0"
        case "string" | "bytes" if letter in "xX":
            octets = value.encode() if isinstance(value, str) else value
            return octets.hex() if letter == "x" else octets.hex().upper()
        case _:
            raise _unfit(letter, value)


def _unfit(letter: str, value: Any) -> CelError:
    return CelError(f"`%{letter}` does not take a {type_name(value)}")
