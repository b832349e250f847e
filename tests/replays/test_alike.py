"""Rows of one kind decided together: as each of them is decided alone."""

from __future__ import annotations

import os
import random
from pathlib import Path

import polars as pl
import pytest

from govlab.backends.columnar import decide_frame
from govlab.log import kinds
from govlab.log.kinds import Kinds, read_kinds, write_kinds
from govlab.log.store import with_list_texts
from govlab.replays import stream
from govlab.replays.alike import SHARED
from govlab.replays.stream import Stream
from tests.backends.differential import plan_of, random_case
from tests.generators import frame_of

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"


def numbered(frame: pl.DataFrame, folder: Path) -> tuple[pl.LazyFrame, Kinds | None]:
    """`frame` as a log on disk, and its kinds."""
    into = folder / "actions" / "date=unknown"
    into.mkdir(parents=True)
    half = frame.height // 2
    for number, part in enumerate((frame[:half], frame[half:])):
        with_list_texts(part, part.columns).write_parquet(into / f"part-{number}.parquet")
    write_kinds(folder)
    parts = sorted(into.iterdir())
    log = pl.scan_parquet(parts)
    return log, read_kinds(folder, parts, log.collect_schema())


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of any size have kinds."""
    monkeypatch.setattr(kinds, "LEAST", 1)
    monkeypatch.setattr(kinds, "SPARSE", 1)


def kinds_differ(seed: int, folder: Path, rows: int) -> int:
    """In how many columns decisions by kinds differ from those by rows; -1: there were no kinds."""
    plan, events, lacking = random_case(f"alike-{seed}", folder, rows)
    rng = random.Random(seed)
    frame = frame_of(events, lacking)
    few = [n for n, t in frame.schema.items() if t == pl.String and rng.random() < 0.8]
    frame = frame.with_columns(pl.col(n).cast(pl.Categorical) for n in few)
    log, found = numbered(frame, folder / "log")
    if found is None:
        return -1
    wanted = sorted(SHARED & set(decide_frame(plan, frame[:1]).columns))
    decided = Stream(plan, log, (), found).frame().select(wanted).collect()
    whole = decide_frame(plan, frame).select(wanted)
    return sum(not decided[n].equals(whole[n]) for n in wanted)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(100 if DEEP else 8))
def test_random_bundles_by_kinds(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KINDS_BATCH", 60)
    assert kinds_differ(seed, tmp_path, 200) == 0


@pytest.mark.usefixtures("small")
def test_what_hangs_on_all_of_a_row_is_decided_by_rows(tmp_path: Path) -> None:
    """No kind is settled, and none by what arguments come to: their marks differ."""
    rules = [{"condition": "has(event.args) && args.n > 1", "decision": "DENY", "reason": "r"}]
    tree = {"name": "p", "attributes": {"args.n": "int"},
            "policies": [{"name": "q", "rules": rules}]}  # fmt: skip
    plan = plan_of(tree, tmp_path)
    frame = pl.DataFrame({
        "tool": ["a", "b"] * 40, "args": [f'{{"n": {n}}}' for n in range(80)],
        "unknown_columns": ["args"] * 80,
    }).with_columns(pl.col("tool", "unknown_columns").cast(pl.Categorical))  # fmt: skip
    log, found = numbered(frame, tmp_path / "log")
    assert found is not None
    assert found.table.height == 2
    decided = Stream(plan, log, (), found).frame().select("decision", "rule").collect()
    assert decided.equals(decide_frame(plan, frame).select("decision", "rule"))


@pytest.mark.usefixtures("small")
def test_nothing_is_read_beside_kinds_where_they_tell_all(tmp_path: Path) -> None:
    rules = [{"condition": "env == 'prod' || risk_tags.size() > 1", "decision": "DENY",
              "reason": "r"}]  # fmt: skip
    tree = {"name": "p", "default": "ALLOW", "policies": [{"name": "q", "rules": rules}]}
    plan = plan_of(tree, tmp_path)
    frame = pl.DataFrame({
        "tool": ["a", None] * 200, "env": ["prod", "dev", None, "test"] * 100,
        "risk_tags": [["x"], [], ["x", "y"], None] * 100, "unknown_columns": ["env", None] * 200,
        "cost_micro_usd": range(400),
    }).with_columns(pl.col("tool", "env", "unknown_columns").cast(pl.Categorical))  # fmt: skip
    log, found = numbered(frame, tmp_path / "log")
    assert found is not None
    assert "cost_micro_usd" not in found.table.columns
    by_kinds = Stream(plan, log, (), found)
    assert set(by_kinds.reads(["decision"])) <= {*found.table.columns}
    decided = by_kinds.frame().select("decision", "rule", "status").collect()
    assert decided.equals(decide_frame(plan, frame).select("decision", "rule", "status"))


@pytest.mark.usefixtures("small")
def test_a_bundle_without_policies_by_kinds(tmp_path: Path) -> None:
    plan = plan_of({"name": "p", "default": "ALLOW", "policies": []}, tmp_path)
    frame = pl.DataFrame({"tool": ["a", None] * 50}).cast(pl.Categorical)
    log, found = numbered(frame, tmp_path / "log")
    assert found is not None
    decided = Stream(plan, log, (), found).frame().select("decision", "rule", "origin").collect()
    assert decided.unique().rows() == [("ALLOW", "default", "default")]
    assert decided.height == 100
