"""Extension libraries on every engine: `extensions.yaml`, a frame for each condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from govlab.lang.checker import Constant, Scope, check
from govlab.lang.parser import parse
from govlab.runtime.states import ERROR
from govlab.types import STRING, list_of
from tests.conformance.cel.engines import ENGINES, engine
from tests.conformance.cel.vectors import identical

FOLDER = Path(__file__).parent
CASES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "extensions.yaml").read_text("utf-8"))
REFUSED: list[dict[str, str]] = yaml.safe_load(
    (FOLDER / "extensions_refused.yaml").read_text("utf-8")
)
SCOPE = Scope(
    {"s": STRING},
    constants={"params.hosts": Constant(list_of(STRING), ("corp.com", "not a host"))},
)


def rows(case: dict[str, Any]) -> dict[str, Any]:
    """Input -> what it gives."""
    return {**case.get("want", {}), **dict.fromkeys(case.get("error", ()), ERROR)}


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_case(case, name):
    run = engine(name)
    if run is None:
        pytest.skip(f"this checkout has no back-end `{name}`")
    checked = check(parse(case["expr"]), Scope({"v": STRING}), want=None)
    assert checked.problems == ()
    wanted = rows(case)
    results = run(checked.node, {"v": STRING}, [{"v": given} for given in wanted])
    differing = {
        given: result
        for (given, want), result in zip(wanted.items(), results, strict=True)
        if not (result is ERROR if want is ERROR else identical(result, want))
    }
    assert differing == {}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["expr"])
def test_refused(case):
    (problem,) = check(parse(case["expr"]), SCOPE, want=None).problems
    assert problem.code == case["code"]
    assert case["message"] in problem.message
    if problem.code == "GL106":
        assert problem.hint.startswith("write it like `")


def test_titles_and_inputs_are_there_once():
    assert len({case["title"] for case in CASES}) == len(CASES)
    count = sum(len(case.get("want", {})) + len(case.get("error", ())) for case in CASES)
    assert sum(len(rows(case)) for case in CASES) == count >= 300
