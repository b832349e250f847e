"""`govlab test`: a bundle's cases, as text, JSON and JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Command


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "b"
    (folder / "cases").mkdir(parents=True)
    (folder / "bundle.yaml").write_text(
        "name: b\npolicies: [{name: p, rules: [{condition: env == 'dev', decision: ALLOW}]}]\n",
        encoding="utf-8",
    )
    (folder / "cases" / "c.yaml").write_text(
        "- {title: dev goes, event: {env: dev}, want: {decision: ALLOW}}\n"
        "- {title: prod goes, event: {env: prod}, want: {decision: ALLOW}}\n",
        encoding="utf-8",
    )
    return folder


def test_a_failing_case_is_exit_1_with_place_and_difference(
    govlab: Command, bundle: Path, tmp_path: Path
) -> None:
    shown = govlab("test", bundle, "--junit", tmp_path / "r.xml")
    assert shown.code == 1
    assert f"{bundle / 'cases' / 'c.yaml'}:2:3: prod goes" in shown.out
    assert "decision: wanted 'ALLOW', got 'DENY'" in shown.out
    suite = ElementTree.parse(tmp_path / "r.xml").getroot()  # noqa: S314  our own file
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_json(govlab: Command, bundle: Path) -> None:
    document = json.loads(govlab("test", bundle, "--json").out)
    assert (document["passed"], document["failed"]) == (1, 1)
    assert document["cases"][1]["differences"] == [
        {"field": "decision", "want": "ALLOW", "got": "DENY"}
    ]


def test_a_case_that_could_never_pass_is_exit_2(govlab: Command, bundle: Path) -> None:
    (bundle / "cases" / "d.yaml").write_text(
        "- {event: {env: dev}, want: {decison: ALLOW}}\n", encoding="utf-8"
    )
    shown = govlab("test", bundle)
    assert shown.code == 2
    assert "d.yaml:1:30: GL010" in shown.err
