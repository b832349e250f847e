"""`govlab scorecard`, `govlab maturity` and the events behind a figure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from govlab.bundled import shipped
from govlab.cli.main import run

LOG = str(shipped("datasets") / "acme-ops")


def test_the_page_opens_with_maturity_and_ends_with_where_the_events_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["scorecard", LOG, "--last", "14d", "--by", "workflow"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("maturity ")
    assert "without --targets nothing passes or fails" in "\n".join(lines).lower()
    assert lines[-1].startswith("The events behind a figure")


def test_a_gate_fails_on_the_status_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["scorecard", LOG, "--last", "3d", "--by", "tool"]
    assert run([*few, "--fail-on", "unknown"]) == 1
    assert run([*few, "--fail-on", "fail", "--targets", "govlab"]) == 1
    capsys.readouterr()


def test_two_files_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = []
    for until in ("2026-03-01", "2026-03-10"):
        assert run(["scorecard", LOG, "--until", until, "--by", "workflow", "--json"]) == 0
        names.append(tmp_path / f"{until}.json")
        names[-1].write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["scorecard", "diff", *map(str, names), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["by"] for row in found["figures"]} == {"workflow", None}
    assert run(["scorecard", "diff", str(names[0])]) == 2


def test_maturity_names_the_level_and_what_blocks_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["maturity", LOG, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["level"] in range(5)
    assert found["blocking"]
    assert set(found["cuts"]) == {"tenant", "system", "workflow"}


def test_every_cut_asked_for_is_given_levels(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["maturity", LOG, "--last", "3d", "--by", "env,actor"]) == 0
    page = capsys.readouterr().out
    assert "by env: " in page
    assert "by actor: " in page


def test_the_rows_behind_a_figure_are_as_many_as_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["scorecard", LOG, "--by", "tool", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["figures"]
    wanted = next(row for row in rows if row["id"] == "decisions.bypass_rate")
    for side in ("numerator", "denominator", "unknown"):
        assert run(["events", LOG, "--figure", wanted["id"], "--side", side, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["count"] == wanted[side]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scorecard", LOG, "--hourly-rate", "much"], "is no amount"),
        (["scorecard", LOG, "more"], "one log at a time"),
        (["events", LOG, "--figure", "decisions.deny"], "did you mean `decisions.deny_rate`"),
        (["events", LOG, "--figure", "decisions.mismatch_rate"], "is no count of events"),
        (["events", LOG, "--figure", "approvals.wait_p50"], "has no numerator"),
        (
            ["events", LOG, "--figure", "decisions.deny_rate", "--bundle", "prod-safety"],
            "leave out",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    assert said in capsys.readouterr().err


def test_real_transcripts_do_not_read_as_bypassed(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A source that notes only its denials says nothing of the rest."""
    monkeypatch.setenv("GOVLAB_CACHE", str(tmp_path))
    assert run(["scorecard", str(shared / "data/native/claudecode"), "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["figures"]}
    assert rows["decisions.bypass_rate"]["value"] is None
    assert rows["decisions.bypass_rate"]["unknown"] == 433


@pytest.mark.parametrize("command", ["scorecard", "maturity"])
def test_a_registry_is_named_in_the_scope(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "registry"
    snapshot = Path(LOG) / "snapshots" / "prod-safety-0.9.0"
    assert run(["registry", "add", str(folder), str(snapshot)]) == 0
    capsys.readouterr()
    assert run([command, LOG, "--registry", str(folder), "--last", "2d", "--json"]) == 0
    scope = json.loads(capsys.readouterr().out)["scope"]
    assert scope["snapshot_in_force"] == "registry"
    assert scope["registry"] == {"folder": str(folder), "entries": 0}
    assert run([command, LOG, "--registry", str(tmp_path / "none")]) == 2
    assert "is no registry" in capsys.readouterr().err


def test_an_organisation_file_is_taken_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    org = tmp_path / "org.yaml"
    org.write_text("derive: {team: [{when: tool != '', value: \"'ops'\"}]}", encoding="utf-8")
    words = ["scorecard", LOG, "--org", str(org), "--last", "2d", "--by", "tool", "--json"]
    assert run(words) == 0
    assert json.loads(capsys.readouterr().out)["scope"]["derived"] == ["team"]
