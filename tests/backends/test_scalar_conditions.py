"""Generated conditions give what the reference walker gives, and pass CEL's vectors."""

from __future__ import annotations

import os
import random
import timeit
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from govlab.backends.reference.walker import evaluate
from govlab.backends.scalar import compile_condition, generate_condition
from govlab.lang.checker import Scope, check
from govlab.lang.nodes import Node
from govlab.lang.parser import parse
from govlab.runtime.states import ABSENT, ERROR, MALFORMED, UNKNOWN, Mark
from govlab.types import Type, parse_type
from tests.conformance.cel.expressions import TYPES, VARIABLES, expression, row
from tests.conformance.cel.on_reference import evaluate_rows as by_reference
from tests.conformance.cel.vectors import identical, read_file
from tests.conformance.cel.verdicts import judge

SEEDS = range(100 if os.environ.get("GOVLAB_PROFILE") == "deep" else 6)
MARKS = (ABSENT, MALFORMED, UNKNOWN)


def evaluate_rows(
    node: Node, types: Mapping[str, Type], rows: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """The result of `node` for each of `rows`: what `tests.conformance.cel` asks of an engine."""
    assert all(row.keys() >= types.keys() for row in rows)
    return list(map(compile_condition(node), rows))


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, Mark) or isinstance(theirs, Mark):
        return ours is theirs
    return identical(ours, theirs)


def tree(text: str, types: Mapping[str, Type] = VARIABLES) -> Node:
    checked = check(parse(text), Scope(types), want=None)
    assert checked.problems == (), text
    return checked.node


