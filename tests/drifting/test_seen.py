"""What is seen of a log: pieces add up, new values are told once, likeness has its measures."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

import govlab
from govlab.drifting.days import Days
from govlab.drifting.likeness import apart
from govlab.drifting.novel import new_verdicts
from govlab.drifting.sightings import Sightings, sighted
from tests.drifting.traffic import START, Traffic, traffic

CUTS = ("workflow",)
LOOKED = ("tool", "env", "cost_micro_usd")
FIRST = START.date()


@pytest.fixture(scope="module")
def log() -> pl.DataFrame:
    return traffic(Traffic(days=30, per_day=120), default_rng(3))


@given(st.lists(st.integers(0, 3_600), max_size=5))
def test_pieces_come_to_the_whole(cuts: list[int]) -> None:
    rows = traffic(Traffic(days=30, per_day=120), default_rng(3))
    edges = sorted({0, rows.height, *(min(cut, rows.height) for cut in cuts)})
    pieces = [sighted(rows[start:end], LOOKED, CUTS, tz="UTC") for start, end in pairwise(edges)]
    whole = sighted(rows, LOOKED, CUTS, tz="UTC")
    together = Sightings.merged(pieces, CUTS)
    for column in ("", *LOOKED):
        rows = (one.of(column).sort("day", "run", "value") for one in (together, whole))
        assert next(rows).equals(next(rows))


def test_numbers_are_seen_by_their_power_of_two() -> None:
    rows = pl.DataFrame({"ts": [START] * 6, "amount": [8.0, 15.9, 16.0, 0.3, 0.0, None]})
    seen = sighted(rows, ("amount",), (), tz="UTC").of("amount")
    assert dict(seen.select("value", "events").iter_rows()) == {"3": 2, "4": 1, "-2": 1, "none": 1}


def test_what_is_true_or_false_is_seen_too() -> None:
    rows = pl.DataFrame({"ts": [START] * 3, "destructive": [True, False, True]})
    seen = sighted(rows, ("destructive", "lost"), (), tz="UTC")
    assert dict(seen.of("destructive").select("value", "events").iter_rows()) == {
        "true": 2, "false": 1,
    }  # fmt: skip
    assert seen.of("lost").height == 0


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    rows = pl.DataFrame({"ts": [late], "tool": ["a"]})
    assert sighted(rows, (), (), tz="UTC").of("")["day"].item() == date(2026, 3, 1)
    assert sighted(rows, (), (), tz="Europe/Berlin").of("")["day"].item() == date(2026, 3, 2)


def _days(count: int) -> Days:
    last = FIRST + timedelta(days=count - 1)
    return Days(FIRST, last, last)


def _with(log: pl.DataFrame, day: int, runs: int) -> pl.DataFrame:
    """`log` with a tool that some runs of a day, and no other, use."""
    when = pl.col("ts").dt.date() == FIRST + timedelta(days=day)
    chosen = log.filter(when)["run_id"].unique(maintain_order=True).head(runs).implode()
    tool = pl.when(pl.col("run_id").is_in(chosen)).then(pl.lit("adhoc")).otherwise("tool")
    return log.with_columns(tool.alias("tool"))


def test_a_new_tool_is_told_with_its_first_day(log: pl.DataFrame) -> None:
    seen = sighted(_with(log, 25, 4), ("tool",), CUTS, tz="UTC")
    (found,) = new_verdicts(seen, _days(30))
    assert (found.key.part, found.since, found.direction) == ("adhoc", date(2026, 1, 30), "new")
    base = seen.of("").with_columns(late=pl.col("day") >= found.since)
    share = base.filter("late")["run"].n_unique() / base["run"].n_unique()
    settled = base.filter(pl.col("day") >= FIRST + timedelta(days=14))["run"].n_unique()
    later = base.filter("late")["run"].n_unique() / settled
    assert later**4 >= found.p >= share**4
    assert found.of_after == _with(log, 25, 4).filter(pl.col("tool") == "adhoc").height


@pytest.mark.parametrize(("day", "runs"), [(3, 4), (13, 9), (25, 1)])
def test_a_tool_known_to_the_reference_or_of_one_run_is_none(
    log: pl.DataFrame, day: int, runs: int
) -> None:
    seen = sighted(_with(log, day, runs), ("tool",), CUTS, tz="UTC")
    assert list(new_verdicts(seen, _days(30))) == []


def test_what_others_know_is_new_to_a_part_alone(log: pl.DataFrame) -> None:
    billing = pl.col("workflow") == "billing"
    late = pl.col("ts") >= START + timedelta(days=24)
    adhoc = pl.when(~billing | late).then(pl.lit("adhoc")).otherwise(pl.lit("read"))
    seen = sighted(log.with_columns(adhoc.alias("tool")), ("tool",), CUTS, tz="UTC")
    (found,) = new_verdicts(seen, _days(30))
    assert (found.key.cut, found.key.at, found.key.part) == ("workflow", "billing", "adhoc")
    assert found.after == 1.0


def test_likeness_has_the_usual_measures() -> None:
    before, after = [700, 200, 100], [400, 300, 300]
    p, q = ([n / 1000 for n in row] for row in (before, after))
    psi = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    kl = [sum(s * math.log2(s / m) for s, m in zip(row, middle, strict=True)) for row in (p, q)]
    assert apart(before, after) == pytest.approx((psi, math.sqrt(sum(kl) / 2)))
    assert apart(before, before) == (0.0, 0.0)
    assert apart(before, after) == pytest.approx(apart(after, before))
    assert apart([1000, 0], [0, 1000])[1] < 1


def test_values_that_moved_apart_are_told(log: pl.DataFrame) -> None:
    late = pl.col("ts") >= START + timedelta(days=24)
    dearer = pl.when(late).then(pl.col("cost_micro_usd") * 5).otherwise("cost_micro_usd")
    found = govlab.drift(log.with_columns(dearer.alias("cost_micro_usd")))
    (alert,) = [a for a in found.alerts if a.verdict.key.cut is None]
    assert alert.verdict.key.figure == "drift.values.cost_micro_usd"
    assert alert.verdict.since == FIRST + timedelta(days=24)
    assert alert.verdict.psi is not None
    assert alert.verdict.psi > 0.5
    assert "USD" in alert.sentence


def test_a_bundle_says_what_is_compared(log: pl.DataFrame, tmp_path: Path) -> None:
    bundle = tmp_path / "gate.yaml"
    bundle.write_text(
        "name: gate\nrules:\n  - condition: has(event.env) && env == 'production'\n"
        "    decision: DENY\n",
        encoding="utf-8",
    )
    found = govlab.drift(log, bundle=bundle)
    compared = {v.key.figure for v in found.verdicts if v.key.figure.startswith("drift.values")}
    assert compared == {"drift.values.env", "drift.values.decision"}
