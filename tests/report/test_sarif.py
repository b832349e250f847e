"""SARIF 2.1.0: what code scanning needs of it."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from govlab.errors import Diagnostic, Place
from govlab.report.sarif import sarif

FOUND = Diagnostic("GL104", "no overload", Place("policies/a b.yaml", 3, 7), hint="write `50.0`")


def test_one_run_with_rules_and_results() -> None:
    warning = Diagnostic("GL300", "shadowed", Place("p.yaml", 1, 1), severity="warning")
    (run,) = sarif([FOUND, warning, FOUND])["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["GL104", "GL300"]
    assert [r["ruleId"] for r in run["results"]] == ["GL104", "GL300", "GL104"]
    assert [r["level"] for r in run["results"]] == ["error", "warning", "error"]
    assert run["results"][0]["message"]["text"] == "no overload; write `50.0`"
    assert run["columnKind"] == "unicodeCodePoints", "the columns of a Place are code points"


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("policies/a b.yaml", "policies/a%20b.yaml"),
        ("/tmp/é#?.yaml", "file:///tmp/%C3%A9%23%3F.yaml"),  # noqa: S108 - only a name
        ("p.yaml", "p.yaml"),
    ],
)
def test_places_are_uris(file: str, uri: str) -> None:
    (run,) = sarif([Diagnostic("GL104", "m", Place(file, 3, 7))])["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert place["region"] == {"startLine": 3, "startColumn": 7}
    assert unquote(uri).removeprefix("file://") == file


def test_nothing_found_is_a_run_without_results() -> None:
    assert sarif([])["runs"][0]["results"] == []
