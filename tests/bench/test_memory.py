"""How much memory a replay needs: a few batches, however long the log is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.bench.jobs import Job, command, write_log
from tests.bench.report import ROOT

MOST = 1_024
"""MB that a replay of 100 rules needs at the most, the interpreter and its libraries included."""
_MORE = 256  # MB that a log three times as long may need more: caches of the system's allocator


def _peak(rows: int, work: Path) -> int:
    write_log(work, rows)
    job = command(Job("govlab", 100, rows), work)
    done = subprocess.run(job, cwd=ROOT, capture_output=True, text=True, check=True)
    found: int = json.loads(done.stdout)["peak_mb"]
    return found


@pytest.mark.bench
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    short, long = (_peak(rows, tmp_path) for rows in (3_000_000, 9_000_000))
    assert long <= MOST
    assert long <= short + _MORE
