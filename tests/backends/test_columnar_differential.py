"""Random bundles on adversarial rows: the columnar engine gives the reference's every field.

`GOVLAB_PROFILE=deep` runs 1,000 bundles on 1,000 rows each.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import polars as pl
import pytest

from govlab.backends.columnar import Engine, decide_frame, written
from govlab.plan import Plan
from tests import generators
from tests.backends.differential import differences, plan_of, random_case

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"
BUNDLES, ROWS = (1000, 1000) if DEEP else (30, 300)


@pytest.mark.parametrize("group", range(BUNDLES // 10))
def test_columns_decide_as_the_reference_does(group: int, tmp_path: Path) -> None:
    for at in range(10):
        plan, events, lacking = random_case(f"{group}-{at}", tmp_path / str(at), ROWS)
        assert differences(plan, events, lacking) == [], f"bundle {group}-{at}"


DECIDED = ("ALLOW", "DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE")
REASONS = ("no_policy", "no_rule", "remediation_refused", "remediation_conflict")
WANTED = {
    *((decision, "decided") for decision in DECIDED),
    *(("reason", reason) for reason in REASONS),
    ("DENY", "error"), ("any", "undecidable"), ("remediation", "set"),
}  # fmt: skip


def test_the_generated_cases_reach_every_kind_of_decision(tmp_path: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for at in range(40):
        if seen >= WANTED:
            break
        plan, events, lacking = random_case(f"reach-{at}", tmp_path / str(at), 100)
        frame = decide_frame(plan, generators.frame_of(events, lacking))
        seen.update(zip(frame["decision"], frame["status"], strict=True))
        seen.update(("remediation", "set") for r in frame["remediation"] if r is not None)
        seen.update(("reason", str(r)) for r in frame["reason"])
        seen.update(("any", status) for status in frame["status"])
    assert seen >= WANTED


ALONE = (
    ["decision"],
    ["rule", "status", "constraints"],
    ["status", "approvals"],
    ["reason", "evidence_required", "risk", "missing"],
)
FEW = ROWS if DEEP else 60


@pytest.mark.parametrize("seed", range(BUNDLES // 4))
def test_columns_asked_for_alone_are_those_of_the_whole(seed: int, tmp_path: Path) -> None:
    plan, events, lacking = random_case(f"alone-{seed}", tmp_path, FEW)
    alone_as_whole(plan, generators.frame_of(events, lacking))


@pytest.mark.parametrize("seed", range(BUNDLES // 15))
def test_many_rules_of_a_row_stand_in_several_words(seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"wide-{seed}")
    plan = plan_of(generators.wide(rng), tmp_path)
    events = generators.rows(rng, FEW)
    assert differences(plan, events) == []
    frame = generators.frame_of(events)
    engine = alone_as_whole(plan, frame)
    assert engine.machine.classes is not None
    assert len(engine.machine.classes.start) > 1


def alone_as_whole(plan: Plan, frame: pl.DataFrame) -> Engine:
    """Asserts that columns decided by themselves are those of whole decisions; the last engine."""
    whole = decide_frame(plan, frame)
    for names in ALONE:
        engine = Engine.of(plan, frame, names)
        alone = written(frame, engine.decided(frame, names), engine.book, names)
        assert alone.to_dicts() == whole.select(names).to_dicts(), names
    return engine
