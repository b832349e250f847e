"""A cube decides every bundle of its family exactly as the log itself does."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from govlab.backends.columnar import decide_frame
from govlab.cube import Cube, admit, build_cube, cube_of, read_cube, write_cube
from govlab.cube.asked import asked, together
from govlab.errors import LogError
from govlab.log.whole import whole_log
from govlab.plan import Plan
from tests import generators
from tests.backends.differential import plan_of

_BESIDE = (
    "decision", "policy", "rule", "gate", "reason", "risk", "constraints", "approvals",
    "evidence_required", "status", "missing", "matched",
)  # fmt: skip


def _decided(plan: Plan, rows: pl.DataFrame, counts: list[int], by: str) -> Counter[str]:
    """How many events have which decision, cut by a column."""
    frame = decide_frame(plan, rows).select(_BESIDE)
    cut = rows.get_column(by).cast(pl.String) if by in rows.columns else [None] * rows.height
    found: Counter[str] = Counter()
    for row, n, value in zip(frame.rows(), counts, cut, strict=True):
        found[repr((row, value))] += n
    return found


def _family(seed: str, folder: Path) -> tuple[list[Plan], pl.DataFrame]:
    rng = random.Random(seed)
    plans = [plan_of(generators.bundle(rng), folder / str(at)) for at in range(2)]
    lacking = frozenset(rng.sample(["region", "args", "cost_micro_usd", "ts"], rng.choice([0, 1])))
    given = generators.rows(rng, 300)
    rows = generators.frame_of([{n: v for n, v in e.items() if n not in lacking} for e in given],
                               lacking)  # fmt: skip
    return plans, whole_log(rows)[0].collect()


@pytest.mark.parametrize("seed", [f"cube-{n}" for n in range(12)])
def test_a_cube_decides_as_its_log_does(seed: str, tmp_path: Path) -> None:
    plans, log = _family(seed, tmp_path)
    by = "env" if "env" in log.columns else "tool"
    wanted = [_decided(plan, log, [1] * log.height, by) for plan in plans]
    for hashed in (False, True):
        cube = cube_of(log, together(map(asked, plans)), (), by=(by,), hashed=hashed)
        write_cube(cube, tmp_path / "c.parquet")
        cube = read_cube(tmp_path / "c.parquet")
        assert cube.events == log.height
        for plan, counts in zip(plans, wanted, strict=True):
            admit(cube, plan)
            assert _decided(plan, cube.rows, cube.counts.to_list(), by) == counts, hashed


def test_sums_are_exact(tmp_path: Path) -> None:
    plans, log = _family("sums", tmp_path)
    cube: Cube = cube_of(log, together(map(asked, plans)), ())
    for name in ("tokens_in", "tokens_out", "cost_micro_usd"):
        if name in log.columns:
            wanted = sum(v for v in log.get_column(name).to_list() if v is not None)
            assert sum(cube.frame.get_column(f"#sum.{name}").to_list()) == wanted


def test_sums_that_no_integer_holds_are_refused_by_name() -> None:
    log = pl.DataFrame({"tool": ["a", "a"], "cost_micro_usd": [2**62, 2**62]})
    with pytest.raises(LogError, match="`cost_micro_usd` of events that are alike sums to more"):
        build_cube(log, ["prod-safety"])
