"""The bundled dataset: it is what the recipe makes, and it holds what it says it holds."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from govlab.bundle import load_bundle
from govlab.log import scan_log, scan_runs
from govlab.replays import Replay, replay
from govlab.sample import generate, write_sample
from govlab.sample.facts import START, UNANSWERED, WORKFLOWS
from govlab.sample.snapshots import SNAPSHOTS
from govlab.sample.write import sample_table

LOG = Path(__file__).parents[2] / "datasets" / "acme-ops"
FIVE = {"ALLOW", "DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE"}


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))


@pytest.fixture(scope="module")
def log() -> pl.DataFrame:
    """All events, text as text."""
    return _plain(scan_log(LOG).collect())


@pytest.fixture(scope="module")
def starter() -> Replay:
    """The log under the current starter."""
    return replay(scan_log(LOG), load_bundle("prod-safety"))


def test_size() -> None:
    stored = sum(p.stat().st_size for p in LOG.rglob("*") if p.is_file())
    assert stored <= 5_000_000


def test_manifest_counts(log: pl.DataFrame) -> None:
    manifest = json.loads((LOG / "MANIFEST.json").read_text(encoding="utf-8"))
    runs = scan_runs(LOG)
    assert runs is not None
    assert manifest["events"] == manifest["read"] == log.height
    assert manifest["runs"] == runs.collect().height == log["run_id"].n_unique()
    assert manifest["formats"]["acme-ops"]["events"] == log.height
    assert 20_000 <= log.height <= 40_000


def test_stored_columns_are_those_the_manifest_says(log: pl.DataFrame) -> None:
    manifest = json.loads((LOG / "MANIFEST.json").read_text(encoding="utf-8"))
    said = set(manifest["formats"]["acme-ops"]["columns"])
    marks = {"unknown_columns", "malformed_columns", "hindsight_columns"}
    assert set(log.columns) - marks == said
    unknown = set(log["unknown_columns"].unique().item().split(","))
    assert unknown & said == set()


def test_a_day_is_what_the_recipe_makes(log: pl.DataFrame) -> None:
    sample = generate(days=[15])
    made = sample_table(sample)
    runs = pl.Series([run["run_id"] for run in sample.runs]).implode()
    stored = log.filter(pl.col("run_id").is_in(runs))
    assert stored.height > 500
    have = [name for name in made.columns if name in stored.columns]
    assert_frame_equal(made.select(have), stored.select(have))
    rest = stored.select(pl.exclude(have))
    assert rest.null_count().sum_horizontal().item() == rest.height * rest.width


def test_another_seed_gives_another_sample() -> None:
    one, other = (generate(seed=seed, days=[2]) for seed in (1, 2))
    assert one != other
    assert {event["workflow"] for event in one.events} == {
        event["workflow"] for event in other.events
    }


@pytest.mark.slow
def test_whole_recipe_gives_equal_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "acme-ops")
    for stored in sorted(p for p in LOG.rglob("*") if p.is_file() and p.name != "README.md"):
        again = tmp_path / "acme-ops" / stored.relative_to(LOG)
        assert again.read_bytes() == stored.read_bytes(), stored.relative_to(LOG)


def test_ids_and_order(log: pl.DataFrame) -> None:
    assert log["event_id"].is_unique().all()
    assert log["ts"].is_sorted()
    assert log["ts"].null_count() == 0


def test_starter_covers_the_log(starter: Replay) -> None:
    counts = starter.to_dict()
    assert sum(counts["decisions"].values()) >= 0.7 * counts["events"]
    assert {d for d, n in counts["decisions"].items() if n} == FIVE
    assert counts["default"]["events"] > 0
    assert counts["error"]["events"] > 0


def test_recorded_decisions(log: pl.DataFrame) -> None:
    assert set(log["decision"].drop_nulls().unique()) == FIVE | {"UNAVAILABLE"}
    before = log.filter(pl.col("decision").is_null())
    assert before["workflow"].unique().to_list() == ["records-care"]


@pytest.mark.parametrize("version", [s.version for s in SNAPSHOTS])
def test_recorded_snapshot_gives_the_recorded_decision(log: pl.DataFrame, version: str) -> None:
    """But for the few records of a stale engine, which say so."""
    bundle = load_bundle(LOG / "snapshots" / f"prod-safety-{version}")
    under = log.filter(pl.col("policy_version") == version)
    assert set(under["policy_digest"].drop_nulls().unique()) == {bundle.digest}
    again = replay(under, bundle).decided.select(
        pl.col("event_id").cast(pl.String), again=pl.col("decision").cast(pl.String)
    )
    both = under.join(again, on="event_id", validate="1:1")
    assert both.height == under.height > 5_000
    other = both.filter(pl.col("decision") != pl.col("again"))
    assert other["decision_origin"].unique().to_list() == ["in_process"]
    assert 0 < other.height < 0.005 * under.height


def test_policy_service_silent_for_an_hour(log: pl.DataFrame) -> None:
    since, length = UNANSWERED
    silent = log.filter(pl.col("decision") == "UNAVAILABLE")
    inside = log.filter(pl.col("ts").is_between(since, since + length, closed="left"))
    assert silent.height == inside.height > 10
    assert silent["executed"].unique().sort().to_list() == [False, True]


def test_approvals_that_did_not_cover(log: pl.DataFrame) -> None:
    """Each kind of wrong binding is there, and most approvals are right."""
    used = log.filter(pl.col("approval_status") == "approved", pl.col("executed"))
    wrong = {
        "late": used.filter(pl.col("started_at") >= pl.col("approval_expires_at")),
        "self": used.filter(pl.col("approved_by").list.contains(pl.col("principal"))),
        "snapshot": used.filter(pl.col("approval_policy_digest") != pl.col("policy_digest")),
        "twice": used.filter(pl.col("approval_id").is_duplicated()),
        "outsider": used.filter(
            pl.col("approved_by").list.contains(pl.lit("contractor@example.com"))
        ),
    }
    assert [kind for kind, rows in wrong.items() if rows.is_empty()] == []
    assert sum(rows.height for rows in wrong.values()) < 0.2 * used.height
    asked = log.filter(pl.col("decision") == "REQUIRE_APPROVAL")
    assert not asked.filter(pl.col("approval_id").is_null(), pl.col("executed")).is_empty()
    assert set(asked["approval_status"].drop_nulls().unique()) == {
        "approved", "rejected", "expired", "cancelled", "pending"
    }  # fmt: skip


def test_approvals_are_quick_or_slow(log: pl.DataFrame) -> None:
    answered = log.filter(pl.col("approval_status").is_in(["approved", "rejected"]))
    waits = (answered["approval_decided_at"] - answered["approval_requested_at"]).dt.total_seconds()
    seconds = sorted(waits.to_list())
    assert seconds[len(seconds) // 4] < 180
    assert seconds[len(seconds) * 9 // 10] > 3_600


def test_gaps_in_the_audit_trail(log: pl.DataFrame) -> None:
    for column in ("principal", "env", "data_class", "policy_digest"):
        assert log[column].null_count() > 0, column
    assert "records_affected" in log["malformed_columns"].drop_nulls().unique().to_list()
    assert not log.filter(pl.col("executed"), pl.col("evidence_uri").is_null()).is_empty()


def test_agents_call_again_after_a_denial(log: pl.DataFrame) -> None:
    """A quarter does, as measured on public runs."""
    denied = log.filter(pl.col("decision") == "DENY", pl.col("attempt") < 4)
    again = denied.join(
        log.select("run_id", step=pl.col("step") - 1, then=pl.col("attempt")),
        on=["run_id", "step"],
        how="left",
    ).filter(pl.col("then") == pl.col("attempt") + 1)
    assert 0.18 < again.height / denied.height < 0.32


def test_cost_is_heavy_tailed(log: pl.DataFrame) -> None:
    cost = sorted(log["cost_micro_usd"].to_list(), reverse=True)
    assert sum(cost[: len(cost) // 100]) > 0.3 * sum(cost)


def test_days_and_weeks_have_a_rhythm(log: pl.DataFrame) -> None:
    days = Counter(ts.weekday() for ts in log["ts"].to_list())
    assert min(days[day] for day in range(5)) > 1.5 * max(days[5], days[6])
    office = [ts.hour for ts in log.filter(pl.col("workflow") == "release")["ts"].to_list()]
    assert sum(6 <= hour <= 18 for hour in office) > 0.9 * len(office)


def test_incidents_and_a_new_agent(log: pl.DataFrame) -> None:
    harmful = log.filter(pl.col("harmful").fill_null(value=False))
    assert harmful["incident"].n_unique() == 3
    assert log.filter(pl.col("incident").is_not_null()).height == harmful.height
    newest = min(log.filter(pl.col("workflow") == "partner-outreach")["ts"].to_list())
    assert (newest - START).days == WORKFLOWS["partner-outreach"].since
