"""What is measured, one job a process: `python -m tests.bench.jobs JOB WORK`, JOB as JSON.

Prints the findings as one JSON object: seconds or decisions a second, and peak memory. Whatever is
read was written before the clock starts; every result is sunk to Parquet.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

import govlab
from tests.bench import byhand, workload
from tests.bench.peers import PEERS
from tests.bench.peers.neutral import Combine, answers, columns, present, rows, targets
from tests.bench.workload import Rule

__all__ = ["OUT", "Job", "peak_of", "run", "write_log"]

OUT = ("decision", "rule", "status", "constraints")
MARKS = ("unknown_columns", "malformed_columns")
PART = 2_000_000  # rows of a partition of the large log
_SAMPLE, _ENOUGH = 3_000, 1.5  # rows that peers decide, and seconds that they decide them for


@dataclass(frozen=True, slots=True)
class Job:
    """One measurement. `read`: polars reads and sinks the columns that the rules read; `hand`:
    hand-written when/then; `govlab`: a replay; `memory`: one of rows in memory, which decides only;
    `large`: replays partition by partition; `peer`."""

    what: Literal["read", "hand", "govlab", "memory", "peer", "large"]
    rules: int
    rows: int = 0
    peer: str = ""
    seed: int = workload.SEED  # of the rules


def write_log(work: Path, count: int) -> Path:
    """The log of `count` rows below `work`; written where it is not there in whole."""
    log, whole = work / f"log-{count}", work / f"log-{count}.whole"
    if not whole.exists():
        shutil.rmtree(log, ignore_errors=True)
        for _ in workload.write_log(log, count):
            pass
        whole.touch()
    return log


def run(job: Job, work: Path) -> dict[str, Any]:
    """The findings of `job`, which reads and writes below `work`."""
    given = workload.rules(job.rules, job.seed)
    match job.what:
        case "peer":
            return _peer(job.peer, given, work)
        case "large":
            return _large(job.rows, given, work)
        case "memory":
            return _memory(work / f"log-{job.rows}", given, work)
        case "read" | "hand" | "govlab":
            return _timed(lambda: _WHOLE[job.what](work / f"log-{job.rows}", given, work))


def _timed(do: Callable[[], object]) -> dict[str, Any]:
    start = time.perf_counter()
    do()
    return {"seconds": time.perf_counter() - start}


def _read(log: Path, given: Sequence[Rule], work: Path) -> None:
    govlab.scan_log(log).select(columns(given)).sink_parquet(work / "out.parquet")


def _hand(log: Path, given: Sequence[Rule], work: Path) -> None:
    byhand.decided(govlab.scan_log(log), given).sink_parquet(work / "out.parquet")


def _govlab(log: Path, given: Sequence[Rule], work: Path) -> None:
    replay = govlab.replay(govlab.scan_log(log), workload.bundle(given, work / "bundle"))
    replay.frame.select(OUT).sink_parquet(work / "out.parquet")


_WHOLE = {"read": _read, "hand": _hand, "govlab": _govlab}


def _memory(log: Path, given: Sequence[Rule], work: Path) -> dict[str, Any]:
    """As of the peers, the clock runs while rows are decided that are there already."""
    bundle = govlab.load_bundle(workload.bundle(given, work / "bundle"))
    rows = govlab.scan_log(log).select(*columns(given), *MARKS).collect()
    return _timed(lambda: govlab.replay(rows, bundle).frame.select(OUT).collect())


def _peer(name: str, given: Sequence[Rule], work: Path) -> dict[str, Any]:
    """Equality on a sample first, which warms up, then decisions a second on the same rows."""
    peer = next(peer for peer in PEERS if peer.name == name)
    given = targets(given) if peer.targets_only else given
    frame = present(workload.rows(_SAMPLE))
    module, combine = peer.open(), Combine(given)
    inputs, decide = module.inputs(rows(frame, given)), module.load(given)
    found = [combine(first) for first in decide(inputs)]
    expected = answers(frame, given, work / "bundle")
    equal = sum(a == b for a, b in zip(found, expected, strict=True))
    decided, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < _ENOUGH:
        decided += len([combine(first) for first in decide(inputs)])
    return {"per_second": decided / seconds, "compared": len(expected), "equal": equal}


def _large(count: int, given: Sequence[Rule], work: Path) -> dict[str, Any]:
    """Partitions are written by another process just before, and gone after their replay."""
    folder, seconds, decided = work / "large", 0.0, 0
    bundle = govlab.load_bundle(workload.bundle(given, work / "bundle"))
    for first in range(0, count, PART):
        height = min(PART, count - first)
        command = [sys.executable, "-m", __spec__.name, "--write", str(folder), f"{height} {first}"]
        subprocess.run(command, check=True)
        start = time.perf_counter()
        out = folder / "decisions.parquet"
        govlab.replay(govlab.scan_log(folder / "log"), bundle).frame.select(OUT).sink_parquet(out)
        seconds += time.perf_counter() - start
        decided += pl.scan_parquet(out).select(pl.len()).collect().item()
        shutil.rmtree(folder)
    assert decided == count
    return {"seconds": seconds}


def _write(folder: Path, height: int, first: int) -> None:
    for _ in workload.write_log(folder / "log", height, first=first):
        pass


def _peak() -> int:
    """The greatest resident memory of this process, in MB; `getrusage` counts its parent's too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    known = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return int(known["VmHWM"].split()[0]) // 1024


def peak_of() -> None:
    """Does what `govlab` is asked on the command line; the last word on standard error is the
    memory that took, in MB."""
    from govlab.cli.main import main as govlab_main  # noqa: PLC0415  the other jobs need none

    try:
        govlab_main()
    finally:
        print(_peak(), file=sys.stderr)  # noqa: T201


def main(*said: str) -> None:
    """One job, or one partition of the large log."""
    if said[0] == "--write":
        _write(Path(said[1]), *map(int, said[2].split()))
        return
    found = run(Job(**json.loads(said[0])), Path(said[1]))
    print(json.dumps({**found, "peak_mb": _peak()}))  # noqa: T201


def command(job: Job, work: Path) -> list[str]:
    """What starts `job` in a process of its own."""
    return [sys.executable, "-m", __name__, json.dumps(asdict(job)), str(work)]


if __name__ == "__main__":
    main(*sys.argv[1:])
