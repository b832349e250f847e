"""A log's drift from end to end: found with its day, told with its events, unknown where it is."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from numpy.random import default_rng

import govlab
from govlab.cli.main import run
from govlab.drifting import Accepted, Drift
from govlab.drifting.asking import LONGEST
from govlab.errors import UsageError
from govlab.registry import Written, activate, add
from govlab.report.drift import drift_text
from govlab.synthesis import synth
from tests.bench.drift import false_alerts, found_after
from tests.drifting.traffic import START, Traffic, traffic
from tests.registry.conftest import policy

DAY = 45
CHANGED = START.date() + timedelta(days=DAY)


@pytest.fixture(scope="module")
def halved() -> pl.DataFrame:
    """Two months in which the deny rate is halved from DAY on."""
    return traffic(Traffic(days=60, day=DAY, factors={"denied": 0.4}), default_rng(11))


@pytest.fixture(scope="module")
def found(halved: pl.DataFrame) -> Drift:
    return govlab.drift(halved)


def _told(found: Drift, figure: str, cut: str | None = None) -> Any:
    named = [a for a in found.alerts if a.verdict.key.figure == figure and a.verdict.key.cut == cut]
    assert len(named) == 1, [a.sentence for a in found.alerts]
    return named[0]


def test_a_halved_deny_rate_is_told_with_its_day(found: Drift) -> None:
    alert = _told(found, "decisions.deny_rate")
    verdict = alert.verdict
    assert abs((verdict.since - CHANGED).days) <= 1
    assert verdict.first <= CHANGED <= verdict.last
    assert (verdict.direction, verdict.way, alert.state) == ("fell", "changed", "new")
    assert verdict.low < verdict.after - verdict.before < verdict.high < 0
    assert alert.sentence.startswith("The share of decisions that deny fell from ")
    assert alert.owner == "security"


def test_nothing_else_is_told(found: Drift) -> None:
    figures = {alert.verdict.key.figure for alert in found.alerts}
    assert figures <= {"decisions.deny_rate", "drift.values.decision"}


def test_the_same_log_gives_the_same_document(halved: pl.DataFrame, found: Drift) -> None:
    again = govlab.drift(halved.sample(fraction=1, shuffle=True, seed=3).sort("ts"))
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())


def test_what_is_told_does_not_depend_on_the_clock_but_on_the_log(halved: pl.DataFrame) -> None:
    before = govlab.drift(halved, until=START + timedelta(days=DAY))
    assert before.alerts == ()
    assert before.scope["days"] == DAY


@pytest.mark.slow
def test_events_are_as_many_as_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For every alert of an organisation in which one thing after another goes wrong."""
    synth(tmp_path / "log", events=40_000, seed=3, profile="drifting")
    told = govlab.drift(tmp_path / "log").alerts
    kinds = {alert.verdict.key.figure.rsplit(".", 1)[0]: alert for alert in told}
    assert len(kinds) >= 5
    for alert in kinds.values():
        command, name, *rest = shlex.split(alert.query)
        assert (command, name) == ("govlab", "events")
        assert run([name, *rest, "--json"]) == 0
        events = json.loads(capsys.readouterr().out)["events"]
        verdict = alert.verdict
        if verdict.unit == "share" and not verdict.key.figure.endswith("approval_wait"):
            assert len(events) == verdict.of_after, alert.query
        else:
            assert len(events) > 0


@pytest.mark.slow
def test_each_injected_drift_is_found_on_its_day(tmp_path: Path) -> None:
    synth(tmp_path / "log", events=90_000, seed=7, profile="drifting")
    found = govlab.drift(tmp_path / "log")
    for figure, cut, at, day, near in (
        ("drift.missing.data_class", "workflow", "analytics", 42, 1),
        ("drift.approval_wait", "workflow", "billing", 35, 6),
        ("decisions.deny_rate", "workflow", "infrastructure-change", 50, 3),
        ("drift.values.cost_micro_usd", "workflow", "analytics", 55, 1),
        ("drift.new.action", "workflow", "incident-response", 60, 1),
        ("drift.duration", "workflow", "release", 65, 1),
        ("drift.volume", "workflow", "customer-support", 70, 1),
    ):
        keys = [(one.verdict.key, one.verdict) for one in found.alerts]
        named = [v for key, v in keys if (key.figure, key.cut, key.at) == (figure, cut, at)]
        assert named, figure
        began = date(2026, 1, 5) + timedelta(days=day)
        assert abs((named[0].since - began).days) <= near, figure
    quiet = {(one.column, one.value): one for one in found.seen}["workflow", "records-care"]
    assert (quiet.quiet_from, quiet.quiet_days) == ("2026-03-21", 4)


