"""The checker: names, types, and what is refused with which words."""

from __future__ import annotations

import random
from typing import Any

import pytest

from govlab.backends.reference import walker
from govlab.lang.checker import Constant, Problem, Scope, check
from govlab.lang.nodes import Literal, Local, Present, Variable, variables, walk
from govlab.lang.parser import parse
from govlab.runtime.states import Mark
from govlab.runtime.values import CelError, Timestamp, Uint, kind
from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type, list_of, parse_type
from tests.conformance.cel.expressions import TYPES, VARIABLES, expression, row


def typed(**kinds: str) -> dict[str, Type]:
    return {name.replace("__", "."): t for name, k in kinds.items() if (t := parse_type(k))}


SCOPE = Scope(
    attributes=typed(
        env="string", cost="double", tokens_in="int", ts="timestamp", risk_tags="list(string)",
        approved="bool", args__path="string", args__n="int", tool_info__destructive="bool",
        history__spend="double", labels="map(string, int)", loose="map(string, dyn)", u="uint",
        a__b="map(string, string)", a__b__c="string", risk="string",
    ),
    rows=frozenset({"tool_info"}),
    constants={
        "params.limit": Constant(INT, 50),
        "params.pattern": Constant(STRING, "^a+$"),
        "params.zone": Constant(STRING, "Europe/Berlin"),
        "params.start": Constant(TIMESTAMP, Timestamp(0)),
        "known.keys": Constant(list_of(STRING), ("a", "b")),
    },
    refused={"decision": "it is known only after the action", "outcome": "the same"},
)  # fmt: skip


def checked(text: str, *, want: Type | None = None):
    return check(parse(text), SCOPE, want=want)


def problems(text: str, *, want: Type | None = None) -> tuple[Problem, ...]:
    return checked(text, want=want).problems


TYPED = [
    ("1", "int"), ("1u", "uint"), ("1.0", "double"), ("'a'", "string"), ("b'a'", "bytes"),
    ("null", "null"), ("true", "bool"),
    ("env", "string"), ("event.env", "string"), ("args.path", "string"),
    ("event.args.path", "string"),
    ("tool_info.destructive", "bool"), ("history.spend > 1.0", "bool"), ("risk == 'low'", "bool"),
    ("params.limit", "int"), ("event.params.limit", "int"), ("known.keys", "list(string)"),
    # the longest name wins; what follows it are fields
    ("a.b", "map(string, string)"), ("a.b.c", "string"), ("a.b.d", "string"), ("labels.x", "int"),
    ("labels['x']", "int"), ("loose.x", "dyn"), ("loose.x.y.z", "dyn"),
    ("has(event.env)", "bool"), ("has(args.path)", "bool"), ("has(event.tool_info)", "bool"),
    ("has(labels.x)", "bool"), ("has(loose.x.y)", "bool"), ("has(params.limit)", "bool"),
    ("has({'a': 1}.a)", "bool"),
    ("[1, 2]", "list(int)"), ("[]", "list(dyn)"), ("[1, 'a']", "list(dyn)"),
    ("[1, dyn('a')]", "list(dyn)"), ("[[], [1]]", "list(list(int))"),
    ("[[1], []]", "list(list(int))"),
    ("[[], 1]", "list(dyn)"), ("[[1], ['a']]", "list(list(dyn))"),
    ("{}", "map(dyn, dyn)"), ("{'a': 1}", "map(string, int)"),
    ("{'a': 1, 2: 'b'}", "map(dyn, dyn)"),
    ("{'a': {}, 'b': {'c': 1}}", "map(string, map(string, int))"),
    ("true ? 1 : 2", "int"), ("true ? [] : risk_tags", "list(string)"),
    ("true ? 1 : dyn('a')", "dyn"),
    ("[1] + [2]", "list(int)"), ("[1] + []", "list(int)"), ("[] + []", "list(dyn)"),
    ("[1] + [dyn('a')]", "list(dyn)"), ("[] in [[1]]", "bool"), ("risk_tags == []", "bool"),
    ("[1][0]", "int"), ("[1][dyn(0u)]", "int"), ("{'a': 1u}['a']", "uint"),
    ("{1: 'a'}.size()", "int"),
    ("ts - ts", "duration"), ("ts - duration('1h')", "timestamp"),
    ("duration('1h') + ts", "timestamp"),
    ("ts.getHours()", "int"), ("ts.getHours('Europe/Berlin')", "int"),
    ("ts.getHours(params.zone)", "int"),
    ("duration('90s').getMinutes()", "int"), ("timestamp(params.start)", "timestamp"),
    ("size(env)", "int"), ("env.size()", "int"), ("env.matches(params.pattern)", "bool"),
    ("matches(env, 'a')", "bool"), ("type(1)", "type(int)"), ("type(1) == type('a')", "bool"),
    ("int", "type(int)"), ("type(int)", "type(type(int))"), ("list", "type(list(dyn))"),
    ("google.protobuf.Timestamp == type(ts)", "bool"),
    ("dyn(1)", "dyn"), ("dyn(1) + 1", "int"), ("dyn(1) + dyn(1)", "dyn"), ("dyn(1) == 'a'", "bool"),
    ("dyn(ts).getHours()", "int"), ("-dyn(1)", "dyn"), ("!dyn(true)", "bool"),
    ("dyn(1) ? 1 : 2", "int"),
    ("risk_tags.all(t, t == 'a')", "bool"), ("risk_tags.filter(t, t == 'a')", "list(string)"),
    ("risk_tags.map(t, size(t))", "list(int)"), ("[1].map(x, x > 0, [x])", "list(list(int))"),
    ("labels.map(k, k)", "list(string)"), ("dyn([1]).map(x, x)", "list(dyn)"),
    ("loose.x.exists(y, y == 1)", "bool"),
    # a macro's variable hides attributes, types and `event`; a leading dot does not see it
    ("[1].map(env, env)", "list(int)"), ("[1].map(env, .env)", "list(string)"),
    ("[1].map(int, int + 1)", "list(int)"), ("[{'env': 1}].map(event, event.env)", "list(int)"),
    ("[{'path': 1}].map(args, args.path)", "list(int)"),
    ("[[1]].map(x, x.map(x, x))", "list(list(int))"),
    ("[{'env': 1}].all(event, has(event.env))", "bool"),
    ("shell(args.path)", "shell"), ("shell(args.path).programs", "list(string)"),
    ("shell(args.path).parsed", "bool"), ("'rm' in shell(args.path).programs", "bool"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), TYPED)
