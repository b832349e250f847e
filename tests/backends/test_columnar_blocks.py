"""Rows decided batch after batch and block by block: as each by itself, whatever was met before."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.backends.columnar import COLUMNS, Engine, decide_frame, machine, written
from govlab.plan import Plan
from tests import generators
from tests.backends.differential import plan_of, random_case

TEXTS = [pl.String, pl.Categorical]
SIZES = (40, 1, 90, 49)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that end within every batch."""
    monkeypatch.setattr(machine, "_NEAR", 7)


def check(plan: Plan, frame: pl.DataFrame) -> Engine:
    """One engine's decisions of batch after batch, against each condition for every row."""
    engine = Engine.of(plan, frame.head(SIZES[0]))
    begins = [sum(SIZES[:at]) for at in range(len(SIZES))]
    batches = [frame.slice(begin, size) for begin, size in zip(begins, SIZES, strict=True)]
    for batch in (*batches, frame):
        found = written(batch, engine.decided(batch, COLUMNS), engine.book)
        assert found.equals(decide_frame(plan, batch, tables=False))
    return engine


@pytest.mark.parametrize("texts", TEXTS, ids=["texts", "categories"])
@pytest.mark.parametrize("seed", range(10))
def test_blocks_and_batches_do_not_matter(seed: int, texts: Any, tmp_path: Path) -> None:
    plan, events, lacking = random_case(f"blocks-{seed}", tmp_path, sum(SIZES))
    frame = generators.frame_of(events, lacking)
    check(plan, frame.with_columns(pl.col(pl.String).cast(texts)))


@pytest.mark.parametrize("texts", TEXTS, ids=["texts", "categories"])
@pytest.mark.parametrize("seed", range(2))
def test_rows_of_several_words_go_by_blocks_too(seed: int, texts: Any, tmp_path: Path) -> None:
    rng = random.Random(f"wide-blocks-{seed}")
    plan = plan_of(generators.wide(rng), tmp_path)
    frame = generators.frame_of(generators.rows(rng, sum(SIZES)))
    engine = check(plan, frame.with_columns(pl.col(pl.String).cast(texts)))
    assert engine.machine.classes is not None
    assert len(engine.machine.classes.start) > 1
