"""What was made for one replay serves the next, where log and bundle are the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

import govlab
from govlab.errors import LogError
from govlab.log import kinds
from govlab.replays import replay
from tests import generators
from tests.replays.test_many import alone
from tests.work import steps


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of any size have kinds."""
    monkeypatch.setattr(kinds, "LEAST", 1)
    monkeypatch.setattr(kinds, "SPARSE", 1)


def decisions(log: object, bundle: str | Path) -> list[str]:
    """What is decided, event by event."""
    return replay(log, bundle).frame.select("decision").collect()["decision"].to_list()


@pytest.mark.usefixtures("small")
def test_the_second_replay_does_less(tmp_path: Path) -> None:
    govlab.synth(tmp_path / "log", events=500, seed=1, profile="startup")
    log = govlab.scan_log(tmp_path / "log")
    frame = replay(log, "prod-safety").stream
    first = steps(lambda: list(frame.parts(["decision"])))
    again = replay(log, "prod-safety").stream
    assert steps(lambda: list(again.parts(["decision"]))) < first / 3
    assert decisions(log, "prod-safety") == alone(log, Path("prod-safety")).decided[
        "decision"].to_list()  # fmt: skip


@pytest.mark.usefixtures("small")
def test_another_bundle_or_log_of_the_same_name_is_another(tmp_path: Path) -> None:
    def bundle(limit: int) -> Path:
        rules = [{"id": "r", "condition": f"tool == 'send' && amount > {limit}.0",
                  "decision": "DENY"}]  # fmt: skip
        tree = {"name": "b", "version": "1.0.0", "default": "ALLOW",
                "policies": [{"name": "p", "rules": rules}]}  # fmt: skip
        return generators.write(tree, tmp_path / str(limit))

    def log(amounts: list[float]) -> Path:
        rows = pl.DataFrame({"tool": ["send"] * len(amounts), "amount": amounts})
        rows.write_parquet(tmp_path / "rows.parquet")
        shutil.rmtree(tmp_path / "log", ignore_errors=True)
        govlab.ingest([tmp_path / "rows.parquet"], tmp_path / "log")
        return tmp_path / "log"

    low, high, first = bundle(1), bundle(2), log([1.0, 2.0, 3.0])
    assert decisions(first, high) == ["ALLOW", "ALLOW", "DENY"]
    assert decisions(first, low) == ["ALLOW", "DENY", "DENY"]
    scanned = govlab.scan_log(first)
    assert decisions(scanned, low) == ["ALLOW", "DENY", "DENY"]
    assert decisions(log([5.0, 1.0]), low) == ["DENY", "ALLOW"]
    shutil.rmtree(tmp_path / "log")
    with pytest.raises(LogError, match="scan it again"):
        replay(scanned, low)
