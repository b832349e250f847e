"""Charts show what was counted, offline."""

from __future__ import annotations

import polars as pl
import pytest

from govlab.errors import UsageError
from govlab.replays import Replay, replay


@pytest.fixture(scope="module")
def counted() -> Replay:
    log = pl.DataFrame(
        {"tool": ["aws-cli", "x"], "env": ["production", "<b>"], "workflow": ["a", "<script>"]}
    )
    return replay(log, "prod-safety", by=["workflow"])


def test_a_notebook_shows_svg_and_loads_nothing(counted: Replay) -> None:
    shown = counted.chart("workflow")._repr_mimebundle_()
    assert set(shown) == {"image/svg+xml"}
    assert "How is each event decided, by workflow?" in shown["image/svg+xml"]
    assert "<script" not in shown["image/svg+xml"]
    assert "href" not in shown["image/svg+xml"]


def test_the_bars_are_the_counts(counted: Replay) -> None:
    spec = counted.chart("workflow").to_dict()
    (rows,) = spec["datasets"].values()
    assert sum(row["events"] for row in rows) == counted.summary.events == 2


def test_a_column_that_was_not_counted(counted: Replay) -> None:
    with pytest.raises(UsageError, match="not counted by `env`"):
        counted.chart("env")
