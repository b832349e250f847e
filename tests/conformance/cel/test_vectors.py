"""CEL's public conformance vectors on every engine of this checkout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from govlab.runtime.states import MALFORMED
from govlab.runtime.values import Duration, Map, Uint
from tests.conformance.cel.__main__ import main
from tests.conformance.cel.engines import ENGINES, engine
from tests.conformance.cel.on_reference import evaluate_rows
from tests.conformance.cel.vectors import Expected, File, Vector, identical, read_file
from tests.conformance.cel.verdicts import Case, judge, report

# What our checker refuses where cel-spec wants a value: all of it ill-typed on purpose (a vector
# with `disable_check`), but for `string(double)`, which engines write differently: literals only.
REFUSED = {
    "basic/functions/unbound_is_runtime_error": "GL103",
    "comparisons/ne_literal/ne_mixed_types": "GL104",
    "logic/AND/short_circuit_type_left": "GL104",
    "logic/OR/short_circuit_type_right": "GL104",
    "logic/conditional/mixed_type": "GL110",
    **{
        f"parse/receiver_function_names/{word}": "GL101"
        for word in ("as", "break", "const", "continue", "else", "if", "loop", "package")
    },
}
REFUSED_LIFTED = {**REFUSED, "conversions/string/double": "GL105"}


def vectors(shared: Path, *, lifted: bool) -> File:
    return read_file(shared / "vectors/cel/cel-public.json", lifted=lifted)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    ("lifted", "count", "refused"), [(False, 790, REFUSED), (True, 664, REFUSED_LIFTED)]
)
def test_vectors_pass_or_are_refused_for_a_listed_reason(shared, name, lifted, count, refused):
    run = engine(name)
    if run is None:
        pytest.skip(f"this checkout has no back-end `{name}`")
    cases = judge(vectors(shared, lifted=lifted).vectors, run)
    assert len(cases) == count
    assert [c for c in cases if c.result == "wrong"] == []
    assert {c.id: c.detail[:5] for c in cases if c.result == "refused"} == refused


LIBRARIES = {
    False: {"core": 544, "strings": 106, "math": 101, "network": 34, "bindings": 3, "encoders": 2},
    True: {"core": 425, "strings": 102, "math": 101, "network": 34, "encoders": 2},
}


@pytest.mark.parametrize("lifted", [False, True])
def test_vectors_of_each_library(shared, lifted):
    file = vectors(shared, lifted=lifted)
    found = report(judge(file.vectors, evaluate_rows), file)["libraries"]
    assert {name: sum(counts.values()) for name, counts in found.items()} == LIBRARIES[lifted]
    assert {name for name, counts in found.items() if counts["refused"]} == {"core"}


def test_lifted_vectors_share_frames(shared):
    frames: list[int] = []

    def counting(node, types, rows):
        frames.append(len(rows))
        return evaluate_rows(node, types, rows)

    judge(vectors(shared, lifted=True).vectors, counting)
    assert max(frames) >= 6
    assert len(frames) < 430


def test_an_engine_that_answers_wrongly_is_found_out(shared):
    def stubborn(_node, _types, rows):
        return [True] * len(rows)

    results = [c.result for c in judge(vectors(shared, lifted=True).vectors, stubborn)]
    assert results.count("wrong") > 250


TWO = Expected(error=False, value=2, type=None)
VERDICTS = [
    ("1 + 1", TWO, Case("v", "passed")),
    ("1u + 1u", TWO, Case("v", "wrong", "uint 2, not int 2")),
    ("1 / 0", TWO, Case("v", "wrong", "error, not int 2")),
    ("1 + 1u", TWO, Case("v", "refused", "GL104 no overload `int + uint`")),
    ("1 +", TWO, Case("v", "refused", "expected an operand after `+`")),
    ("1 + 1", Expected(error=True, value=None, type=None), Case("v", "wrong", "int 2")),
    ("1 / 0", Expected(error=True, value=None, type=None), Case("v", "passed", "error")),
    ("1 + 1", Expected(error=False, value=2, type="uint"),
     Case("v", "wrong", "deduced int, not uint")),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "expected", "case"), VERDICTS)
def test_verdict(expr, expected, case):
    assert judge([Vector("v", expr, {}, {}, expected)], evaluate_rows) == [case]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True),
        (1, Uint(1), False),
        (1, 1.0, False),
        (True, 1, False),
        (0.0, -0.0, True),
        (float("nan"), float("nan"), True),
        ((1, (2.0,)), (1, (2.0,)), True),
        ((1,), (1, 2), False),
        (Map([("a", 1), ("b", 2)]), Map([("b", 2), ("a", 1)]), True),
        (Map([(1, "a")]), Map([(Uint(1), "a")]), False),
        (Duration(1), Duration(1), True),
        (b"a", "a", False),
        (None, None, True),
    ],
)
def test_identical_is_strict_about_types(one, other, same):
    assert identical(one, other) is same


def test_a_binding_beyond_the_range_is_malformed(shared):
    states = {s for v in vectors(shared, lifted=True).vectors for s in map(id, v.bindings.values())}
    assert id(MALFORMED) in states


def test_command_prints_counts_and_cases(shared, capsys):
    file = str(shared / "vectors/cel/cel-public.json")
    assert main([file, "--backend", "reference", "--lifted", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] + found["wrong"] + found["refused"] == len(found["cases"]) == 664
    assert found["wrong"] == 0
    assert found["refused"] <= 0.04 * 664
    assert found["not_counted"]["count"] == 853 - 664


def test_command_prints_text(shared, capsys):
    assert main([str(shared / "vectors/cel/cel-public.json")]) == 0
    text = capsys.readouterr().out
    assert text.startswith("777 passed\n0 wrong\n13 refused\n63 not counted")
    assert "\nnetwork: 34 passed, 0 wrong, 0 refused\n" in text
    assert "refused logic/conditional/mixed_type: GL110" in text


def test_command_says_which_back_end_is_missing(shared, capsys, monkeypatch):
    monkeypatch.setitem(ENGINES, "scalar", ("govlab.backends.nowhere", "nowhere"))
    assert main([str(shared / "vectors/cel/cel-public.json"), "--backend", "scalar"]) == 2
    assert "back-end `scalar` is not available" in capsys.readouterr().err


def test_command_refuses_a_file_that_is_not_there(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["nowhere.json"])
    assert stopped.value.code == 2
    assert "no such file `nowhere.json`" in capsys.readouterr().err
