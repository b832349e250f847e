"""CEL types, as values: `list(string)`, `map(string, int)`, `dyn`.

The names are those of the language definition (google/cel-spec, doc/langdef.md, "Values").
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "INT",
    "NULL",
    "SCALARS",
    "STRING",
    "TIMESTAMP",
    "UINT",
    "Type",
    "list_of",
    "map_of",
    "parse_type",
    "type_of",
]


@dataclass(frozen=True, slots=True)
class Type:
    """A CEL type: a name and, for `list`, `map` and `type`, its parameters.

    >>> str(map_of(STRING, list_of(INT)))
    'map(string, list(int))'
    """

    name: str
    params: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.params))})" if self.params else self.name


BOOL = Type("bool")
INT = Type("int")
UINT = Type("uint")
DOUBLE = Type("double")
STRING = Type("string")
BYTES = Type("bytes")
NULL = Type("null")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
DYN = Type("dyn")

SCALARS = {t.name: t for t in (BOOL, INT, UINT, DOUBLE, STRING, BYTES, NULL, TIMESTAMP, DURATION)}


def list_of(element: Type) -> Type:
    """The type of lists of `element`."""
    return Type("list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """The type of maps from `key` to `value`."""
    return Type("map", (key, value))


def type_of(of: Type) -> Type:
    """The type of the type `of`, as `type(1)` has."""
    return Type("type", (of,))


def parse_type(text: str) -> Type | None:
    """The type written in `text`, or None where it is not one.

    >>> str(parse_type("map(string,list( int ))"))
    'map(string, list(int))'
    >>> parse_type("list(strin)") is None
    True
    """
    text = text.strip()
    if text in SCALARS:
        return SCALARS[text]
    if text == "dyn":
        return DYN
    name, opened, rest = text.partition("(")
    if not opened or not rest.endswith(")"):
        return None
    params = tuple(parse_type(part) for part in _split(rest[:-1]))
    arity = {"list": 1, "map": 2, "type": 1}.get(name.strip())
    if arity != len(params) or any(p is None for p in params):
        return None
    return Type(name.strip(), tuple(p for p in params if p is not None))


def _split(text: str) -> list[str]:
    """The parts of `text` between the commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
