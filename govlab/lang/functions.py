"""The one table of CEL functions and operators: names, styles, overloads.

The checker reads it; every name in it has an entry in `runtime.calls.CALLS` (a test compares
the two). `T`, `K` and `V` stand for any type, the same one throughout a line. An argument
written `'...'` must be a literal, because it is compiled when the bundle loads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as OneOf

from govlab.types import DYN, Type, parse_type

__all__ = ["FUNCTIONS", "OPERATORS", "RECORDS", "Overload", "Style", "join", "unify"]

Style = OneOf["operator", "function", "method"]

# style, names, arguments, result
_TABLE = """
operator _==_        T, T                      bool
operator _!=_        T, T                      bool
operator _<_,_<=_,_>_,_>=_ bool, bool bool
operator _<_,_<=_,_>_,_>=_ int, int bool
operator _<_,_<=_,_>_,_>=_ uint, uint bool
operator _<_,_<=_,_>_,_>=_ double, double bool
operator _<_,_<=_,_>_,_>=_ string, string bool
operator _<_,_<=_,_>_,_>=_ bytes, bytes bool
operator _<_,_<=_,_>_,_>=_ timestamp, timestamp bool
operator _<_,_<=_,_>_,_>=_ duration, duration bool
operator _+_         int, int                  int
operator _+_         uint, uint                uint
operator _+_         double, double            double
operator _+_         string, string            string
operator _+_         bytes, bytes              bytes
operator _+_         list(T), list(T)          list(T)
operator _+_         timestamp, duration       timestamp
operator _+_         duration, timestamp       timestamp
operator _+_         duration, duration        duration
operator _-_         int, int                  int
operator _-_         uint, uint                uint
operator _-_         double, double            double
operator _-_         timestamp, timestamp      duration
operator _-_         timestamp, duration       timestamp
operator _-_         duration, duration        duration
operator _*_         int, int                  int
operator _*_         uint, uint                uint
operator _*_         double, double            double
operator _/_         int, int                  int
operator _/_         uint, uint                uint
operator _/_         double, double            double
operator _%_         int, int                  int
operator _%_         uint, uint                uint
operator -_          int                       int
operator -_          double                    double
operator @in         T, list(T)                bool
operator @in         K, map(K, V)              bool
operator _[_]        list(T), int              T
operator _[_]        map(K, V), K              V
function size        string                    int
function size        bytes                     int
function size        list(T)                   int
function size        map(K, V)                 int
method   size        string                    int
method   size        bytes                     int
method   size        list(T)                   int
method   size        map(K, V)                 int
method   contains    string, string            bool
method   startsWith  string, string            bool
method   endsWith    string, string            bool
method   matches     string, 'string'          bool
function matches     string, 'string'          bool
function int         int                       int
function int         uint                      int
function int         double                    int
function int         string                    int
function int         timestamp                 int
function uint        int                       uint
function uint        uint                      uint
function uint        double                    uint
function uint        string                    uint
function double      int                       double
function double      uint                      double
function double      double                    double
function double      string                    double
function bool        bool                      bool
function bool        string                    bool
function string      string                    string
function string      int                       string
function string      uint                      string
function string      bool                      string
function string      bytes                     string
function string      timestamp                 string
function string      duration                  string
function string      'double'                  string
function bytes       bytes                     bytes
function bytes       string                    bytes
function timestamp   timestamp                 timestamp
function timestamp   string                    timestamp
function timestamp   int                       timestamp
function duration    duration                  duration
function duration    string                    duration
function type        T                         type(T)
function dyn         T                         dyn
method   getFullYear,getMonth,getDate,getDayOfMonth,getDayOfWeek,getDayOfYear timestamp int
method   getFullYear,getMonth,getDate timestamp, 'string' int
method   getDayOfMonth,getDayOfWeek,getDayOfYear timestamp, 'string' int
method   getHours,getMinutes,getSeconds,getMilliseconds timestamp int
method   getHours,getMinutes,getSeconds,getMilliseconds timestamp, 'string' int
method   getHours,getMinutes,getSeconds,getMilliseconds duration int
function shell       string                    shell
"""

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
    """One typing of a function; `literal` are the places of arguments that must be literals."""

    arguments: tuple[Type, ...]
    result: Type
    literal: frozenset[int] = frozenset()


def _type(text: str) -> Type:
    """A type of the table: T, K and V are type variables, `shell` a record."""
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
    for line in _TABLE.strip().splitlines():
        style, names, rest = line.split(None, 2)
        arguments, result = rest.rsplit(None, 1)
        texts = _arguments(arguments.strip())
        overload = Overload(
            tuple(_type(t.strip("'")) for t in texts),
            _type(result),
            frozenset(i for i, t in enumerate(texts) if t.startswith("'")),
        )
        for name in names.split(","):
            yield _STYLES[style], name, overload


FUNCTIONS: dict[tuple[Style, str], tuple[Overload, ...]] = {}
for _style, _name, _overload in _rows():
    FUNCTIONS[(_style, _name)] = (*FUNCTIONS.get((_style, _name), ()), _overload)

_VARIABLES = frozenset({"T", "K", "V"})


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
