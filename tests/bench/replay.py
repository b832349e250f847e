"""Replay beside reading what it reads: `python -m tests.bench.replay [ROWS] [BUNDLE]`.

The sample dataset, repeated with ids of their own until there are ROWS rows, is written as one
Parquet file; a replay of it is timed from the frame in memory, reading from the file.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

import govlab
from govlab.backends.columnar import needed
from govlab.bundle import load_bundle
from govlab.plan import compile_plan

__all__ = ["measure", "repeated"]

_LOG = Path(__file__).parents[2] / "datasets" / "acme-ops" / "actions"


def repeated(count: int) -> pl.DataFrame:
    """At least `count` rows of the sample dataset, each with an id of its own."""
    log = pl.read_parquet(_LOG / "**" / "*.parquet")
    copies = range(-(-count // log.height))
    named = [pl.col("event_id").cast(pl.String) + f"-{at}" for at in copies]
    return pl.concat([log.with_columns(name.alias("event_id")) for name in named])


def _time(run: Callable[[], object], times: int) -> float:
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def measure(count: int, bundle: str, times: int = 3) -> tuple[int, float, float]:
    """Rows, and the seconds to read the columns that `bundle` needs and to replay, best of some."""
    frame = repeated(count)
    columns = [c for c in needed(compile_plan(load_bundle(bundle))) if c in frame.columns]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        frame.write_parquet(path)
        read = _time(lambda: pl.read_parquet(path, columns=columns), times)
    return frame.height, read, _time(lambda: govlab.replay(frame, bundle), times)


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    bundle = sys.argv[2] if len(sys.argv) > 2 else "prod-safety"
    height, read, decide = measure(count, bundle)
    print(f"{height:,} rows, `{bundle}`, polars {pl.__version__}, {pl.thread_pool_size()} threads")  # noqa: T201
    print(f"read {read:.3f} s, replay {decide:.2f} s: {height / decide:,.0f} rows/s")  # noqa: T201
    print(f"replay / read: {decide / read:.1f}")  # noqa: T201


if __name__ == "__main__":
    main()
