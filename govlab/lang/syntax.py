"""The syntax tree: what the parser reads and the printer writes, before names and types.

One closed union, `Syntax`; operators are `Call`s named as in the language definition
(`_&&_`, `_+_`, `_?_:_`, `_[_]`, `@in`, `!_`, `-_`). Spans are half-open character offsets into
the condition's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import NamedTuple

__all__ = [
    "Call",
    "Ident",
    "ListDisplay",
    "Literal",
    "LiteralKind",
    "Macro",
    "MacroKind",
    "MapDisplay",
    "Select",
    "Span",
    "Syntax",
]

LiteralKind = OneOf["null", "bool", "int", "uint", "double", "string", "bytes"]
MacroKind = OneOf["all", "exists", "exists_one", "map", "filter"]


class Span(NamedTuple):  # there are many: a data class takes thrice as long to make
    """Characters `start` to `end` (exclusive) of the source."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    """`1`, `1u`, `1.0`, `'a'`, `b'a'`, `true`, `null`."""

    span: Span
    kind: LiteralKind
    value: bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Ident:
    """`name`; `absolute` where written with a leading dot."""

    span: Span
    name: str
    absolute: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`; with `test`, the macro `has(operand.field)`."""

    span: Span
    operand: Syntax
    field: str
    test: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """`function(args)` or, with a `target`, `target.function(args)`; also every operator."""

    span: Span
    function: str
    target: Syntax | None
    args: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class ListDisplay:
    """`[a, b]`."""

    span: Span
    elements: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class MapDisplay:
    """`{k: v}`."""

    span: Span
    entries: tuple[tuple[Syntax, Syntax], ...]


@dataclass(frozen=True, slots=True)
class Macro:
    """`range.kind(variable, body)`; `condition` is the second of `map(x, condition, body)`."""

    span: Span
    kind: MacroKind
    range: Syntax
    variable: str
    condition: Syntax | None
    body: Syntax


Syntax = Literal | Ident | Select | Call | ListDisplay | MapDisplay | Macro
