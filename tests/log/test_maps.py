"""Column maps: every mistake is named at once, with what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.errors import LogError
from govlab.log.maps import From, load_map


def given(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_map(tmp_path: Path) -> None:
    found = load_map(
        given(
            tmp_path,
            "columns: {tool: fn, ts: {column: t, unit: s}}\ntz: UTC\ndecision_map: {no: DENY}",
        )
    )
    assert found.columns == {"tool": From("fn"), "ts": From("t", unit="s")}
    assert (found.tz, found.decisions) == ("UTC", {"no": "DENY"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {toool: fn}", "unknown column `toool`; did you mean `tool`?"),
        ("column: {tool: fn}", "unknown key `column`; did you mean `columns`?"),
        ("constants: {env: prod}", "unknown key `constants`"),
        ("columns: {tool: [fn]}", "`tool`: write the source's column"),
        (
            "columns: {ts: {column: t, unit: days}}",
            "`ts`: no unit `days`; allowed: `s`, `ms`, `us`, `ns`",
        ),
        ("columns: {tool: {column: t, unit: s}}", "`tool`: no unit `s`; it has none"),
        (
            "columns: {tool: {column: t, units: s}}",
            "`tool`: unknown key `units`; did you mean `unit`?",
        ),
        ("decision_map: {no: DENIED}", "`no: DENIED` is no decision; did you mean `DENY`?"),
        ("tz: Mars", "no such time zone `Mars`"),
        ("columns: [tool]", "`columns` maps canonical columns"),
        ("- tool", "a map has the keys `columns`"),
        ("a: [", "no YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LogError) as error:
        load_map(given(tmp_path, text))
    assert said in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "map.yaml"))


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(LogError) as error:
        load_map(given(tmp_path, "columns: {toool: a, atcion: b}\ntz: Mars"))
    assert len(str(error.value).splitlines()) == 3


def test_a_map_nested_too_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("columns: " + "[" * 3000 + "]" * 3000)
    with pytest.raises(LogError, match="nested too deep"):
        load_map(path)