@pytest.mark.slow
def test_few_alerts_where_nothing_changes() -> None:
    """A small part of what `python -m tests.bench.drift` measures."""
    chance = false_alerts(2, default_rng(4), weeks=6, every=7)
    assert chance.series_weeks > 500
    assert chance.per_100 <= 1


@pytest.mark.slow
def test_a_change_is_found_within_three_days() -> None:
    found = found_after(
        Traffic(denied=0.2, factors={"denied": 0.5}), "decisions.deny_rate", 8, default_rng(6)
    )
    assert found.within(3) >= 0.9


def test_silence_is_told_up_to_when_records_were_to_be_expected(halved: pl.DataFrame) -> None:
    quiet = halved.filter(
        (pl.col("workflow") != "billing") | (pl.col("ts") < START + timedelta(days=55))
    )
    found = govlab.drift(quiet, until=START + timedelta(days=60))
    alert = _told(found, "drift.volume", "actor")
    assert (alert.verdict.direction, alert.verdict.since) == ("silent", date(2026, 3, 1))
    assert alert.sentence.startswith("Nothing of actor `billing-agent` is on record since")
    late = {one.value for one in found.seen if one.late}
    assert "billing-agent" in late
    empty = govlab.drift(halved, until=START + timedelta(days=62))
    assert empty.scope["empty_days"] == 2


