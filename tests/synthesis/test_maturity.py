"""Each profile has the maturity that it says it has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from govlab.assess import scorecard
from govlab.audit.chain import verify
from govlab.audit.state import store
from govlab.log import scan_log
from govlab.synthesis import synth


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "level"), [("startup", 0), ("scaleup", 1), ("midsize", 2), ("enterprise", 3)]
)
def test_level(tmp_path: Path, name: str, level: int) -> None:
    synth(tmp_path / "log", events=20_000, seed=3, profile=name)
    assert scorecard(tmp_path / "log", cuts=()).maturity.level == level


@pytest.mark.slow
def test_regulated_organisation(tmp_path: Path) -> None:
    """Level 4 in all that a log alone can tell; the rest needs its registry of versions."""
    synth(tmp_path / "log", events=20_000, seed=3, profile="regulated", chain=True)
    chain = verify(scan_log(tmp_path / "log"))
    anchored = verify(scan_log(tmp_path / "log"), [one.checkpoint() for one in chain.chains])
    store(anchored, tmp_path / "log", checked_at=datetime(2027, 1, 1, tzinfo=UTC))
    maturity = scorecard(tmp_path / "log", cuts=()).maturity
    assert maturity.level >= 3
    assert {maturity.capabilities[c] for c in ("visibility", "enforcement", "audit")} == {4}
    told = [j for j in maturity.judgements if not j.holds and j.value.value is not None]
    assert [j.criterion.figure for j in told] == []
