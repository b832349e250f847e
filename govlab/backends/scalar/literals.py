"""Constants of a plan as Python text; the one way for a bundle's words into generated code.

Whatever a bundle says becomes `repr` of a built-in value, or a call of a fixed name on such.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterable
from typing import Any

from govlab.runtime.states import Mark
from govlab.runtime.values import Duration, Map, Timestamp, TypeValue, Uint
from govlab.types import Type

__all__ = ["WIDTH", "Constants", "identifier", "literal", "sequence", "type_text"]

WIDTH = 100
_ATOMS: tuple[Any, ...] = (bool, int, float, str, bytes, type(None))


def literal(value: Any) -> str:
    """The Python expression that gives `value`, a value of `runtime.values` or a mark.

    >>> literal(("it's", 1.5, Timestamp(0)))
    '("it\\'s", 1.5, Timestamp(0))'
    """
    match value:
        case Mark():
            return value.name
        case Uint():
            return f"Uint({int(value)})"
        case float() if not math.isfinite(value):
            return f"float({str(value)!r})"
        case None | bool() | int() | float() | str() | bytes():
            return _plain(value)
        case Timestamp(ns=ns) | Duration(ns=ns):
            return f"{type(value).__name__}({ns!r})"
        case TypeValue(name=name):
            return f"TypeValue({name!r})"
        case Map():
            return f"Map({literal(tuple(map(tuple, value.items())))})"
        case tuple() | list():
            inside = ", ".join(map(literal, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case _:
            raise TypeError(f"a plan holds no {type(value).__name__}")


def _plain(value: Any) -> str:
    """`repr` of the built-in type, whatever a subclass would say."""
    written: str = next(kind.__repr__(value) for kind in _ATOMS if isinstance(value, kind))
    return written


def sequence(opening: str, items: Iterable[str], closing: str, *, start: int = 0) -> str:
    """Texts between brackets, on one line if it fits behind `start` characters, else one a line.

    >>> sequence("[", ["1", "2"], "]")
    '[1, 2]'
    """
    parts = list(items)
    last = "," if len(parts) == 1 and opening == "(" else ""
    one = f"{opening}{', '.join(parts)}{last}{closing}"
    if start + len(one) <= WIDTH or not parts:
        return one
    return "\n".join([opening, *(f"    {_indented(part)}," for part in parts), closing])


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


def type_text(kind: Type) -> str:
    """The Python expression that gives the CEL type `kind`.

    >>> type_text(Type("list", (Type("string"),)))
    "Type('list', (Type('string'),))"
    """
    params = sequence("(", map(type_text, kind.params), ")")
    return f"Type({kind.name!r}, {params})" if kind.params else f"Type({kind.name!r})"


def identifier(name: str, taken: Iterable[str]) -> str:
    """A Python name that reads like `name`, is none of `taken`, and holds nothing else of it.

    >>> identifier("args.path", ()), identifier("in", ()), identifier("x);", {"x"})
    ('args_path', 'in_', 'x_2')
    """
    words = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
    plain = words if words[:1].isalpha() else f"a_{words}".rstrip("_")
    plain = f"{plain}_" if keyword.iskeyword(plain) else plain
    found, number, used = plain, 2, set(taken)
    while found in used:
        found, number = f"{plain.rstrip('_')}_{number}", number + 1
    return found


class Constants:
    """The values that a module names once, at its top."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def name(self, prefix: str, text: str) -> str:
        """The name of the value that the expression `text` gives."""
        key = (prefix, text)
        if key not in self._names:
            count = sum(known == prefix for known, _ in self._names) + 1
            self._names[key] = f"{prefix}_{count}"
        return self._names[key]

    def texts(self, prefix: str, values: Iterable[Any]) -> str:
        """The name of the set of `values`, texts or integers."""
        items = map(literal, sorted(set(values)))
        return self.name(prefix, sequence("frozenset({", items, "})", start=len(prefix) + 6))

    def lines(self) -> list[str]:
        """The assignments, in order of first use."""
        return [f"{name} = {text}" for (_, text), name in self._names.items()]
