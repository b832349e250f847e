"""`govlab drift`: the page, its JSON, the state, the gates."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from numpy.random import default_rng

from tests.cli.conftest import Command
from tests.drifting.traffic import START, Traffic, traffic


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven weeks in which the deny rate is halved for the last ten days."""
    path = tmp_path_factory.mktemp("drift") / "log.parquet"
    kind = Traffic(days=52, day=42, denied=0.2, factors={"denied": 0.4})
    traffic(kind, default_rng(2)).write_parquet(path)
    return path


def test_the_page_says_what_changed_when_and_what_to_do(govlab: Command, log: Path) -> None:
    ran = govlab("drift", log)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("drift: ")
    assert lines[0].endswith(" new")
    assert lines[1].endswith("(zone UTC)")
    page = " ".join(line.strip() for line in lines)
    assert "The share of decisions that deny fell from" in page
    assert "2026-02-16" in page
    assert "next: read the rules that deny most and whom they hit (security)" in page
    assert f"events: govlab events {log} --figure decisions.deny_rate" in page
    assert all(len(line) <= 100 for line in lines if "events: " not in line)


_KEYS = {
    "id", "state", "figure", "cut", "at", "part", "direction", "way", "sentence", "since",
    "began_from", "began_to", "unit", "before", "after", "low", "high", "of_before",
    "among_before", "of_after", "among_after", "p", "z", "spread", "psi", "js", "moved",
    "earlier_changes", "explained_by", "first_seen", "accepted_until", "reason", "note", "beside",
    "why", "next_step", "owner", "events",
}  # fmt: skip


def test_the_document_has_these_keys(govlab: Command, log: Path) -> None:
    found = json.loads(govlab("drift", log, "--json").out)
    assert set(found) == {"scope", "alerts", "earlier", "unknown", "seen"}
    assert set(found["alerts"][0]) == _KEYS
    assert found["scope"]["series"] > 20
    assert {row["column"] for row in found["seen"]} >= {"actor", "workflow"}


def test_a_job_fails_on_what_is_new_once(govlab: Command, log: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    job = ("drift", log, "--state", state, "--fail-on", "new")
    assert govlab(*job, "--until", "2026-02-24").code == 1
    assert govlab(*job, "--until", "2026-02-25").code == 0
    assert govlab("drift", log, "--state", state, "--fail-on", "any").code == 1
    backwards = govlab(*job, "--until", "2026-02-20")
    assert backwards.code == 2
    assert "cannot be told backwards" in backwards.err


def test_an_alert_is_accepted_with_a_reason(govlab: Command, log: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    alerts = json.loads(govlab("drift", log, "--state", state, "--json").out)["alerts"]
    accepted = [
        part for one in alerts for part in ("--accept", one["id"], "2026-04-30", "new limits")
    ]
    ran = govlab("drift", log, "--state", state, *accepted, "--fail-on", "any")
    assert ran.code == 0
    assert "until 2026-04-30: new limits" in ran.out
    assert "accepted" in govlab("drift", log, "--state", state).out.splitlines()[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--accept", "abcd", "2026-04-30", "why"), "add `--state FILE`"),
        (("--state", "s.json", "--accept", "abcd", "soon", "why"), "has no day"),
        (("--state", "s.json", "--accept", "abcd", "2026-04-30", "why"), "no alert `abcd`"),
        (("--reference", "A..B"), "is no period"),
        (("--by", "tool"), "no cut `tool` of runs"),
        (("--fail-on", "new,lat"), "did you mean `late`"),
        (("--fail-on", "new"), "add `--state FILE`"),
    ],
)
def test_options_that_are_none_are_refused(
    govlab: Command, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...], says: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ran = govlab("drift", log, *options)
    assert ran.code == 2
    assert says in ran.err
    assert not (tmp_path / "s.json").exists()


def test_an_empty_day_and_a_silent_agent_fail(govlab: Command, log: Path) -> None:
    assert govlab("drift", log, "--fail-on", "late").code == 0
    ran = govlab("drift", log, "--until", "2026-03-02", "--fail-on", "unknown,late")
    assert ran.code == 1
    assert "no event at all on the last 4 whole days" in ran.out


def test_what_has_no_time_is_unknown_and_can_fail(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    pl.read_parquet(log).drop("ts").write_parquet(tmp_path / "timeless.parquet")
    ran = govlab("drift", tmp_path / "timeless.parquet", "--fail-on", "unknown")
    assert ran.code == 1
    assert ran.out.startswith("drift: unknown")
    assert "has a time: whether anything drifts is unknown" in ran.out
    assert govlab("drift", tmp_path / "timeless.parquet", "--fail-on", "late").code == 1
    assert govlab("drift", log, "--since", "2030-01-01", "--fail-on", "late").code == 1


def test_filters_choose_what_is_looked_at(govlab: Command, log: Path) -> None:
    where = "workflow == 'billing'"
    found = json.loads(govlab("drift", log, "--where", where, "--json").out)
    assert found["scope"]["events"] < found["scope"]["log_events"]
    assert {row["value"] for row in found["seen"] if row["column"] == "workflow"} == {"billing"}
    for alert in found["alerts"]:
        assert where.replace("'", "") in alert["events"].replace("'", "").replace('"', "")


def test_a_page_to_paste_has_no_markup_of_the_log(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    rows = pl.read_parquet(log)
    name = pl.when(pl.col("workflow") == "billing").then(pl.lit("[x](http://y) <b>"))
    late = pl.col("ts") >= START + timedelta(days=40)
    tool = pl.when(late & (pl.col("tool") == "send")).then(pl.lit("![i](http://z)"))
    rows = rows.with_columns(name.otherwise("workflow").alias("workflow"),
                             tool.otherwise("tool").alias("tool"))  # fmt: skip
    rows.write_parquet(tmp_path / "log.parquet")
    assert govlab("drift", tmp_path / "log.parquet", "--md", tmp_path / "drift.md").code == 0
    page = (tmp_path / "drift.md").read_text(encoding="utf-8")
    assert page.startswith("## drift: ")
    assert "was never seen before" in page
    assert not re.search(r"(?<!\\)\]\(|(?<!\\)<|://", page)


def test_people_are_hidden_unless_asked_for(govlab: Command, log: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(log)
    late = pl.col("ts") >= START + timedelta(days=40)
    actor = pl.when(late & (pl.col("workflow") == "billing")).then(pl.lit("ann@example.com"))
    rows.with_columns(actor.otherwise("actor").alias("actor")).write_parquet(tmp_path / "l.parquet")
    for form in ((), ("--json",)):
        assert "ann@" not in govlab("drift", tmp_path / "l.parquet", *form).out
        assert "ann@" in govlab("drift", tmp_path / "l.parquet", "--show-people", *form).out
