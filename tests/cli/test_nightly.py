"""`govlab scorecard --history`: what it says, when it fails, and who may not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.cli.main import run
from govlab.scheduled.folder import Folder
from tests.scheduled.growing import DAYS, come, late, log_of
from tests.scheduled.stores import opening


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return log_of(tmp_path / "log", DAYS[:2])


def nightly(log: Path, *more: str) -> list[str]:
    return ["scorecard", str(log), "--by", "tool", "--history", str(log.parent / "history"), *more]


def test_a_night_says_what_it_read_and_what_is_new(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scorecard", str(log), "--by", "tool", "--json"]) == 0
    whole = capsys.readouterr().out
    assert run(nightly(log, "--json")) == 0
    said = capsys.readouterr()
    assert said.out == whole
    assert f"history: 2 days, of which read now: 2 ({DAYS[0]}, {DAYS[1]})" in said.err
    assert "new, since no run before: " in said.err
    come(log, DAYS[2])
    late(log, DAYS[0])
    assert run(nightly(log)) == 0
    said = capsys.readouterr()
    assert f"history: 3 days, of which read now: 2 ({DAYS[0]}, {DAYS[2]})" in said.err
    assert "new, since" not in said.err


def test_only_what_is_new_fails_where_that_was_asked_for(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = nightly(log, "--fail-on", "new")
    assert run(new) == 1  # nobody can tell what stood before: all of it is new
    assert run(new) == 1  # the same once more is the same
    come(log, DAYS[2])
    assert run(new) == 0
    assert run(nightly(log, "--fail-on", "new,unknown")) == 1
    assert run([*new, "--targets", "govlab"]) == 1
    assert " fail" in capsys.readouterr().err.rpartition("new, since")[2]


def test_a_day_that_is_missing_fails_by_itself(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(nightly(log, "--due", DAYS[1])) == 0
    assert run(nightly(log, "--due", DAYS[2])) == 1
    assert f"late: no action of {DAYS[2]} yet; the newest are of {DAYS[1]}" in _said(capsys)
    come(log, DAYS[4])
    assert run(nightly(log)) == 1
    assert f"empty: no action on {DAYS[2]}, {DAYS[3]}" in _said(capsys)
    come(log, DAYS[2], DAYS[3])
    assert run(nightly(log, "--due", DAYS[4])) == 0


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_second_run_is_refused_with_who_is_at_work(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Folder(log.parent / "history").held():
        assert run(nightly(log)) == 2
    said = capsys.readouterr()
    assert "is held by process" in said.err
    assert said.out == ""


def test_a_history_in_an_object_store(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with opening("bucket", log, monkeypatch) as (place, _):
        words = ["scorecard", str(log), "--by", "tool", "--json", "--history", place]
        assert run(words) == 0
        first = capsys.readouterr()
        assert run(words) == 0
        again = capsys.readouterr()
        assert again.out == first.out
        assert "history: 2 days, of which read now: none" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fail-on", "new"], "add `--history DIR`"),
        (["--due", "2026-02-02"], "add `--history DIR`"),
        (["--history", "h", "--due", "today"], "is no day"),
        (["--fail-on", "falls"], "did you mean `fail`?"),
        (["--fail-on", "fail"], "add `--targets govlab`"),  # it could never fail
        (["--fail-on", "unknown,warn"], "add `--targets govlab`"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    log: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scorecard", str(log), *words]) == 2
    assert said in capsys.readouterr().err
