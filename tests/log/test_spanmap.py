"""Maps of the attributes of spans: what is wrong in them is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.errors import LogError
from govlab.log.adapters.spans import preset
from govlab.log.maps import load_map


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(LogError) as caught:
        load_map(path)
    return str(caught.value)


def test_the_shipped_preset_is_a_map_a_user_can_copy() -> None:
    shipped = preset()
    assert shipped.spans is not None
    assert shipped.spans.actions
    assert shipped.spans.columns["tool"][0] == "gen_ai.tool.name"
    assert shipped.digest is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spans: []", "`spans` has the keys `actions`"),
        ("spans: {}", "without it there are none"),
        ("spans: {action: [{a: b}]}", "did you mean `actions`?"),
        ("spans: {actions: [a]}", "`actions` is a list of `{attribute: value}`"),
        ("spans: {actions: [{a: [b]}]}", "`actions` is a list of `{attribute: value}`"),
        ("spans: {actions: [{a: b}], run: x}", "`run` is a list of attributes"),
        ("spans: {actions: [{a: b}], columns: [x]}", "`columns` maps columns to lists"),
        ("spans: {actions: [{a: b}], columns: {tol: [x]}}", "`tol`; did you mean `tool`?"),
        ("spans: {actions: [{a: b}], columns: {event_id: [x]}}", "has no column `event_id`"),
        ("spans: {actions: [{a: b}], inherited: {model: x}}", "`inherited.model` is a list"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, "spans: {actions: [a], columns: {tol: [x]}}\ndecision_map: {a: B}")
    assert len(said.splitlines()) == 3
