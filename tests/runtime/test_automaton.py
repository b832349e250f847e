"""The automaton finds what RE2 finds, in linear time and bounded room."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from govlab.lang import regex
from govlab.runtime import automaton
from govlab.runtime.automaton import Automaton, compile_program, search
from tests.lang.regex_patterns import grammar, re2_search, texts
from tests.work import steps

CASES = yaml.safe_load((Path(__file__).parents[1] / "conformance/regex.yaml").read_text("utf-8"))
VERDICTS = [case for case in CASES if case["want"] != "refuse"]


def compiled(pattern: str, *, room: int = 200_000) -> Automaton:
    return compile_program(regex.program(regex.parse(pattern)), room=room)


@pytest.mark.parametrize(
    "case", VERDICTS, ids=lambda case: f"{case['pattern'][:40]} {case['text']!r}"
)
def test_a_named_case_has_its_verdict(case: dict[str, Any]) -> None:
    assert search(compiled(case["pattern"]), case["text"]) is case["want"]


@settings(max_examples=600, deadline=None)
@given(grammar, st.lists(texts, min_size=1, max_size=8), st.sampled_from([0, 20, 200_000]))
def test_finds_what_re2_finds_with_any_room(pattern: str, rows: list[str], room: int) -> None:
    try:
        searched = compiled(pattern, room=room)
    except regex.RegexError:
        assume(False)
    # Twice, because the second search runs on the states of the first.
    for row in rows * 2:
        assert search(searched, row) is re2_search(pattern, row)


@pytest.mark.parametrize(
    ("pattern", "unit"),
    [
        ("(a+)+$", "a"),
        ("(a|a)*b", "a"),
        ("(x+x+)+y", "x"),
        ("(.*)*=(.*)*;", "="),
        ("(?:a{0,30}){0,30}b", "a"),
        ("a{0,1000}b", "a"),
        ("(a?){30}a{30}c", "a"),
        ("[ab]*a[ab]{30}c", "ab"),
    ],
)
def test_work_is_linear_in_the_text(pattern: str, unit: str) -> None:
    searched = compiled(pattern)
    search(searched, unit * 500 + "!")  # the states that are met are remembered
    short, long = (steps(lambda t=unit * n + "!": search(searched, t)) for n in (2_000, 8_000))
    # Four times the text: quadratic work would be 16 times, exponential would not end.
    assert long <= 6 * short + 2_000


def test_room_bounds_what_is_remembered() -> None:
    searched = compiled("[ab]*a[ab]{12}c", room=500)
    text = "".join("ab"[number.bit_count() % 2] for number in range(20_000))
    assert search(searched, text) is False
    states = list(searched.states.values())
    cells = sum(len(state) + len(state.by_class) + len(state.reached) for state in states)
    assert 0 < cells <= 500 + 50


def test_a_rejected_start_ends_the_search() -> None:
    searched = compiled("^foo")
    assert search(searched, "bar" * 1000) is False
    assert searched.states == {}


def test_a_program_is_a_literal_of_integers() -> None:
    program = regex.program(regex.parse(r"^(?i)k{1,2}\b|\pN"))
    assert ast.literal_eval(repr(program)) == program
    assert {type(number) for instruction in program for number in instruction} == {int}


def test_lone_surrogates_match_no_class() -> None:
    assert search(compiled("."), "\ud800") is False
    assert search(compiled("[^a]$"), "\udfff") is False


def test_the_module_imports_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(automaton.__file__).read_text("utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["from bisect import bisect_right"]