@pytest.mark.parametrize("seed", SEEDS)
def test_random_conditions(seed: int) -> None:
    rng, seen = random.Random(seed), Counter[str]()
    for at in range(100):
        kind = TYPES[at // 2 % len(TYPES)] if at % 2 else "bool"
        text = expression(kind, rng, rng.choice((1, 2, 2, 3, 4, 5)))
        node = tree(text)
        condition = compile_condition(node)
        for _ in range(25):
            states = {
                n: rng.choice(MARKS) if rng.random() < 0.1 else s for n, s in row(rng).items()
            }
            want = evaluate(node, states)
            assert same(condition(states), want), (text, states)
            seen[want.value if isinstance(want, Mark) else "value"] += 1
    assert min(seen[word] for word in ("value", "error", "unknown")) > 0.05 * seen.total()


@pytest.mark.parametrize("lifted", [False, True])
def test_cel_vectors(shared: Any, lifted: bool) -> None:
    file = read_file(shared / "vectors/cel/cel-public.json", lifted=lifted)
    cases = judge(file.vectors, evaluate_rows)
    assert len(cases) > 400
    assert [c for c in cases if c.result == "wrong"] == []
    assert cases == judge(file.vectors, by_reference)  # and refused where the reference is


OPERANDS = (True, False, *MARKS)


@pytest.mark.parametrize("text", [
    "a && b", "b || a", "a && b && c", "a || b || c", "a && (b || c)", "(a || b) && !c",
    "!(a && !b) || c", "a ? b : c", "(a ? b : c) && b", "[a, b, c].all(x, x)",
    "[a, b].exists(x, x && c)", "[1, 2].all(x, a || b)", "[a, b, c].exists_one(x, x)",
    "size([a, b].filter(x, x || c)) > 0", "[1, 2].map(x, a, b) == [c, c]", "has(event.a) && b",
    "!has(event.a) || b", "a == b && c", "a != b || c", "(a && b) == c", "[a && b, c][0]",
])  # fmt: skip
def test_absorption_in_both_orders(text: str) -> None:
    types = {name: Type("bool") for name in "abc"}
    node = tree(text, types)
    condition = compile_condition(node)
    for a, b, c in product(OPERANDS, repeat=3):
        states = {"a": a, "b": b, "c": c}
        assert condition(states) is evaluate(node, states), states


# what Python does otherwise than CEL: condition, value of x, result
TRAPS = [
    ("x / 2", -7, -3), ("x % 2", -7, -1), ("x / 0", 1, ERROR), ("x % 0", 1, ERROR),
    ("x + 1", 2**63 - 1, ERROR), ("-x", -(2**63), ERROR), ("x * 2", 2**62, ERROR),
    ("x - 1", -(2**63), ERROR), ("x / -1", -(2**63), ERROR), ("dyn(x) == true", 1, False),
    ("dyn(x) == 1.0", 1, True), ("dyn(x) == 9223372036854775808.0", 2**63 - 1, True),
    ("dyn(x) in [true]", 1, False), ("{true: 1, 1: 2}[dyn(x)]", 1, 2), ("x in [1, 2]", 2, True),
    ("[x][1]", 1, ERROR), ("[x][-1]", 1, ERROR), ("x + 0 == 1 || 1 / x > 0", 0, ERROR),
    ("x == 0 || 1 / x > 0", 0, True), ("1 / x > 0 || x == 0", 0, True),
    ("1 / x > 0 && x != 0", 0, False), ("1 / x > 0 ? true : true", 0, ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "want"), TRAPS)
def test_what_python_does_otherwise(text: str, x: int, want: object) -> None:
    got = compile_condition(tree(text, {"x": Type("int")}))({"x": x})
    assert (type(got), got) == (type(want), want)


@pytest.mark.parametrize(
    ("text", "want"),
    [("x == x", False), ("x != x", True), ("x < 1.0", False), ("!(x >= 1.0)", True),
     ("x in [x]", False), ("[x] == [x]", False), ("x / 0.0 == x", False)],
)  # fmt: skip
def test_nan(text: str, want: bool) -> None:
    assert compile_condition(tree(text, {"x": Type("double")}))({"x": float("nan")}) is want


@pytest.mark.parametrize("text", [
    " + ".join(["i"] * 90), " && ".join(f"i != {n}" for n in range(1000)),
    "-(" * 40 + "i" + ")" * 40,
    "!(" * 45 + "b || i / j > 0" + ")" * 45, "(b ? " * 30 + "b" + " : i > j)" * 30,
    "(b && (i > 0 || " * 20 + "b" + "))" * 20, "[" * 40 + "i" + "]" * 40 + " == []",
])  # fmt: skip
def test_deep_and_long_conditions_compile(text: str) -> None:
    node, rng = tree(text.replace("== []", "!= dyn([])")), random.Random(text)
    condition = compile_condition(node)
    for _ in range(20):
        states = row(rng)
        assert same(condition(states), evaluate(node, states))


@pytest.mark.slow
def test_generated_code_is_faster_than_walking() -> None:
    node = tree("s == 'production' && d > 50.0 && 'pii' in ss")
    states = {"s": "production", "d": 60.0, "ss": ("a", "pii")}
    condition = compile_condition(node)
    ours = min(timeit.repeat(lambda: condition(states), number=20_000, repeat=5))
    theirs = min(timeit.repeat(lambda: evaluate(node, states), number=20_000, repeat=5))
    assert theirs / ours > 8


def test_the_source_reads_as_the_condition_does() -> None:
    kinds = {"env": "string", "cost": "double", "risk_tags": "list(string)"}
    types = {name: t for name, kind in kinds.items() if (t := parse_type(kind)) is not None}
    node = tree("env == 'production' && cost > 50.0 && 'pii' in risk_tags", types)
    assert (
        generate_condition(node).split("\n\n\n", 1)[1]
        == """\
def condition(s):
    env = s['env']
    _1 = env == 'production' if type(env) is not Mark else lack(env)
    if _1 is False:
        return False
    cost = s['cost']
    _2 = cost > 50.0 if type(cost) is not Mark else lack(cost)
    if _2 is False:
        return False
    risk_tags = s['risk_tags']
    _3 = 'pii' in risk_tags if type(risk_tags) is not Mark else lack(risk_tags)
    if _3 is False:
        return False
    return True if _1 is _2 is _3 is True else lack(_1, _2, _3)
"""
    )
