"""Bundles together beside each alone: `python -m tests.bench.many LOG [BUNDLES]`.

LOG is a log on disk; the bundles are variants of `prod-safety` with other values of its params.
Processor seconds of the counts and of the decisions of all, each way, their ratio, and the peak.
"""

from __future__ import annotations

import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

import govlab
from govlab.bundle import Bundle
from govlab.replays import recent

__all__ = ["main", "variants"]

_STARTER = Path(__file__).parents[2] / "policies" / "prod-safety"


def variants(folder: Path, count: int) -> list[Bundle]:
    """So many bundles that differ in two limits and in a time of day."""
    found = []
    for at in range(count):
        path = shutil.copytree(_STARTER, folder / str(at)) / "bundle.yaml"
        text = path.read_text(encoding="utf-8")
        for name, value in (("max_unattended_cost", 20.0 + 5 * at), ("opens_at", 5 + at % 4),
                            ("unattended_records", 100 * (at + 1))):  # fmt: skip
            text = re.sub(rf"({name}:\s*{{value: )[0-9.]+", rf"\g<1>{value}", text)
        path.write_text(text, encoding="utf-8")
        found.append(govlab.load_bundle(path.parent))
    return found


def _seconds(do: Callable[[], object]) -> float:
    recent.RECENT.forget()
    start = time.process_time()
    do()
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    log, count = govlab.scan_log(sys.argv[1]), int([*sys.argv, "8"][2])
    with tempfile.TemporaryDirectory() as folder:
        bundles = variants(Path(folder), count)
        _ = govlab.replay(log.head(1000), bundles[0]).summary  # imports
        many, out = govlab.replay_many(log, bundles), Path(folder) / "out.parquet"
        columns = [f"{c}.{n}" for c in ("decision", "rule", "status") for n in range(count)]
        ways = {
            "counts": (lambda: [one.summary for one in many],
                       lambda: [govlab.replay(log, b).summary for b in bundles]),
            "decisions": (lambda: many.frame.select(columns).sink_parquet(out),
                          lambda: [_alone(log, b).sink_parquet(out) for b in bundles]),
        }  # fmt: skip
        for name, (together, alone) in ways.items():
            one, other = _seconds(together), _seconds(alone)
            _say(f"{name} of {count} bundles: together {one:.2f} s, each alone {other:.2f} s "
                 f"({other / one:.1f})")  # fmt: skip
    _say(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def _alone(log: pl.LazyFrame, bundle: Bundle) -> pl.LazyFrame:
    return govlab.replay(log, bundle).frame.select("decision", "rule", "status")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
