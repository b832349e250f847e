"""A scorecard beside reading what it reads: `python -m tests.bench.scorecard LOG`.

LOG is a log on disk, e.g. `govlab synth --events 10000000 --seed 7 --out LOG`. The bar: at most 8
times the reading of its columns, and 3 GiB of memory, for 10 million rows. Times are those of the
processors, which a busy machine lengthens for both alike.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import polars as pl

import govlab
from govlab.assess.asking import BY
from govlab.assess.reading import columns_read, in_batches
from govlab.kpi.catalog import spec_of

__all__ = ["measure"]


def measure(log: Path) -> tuple[int, float, float]:
    """Rows, and the seconds to read the columns of all figures and to make the scorecard."""
    frame = govlab.scan_log(log)
    start = time.process_time()
    wanted = frame.select(columns_read(frame, spec_of(cuts=BY)))
    rows = sum(batch.height for batch in in_batches(wanted))
    read = time.process_time() - start
    start = time.process_time()
    govlab.scorecard(log)
    return rows, read, time.process_time() - start


def main() -> None:
    """Measure and print."""
    rows, read, made = measure(Path(sys.argv[1]))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{rows:,} rows, polars {pl.__version__}, {pl.thread_pool_size()} threads")  # noqa: T201
    print(f"read {read:.1f} s, scorecard {made:.1f} s: {made / read:.1f} times; {most:.2f} GiB")  # noqa: T201


if __name__ == "__main__":
    main()
