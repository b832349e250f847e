"""An inspection counts what is there, says what is not, and adds up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab import inspect_log
from govlab.errors import LogError
from govlab.inspection import Inspection
from govlab.inspection.actors import actors
from govlab.inspection.columns import fills
from govlab.inspection.period import period_of
from govlab.inspection.starters import fit_of, starters
from govlab.log.scan import scan_log
from govlab.replays import replay
from govlab.report.inspection import inspection_text
from govlab.selection import Selection, select

UTC = timezone.utc  # noqa: UP017  as polars gives it


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows: list[dict[str, Any]] = [
        {"event_id": "1", "ts": "2026-01-05T10:00:00Z", "run_id": "a", "actor": "bot",
         "tool": "aws-cli", "env": "production", "destructive": True, "outcome": "success",
         "decision": "ALLOW", "step": 0},
        {"event_id": "2", "ts": "2026-01-05T10:00:00Z", "run_id": "a", "actor": "bot",
         "tool": "aws-cli", "env": "dev", "destructive": False, "outcome": "error",
         "decision": "DENY", "step": 1},
        {"event_id": "3", "ts": "2026-01-12T10:00:00Z", "run_id": "b", "actor": "other",
         "tool": "mail", "env": None, "decision": "maybe", "step": "x"},
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("log") / "log.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def found(log: Path) -> Inspection:
    return inspect_log(log)


def test_actors_with_their_shares(found: Inspection) -> None:
    bot, other = found.agents
    assert (bot.name, bot.events, bot.runs, bot.first, bot.last) == (
        "bot", 2, 1, datetime(2026, 1, 5, 10, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC),
    )  # fmt: skip
    shares = (bot.destructive, bot.production, bot.failed, bot.denied)
    assert [(share.part, share.known) for share in shares] == [(1, 2), (1, 2), (1, 2), (1, 2)]
    assert (other.production.known, other.failed.known, other.denied.known) == (0, 0, 0)
    assert [tool.name for tool in found.tools] == ["aws-cli", "mail"]
    assert found.actions == ()


def test_the_four_fills_of_a_column_add_up(found: Inspection) -> None:
    for fill in found.columns:
        assert fill.filled + fill.absent + fill.malformed + fill.unknown == found.events, fill
    status = {fill.column: fill.status for fill in found.columns}
    assert (status["tool"], status["env"], status["team"]) == ("filled", "partly", "unknown")
    malformed = {fill.column: fill.malformed for fill in found.columns if fill.malformed}
    assert malformed == {"step": 1}


def test_recorded_decisions_and_words_that_nobody_maps(found: Inspection) -> None:
    assert found.decisions is not None
    assert dict(found.decisions.words) == {"ALLOW": 1, "DENY": 1}
    assert (found.decisions.none, dict(found.decisions.unmapped)) == (1, {"maybe": 1})


def test_gaps_and_ties(found: Inspection) -> None:
    assert found.period is not None
    assert (found.period.days, found.period.days_with_events, found.period.gaps) == (8, 2, 1)
    gap = found.period.longest_gaps[0]
    assert (gap.start, gap.hours) == (datetime(2026, 1, 6, tzinfo=UTC), 6 * 24)
    assert found.period.empty_weekend_days == 2
    assert (found.period.tied, found.period.whole_seconds) == (2, True)


def test_hours_are_looked_at_in_a_short_log() -> None:
    first = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
    times = [first, first + timedelta(minutes=40), first + timedelta(hours=6)]
    frame = scan_log(pl.DataFrame({"tool": "a", "ts": times}))
    period = period_of(frame, 3, None)
    assert (period.unit, period.gaps, period.longest_gaps[0].hours) == ("hours", 1, 4)


def test_no_times_are_no_period() -> None:
    period = period_of(scan_log(pl.DataFrame({"tool": ["a"]})), 1, None)
    assert (period.oldest, period.without_time, period.gaps) == (None, 1, 0)


def test_a_column_that_one_source_knows_is_unknown_in_the_events_of_the_other() -> None:
    both = scan_log([pl.DataFrame({"tool": ["a"]}), pl.DataFrame({"tool": ["b"], "env": ["dev"]})])
    env = next(fill for fill in fills(both, 2, {}) if fill.column == "env")
    assert (env.filled, env.absent, env.unknown, env.status) == (1, 0, 1, "partly")


def test_an_empty_cell_of_a_column_that_a_source_fills_partly_is_unknown() -> None:
    frame = scan_log(
        pl.DataFrame({"tool": ["a", "b"], "decision": ["DENY", None], "source_format": "x"})
    )
    formats = {"x": {"events": 2, "columns": ["tool", "decision"], "partly": ["decision"]}}
    decision = next(f for f in fills(frame, 2, formats) if f.column == "decision")
    assert (decision.filled, decision.absent, decision.unknown) == (1, 0, 1)


@pytest.mark.parametrize("name", starters())
def test_equal_events_decided_once_come_to_what_a_replay_says(name: str) -> None:
    frame = scan_log(Path(__file__).parents[2] / "datasets" / "acme-ops")
    fit, whole = fit_of(select(frame, Selection()), name, 26_365), replay(frame, name).summary
    assert dict(fit.origins) == dict(whole.origins)
    assert dict(fit.decisions) == dict(whole.decisions)
    assert sum(fit.origins.values()) == 26_365
    gaps = {gap.attribute: gap.absent + gap.malformed + gap.unknown for gap in whole.missing}
    assert {lack.attribute: lack.events for lack in fit.lacks} == gaps


def test_arguments_that_were_not_kept_are_named() -> None:
    frame = scan_log(pl.DataFrame({"tool": ["Bash", "Bash"]}))
    fit = fit_of(select(frame, Selection()), "coding-agent", 2)
    assert fit.origins["undecidable"] == 2
    assert "args.command" in fit.lost_arguments


def test_a_bundle_with_history_is_not_tried_on_a_large_log(tmp_path: Path) -> None:
    path = tmp_path / "budget.yaml"
    path.write_text(
        'name: b\nhistory: {calls: {count: "true", per: [tool], within: 24h}}\n'
        "rules: [{condition: history.calls > 0, decision: DENY}]\n",
        encoding="utf-8",
    )
    frame = scan_log(pl.DataFrame({"tool": ["a", "a"], "ts": ["2026-01-01T00:00:00Z"] * 2}))
    assert fit_of(select(frame, Selection()), str(path), 2).decisions["DENY"] == 1
    large = fit_of(select(frame, Selection()), str(path), 1_000_000)
    assert "reads history" in large.note
    assert not large.origins


def test_a_runs_table_tells_of_runs_without_events(shared: Path, tmp_path: Path) -> None:
    from govlab import ingest  # noqa: PLC0415  reads real logs, which may not be there

    ingest([shared / "data" / "native" / "agentdojo"], tmp_path / "log")
    found = inspect_log(tmp_path / "log")
    assert found.runs is not None
    table = pl.read_parquet(tmp_path / "log" / "runs.parquet")
    assert found.runs.named + (found.runs.without_events or 0) == table.height
    states = {state.id: state.computable for state in found.figures}
    assert states["outcomes.attack_success"] == states["outcomes.task_done"] == "yes"
    assert states["drift.volume"] == "no"


def test_filters_choose_what_is_reported(log: Path, found: Inspection) -> None:
    some = inspect_log(log, where="tool == 'aws-cli'")
    assert (some.events, [a.name for a in some.agents]) == (2, ["bot"])
    assert some.scope.log_events == found.events == 3
    assert some.to_dict()["scope"]["where"] == "tool == 'aws-cli'"
    for fill in some.columns:
        assert fill.filled + fill.absent + fill.malformed + fill.unknown == 2, fill
    assert all(sum(fit.origins.values()) == 2 for fit in some.starters)


def test_history_is_that_of_the_whole_log_whatever_is_reported(tmp_path: Path, log: Path) -> None:
    path = tmp_path / "second.yaml"
    path.write_text(
        'name: b\nhistory: {calls: {count: "true", per: [tool], within: 24h}}\n'
        "rules: [{condition: history.calls > 0, decision: DENY}, {decision: ALLOW}]\n",
        encoding="utf-8",
    )
    some = inspect_log(log, bundles=[path], where="event_id == '2'")
    fit = next(fit for fit in some.starters if not fit.shipped)
    assert (some.events, fit.decisions["DENY"]) == (1, 1)


def test_days_are_those_of_the_zone(log: Path) -> None:
    there = inspect_log(log, tz="Pacific/Kiritimati").period  # 14 hours ahead: the next day
    assert there is not None
    assert there.longest_gaps[0].start.isoformat() == "2026-01-07T00:00:00+14:00"
    assert (there.days, there.gaps) == (8, 1)


def test_an_hour_that_the_clocks_skip_is_no_gap() -> None:
    night = datetime(2026, 3, 29, tzinfo=UTC)  # in Berlin 02:00 becomes 03:00 at 01:00 UTC
    times = [night + timedelta(hours=at) for at in range(3)]
    frame = scan_log(pl.DataFrame({"tool": "a", "ts": times}))
    berlin = frame.with_columns(pl.col("ts").dt.convert_time_zone("Europe/Berlin"))
    assert period_of(berlin, 3, None).gaps == 0


def test_the_same_log_gives_the_same_inspection(log: Path, found: Inspection) -> None:
    again = inspect_log(log)
    assert again == found
    assert json.dumps(again.to_dict()) == json.dumps(found.to_dict())


def test_what_is_no_log_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(LogError):
        inspect_log(tmp_path)
    with pytest.raises(LogError):
        inspect_log(tmp_path / "nothing")


def test_events_without_a_run_are_of_none() -> None:
    rows = pl.LazyFrame({"tool": ["a", "a", "b"], "run_id": ["r", None, None]})
    assert {tool.name: tool.runs for tool in actors(rows, "tool")[0]} == {"a": 1, "b": 0}


@pytest.mark.parametrize("sample", [100, 50_000])
@pytest.mark.parametrize("batch", [97, 50_000])
def test_a_fit_is_the_same_however_events_are_brought_together(
    sample: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decided as they are, or equal ones once, in one part or many."""
    frame = select(scan_log("datasets/acme-ops").head(400), Selection())
    want = fit_of(frame, "prod-safety", 400)
    monkeypatch.setattr("govlab.inspection.starters._SAMPLE", sample)
    monkeypatch.setattr("govlab.inspection.starters.BATCH", batch)
    assert fit_of(frame, "prod-safety", 400) == want


def test_the_page_ends_with_the_next_command(found: Inspection) -> None:
    fit = found.starters[0]
    best = replace(fit, name="coding-agent", rules_that_decided=2)
    told = replace(found, log="my log", starters=(best,))
    assert inspection_text(told).endswith("next: govlab check 'my log' coding-agent")
    alone = replace(told, starters=(replace(best, rules_that_decided=1),))
    assert "next:" not in inspection_text(alone)
