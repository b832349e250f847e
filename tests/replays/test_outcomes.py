"""Counts of kinds of decisions: those of row by row, at no more work for more rows."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from govlab.replays.outcomes import COUNTED, Outcomes
from govlab.replays.stream import Stream
from govlab.replays.summary import merged, summarise
from tests.backends.differential import plan_of, random_case
from tests.generators import frame_of
from tests.work import steps


@pytest.mark.parametrize("seed", range(10))
def test_kinds_are_counted_as_rows_are(seed: int, tmp_path: Path) -> None:
    plan, events, lacking = random_case(f"outcomes-{seed}", tmp_path, 200)
    log, rng = frame_of(events, lacking), random.Random(seed)
    stream = Stream(plan, log.lazy(), ())
    times = pl.Series([rng.choice([1, 1, 7, 2**40]) for _ in events], dtype=pl.UInt64)
    kinds, rows = stream.outcomes(log), Outcomes.each(stream.frame().select(COUNTED).collect())
    for weights in (None, times):
        found, wanted = (
            merged([summarise(plan, log, outcomes, ("env", "read_only"), times=weights)])
            for outcomes in (kinds, rows)
        )
        assert found == wanted
    assert kinds.decided.height < log.height


def test_more_rows_of_the_same_kinds_are_no_more_work(tmp_path: Path) -> None:
    rules = [{"condition": "cost > 5.0 && env == 'prod'", "decision": "DENY", "reason": "r"}]
    plan = plan_of({"name": "p", "policies": [{"name": "q", "rules": rules}]}, tmp_path)
    few = pl.DataFrame({
        "tool": ["a", "b"] * 50, "env": ["prod", "dev", None, "prod"] * 25,
        "cost_micro_usd": [None, 9_000_000] * 50,
    }).with_columns(pl.col("tool", "env").cast(pl.Categorical))  # fmt: skip
    many = pl.concat([few] * 40).rechunk()
    stream = Stream(plan, few.lazy(), ())

    def count(log: pl.DataFrame) -> int:
        return steps(lambda: summarise(plan, log, stream.outcomes(log), ("env",)))

    assert count(few)  # what is made once
    assert count(many) <= count(few) * 1.1
