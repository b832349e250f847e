"""The one table of CEL functions and operators: names, styles, overloads.

The checker reads it; every name in it has an entry in `runtime.calls.CALLS` (a test compares
the two). Its text and how that is written: `function_table.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf

from govlab.lang.function_table import CORE, EXTENSIONS
from govlab.types import DOUBLE, DYN, INT, UINT, Type, parse_type

__all__ = [
    "FUNCTIONS",
    "NAMESPACES",
    "OPERATORS",
    "RECORDS",
    "Overload",
    "Style",
    "join",
    "unify",
]

Style = OneOf["operator", "function", "method"]

OPERATORS = {
    "_==_": "==",
    "_!=_": "!=",
    "_<_": "<",
    "_<=_": "<=",
    "_>_": ">",
    "_>=_": ">=",
    "_+_": "+",
    "_-_": "-",
    "_*_": "*",
    "_/_": "/",
    "_%_": "%",
    "@in": "in",
    "-_": "-",
    "_[_]": "[]",
    "_&&_": "&&",
    "_||_": "||",
    "!_": "!",
    "_?_:_": "?:",
}
"""Operator names and how they are written, for messages."""

RECORDS: dict[str, dict[str, Type]] = {
    "shell": {
        name: kind
        for name, kind in (
            (n, parse_type(t))
            for n, t in (
                ("parsed", "bool"),
                ("programs", "list(string)"),
                ("commands", "list(string)"),
                ("writes", "list(string)"),
                ("substitution", "bool"),
            )
        )
        if kind is not None
    },
}
"""Values with named fields, such as `shell(args.command).programs`; field f is call `shell.f`."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One typing of a function.

    `literal` are the places of arguments that must be literals; a `variadic` one takes any number
    of arguments like its last.
    """

    arguments: tuple[Type, ...]
    result: Type
    literal: frozenset[int] = frozenset()
    variadic: bool = False

    def wanted(self, count: int) -> tuple[Type, ...]:
        """The types of `count` arguments, which may be more or less than are given."""
        more = count - len(self.arguments) if self.variadic else 0
        return (*self.arguments, *(self.arguments[-1:] * more))


def _type(text: str) -> Type:
    """A type of the table: T, K, V and N are type variables, `shell` a record, `ip` opaque."""
    parsed = parse_type(text)
    if parsed is not None:
        return parsed
    name, _, rest = text.partition("(")
    return Type(name, tuple(_type(p.strip()) for p in rest[:-1].split(","))) if rest else Type(name)


def _arguments(text: str) -> list[str]:
    """`list(T), map(K, V)` -> its two types as text."""
    parts: list[str] = []
    for piece in text.split(", "):
        if parts and parts[-1].count("(") > parts[-1].count(")"):
            parts[-1] += f", {piece}"
        else:
            parts.append(piece)
    return parts


_STYLES: dict[str, Style] = {"operator": "operator", "function": "function", "method": "method"}


def _rows() -> Iterator[tuple[Style, str, Overload]]:
    for line in filter(None, (CORE + EXTENSIONS).splitlines()):
        style, names, rest = line.split(None, 2)
        arguments, result = rest.rsplit(None, 1)
        texts = _arguments(arguments.strip())
        overload = Overload(
            tuple(_type(t.strip("'").removesuffix("...")) for t in texts),
            _type(result),
            frozenset(i for i, t in enumerate(texts) if t.startswith("'")),
            variadic=texts[-1].endswith("..."),
        )
        for name in names.split(","):
            yield _STYLES[style], name, overload


FUNCTIONS: dict[tuple[Style, str], tuple[Overload, ...]] = {}
for _style, _name, _overload in _rows():
    FUNCTIONS[(_style, _name)] = (*FUNCTIONS.get((_style, _name), ()), _overload)

NAMESPACES = frozenset(name.partition(".")[0] for _, name in FUNCTIONS if "." in name)
"""What stands before the dot of a function's name, such as `math`."""

_VARIABLES = frozenset({"T", "K", "V"})
_NUMBERS = frozenset({INT, UINT, DOUBLE, DYN})


def join(one: Type, other: Type) -> Type:
    """The type of what is either `one` or `other`: `dyn` wherever they differ.

    >>> str(join(parse_type("list(int)"), parse_type("list(string)")))
    'list(dyn)'
    """
    if one.name != other.name or len(one.params) != len(other.params):
        return DYN
    return Type(one.name, tuple(map(join, one.params, other.params)))


def unify(wanted: Type, given: Type, bound: dict[str, Type]) -> bool:
    """Whether `given` fits `wanted`; binds the type variables of `wanted` in `bound`.

    `dyn` fits everything: what it holds is looked at when the condition runs.
    """
    if wanted.name == "N":
        bound["N"] = join(bound.get("N", given), given)
        return given in _NUMBERS
    if wanted.name in _VARIABLES:
        known = bound.setdefault(wanted.name, given)
        bound[wanted.name] = join(known, given)
        return unify(known, given, bound)
    if "dyn" in (wanted.name, given.name) or wanted.name == given.name == "type":
        return True  # types are equal or not when the condition runs
    return (
        wanted.name == given.name
        and len(wanted.params) == len(given.params)
        and all(unify(w, g, bound) for w, g in zip(wanted.params, given.params, strict=True))
    )
