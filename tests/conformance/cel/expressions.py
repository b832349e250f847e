"""Random typed conditions, as text, and adversarial rows for their variables.

A production is a template: a type in braces stands for any expression of that type. Everything
made passes the checker; what differs from cel-cpp on purpose is left out and is listed in
`test_celcpp.DIFFERENCES`. The oracle's Python binding cuts texts at NUL, takes the first and
last day of all time for infinities and loses microseconds far from now: no variable holds these.
"""

from __future__ import annotations

import math
import random
import re
from typing import Any

from govlab.runtime.clock import read_timestamp
from govlab.runtime.states import ABSENT
from govlab.runtime.values import Duration, Map, Uint
from govlab.types import Type, parse_type

__all__ = ["TYPES", "VALUES", "VARIABLES", "expression", "row"]

_NAMES = {
    "b": "bool", "i": "int", "j": "int", "u": "uint", "d": "double", "e": "double",
    "s": "string", "w": "string", "y": "bytes", "t": "timestamp", "p": "duration",
    "xs": "list(int)", "ss": "list(string)", "ds": "list(double)", "m": "map(string, int)",
}  # fmt: skip
VARIABLES: dict[str, Type] = {n: t for n, k in _NAMES.items() if (t := parse_type(k)) is not None}

_TEXTS = ["", "a", "ab", "A", "é", "e\u0301", "🐱x", "a\nb", "12", "-7", "1.5", "true",
          "NaN", "9223372036854775808", "\uffff", "1h", "2020-02-29T23:59:59Z", "k"]  # fmt: skip
_INTS = [0, 1, -1, 2, 3, 7, -8, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), -(2**63) + 1]
_DOUBLES = [0.0, -0.0, 1.0, -1.5, 2.5, 0.1, 5e-324, 1e308, -1e308, 9007199254740993.0, 2.0**63,
            -(2.0**63), 1.8446744073709552e19, math.inf, -math.inf, math.nan]  # fmt: skip
_MOMENTS = ["0001-01-03T00:00:00Z", "9999-12-29T23:59:59Z", "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z", "2024-02-29T12:30:15.25Z", "2026-03-29T01:30:00Z",
            "2026-10-25T01:30:00Z", "2020-12-31T23:59:59Z"]  # fmt: skip
_ENDS = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"]
_SPANS = [0, 1_000, -1_000, 10**9, -(10**9), 1_500_000_000, 3_599_999_999_000, 90 * 60 * 10**9,
          9 * 10**18, -9 * 10**18]  # fmt: skip

VALUES: dict[str, list[Any]] = {
    "bool": [True, False],
    "int": _INTS,
    "uint": [Uint(n) for n in (0, 1, 2, 7, 2**63, 2**64 - 1)],
    "double": _DOUBLES,
    "string": _TEXTS,
    "bytes": [b"", b"a", b"ab", b"\xff", "é".encode()],
    "timestamp": [read_timestamp(text) for text in _MOMENTS],
    "duration": [Duration(ns) for ns in _SPANS],
    "list(int)": [(), (0,), (1, 2, 3), (-(2**63), 2**63 - 1), (7, 7)],
    "list(string)": [(), ("",), ("a", "ab"), ("é", "e\u0301"), ("k", "k", "12")],
    "list(double)": [(), (0.0, -0.0), (math.nan,), (1.0, math.inf), (2.5,)],
    "map(string, int)": [Map(()), Map([("k", 1)]), Map([("k", 0), ("a", 2**63 - 1)])],
}

