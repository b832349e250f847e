"""The reference walker against Google's cel-cpp: random conditions, adversarial rows.

`GOVLAB_PROFILE=deep` runs 200,000 rows instead of 12,000.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from govlab.backends.reference.walker import evaluate
from govlab.lang.checker import Scope, check
from govlab.lang.parser import SyntaxProblem, parse
from govlab.runtime.states import Mark
from tests.conformance.cel.expressions import TYPES, VARIABLES, expression, row
from tests.conformance.cel.vectors import identical

pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python is the oracle")
from tests.conformance.cel.celcpp import Oracle

ROWS = 20
SEEDS = range(100 if os.environ.get("GOVLAB_PROFILE") == "deep" else 6)
EXPRESSIONS = 100

# condition -> ours, cel-cpp's: where the two differ and why ours is as it is
DIFFERENCES = [
    ("string(1e6)", "1000000", "1e+06", "engines disagree; ours is what a person writes"),
    ("string(duration('1.5s'))", "1.5s", "1.500s", "cel-go's form"),
    ("string(timestamp('2001-01-01T00:00:00.1Z'))", "2001-01-01T00:00:00.1Z",
     "2001-01-01T00:00:00.100Z", "cel-go's form"),
    ("int(' 5' + '')", "error", 5, "a number with spaces around it is a text"),
    ("double(' 1' + '')", "error", 1.0, "a number with spaces around it is a text"),
    ("double('0x1p3' + '')", "error", 8.0, "no hexadecimal doubles in the language"),
    ("timestamp('2001-01-01T00:00:60Z' + '') > timestamp(0)", "error", True, "no such second"),
    ("timestamp('2001-01-01T00:00:00.0000000001Z' + '') > timestamp(0)", "error", True,
     "finer than a nanosecond: the value would be another"),
    ("duration('1\u00b5s' + '') == duration('1us')", True, "error", "as Go reads it"),
    ("size({1: 2, 1u: 3})", "error", 2, "equal keys are one key twice: the spec makes it an error"),
    ("timestamp(0) - (timestamp(0) + duration('-9223372036.5s')) > duration('0')", True, "error",
     "cel-cpp overflows on the way to a result that is in range"),
]  # fmt: skip


@pytest.fixture(scope="module")
def oracle():
    return Oracle(VARIABLES)


def disagreements(oracle, seed: int, seen: Counter[str]) -> list[str]:
    rng = random.Random(seed)
    found = []
    for at in range(EXPRESSIONS):
        kind = TYPES[at // 2 % len(TYPES)] if at % 2 else "bool"
        text = expression(kind, rng, rng.choice((1, 2, 2, 3, 4)))
        found += _differing_rows(oracle, text, kind, [row(rng) for _ in range(ROWS)], seen)
    return found


def _differing_rows(oracle, text, kind, rows, seen):
    checked = check(parse(text), Scope(VARIABLES), want=None)
    assert checked.problems == (), text
    program = oracle.program(text, kind)
    for states in rows:
        ours, theirs = evaluate(checked.node, states), program.run(states)
        seen["error" if isinstance(theirs, Mark) else kind] += 1
        if not same(ours, theirs):
            used = {name: state for name, state in states.items() if name in text}
            yield f"{text}: {ours!r} is not {theirs!r} where {used}"


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, Mark) or isinstance(theirs, Mark):
        return ours is theirs
    return identical(ours, theirs)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_conditions_give_what_cel_cpp_gives(oracle, seed):
    seen: Counter[str] = Counter()
    assert disagreements(oracle, seed, seen) == []
    assert seen.total() == EXPRESSIONS * ROWS
    assert 0.1 < seen["error"] / seen.total() < 0.6


def test_random_conditions_reach_values_of_every_type(oracle):
    seen: Counter[str] = Counter()
    for seed in range(3):
        disagreements(oracle, seed, seen)
    assert seen.keys() == {*TYPES, "error"}


@pytest.mark.parametrize(("text", "ours", "theirs", "why"), DIFFERENCES)
def test_differences_on_purpose(oracle, text, ours, theirs, why):
    checked = check(parse(text), Scope({}), want=None)
    assert checked.problems == (), why
    assert outcome(evaluate(checked.node, {})) == ours
    assert outcome(oracle.program(text).run({})) == theirs


def outcome(result: object) -> object:
    return result.value if isinstance(result, Mark) else result


# What only we refuse: part of the message -> why cel-cpp's laxity is not wanted.
ONLY_WE_REFUSE = {
    "null": "timestamps, durations and strings that are null: attributes never are",
    "`string` needs a literal": "doubles are written differently by every engine",
    "`int(duration)`": "not in the language definition",
    "bad regular expression": "refused when the bundle loads, not when it runs",
    "invalid escape": "the same",
}
PIECES = [*VARIABLES, "1", "1u", "1.0", "'a'", "null", "[]", "{}", "true", "b''", "[1.0]", "dyn(1)",
          "int", "nope", "[1, 'a']"]  # fmt: skip


def mutant(text: str, rng: random.Random) -> str:
    """`text` with one of its variables or numbers replaced by something of another type."""
    words = text.split(" ")
    at = rng.randrange(len(words))
    bare = words[at].strip("()[],")
    if bare in VARIABLES:
        words[at] = words[at].replace(bare, rng.choice(PIECES))
    return " ".join(words)


def refusal(text: str) -> str:
    try:
        problems = check(parse(text), Scope(VARIABLES), want=None).problems
    except SyntaxProblem as problem:
        return str(problem)
    return "; ".join(p.message for p in problems)


def oracle_refuses(oracle, text: str) -> bool:
    try:
        oracle.program(text)
    except RuntimeError:
        return True
    return False


@pytest.mark.parametrize("seed", range(3))
def test_ill_typed_conditions_are_refused_as_cel_cpp_refuses_them(oracle, seed):
    rng = random.Random(seed)
    made = (expression(rng.choice(TYPES), rng, rng.choice((1, 2))) for _ in range(700))
    texts = {mutant(text, rng) for text in made}
    ours = {text: refusal(text) for text in texts}
    theirs = {text: oracle_refuses(oracle, text) for text in texts}
    assert [t for t in texts if theirs[t] and not ours[t]] == []
    only_we = {t: ours[t] for t in texts if ours[t] and not theirs[t]}
    assert [t for t, why in only_we.items() if not any(k in why for k in ONLY_WE_REFUSE)] == []
    assert sum(theirs.values()) > 0.1 * len(texts)
