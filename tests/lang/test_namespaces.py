"""Functions with a dot in their name, and what hides them; `cel.bind`."""

from __future__ import annotations

import pytest

from govlab.backends.reference.walker import evaluate
from govlab.lang.bindings import MOST_NODES
from govlab.lang.checker import Constant, Scope, check
from govlab.lang.nodes import Call, walk
from govlab.lang.parser import MAX_DEPTH, parse
from govlab.lang.printer import show
from govlab.types import INT, STRING, list_of, map_of

SCOPE = Scope(
    {"ip": STRING, "path": STRING, "sets": STRING, "env": STRING, "event.x": INT,
     "strings": list_of(STRING), "math.x": INT, "cel": map_of(STRING, INT)},
    constants={"base64": Constant(INT, 1)},
)  # fmt: skip


def checked(text: str):
    return check(parse(text), SCOPE, want=None)


NAMESPACED = [
    ("math.abs(1)", "math.abs", 1),
    (".math.abs(1)", "math.abs", 1),
    ("math.abs(math.x)", "math.abs", 1),  # an attribute below the name does not hide it
    ("ip.isCanonical(ip)", "ip.isCanonical", 1),  # strings have no such method
    ("path.clean(path)", "path.clean", 1),
    ("strings.quote(env)", "strings.quote", 1),
    ("base64.encode(b'a')", "base64.encode", 1),
    # strings have a method `contains`: the attribute is meant
    ("sets.contains('a')", "contains", 2),
    ("ip.startsWith('10.')", "startsWith", 2),
    ("path.pathIn(['/srv/**'])", "pathIn", 2),
    ("strings.join()", "join", 1),
    # a macro's variable hides every namespace
    ("['a'].exists(sets, sets.contains('b'))", "contains", 2),
    ("['a'].map(math, math.size())", "size", 1),
    ("cel.bind(sets, 'a', sets.contains('b'))", "contains", 2),
]


@pytest.mark.parametrize(("text", "function", "arguments"), NAMESPACED)
def test_a_name_before_the_dot_is_a_namespace_or_a_value(text, function, arguments):
    found = checked(text)
    assert found.problems == ()
    calls = [n for n in walk(found.node) if isinstance(n, Call) and n.function == function]
    assert [len(call.args) for call in calls] == [arguments]


REFUSED = [
    ("sets.intersects(['a'], ['b'])", ()),
    ("sets.contains(['a'], ['b'])", ("GL104",)),  # the attribute `sets`, a string
    ("math.clean(env)", ("GL103",)),
    ("[1].exists(math, math.abs(1) > 0)", ("GL103",)),
    ("base64.size()", ("GL104",)),
    ("base64.encod(b'a')", ("GL103",)),
    ("a.math.abs(1)", ("GL101", "GL103")),
]


@pytest.mark.parametrize(("text", "codes"), REFUSED)
def test_what_is_hidden_is_refused(text, codes):
    assert tuple(problem.code for problem in checked(text).problems) == codes


def test_an_unknown_function_gets_a_suggestion():
    (problem,) = checked("math.gratest(1, 2)").problems
    assert problem.hint == "did you mean `math.greatest`?"


BOUND = [
    ("cel.bind(x, 1, x + x)", 2),
    ("cel.bind(x, 1 / 0, true)", True),  # the value is evaluated where it is used
    ("cel.bind(x, 1 / 0, false && x > 0)", False),
    ("cel.bind(x, 1, cel.bind(x, x + 1, x + x))", 4),
    ("cel.bind(env, 'a', env + 'b')", "ab"),
    ("[1, 2].map(y, cel.bind(x, y * y, x + y))", (2, 6)),
    ("cel.bind(x, [1, 2], x.map(y, x.map(x, x + y)))", ((2, 3), (3, 4))),
    ("cel.bind(m, {'a': 1}, m.a + (has(m.a) ? 1 : 0))", 2),
    ("cel.bind(x, 1, [x, 2].exists(x, x == 2) && x == 1)", True),
]


@pytest.mark.parametrize(("text", "value"), BOUND)
def test_bind(text, value):
    found = checked(text)
    assert found.problems == ()
    assert evaluate(found.node, {}) == value
    assert show(parse(show(parse(text)))) == show(parse(text))


def test_an_attribute_called_cel_has_methods_of_its_own():
    assert checked("cel.size()").problems == ()


def doubling(times: int) -> str:
    """A condition that is `2 ** times` numbers long when its names are written out."""
    heads = "".join(f"cel.bind(x{n + 1}, x{n} + x{n}, " for n in range(times))
    return f"cel.bind(x0, 1, {heads}x{times}{')' * (times + 1)} > 0"


def test_bindings_are_bounded():
    assert evaluate(checked(doubling(8)).node, {}) is True
    problems = checked(doubling(40)).problems
    assert [p.code for p in problems] == ["GL111"]
    assert str(MOST_NODES) in problems[0].message


def test_bindings_do_not_make_trees_deeper_than_conditions_are():
    long = " + ".join("1" * (MAX_DEPTH - 10))
    assert checked(f"cel.bind(x, {long}, x + 1)").problems == ()
    deeper = checked(f"cel.bind(x, {long}, cel.bind(y, x + {long.replace(' ', '')}, y > 1))")
    assert [p.code for p in deeper.problems] == ["GL111"]
