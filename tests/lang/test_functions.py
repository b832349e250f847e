"""The table of functions: it is whole, and what it promises the run-time functions keep."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest

from govlab.lang.compiled import compile_literal, compile_pattern
from govlab.lang.functions import FUNCTIONS, OPERATORS, RECORDS, Overload, join, unify
from govlab.runtime.calls import CALLS
from govlab.runtime.network import read_cidr, read_ip
from govlab.runtime.shell import analyse
from govlab.runtime.urls import read_url
from govlab.runtime.values import CelError, Map, kind
from govlab.types import BOOL, DYN, INT, NULL, STRING, Type, list_of, map_of, parse_type, type_of
from tests.conformance.cel.expressions import VALUES

LOGICAL = {"_&&_", "_||_", "!_", "_?_:_"}  # no strict functions: each back-end has them as nodes
MADE_BY_PLAN = {"@glob", "@any_glob", "@arguments"}
FIELDS = {f"{record}.{name}" for record, fields in RECORDS.items() for name in fields}


def kinds(text: str) -> Type:
    found = parse_type(text)
    assert found is not None
    return found


def test_every_function_can_be_called_and_nothing_else():
    assert CALLS.keys() == {name for _, name in FUNCTIONS} | FIELDS | MADE_BY_PLAN


def test_every_operator_has_overloads_but_the_logical():
    operators = {name for style, name in FUNCTIONS if style == "operator"}
    assert operators == OPERATORS.keys() - LOGICAL


CONCRETE = {"T": "int", "K": "string", "V": "int", "N": "int"}
SAMPLES: dict[str, list[Any]] = {
    **VALUES,
    "map(string, int)": VALUES["map(string, int)"],
    "shell": [analyse("git push && rm x"), analyse("echo '")],
    "ip": [read_ip("127.0.0.1"), read_ip("2001:db8::1")],
    "cidr": [read_cidr("10.0.0.1/8"), read_cidr("::/0")],
    "url": [read_url("https://a.example:8443/b?c"), read_url("file:///etc/passwd")],
}


def concrete(of: Type) -> Type:
    """`of` with an example for each type variable."""
    name = CONCRETE.get(of.name, of.name)
    return Type(name, tuple(map(concrete, of.params)))


OVERLOADS = [
    (name, overload) for (_, name), overloads in FUNCTIONS.items() for overload in overloads
] + [
    (f"{record}.{name}", Overload((Type(record),), result))
    for record, fields in RECORDS.items()
    for name, result in fields.items()
]


READABLE = {"ip": "10.0.0.1", "ip.isCanonical": "::1", "containsIP": "10.1.1.1", "cidr": "::/8",
            "containsCIDR": "10.0.0.0/9", "url": "https://a.example/b"}  # fmt: skip


def arguments(name: str, overload: Overload) -> list[tuple[Any, ...]]:
    """Rows of arguments; a literal is one that can be compiled."""
    columns = [SAMPLES[str(concrete(of))] for of in overload.arguments]
    if name == "matches":
        columns[1] = [compile_pattern("a+")]
    elif name.startswith("get") and len(columns) == 2:
        columns[1] = ["Europe/Berlin", "-00:30"]
    if name in READABLE and overload.arguments[-1] == STRING:
        columns[-1] = [*columns[-1], READABLE[name]]
    return list(product(*columns))


@pytest.mark.parametrize(("name", "overload"), OVERLOADS)
def test_overload_gives_its_result_type_or_an_error_of_the_value(name, overload):
    results = [call(name, row) for row in arguments(name, overload)]
    given = [r for r in results if not isinstance(r, CelError)]
    assert given, f"{name}: nothing but errors"
    want = concrete(overload.result)
    if want != Type("shell") and want != DYN:
        assert {kind(r) for r in given} == {"type" if want.name == "type" else want.name}
    errors = [str(r) for r in results if isinstance(r, CelError)]
    assert [e for e in errors if "no such overload" in e] == []


def call(name: str, row: tuple[Any, ...]) -> Any:
    try:
        return CALLS[name](*row)
    except CelError as error:
        return error


@pytest.mark.parametrize("name", sorted({name for _, name in FUNCTIONS} - {"dyn", "type"}))
def test_arguments_of_no_overload_are_an_error_and_never_a_crash(name):
    overloads = [o for (_, n), some in FUNCTIONS.items() if n == name for o in some]
    fitting = {tuple(a.name for a in map(concrete, o.arguments)) for o in overloads}
    samples = {"null": [None], "map": [Map([(1, "a")])], **VALUES}
    # a pattern or zone is compiled before: nothing but a text gets there
    arity = 1 if name == "matches" or name.startswith("get") else len(min(fitting, key=len))
    for names in product(samples, repeat=arity):
        for row in product(*(samples[n][:2] for n in names)):
            given = (*row, compile_pattern("a")) if name == "matches" else row
            result = call(name, given)
            kinds_given = tuple(n.partition("(")[0] for n in names)
            known = any(f[:arity] == kinds_given for f in fitting)
            assert known or isinstance(result, CelError) or name in LAX, (name, names, result)


# where values of other types than the checker lets through have a meaning: behind `dyn`
LAX = {"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "_[_]"}
LAX |= {"math.greatest", "math.least", "math.sqrt"}  # any numbers: the table says `N`
LAX |= {"format", "join", "sets.contains", "sets.equivalent", "sets.intersects"}  # of any list


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ("int", "int", "int"),
        ("int", "string", "dyn"),
        ("list(int)", "list(int)", "list(int)"),
        ("list(int)", "list(dyn)", "list(dyn)"),
        ("list(int)", "map(int, int)", "dyn"),
        ("map(string, int)", "map(string, double)", "map(string, dyn)"),
        ("type(int)", "type(string)", "type(dyn)"),
        ("dyn", "int", "dyn"),
    ],
)
def test_join(one, other, joined):
    assert str(join(kinds(one), kinds(other))) == joined
    assert str(join(kinds(other), kinds(one))) == joined


T, K, V = Type("T"), Type("K"), Type("V")


@pytest.mark.parametrize(
    ("wanted", "given", "fits", "bound"),
    [
        (INT, INT, True, {}),
        (INT, STRING, False, {}),
        (INT, DYN, True, {}),
        (NULL, INT, False, {}),
        (T, INT, True, {"T": INT}),
        (list_of(T), list_of(STRING), True, {"T": STRING}),
        (list_of(T), STRING, False, {}),
        (map_of(K, V), map_of(STRING, INT), True, {"K": STRING, "V": INT}),
        (map_of(T, T), map_of(STRING, INT), False, {"T": DYN}),
        (map_of(T, T), map_of(STRING, DYN), True, {"T": DYN}),
        (type_of(INT), type_of(BOOL), True, {}),
    ],
)
def test_unify(wanted, given, fits, bound):
    found: dict[str, Type] = {}
    assert unify(wanted, given, found) is fits
    assert found == bound


@pytest.mark.parametrize(
    ("use", "value", "message"),
    [
        ("matches", "(", "bad regular expression: missing `)`; close the group or write `\\(`"),
        ("timestamp", "x", "not an RFC 3339 timestamp: `x`; write it like `2026-01-31T12:00:00Z`"),
        ("timestamp", 2**62, "timestamp out of range; write it like `2026-01-31T12:00:00Z`"),
        ("duration", "1d", "not a duration: `1d`; write it like `1h30m` or `90s`"),
        ("getHours", "CET",
         "no such time zone `CET`; write `Area/City`, `UTC` or an offset such as `+02:00`"),
    ],
)  # fmt: skip
def test_bad_literals_are_told_with_their_cure(use, value, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared
        compile_literal(use, value)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("use", "value", "compiled"),
    [("uint", 1, "uint"), ("int", 1, "int"), ("bool", True, "bool"), ("double", math.inf, "double"),
     ("type", "int", "type"), ("timestamp", "2020-01-01T00:00:00Z", "string"),
     ("timestamp", None, "null"), ("matches", None, "null"), ("getDate", "+01:00", "string")],
)  # fmt: skip
def test_literals_get_their_run_time_form(use, value, compiled):
    assert kind(compile_literal(use, value)) == compiled
