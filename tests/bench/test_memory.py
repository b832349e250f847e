"""How much memory a replay and the commands need: a few batches, however long the log is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.jobs import Job, command, write_log
from tests.bench.report import ROOT

MOST = 1_024
"""MB that a replay of 100 rules needs at the most, the interpreter and its libraries included."""
_MORE = 256  # MB that a log three times as long may need more: caches of the system's allocator
_COMMANDS = ("inspect", "replay", "check")


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


def _peak_of(*said: str) -> int:
    """Of `govlab` so called, in a process of its own."""
    code = "from tests.bench.jobs import peak_of; peak_of()"
    call = [sys.executable, "-c", code, *said]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1])


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two logs of an invented organisation, one twice as long as the other."""
    folder = tmp_path_factory.mktemp("logs")
    for rows in (1_500_000, 3_000_000):
        _peak_of("synth", "--events", str(rows), "--seed", "7", "--out", str(folder / str(rows)))
    return str(folder / "1500000"), str(folder / "3000000")


@pytest.mark.bench
@pytest.mark.parametrize("name", _COMMANDS)
def test_memory_of_a_command_does_not_grow_with_the_log(name: str, logs: tuple[str, str]) -> None:
    bundle = [] if name == "inspect" else ["prod-safety"]
    short, long = (_peak_of(name, log, *bundle) for log in logs)
    assert long <= MOST
    assert long <= short + _MORE
