"""Who may approve, by the bundle in force: what an approval does not say is unknown."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from govlab.assess.snapshots import beside_of
from govlab.bundle import load_bundle
from govlab.plan import compile_plan

BUNDLE = """\
name: gate
rules:
  - condition: tool == 'x'
    decision: REQUIRE_APPROVAL
    approvers: [lead]
"""


@pytest.mark.parametrize(
    ("by", "ineligible"),
    [(["lead"], False), (["lead", "mate"], False), (["mate"], True), ([], None), (None, None)],
)
def test_who_gave_an_approval(
    by: list[str] | None, ineligible: bool | None, tmp_path: Path
) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(BUNDLE, encoding="utf-8")
    bundle = load_bundle(path)
    rows = pl.DataFrame(
        {"tool": ["x"], "policy_digest": [bundle.digest], "approved_by": [by]},
        schema_overrides={"approved_by": pl.List(pl.String)},
    )
    found = beside_of(compile_plan(bundle)).put(rows)
    assert found.select("required_quorum", "approver_ineligible").row(0) == (1, ineligible)
