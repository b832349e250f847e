"""`govlab demo`: the main job end to end, all five decisions, every file it names is there."""

from __future__ import annotations

import json
from pathlib import Path

from govlab.exporting import verified_engine
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
    assert document["maturity"]["level"] in range(5)


def test_it_writes_a_page_for_a_browser_and_an_engine_that_runs(
    govlab: Command, tmp_path: Path
) -> None:
    for _ in range(2):  # it may be run again
        assert govlab("demo", "--out", tmp_path / "demo").code == 0
    html = (tmp_path / "demo" / "scorecard.html").read_text(encoding="utf-8")
    for said in ("Maturity level", "Where is most denied?", "from day to day?", "26,365 actions"):
        assert said in html
    said = json.loads(govlab("verify", tmp_path / "demo" / "engine", "--json").out)
    assert (said["status"], said["problems"]) == ("unsigned", [])
    engine = verified_engine(tmp_path / "demo" / "engine")
    assert engine.decide({"tool": "x", "action": "y"}).decision == "DENY"


def test_the_page_ends_with_what_to_do_next(govlab: Command, tmp_path: Path) -> None:
    shown = govlab("demo", "--out", tmp_path / "demo")
    assert shown.out.splitlines()[-1].startswith("next: govlab check YOUR_LOG")
    assert "coverage 9" in shown.out
