"""`govlab lint`: formats and exit codes; what is found is tests/bundle's matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from govlab.bundled import shipped
from tests.cli.conftest import Command

BROKEN = """\
name: x
on:
  - tool: t
rules:
  - condition: "enviroment == 'a'"
    decision: MAYBE
  - condition: "cost > 50"
    decision: DENY
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    return path


def test_a_sound_bundle_is_exit_0_and_names_its_digest(govlab: Command, seed: Path) -> None:
    shown = govlab("lint", seed)
    assert shown.code == 0
    assert "prod-safety-gate" in shown.out
    assert "no errors" in shown.out


def test_of_a_starter_it_says_where_the_files_are(govlab: Command) -> None:
    folder = shipped("policies") / "coding-agent"
    assert f"its files: {folder}; copy the folder" in govlab("lint", "coding-agent").out
    assert "its files" not in govlab("lint", folder).out


def test_text_has_place_code_cure_and_caret(govlab: Command, broken: Path) -> None:
    shown = govlab("lint", broken)
    assert shown.code == 2
    assert f"{broken}:6:15: GL013" in shown.out
    assert "\n                ^" in shown.out


def test_json_has_the_pinned_keys(govlab: Command, broken: Path) -> None:
    shown = govlab("lint", broken, "--json")
    assert shown.code == 2
    findings = json.loads(shown.out)["findings"]
    for finding in findings:
        assert set(finding) == {"code", "severity", "file", "line", "column", "message", "hint"}
    places = [(f["code"], f["line"], f["column"]) for f in findings]
    assert places == [("GL101", 5, 17), ("GL013", 6, 15), ("GL104", 7, 17)]


def test_github_annotations_are_escaped(govlab: Command, tmp_path: Path) -> None:
    path = tmp_path / "a,b.yaml"
    path.write_text("name: 'x\\n'\nrules: []\nnonsense%: 1\n", encoding="utf-8")
    shown = govlab("lint", path, "--format", "github")
    assert shown.code == 2
    assert shown.out.startswith("::error file=")
    assert "a%2Cb.yaml,line=" in shown.out
    assert "nonsense%25" in shown.out


def test_sarif_has_rules_and_regions(govlab: Command, broken: Path) -> None:
    log = json.loads(govlab("lint", broken, "--format", "sarif").out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [r["id"] for r in run["tool"]["driver"]["rules"]] == ["GL013", "GL101", "GL104"]
    region = run["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 6, "startColumn": 15}


def test_no_bundle_names_the_starters(govlab: Command) -> None:
    shown = govlab("lint", "prod-safty")
    assert shown.code == 2
    assert "did you mean `prod-safety`?" in shown.err
