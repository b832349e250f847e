"""Policies found by a text: the ones that could match are asked, whatever else the event says."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import pytest

from govlab.backends.reference import decide
from govlab.backends.scalar import Engine, compile_engine
from govlab.backends.scalar import globs as scalar_globs
from govlab.backends.scalar.attributes import Attributes
from govlab.backends.scalar.literals import Constants
from govlab.backends.scalar.names import namespace
from govlab.backends.scalar.policies import Tried, tried
from govlab.backends.scalar.targets import needed
from govlab.runtime.globs import matches_any
from govlab.runtime.states import ABSENT, MALFORMED, UNKNOWN, Mark
from tests.conformance.test_decisions import Tree, plan_of

GLOBS = [
    "*",
    "a*",
    "*a",
    "a",
    "",
    "**",
    "a?",
    "?",
    "*a*",
    "ab",
    "a*b",
    "*?",
    "db:*",
    "é*",
    "a**",
    "*\n",
]
TEXTS = [
    "",
    "a",
    "b",
    "ab",
    "ba",
    "aXb",
    "db:",
    "db:x",
    "é",
    "e\u0301",
    "*",
    "a*",
    "?",
    "x\n",
    "🐱",
]


@pytest.mark.parametrize("seed", range(30))
def test_glob_tests_say_what_the_globs_say(seed: int) -> None:
    rng = random.Random(seed)
    chosen = rng.sample(GLOBS, rng.choice([1, 1, 2, 3, 5]))
    constants = Constants()
    one = scalar_globs.test("x", chosen, constants)
    many = scalar_globs.any_test("xs", chosen, constants)
    names = namespace()
    exec("\n".join(constants.lines()), names)  # noqa: S102 - what is under test
    for text in TEXTS:
        assert eval(one, {**names, "x": text}) is matches_any(text, chosen)  # noqa: S307
    for _ in range(20):
        xs = tuple(rng.sample(TEXTS, rng.choice([0, 1, 2])))
        assert eval(many, {**names, "xs": xs}) is any(matches_any(x, chosen) for x in xs)  # noqa: S307


FOUND = [
    ([{"tool": ["a", "b*"]}], {"a", "b*"}, None),
    ([{"tool": ["a"]}, {"tool": ["b"], "env": ["*"]}], {"a", "b"}, None),
    ([{"tool": ["a"]}, {"action": ["b"]}], None, None),
    ([{"tool": ["a"], "action": ["x?"]}], {"a"}, None),
    ([{"tool": ["*"], "action": ["x"]}], None, {"x"}),
    ([{"tool": ["a*b"]}], None, None),
    ([{"env": ["prod"]}], None, None),
    ([], None, None),
]


@pytest.mark.parametrize(("on", "tool", "action"), FOUND)
def test_what_policies_are_found_by(
    on: list[Tree], tool: set[str] | None, action: set[str] | None, tmp_path: Path
) -> None:
    rules = [{"decision": "ALLOW"}]
    policy: Tree = {"name": "p", "rules": rules, "on": on} if on else {"name": "p", "rules": rules}
    target = plan_of(tmp_path, {"policies": [policy]}).policies[0].target
    assert (needed(target, "tool"), needed(target, "action")) == (tool, action)


STATES = ["a", "b", "bx", "bxy", "x", "", ABSENT, MALFORMED, UNKNOWN]


def raw(name: str, state: object) -> tuple[Tree, set[str]]:
    """What an event says where `name` has the state, and what its source cannot tell."""
    match state:
        case Mark.ABSENT:
            return {}, set()
        case Mark.MALFORMED:
            return {name: 3}, set()
        case Mark.UNKNOWN:
            return {}, {name}
        case _:
            return {name: state}, set()


def test_dispatch_finds_what_trying_all_would(tmp_path: Path) -> None:
    on: list[list[Tree]] = [
        [{"tool": ["a"]}], [{"action": ["a", "b"]}], [{"tool": ["b*", "bx"]}], [{"tool": ["bx*"]}],
        [{"tool": ["a"]}, {"action": ["x"]}], [{"tool": ["a"], "action": ["x", "b*"]}],
        [{"tool": ["*"], "action": ["a"]}], [{"action": ["b?"]}], [{"tool": ["a"], "env": ["e"]}],
    ]  # fmt: skip
    policies = [{"name": f"p{at}", "on": each, "rules": [{"decision": "ALLOW"}]}
                for at, each in enumerate(on)]  # fmt: skip
    plan = plan_of(
        tmp_path, {"policies": [*policies, {"name": "q", "rules": [{"decision": "ALLOW"}]}]}
    )
    engine, decided = compile_engine(plan), set()
    for tool, action in product(STATES, repeat=2):
        (one, hidden), (other, more) = raw("tool", tool), raw("action", action)
        unknown = frozenset(hidden | more)
        want = decide(plan, one | other, unknown=unknown)
        assert engine.decide(one | other, unknown=unknown) == want, (tool, action)
        decided.add(want.matched)
    assert len(decided) > 15


def test_an_event_asks_only_the_policies_that_can_match(tmp_path: Path) -> None:
    policies = [{"name": f"p{n}", "on": [{"action": [f"a{n}"]}], "rules": [{"decision": "ALLOW"}]}
                for n in range(100)]  # fmt: skip
    engine = compile_engine(plan_of(tmp_path, {"policies": policies}))
    for number in range(100):
        assert len(tried_for(engine, {"action": f"a{number}"}).steps) == 1
    assert tried_for(engine, {"action": "b"}).steps == ()


def tried_for(engine: Engine, event: Tree) -> Tried:
    scope = engine.scopes[0]
    states = Attributes(scope, event, frozenset(), frozenset())
    return tried(scope.policies, scope.known, states)


def rule(name: str, condition: str) -> Tree:
    return {"id": f"p/{name}", "condition": condition, "decision": "REQUIRE_APPROVAL",
            "approvers": ["a"]}  # fmt: skip


CONDITIONS = {
    "equal": "action == 'a'", "other": "'b' == action && env == 'e'", "in": "action in ['a', 'x']",
    "starts": "action.startsWith('b') && cost > 1.0", "both": "action == 'a' || tool == 't'",
    "tool": "tool in ['t', 'u'] && action == 'a'", "not": "!(action == 'a')", "env": "env == 'e'",
    "wild": "action == 'a*'", "has": "has(event.action) && action == 'bx'", "empty": "action == ''",
    "list": "action in risk_tags", "choice": "env == 'e' ? action == 'a' : tool == 't'",
}  # fmt: skip
FOR_A = {"equal", "in", "both", "not", "env", "wild", "list", "choice"}


def test_only_rules_that_can_hold_are_tried(tmp_path: Path) -> None:
    rules = [rule(name, text) for name, text in CONDITIONS.items()]
    plan = plan_of(tmp_path, {"policies": [{"name": "p", "rules": rules}]})
    engine = compile_engine(plan)
    functions = {r.holds: name for r, name in zip(engine.scopes[0].policies[0].rules, CONDITIONS,
                                                  strict=True)}  # fmt: skip
    (step,) = tried_for(engine, {"action": "a", "tool": "z"}).steps
    assert {functions[holds] for holds, _ in step[2]} == FOR_A
    (step,) = tried_for(engine, {"tool": "z"}).steps  # an absent action is an error: tried
    assert {functions[holds] for holds, _ in step[2]} == CONDITIONS.keys() - {"tool"}


def test_rules_not_tried_would_not_have_held(tmp_path: Path) -> None:
    names, decided = sorted(CONDITIONS), set()
    rng = random.Random("rules")
    for number in range(40):
        some = rng.sample(names, 4)
        policies = [{"name": f"p{at}", "rules": [rule(f"{at}{n}", CONDITIONS[n]) for n in part]}
                    for at, part in enumerate((some[:3], some[3:]))]  # fmt: skip
        plan = plan_of(tmp_path / str(number), {"policies": policies})
        engine = compile_engine(plan)
        for tool, action in product(STATES, repeat=2):
            (one, hidden), (other, more) = raw("tool", tool), raw("action", action)
            event = one | other | rng.choice([{}, {"env": "e"}, {"env": "f", "cost": 2.0}])
            unknown = frozenset(hidden | more)
            want = decide(plan, event, unknown=unknown)
            assert engine.decide(event, unknown=unknown) == want, (some, event, unknown)
            decided.add((want.rule, want.status))
    assert len(decided) > 20


def test_what_is_remembered_of_texts_is_bounded(tmp_path: Path) -> None:
    engine = compile_engine(plan_of(tmp_path, {"policies": [{"name": "p", "rules": [
        rule("a", "action == 'a'")]}]}))  # fmt: skip
    for number in range(10_000):
        engine.decide({"action": f"a{number}", "tool": "x" * (number % 300)})
    known = engine.scopes[0].known
    assert 0 < len(known) <= 4096
    assert max(len(tool) for tool, _ in known) <= 200