_LITERALS: dict[str, list[str]] = {
    "bool": ["true", "false"],
    "int": ["0", "1", "2", "-1", "7", "10", "0x1F", "9223372036854775807", "-9223372036854775808"],
    "uint": ["0u", "1u", "3u", "18446744073709551615u"],
    "double": ["0.0", "-0.0", "1.0", "0.5", "-2.5", "1e308", "9223372036854775808.0", ".1"],
    "string": ["''", "'a'", "'ab'", "'é'", r"'e\u0301'", r"'a\nb'", "'12'", "'k'", "r'\\d'"],
    "bytes": ["b''", "b'a'", r"b'\xff'", "b'é'"],
    "timestamp": [
        f"timestamp('{m}')" for m in (*_MOMENTS, *_ENDS, "2020-01-01T00:00:00.000000001+05:30")
    ],
    "duration": [f"duration('{d}')" for d in ("0", "1s", "-1.5h", "1h30m", "1ns", "2562047h")],
    "list(int)": ["[1]", "[0, -1, 7]"],
    "list(string)": ["['a']", "['', 'k', 'é']"],
    "list(double)": ["[0.0]", "[-0.0, 1e308]"],
    "map(string, int)": ["{}", "{'k': 1}", "{'a': 0, 'k': 7}"],
}

_SCALARS = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
_LISTS = ("list(int)", "list(string)", "list(double)")
_NUMBERS = ("int", "uint", "double")
_PATTERNS = [r"a", r"^a*$", r"\\d+", r"^\\w+$", r"[^a]", r"(?i)AB|é", r".b", r"\\ba", r"\\s"]
_ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "+02:00", "-09:30"]
_FIELDS = ("FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes",
           "Seconds", "Milliseconds")  # fmt: skip


def _list_productions(of: str) -> list[str]:
    element = of[len("list(") : -1]
    return [
        f"{{{of}}} + {{{of}}}", f"{{{of}}} + []", f"[] + {{{of}}}",
        f"[{{{element}}}, {{{element}}}]", f"{{bool}} ? {{{of}}} : {{{of}}}",
        f"{{{of}}}.filter(@{element}, {{bool}})",
        f"{{{of}}}.map(@{element}, {{bool}}, {{{element}}})",
        *(f"{{{other}}}.map(@{other[len('list(') : -1]}, {{{element}}})" for other in _LISTS),
    ]  # fmt: skip


