"""Random bundles on adversarial rows: the columnar engine gives the reference's every field.

`GOVLAB_PROFILE=deep` runs 1,000 bundles on 1,000 rows each.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from govlab.backends.columnar import decide_frame
from tests import generators
from tests.backends.differential import differences, random_case

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"
BUNDLES, ROWS = (1000, 1000) if DEEP else (30, 300)


@pytest.mark.parametrize("group", range(BUNDLES // 10))
def test_columns_decide_as_the_reference_does(group: int, tmp_path: Path) -> None:
    for at in range(10):
        plan, events, lacking = random_case(f"{group}-{at}", tmp_path / str(at), ROWS)
        assert differences(plan, events, lacking) == [], f"bundle {group}-{at}"


def test_the_generated_cases_reach_every_kind_of_decision(tmp_path: Path) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for at in range(40):
        plan, events, lacking = random_case(f"reach-{at}", tmp_path / str(at), 100)
        frame = decide_frame(plan, generators.frame_of(events, lacking))
        seen.update(zip(frame["decision"], frame["status"], strict=True))
        seen.update(("remediation", "set") for r in frame["remediation"] if r is not None)
        seen.update(("reason", str(r)) for r in frame["reason"])
    for decision in ("ALLOW", "DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE"):
        assert seen[decision, "decided"] > 0
    assert seen["DENY", "error"] > 0
    assert sum(n for (_, status), n in seen.items() if status == "undecidable") > 0
    assert seen["remediation", "set"] > 0
    for reason in ("no_policy", "no_rule", "remediation_refused", "remediation_conflict"):
        assert seen["reason", reason] > 0
