"""The benchmark and its report: `python -m tests.bench.report [--help]`.

Replay at 10, 100 and 1000 rules over 1 M and 10 M rows beside polars reading and sinking the same
columns, hand-written when/then, and other engines (`pip install -e '.[bench]'`). Ten minutes or so
on two quiet cores, `--large 100000000` as long again. Every finding is kept in the work folder at
once: a run that was interrupted goes on where it was, as long as the code is the same. Writes
results/replay.md, .svg and .json and the figures of README; engines that are not installed are
named there.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench.chart import draw
from tests.bench.figures import Results, load
from tests.bench.jobs import Job, command, write_log
from tests.bench.peers import PEERS
from tests.bench.table import BEGIN, END, markdown, quote
from tests.bench.workload import BROAD

__all__ = ["RESULTS", "ROOT", "jobs", "publish", "quoted"]

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results" / "replay.json"
_MANY = 100  # rules, above which nested when/then takes minutes
_TEN = 10  # rules, which are measured twice: as they are drawn, and such as read every column
_TOO_LONG, _LARGE = 600, 3600  # seconds for one job, and for a large log


def jobs(rows: Sequence[int], rules: Sequence[int], peer_rules: Sequence[int]) -> Iterator[Job]:
    """The jobs of one round, what is compared next to each other."""
    for count in rules:
        for height in rows:
            yield Job("read", count, height)
            if count <= _MANY:
                yield Job("hand", count, height)
            yield Job("govlab", count, height)
            yield Job("memory", count, height)
            if count == _TEN:
                yield Job("read", count, height, seed=BROAD)
                yield Job("govlab", count, height, seed=BROAD)
        if count in peer_rules:
            yield from (Job("peer", count, 0, peer.name) for peer in PEERS)


def _found(job: Job, work: Path) -> dict[str, Any]:
    """What a process of its own finds; `failed` and why where it does not."""
    peer = next((peer for peer in PEERS if peer.name == job.peer), None)
    if peer is not None and peer.version() is None:
        return {"failed": f"`{peer.package}` is not installed"}
    most = _LARGE if job.what == "large" else _TOO_LONG
    try:
        done = subprocess.run(
            command(job, work), capture_output=True, text=True, timeout=most, check=False,
            cwd=ROOT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {most} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no words"])[-1]
        return {"failed": f"exit {done.returncode}: {last[:200]}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(todo: Sequence[tuple[int, Job]], work: Path) -> list[dict[str, Any]]:
    """Findings of jobs and rounds: those of an earlier run of this code, and new ones; what failed
    is tried again."""
    kept = work / f"found-{_fingerprint()}.jsonl"
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    known = {_key(one): one for one in map(json.loads, lines) if "failed" not in one}
    begun = time.monotonic()
    for number, (at, job) in enumerate(todo, start=1):
        one = {"round": at, **asdict(job)}
        if _key(one) not in known:
            known[_key(one)] = one = {**one, **_found(job, work)}
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(one) + "\n")
        gone = time.monotonic() - begun
        print(f"[{number}/{len(todo)}, {gone:.0f} s] {_said(known[_key(one)])}", file=sys.stderr)  # noqa: T201
    return [known[_key({"round": at, **asdict(job)})] for at, job in todo]


def _key(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(one[name] for name in ("round", "what", "rules", "rows", "peer", "seed"))


def _said(one: Mapping[str, Any]) -> str:
    what = one["peer"] or f"{one['what']}, {one['rows']:,} rows"
    rate = f"{one['per_second']:,.0f}/s" if "per_second" in one else None
    found = one.get("failed") or rate or f"{one['seconds']:.2f} s"
    return f"round {one['round'] + 1}, {what}, {one['rules']} rules: {found}"


def _fingerprint() -> str:
    """Of all code that is measured: findings of other code are not taken up."""
    digest = hashlib.sha256(f"{platform.python_version()} {pl.__version__}".encode())
    here = Path(__file__).parent
    own = [here / name for name in ("jobs.py", "byhand.py", "workload.py")]
    for path in sorted([*(ROOT / "govlab").rglob("*.py"), *(here / "peers").glob("*.py"), *own]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _machine(load_before: float) -> dict[str, str]:
    """Words for the machine and what runs on it, no name of it; the peers' versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processors": str(os.cpu_count()),
        "model": models[0] if models else platform.machine(),
        "memory": f"{memory:.0f} GiB",
        "system": platform.system(),
        "load before": f"{load_before:.1f}",
        "Python": platform.python_version(),
        "polars": pl.__version__,
        **{peer.package: version for peer in PEERS if (version := peer.version())},
    }


def publish(results: Results, folder: Path, readme: Path | None) -> None:
    """Writes the report's three files below `folder`, and the figures of `readme`."""
    folder.mkdir(parents=True, exist_ok=True)
    results.write(folder / "replay.json")
    (folder / "replay.md").write_text(markdown(results), encoding="utf-8")
    draw(results, folder / "replay.svg")
    if readme is not None:
        text = readme.read_text(encoding="utf-8")
        readme.write_text(text.replace(quoted(text), quote(results)), encoding="utf-8")


def quoted(text: str) -> str:
    """What stands between the marks in the text of a README."""
    return text.partition(BEGIN + "\n")[2].partition("\n" + END)[0]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[2])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rules", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--peer-rules", type=int, nargs="*", default=[10, 100])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, help="rows of a log replayed partition by partition")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "govlab-bench")
    parser.add_argument("--out", type=Path, default=RESULTS.parent)
    parser.add_argument("--render", action="store_true", help="write the report of --out again")
    return parser.parse_args()


def main() -> None:
    """Measures, or takes up what was measured, and writes the report."""
    said, before = _options(), os.getloadavg()[0]
    readme = ROOT / "README.md" if said.out == RESULTS.parent else None
    if said.render:
        publish(load(said.out / "replay.json"), said.out, readme)
        return
    work = said.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    for height in said.rows:
        write_log(work, height)
    todo = [
        (at, job)
        for at in range(said.rounds)
        for job in jobs(said.rows, said.rules, said.peer_rules)
    ]
    if said.large:
        todo.append((0, Job("large", 100, said.large)))
    compileall.compile_dir(ROOT / "govlab", quiet=1)  # as it is where a package is installed
    publish(Results(_machine(before), _measure(todo, work)), said.out, readme)


if __name__ == "__main__":
    main()