_PRODUCTIONS: dict[str, list[str]] = {
    "bool": [
        *(f"{{{k}}} {op} {{{k}}}" for k in VALUES for op in ("==", "!=")),
        *(f"{{{k}}} {op} {{{k}}}" for k in _SCALARS for op in ("<", "<=", ">", ">=")),
        *(f"dyn({{{a}}}) {op} {{{b}}}" for a in _NUMBERS for b in _NUMBERS
          for op in ("==", "!=", "<", ">=")),
        *(f"dyn({{{a}}}) == {{{b}}}" for a in ("string", "bool", "list(int)") for b in _NUMBERS),
        *(f"{{{k}}} in {{list({k})}}" for k in ("int", "string", "double")),
        *(f"dyn({{{k}}}) in {{list(int)}}" for k in ("uint", "double", "string")),
        *(f"dyn({{{k}}}) in {{map(string, int)}}" for k in ("string", "int", "bytes")),
        *4 * ["{bool} && {bool}", "{bool} || {bool}", "!{bool}", "{bool} ? {bool} : {bool}"],
        *(f"{{string}}.{f}({{string}})" for f in ("contains", "startsWith", "endsWith")),
        *(f"{{string}}.matches('{p}')" for p in _PATTERNS),
        *3 * ["{string} in {map(string, int)}", "has({map(string, int)}.k)", "bool({string})"],
        *(f"{{{k}}}.{m}(@{k[5:-1]}, {{bool}})" for k in _LISTS
          for m in ("all", "exists", "exists_one") for _ in "123"),
        "{map(string, int)}.all(@string, {bool})", "{map(string, int)}.exists(@string, {bool})",
        "type({int}) == type({uint})", "type(dyn({bool})) == bool",
    ],
    "int": [
        *(f"{{int}} {op} {{int}}" for op in "+-*/%"), "-({int})", "{bool} ? {int} : {int}",
        *(f"size({{{k}}})" for k in ("string", "bytes", *_LISTS, "map(string, int)")),
        *(f"int({{{k}}})" for k in ("int", "uint", "double", "string", "timestamp")),
        "{list(int)}[{int}]", "{map(string, int)}[{string}]", "{map(string, int)}.k",
        "[{int}, 5][dyn({double})]", "{{1: {int}, true: 2}}[dyn({int})]",
        *(f"{{timestamp}}.get{f}()" for f in _FIELDS),
        *(f"{{timestamp}}.get{f}('{z}')" for f in ("Hours", "Date", "DayOfWeek") for z in _ZONES),
        *(f"{{duration}}.get{f}()" for f in _FIELDS[-4:]),
    ],
    "uint": [*(f"{{uint}} {op} {{uint}}" for op in "+-*/%"), "{bool} ? {uint} : {uint}",
             *(f"uint({{{k}}})" for k in ("int", "uint", "double", "string"))],
    "double": [*(f"{{double}} {op} {{double}}" for op in "+-*/"), "-({double})",
               *(f"double({{{k}}})" for k in (*_NUMBERS, "string")),
               "{list(double)}[{int}]", "{bool} ? {double} : {double}"],
    "string": ["{string} + {string}", "{list(string)}[{int}]", "{bool} ? {string} : {string}",
               *(f"string({{{k}}})" for k in ("string", "int", "uint", "bool", "bytes"))],
    "bytes": ["{bytes} + {bytes}", "bytes({string})", "{bool} ? {bytes} : {bytes}"],
    "timestamp": ["{timestamp} + {duration}", "{duration} + {timestamp}", "timestamp({int} + 0)",
                  "{timestamp} - {duration}", "timestamp({string} + '')"],
    "duration": ["{duration} + {duration}", "{duration} - {duration}", "{timestamp} - {timestamp}",
                 "duration({string} + '')", "{bool} ? {duration} : {duration}"],
    **{of: _list_productions(of) for of in _LISTS},
    "map(string, int)": ["{{'k': {int}, 'a': {int}}}", "{{string(1): {int}}}"],
}  # fmt: skip

TYPES = tuple(_PRODUCTIONS)
_HOLE = re.compile(r"\{\{|\}\}|\{([a-z(), ]+)\}|@([a-z]+)")


def expression(kind: str, rng: random.Random, depth: int, inner: tuple[str, ...] = ()) -> str:
    """A condition of type `kind` with at most `depth` nested productions.

    `inner` are the types of the enclosing macros' variables, `v0` being the outermost.
    """
    if depth <= 0 or rng.random() < 0.15:
        return _leaf(kind, rng, inner)
    template = rng.choice(_PRODUCTIONS[kind])
    return f"({_filled(template, rng, depth, inner)})"


def _filled(template: str, rng: random.Random, depth: int, inner: tuple[str, ...]) -> str:
    """`template` with its holes filled from left to right; `@int` brings a variable into scope."""
    scope = inner

    def fill(hole: re.Match[str]) -> str:
        nonlocal scope
        if hole[2]:
            scope = (*scope, hole[2])
            return f"v{len(scope) - 1}"
        return expression(hole[1], rng, depth - 1, scope) if hole[1] else hole[0][0]

    return _HOLE.sub(fill, template)


def _leaf(kind: str, rng: random.Random, inner: tuple[str, ...]) -> str:
    names = [f"v{at}" for at, of in enumerate(inner) if of == kind]
    names = 3 * names + [name for name, of in _NAMES.items() if of == kind]
    return rng.choice(names) if rng.random() < 0.75 else rng.choice(_LITERALS[kind])


def row(rng: random.Random) -> dict[str, Any]:
    """A state for each variable: a value, now and then none."""
    return {
        name: ABSENT if rng.random() < 0.04 else rng.choice(VALUES[kind])
        for name, kind in _NAMES.items()
    }
