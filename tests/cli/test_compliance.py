"""`govlab compliance`, as an auditor runs it; its OSCAL in the model of another tool."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.bundled import shipped

from .conftest import Command

SAMPLE = shipped("datasets") / "acme-ops"


@pytest.fixture
def oscal(govlab: Command, tmp_path: Path) -> dict[str, Any]:
    out = tmp_path / "results.json"
    assert govlab("compliance", SAMPLE, "--last", "7d", "--oscal", out).code == 0
    document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))["assessment-results"]
    return document


def test_the_page_names_gaps_and_where_their_events_are(govlab: Command) -> None:
    ran = govlab("compliance", SAMPLE, "--framework", "owasp")
    assert ran.out.startswith("10 controls: ")
    assert f"govlab events {SAMPLE} --figure" in ran.out
    assert "never proves" in ran.out
    assert "EU AI Act" not in ran.out


def test_what_speaks_against_a_control_is_listed_as_it_was_counted(govlab: Command) -> None:
    asked = ("--where", "env == 'production'", "--last", "9d", "--tz", "Asia/Tokyo")
    document = json.loads(govlab("compliance", SAMPLE, *asked, "--json").out)
    evidence = [one for control in document["controls"] for one in control["evidence"]]
    page = govlab("compliance", SAMPLE, *asked).out
    assert "of the last 9d, from 2026-03-07 08:15, where env == 'production'" in page
    for figure in ("constraints.breach_rate", "approvals.missing_rate"):
        told = next(one for one in evidence if one["figure"] == figure)
        listed = json.loads(govlab(*shlex.split(told["query"])[1:], "--json").out)
        assert f"({listed['scope']['events']} of " in told["reason"]
        assert f" {told['query']}\n" in page


def test_a_gap_fails_where_that_was_asked_for(govlab: Command) -> None:
    asked = ("compliance", SAMPLE, "--framework", "owasp", "--last", "9d")
    assert govlab(*asked, "--fail-on", "gap").code == 1
    assert govlab(*asked, "--fail-on", "gap,unknown").code == 1
    assert "did you mean `gap`" in govlab(*asked, "--fail-on", "gaps").err


def test_the_document_for_others_does_not_say_where_the_log_lies(
    oscal: dict[str, Any],
) -> None:
    assert "govlab events LOG --figure" in json.dumps(oscal)
    assert str(SAMPLE) not in json.dumps(oscal)


def test_json_and_markdown_say_the_same(govlab: Command, tmp_path: Path) -> None:
    out = tmp_path / "page.md"
    ran = govlab("compliance", SAMPLE, "--framework", "SOC 2", "--md", out, "--json")
    controls = json.loads(ran.out)["controls"]
    page = out.read_text(encoding="utf-8")
    for one in controls:
        assert f"| {one['control']} | {one['title']} | {one['status']} |" in page
        assert all(f"{e['status']}: " in page for e in one["evidence"])
    assert "`" not in page  # questions stand there, and no ids of figures


def test_an_unknown_framework_is_met_with_those_there_are(govlab: Command) -> None:
    ran = govlab("compliance", SAMPLE, "--framework", "HIPAA")
    assert (ran.code, "there are EU AI Act" in ran.err) == (2, True)


def test_oscal_has_a_finding_for_each_control(oscal: dict[str, Any]) -> None:
    results = oscal["results"]
    assert [r["title"] for r in results][:2] == [
        "EU AI Act (Regulation (EU) 2024/1689)", "NIST AI RMF 1.0"]  # fmt: skip
    for result in results:
        observed = {one["uuid"] for one in result["observations"]}
        for finding in result["findings"]:
            told = {one["observation-uuid"] for one in finding.get("related-observations", [])}
            assert told <= observed
            satisfied = finding["target"]["status"]["state"] == "satisfied"
            assert satisfied == (finding["target"]["status"]["reason"] == "pass")


def test_equal_logs_give_equal_bytes(govlab: Command, tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        assert govlab("compliance", SAMPLE, "--last", "2d", "--oscal", path).code == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_without_a_time_oscal_is_refused(govlab: Command, tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    pl.DataFrame({"tool": ["a"], "event_id": ["1"]}).write_parquet(log)
    ran = govlab("compliance", log, "--oscal", tmp_path / "o.json")
    assert (ran.code, "--until" in ran.err, (tmp_path / "o.json").exists()) == (2, True, False)
    cured = govlab("compliance", log, "--until", "2026-01-01", "--oscal", tmp_path / "o.json")
    assert (cured.code, (tmp_path / "o.json").exists()) == (0, True)


def test_oscal_is_valid_in_another_tools_model(oscal: dict[str, Any]) -> None:
    """compliance-trestle's models are made from NIST's schema, and forbid what it does not name."""
    if os.environ.get("GOVLAB_OSCAL") != "required":
        pytest.importorskip(
            "trestle.oscal.assessment_results", reason="compliance-trestle is not installed"
        )
    from trestle.oscal.assessment_results import AssessmentResults  # noqa: PLC0415

    read = AssessmentResults.model_validate(oscal)
    assert len(read.results) == len(oscal["results"])