def test_type(text, kind):
    found = checked(text)
    assert found.problems == ()
    assert str(found.node.type) == kind


# condition, code, the text its span covers, part of the message, part of the hint
REFUSED = [
    ("enviroment == 'a'", "GL101", "enviroment", "no such attribute `enviroment`", ""),
    ("event.tokens_n > 1", "GL101", "event.tokens_n", "`tokens_n`", "did you mean `tokens_in`?"),
    ("params.limt > 1", "GL101", "params.limt", "`params.limt`", "did you mean `params.limit`?"),
    ("tool_info.destructiv", "GL101", "tool_info.destructiv", "", "`tool_info.destructive`"),
    ("args.zzzzzzz == 1", "GL101", "args.zzzzzzz", "", "`attributes: {args.zzzzzzz: string}`"),
    ("has(event.enviro)", "GL101", "has(event.enviro)", "`enviro`", ""),
    ("has(google.protobuf.Timestamp)", "GL101", "has(google.protobuf.Timestamp)", "", ""),
    ("shell(env).program", "GL101", "shell(env).program", "no field `program`", "`programs`?"),
    ("[1].all(x, y > 0)", "GL101", "y", "`y`", ""),
    ("[1].all(x, true) && x > 0", "GL101", "x", "`x`", ""),
    ("[x].all(x, true)", "GL101", "x", "`x`", ""),
    ("[1].all(x, .x > 0)", "GL101", ".x", "`x`", ""),
    ("decision == 'DENY'", "GL102", "decision", "known only after the action", ""),
    ("has(event.decision)", "GL102", "has(event.decision)", "known only after", ""),
    ("event.outcome == 'a'", "GL102", "event.outcome", "", ""),
    ("tool_info", "GL102", "tool_info", "is a lookup", "`has(event.tool_info)`"),
    ("env.beginsWith('a')", "GL103", "env.beginsWith('a')", "method `beginsWith`", ""),
    ("env.startWith('a')", "GL103", "env.startWith('a')", "`startWith`",
     "did you mean `startsWith`?"),
    ("lower(env)", "GL103", "lower(env)", "function `lower`", ""),
    ("startsWith(env, 'a')", "GL103", "startsWith(env, 'a')", "function `startsWith`", ""),
    ("cost > 50", "GL104", "cost > 50", "`double > int`", "write `50.0`"),
    ("cost > params.limit", "GL104", "cost > params.limit", "`double > int`", "write `50.0`"),
    ("cost > tokens_in", "GL104", "cost > tokens_in", "", "did you mean `double(...)`"),
    ("env > 3", "GL104", "env > 3", "no overload `string > int`", "quotes?"),
    ("env == null", "GL104", "env == null", "`string == null`", "`has(event.name)`"),
    ("u > tokens_in", "GL104", "u > tokens_in", "", "did you mean `uint(...)` round the int?"),
    ("u == -1", "GL104", "u == -1", "", "did you mean `uint(...)`"),
    ("cost * 2u > 1.0", "GL104", "cost * 2u", "", "write `2.0`"),
    ("u == 1", "GL104", "u == 1", "`uint == int`", "write `1u`"),
    ("1 in env", "GL104", "1 in env", "`int in string`", "it takes (T, list(T)) or (K, map(K, V))"),
    ("1 in risk_tags", "GL104", "1 in risk_tags", "`int in list(string)`", ""),
    ("env[0]", "GL104", "env[0]", "`string[int]`", "it takes (list(T), int)"),
    ("env.contains(1)", "GL104", "env.contains(1)", "`string.contains(int)`", "(string, string)"),
    ("-u", "GL104", "-u", "`-(uint)`", "it takes (int) or (double)"),
    ("size(1)", "GL104", "size(1)", "`size(int)`", "it takes (string) or (bytes)"),
    ("1.0 % 2.0", "GL104", "1.0 % 2.0", "`double % double`", ""),
    ("approved && 1", "GL104", "1", "this is `int`, not `bool`", "compare"),
    ("!env", "GL104", "env", "this is `string`, not `bool`", ""),
    ("risk_tags.all(t, t)", "GL104", "t", "this is `string`, not `bool`", ""),
    ("[1].map(x, x, x)", "GL104", "x", "this is `int`, not `bool`", ""),
    ("env ? 1 : 2", "GL104", "env", "", ""),
    ("env.matches(args.path)", "GL105", "args.path", "`matches` needs a literal",
     "a param works too"),
    ("ts.getHours(env)", "GL105", "env", "", ""),
    ("string(cost)", "GL105", "cost", "`string` needs a literal", ""),
    ("env.matches('(a')", "GL106", "'(a'", "missing `)`", "close the group"),
    ("env.matches('(?=a)')", "GL106", "'(?=a)'", "look-around", ""),
    ("ts.getHours('EST')", "GL106", "'EST'", "no such time zone `EST`", "`Area/City`"),
    ("ts > timestamp('yesterday')", "GL106", "'yesterday'", "RFC 3339", "2026-01-31T12:00:00Z"),
    ("ts > timestamp(99999999999999)", "GL106", "99999999999999", "out of range", ""),
    ("ts - ts > duration('1 day')", "GL106", "'1 day'", "not a duration", "`1h30m`"),
    ("env.all(c, true)", "GL108", "env", "`all` runs over a list or map, not `string`", ""),
    ("env.foo == 1", "GL108", "env.foo", "`string` has no field `foo`", ""),
    ("cost.foo.bar == 1", "GL108", "cost.foo", "`double` has no field `foo`", ""),
    ("has(env.foo)", "GL109", "has(env.foo)", "`string` has no fields", "`event.name`"),
    ("true ? 1 : 'a'", "GL110", "'a'", "mixes `int` and `string`", "`dyn(...)`"),
    ("true ? 1 : 2.0", "GL110", "2.0", "mixes `int` and `double`", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place", "message", "hint"), REFUSED)
def test_refusal(text, code, place, message, hint):
    (found,) = problems(text)
    assert found.code == code
    assert text[found.span.start : found.span.end] == place
    assert message in found.message
    assert hint in found.hint
    assert not found.message.endswith(".")
    assert found.message.startswith("`") or found.message[0].islower()


@pytest.mark.parametrize(
    ("text", "want", "message"),
    [
        ("cost", BOOL, "this is `double`, not `bool`"),
        ("1", DOUBLE, "this is `int`, not `double`"),
        ("dyn(true)", BOOL, "this is `dyn`, not `bool`"),
        ("loose.x", BOOL, "this is `dyn`, not `bool`"),
        ("[1, 'a']", list_of(STRING), "this is `list(dyn)`, not `list(string)`"),
        ("shell(env)", STRING, "this is `shell`, not `string`"),
    ],
)
def test_the_result_must_have_the_type_wanted(text, want, message):
    (found,) = problems(text, want=want)
    assert (found.code, found.message) == ("GL107", message)
    assert text[found.span.start : found.span.end] == text


@pytest.mark.parametrize(
    ("text", "want"),
    [("approved", BOOL), ("[]", list_of(STRING)), ("true ? [] : risk_tags", list_of(STRING)),
     ("loose.x == 1", BOOL), ("double(tokens_in)", DOUBLE)],
)  # fmt: skip
def test_the_result_has_the_type_wanted(text, want):
    assert problems(text, want=want) == ()


def test_all_problems_are_found_at_once_and_each_cause_once():
    text = "enviro == 1 && cost > 50 || nothing_at_all + 1 > 2 && f(x.y)"
    codes = [(p.code, text[p.span.start : p.span.end]) for p in problems(text, want=BOOL)]
    assert codes == [
        ("GL101", "enviro"),
        ("GL104", "cost > 50"),
        ("GL101", "nothing_at_all"),
        ("GL101", "x.y"),
        ("GL103", "f(x.y)"),
    ]


def test_attributes_are_resolved_to_one_name():
    text = "event.env == 'a' && env == 'b' && has(event.args.path) && tool_info.destructive"
    node = checked(text).node
    assert variables(node) == {"env", "args.path", "tool_info.destructive"}
    assert [n.name for n in walk(node) if isinstance(n, Present)] == ["args.path"]
    assert [n.name for n in walk(node) if isinstance(n, Variable)].count("env") == 2


def test_constants_become_literals():
    literals = [n for n in walk(checked("params.limit + 1").node) if isinstance(n, Literal)]
    assert [(n.value, n.type) for n in literals] == [(50, INT), (1, INT)]


def test_literals_get_their_run_time_form():
    values = [n.value for n in walk(checked("[1u, dyn(u)]").node) if isinstance(n, Literal)]
    assert [type(v) for v in values] == [Uint]


def test_macro_variables_have_unique_names_and_their_own_spans():
    text = "[1].all(x, x > 0) && [2].exists(x, [3].all(x, x > 1) && x > 2)"
    found = [n for n in walk(checked(text).node) if isinstance(n, Local)]
    assert len({n.name for n in found}) == 3
    assert {text[n.span.start : n.span.end] for n in found} == {"x"}


def test_nothing_is_named_when_the_scope_is_empty():
    (found,) = check(parse("env == 'a'"), Scope({})).problems
    assert (found.code, found.hint) == ("GL101", "")


# -- a condition that passes has no type error left ------------------------------------------------


@pytest.fixture
def errors(monkeypatch) -> list[str]:
    """The messages of all evaluation errors, which the walker otherwise drops."""
    raised: list[str] = []
    strict = walker._strict

    def recording(function: Any, args: tuple[Any, ...]) -> Any:
        def told(*given: Any) -> Any:
            try:
                return function(*given)
            except CelError as error:
                raised.append(str(error))
                raise

        return strict(told, args)

    monkeypatch.setattr(walker, "_strict", recording)
    return raised


TYPE_ERRORS = ("no such overload", "cannot convert this", "of something that is no")


def is_type_error(message: str) -> bool:
    # a text or number that cannot be read is an error of its value, not of its type
    convertible = ("string to", "double to", "int to")
    return any(t in message for t in TYPE_ERRORS) and not any(c in message for c in convertible)


@pytest.mark.parametrize("seed", range(4))
def test_a_checked_condition_without_dyn_has_no_type_error(errors, seed):
    rng = random.Random(seed)
    for at in range(400):
        text = expression(TYPES[at % len(TYPES)], rng, rng.choice((1, 2, 3)))
        node = check(parse(text), Scope(VARIABLES), want=None).node
        for _ in range(0 if "dyn" in text else 8):
            result = walker.evaluate(node, row(rng))
            assert isinstance(result, Mark) or has_type(result, node.type), text
    assert [e for e in errors if is_type_error(e)] == []
    assert len(errors) > 100


def test_type_errors_are_recorded(errors):
    walker.evaluate(checked("dyn(1) + dyn('a')").node, {})
    walker.evaluate(checked("dyn(1) < dyn('a')").node, {})
    walker.evaluate(checked("{'a': 1}[dyn([])] == 1 || [1][dyn('a')] == 1").node, {})
    assert [is_type_error(e) for e in errors] == [True, True, False, True]


@pytest.mark.parametrize("seed", range(4))
def test_the_value_of_any_checked_condition_has_its_type(seed):
    rng = random.Random(100 + seed)
    for at in range(400):
        text = expression(TYPES[at % len(TYPES)], rng, rng.choice((1, 2, 3)))
        node = check(parse(text), Scope(VARIABLES), want=None).node
        for _ in range(5):
            result = walker.evaluate(node, row(rng))
            assert isinstance(result, Mark) or has_type(result, node.type), text


def has_type(value: Any, of: Type) -> bool:
    match of.name:
        case "dyn":
            return True
        case "list":
            return kind(value) == "list" and all(has_type(v, of.params[0]) for v in value)
        case "map":
            return kind(value) == "map" and all(
                has_type(k, of.params[0]) and has_type(v, of.params[1]) for k, v in value.items()
            )
        case name:
            return kind(value) == name
