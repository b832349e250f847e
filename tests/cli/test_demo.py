"""`govlab demo`: the main job end to end, all five decisions, every file it names is there."""

from __future__ import annotations

import json
from pathlib import Path

from govlab.schema import DECISIONS
from tests.cli.conftest import Command


def test_five_decisions_and_the_files(govlab: Command, tmp_path: Path) -> None:
    shown = govlab("demo", "--out", tmp_path / "demo", "--json")
    assert shown.code == 0, shown.err
    document = json.loads(shown.out)
    assert set(document["decisions"]) == set(DECISIONS)
    assert all(document["decisions"].values())
    assert sum(document["decisions"].values()) > 1000
    assert all(Path(file).exists() for file in document["files"].values())


def test_the_page_ends_with_what_to_do_next(govlab: Command, tmp_path: Path) -> None:
    shown = govlab("demo", "--out", tmp_path / "demo")
    assert shown.out.splitlines()[-1].startswith("next: govlab check YOUR_LOG")
    assert "coverage 9" in shown.out
