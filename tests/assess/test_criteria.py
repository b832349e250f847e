"""Criteria of one's own: what is wrong is said, and no level is given that is not asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.assess.maturity import assess, load_criteria
from govlab.errors import UsageError
from govlab.kpi.model import Value

ONE = (
    "{level: 1, capability: visibility, figure: audit.actor_share, at_least: 0.9, "
    "owner: app, phase: 1}"
)


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        (("level: 1", "level: 1.0"), "is none of 1 to 4"),
        (("level: 1", "level: true"), "is none of 1 to 4"),
        (("level: 1", "level: 5"), "is none of 1 to 4"),
        (("audit.actor_share", "[audit]"), "no figure"),
        (("audit.actor_share", "audit.actr_share"), "did you mean `audit.actor_share`"),
        (("0.9", ".nan"), "is no number"),
        (("0.9", ".inf"), "is no number"),
        (("owner: app", "owner: nobody"), "is none of"),
        ((f"- {ONE}", "[]"), "it must have"),
    ],
)
def test_what_is_wrong_with_criteria_is_said(
    tmp_path: Path, instead: tuple[str, str], said: str
) -> None:
    path = tmp_path / "criteria.yaml"
    path.write_text(f"- {ONE}".replace(*instead), encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load_criteria(path)


@pytest.mark.parametrize(("low", "level"), [(0.95, 1), (0.5, 0)])
def test_a_level_that_nothing_is_asked_for_is_not_reached(
    tmp_path: Path, low: float, level: int
) -> None:
    path = tmp_path / "criteria.yaml"
    path.write_text(f"- {ONE}", encoding="utf-8")
    value = Value("audit.actor_share", None, None, 0.97, 97, 100, 0, low, 0.99)
    found = assess([value], load_criteria(path))
    assert (found.level, found.capabilities["visibility"]) == (level, level)
    assert found.capabilities["audit"] == 0, "nobody looked"