def test_periods_are_held_against_each_other(halved: pl.DataFrame) -> None:
    periods = ("2026-01-05..2026-02-16", "2026-02-23..2026-03-02")
    found = govlab.drift(halved, reference=periods[0], current=periods[1])
    verdict = _told(found, "decisions.deny_rate").verdict
    assert verdict.since == date(2026, 2, 23)
    inside = halved.filter(pl.col("ts").dt.date().is_between(date(2026, 2, 23), date(2026, 3, 1)))
    assert verdict.among_after == inside.height
    assert verdict.of_after == inside.filter(pl.col("decision") == "DENY").height


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"by": ["workflw"]}, "did you mean `workflow`"),
        ({"reference": "2026-01-05"}, "is no period"),
        ({"reference": "2026-02-05..2026-01-05"}, "is no period"),
        ({"current": "2026-01-05..2026-01-06"}, "which is not there"),
        ({"reference": "2026-01-05..2026-02-05", "current": "2026-02-01..2026-03-01"}, "apart"),
    ],
)
def test_options_that_are_none(halved: pl.DataFrame, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        govlab.drift(halved, **options)


def test_without_times_everything_is_unknown(halved: pl.DataFrame) -> None:
    found = govlab.drift(halved.drop("ts"))
    assert (found.alerts, [one.figure for one in found.unknown]) == ((), ["all"])
    assert "none of" in found.unknown[0].why
    mixed = halved.with_columns(pl.when(pl.col("tool") != "refund").then("ts").alias("ts"))
    without = int(mixed["ts"].is_null().sum())
    assert f"{without:,} actions have no time" in govlab.drift(mixed).unknown[0].why


def test_a_short_or_empty_log_says_so(halved: pl.DataFrame) -> None:
    short = govlab.drift(halved, until="2026-01-12")
    assert "covers 7 days" in short.unknown[0].why
    assert govlab.drift(halved.clear()).unknown[0].why.startswith("there is no action")


def test_one_wrong_clock_costs_no_century_of_days(halved: pl.DataFrame, found: Drift) -> None:
    """As many days as that would be a hundred million numbers for each series."""
    first = pl.int_range(pl.len()) == 0
    wrong = pl.lit(datetime(1, 1, 2, tzinfo=UTC)).cast(halved.schema["ts"])
    late = govlab.drift(halved.with_columns(pl.when(first).then(wrong).otherwise("ts").alias("ts")))
    assert late.scope["days"] == LONGEST
    assert any("reaches back further" in one.why for one in late.unknown)
    assert not any("reaches back further" in one.why for one in found.unknown)
    assert _told(late, "decisions.deny_rate").id == _told(found, "decisions.deny_rate").id


def test_a_state_is_carried_from_run_to_run(halved: pl.DataFrame, tmp_path: Path) -> None:
    path, day = tmp_path / "state.json", timedelta(days=1)
    end = START + timedelta(days=56)
    first = govlab.drift(halved, until=end, state=path)
    first.keep(path)
    assert first.in_state("new")
    second = govlab.drift(halved, until=end + day, state=path)
    assert second.in_state("new") == ()
    alert = _told(second, "decisions.deny_rate")
    assert (alert.state, alert.first_seen) == ("ongoing", end.date() - day)
    known = Accepted(alert.id, date(2026, 6, 1), "the new limits")
    third = govlab.drift(halved, until=end + day, state=path, accept=[known])
    third.keep(path)
    fourth = govlab.drift(halved, state=path)
    assert _told(fourth, "decisions.deny_rate").reason == "the new limits"
    resolved = govlab.drift(halved.filter(pl.col("decision") != "DENY"), state=path)
    assert {one.state for one in resolved.earlier} <= {"resolved", "ongoing"}
    assert alert.id in {one.id for one in resolved.earlier}


def test_of_two_runs_at_once_one_is_kept(halved: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    one, other = (govlab.drift(halved, state=path) for _ in range(2))
    late = govlab.drift(halved, state=path, where="tool != 'refund'")
    one.keep(path)
    kept = path.read_bytes()
    other.keep(path)  # what it would write stands there
    with pytest.raises(UsageError, match="written by another run meanwhile"):
        late.keep(path)
    assert path.read_bytes() == kept
    late.keep(tmp_path / "other.json")


def test_what_began_after_a_change_explains_nothing(
    halved: pl.DataFrame, found: Drift, tmp_path: Path
) -> None:
    last = _told(found, "decisions.deny_rate").verdict.last
    days = {"1.0.0": last, "1.1.0": last + timedelta(days=1)}
    for version, day in days.items():
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        written = Written(datetime(2026, 1, 1, tzinfo=UTC))
        bundle = tmp_path / f"{version}.yaml"
        bundle.write_text(policy("DENY", version=version), encoding="utf-8")
        add(tmp_path / "registry", bundle, written=written)
        activate(tmp_path / "registry", version, at=at, written=written)
    again = govlab.drift(halved, registry=tmp_path / "registry")
    causes = _told(again, "decisions.deny_rate").explained_by
    assert [(one.name, one.on) for one in causes] == [("gate 1.0.0 (activate)", last)]


def test_an_activation_or_a_new_agent_explains(halved: pl.DataFrame, tmp_path: Path) -> None:
    bundle = tmp_path / "gate.yaml"
    bundle.write_text(policy("DENY"), encoding="utf-8")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    add(tmp_path / "registry", bundle, written=Written(now))
    activate(tmp_path / "registry", "1.0.0", at=START + timedelta(days=DAY), written=Written(now))
    found = govlab.drift(halved, registry=tmp_path / "registry")
    told = _told(found, "decisions.deny_rate")
    assert f"--registry {tmp_path / 'registry'}" in told.query, "the figure may rest on it"
    (cause,) = told.explained_by
    assert (cause.kind, cause.name, cause.on) == ("activation", "gate 1.0.0 (activate)", CHANGED)
    later = (pl.col("ts") >= START + timedelta(days=DAY)) & (pl.col("decision") != "DENY")
    agent = pl.when(later).then(pl.lit("night-agent")).otherwise("actor")
    renamed = govlab.drift(halved.with_columns(agent.alias("actor")))
    causes = _told(renamed, "decisions.deny_rate").explained_by
    assert [(one.kind, one.name) for one in causes] == [("agent", "night-agent")]
    assert _told(renamed, "drift.new.actor").explained_by == ()


def test_a_cut_of_one_value_is_not_told_twice(halved: pl.DataFrame) -> None:
    found = govlab.drift(halved, where="workflow == 'billing'")
    assert {v.key.cut for v in found.verdicts} == {None}


def test_a_notebook_tells_what_the_page_tells(halved: pl.DataFrame) -> None:
    found = govlab.drift(halved)
    page = " ".join(drift_text(found).split())
    told = [alert.sentence for alert in found.alerts if " ".join(alert.sentence.split()) in page]
    html = unescape(found._repr_html_())
    assert told
    assert html.count("<tr>") == len(told) + 1
    assert all(sentence in html for sentence in told)


def test_names_of_a_log_cannot_break_a_query(halved: pl.DataFrame, tmp_path: Path) -> None:
    hostile = "bil\"ling'; rm -rf $HOME `x` \\ \x1b[31m\n"
    name = pl.when(pl.col("workflow") == "billing").then(pl.lit(hostile)).otherwise("workflow")
    rows = halved.with_columns(name.alias("workflow"))
    rows.write_parquet(tmp_path / "log.parquet")
    found = govlab.drift(tmp_path / "log.parquet")
    alert = _told_at(found, hostile)
    assert "\x1b" not in repr(found)
    assert "\n  rm" not in repr(found)
    assert "<script" not in found._repr_html_()
    _, name_, *rest = shlex.split(alert.query)
    assert run([name_, *rest, "--json"]) == 0


def _told_at(found: Drift, at: str) -> Any:
    return next(a for a in found.alerts if a.verdict.key.at == at)
