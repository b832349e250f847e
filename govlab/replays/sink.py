"""Decisions written as they come: parts of a fixed number of rows, then one file in their place.

Beside the file stands `<name>.parts` while it is being made: the parts that are finished, and what
they were made of. A run that was interrupted goes on behind the last of them, if log and bundle are
the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from govlab.errors import UsageError
from govlab.placing import alone, placing
from govlab.replays.rows import SCHEMA
from govlab.replays.stream import Stream

__all__ = ["ROWS", "sink_parquet"]

ROWS = 2_000_000
"""Rows of a part."""

_STATE, _LOCK = "state.json", ".lock"


def sink_parquet(stream: Stream, out: Path, key: str | None) -> None:
    """The decisions frame of `stream` as the Parquet file `out`, all of it or nothing.

    `key` says what the decisions are made of: log and bundle. Without one nothing is taken up
    again. At most a few batches are in memory. Raises UsageError where another process is writing
    `out`.
    """
    folder = out.with_name(f"{out.name}.parts")
    try:
        with alone(folder / _LOCK):
            _sink(stream, out, _Parts(folder, key))
            shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        raise UsageError(
            f"`{out}` is being written by another replay; wait until that has ended, or name "
            "another file"
        ) from None


def _sink(stream: Stream, out: Path, parts: _Parts) -> None:
    parts.open()
    total = int(stream.log.select(pl.len()).collect().item())
    for number, start in enumerate(range(0, max(total, 1), ROWS)):
        if not parts.path(number).exists():
            parts.write(number, stream.batches(list(SCHEMA), start, ROWS), stream)
    whole = pl.scan_parquet(sorted(parts.folder.glob("*.parquet")))
    with placing(out) as fresh:
        whole.sink_parquet(fresh, maintain_order=True)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The finished parts of a file, in a folder beside it."""

    folder: Path
    key: str | None

    def open(self) -> None:
        """The folder, with the parts of an earlier run where it was made of the same."""
        state = {"key": self.key, "rows": ROWS}
        path = self.folder / _STATE
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = None
        if self.key is None or known != state:
            for old in self.folder.glob("[!.]*"):  # all but the lock
                old.unlink()
            path.write_text(json.dumps(state), encoding="utf-8")

    def path(self, number: int) -> Path:
        """Where part `number` is, once it is finished."""
        return self.folder / f"{number:06d}.parquet"

    def write(
        self, number: int, batches: Iterator[tuple[pl.DataFrame, pl.DataFrame]], stream: Stream
    ) -> None:
        """Part `number`, in place when it is whole."""
        decided = [part for _, part in batches] or [stream.schema().to_frame().select(list(SCHEMA))]
        fresh = self.path(number).with_suffix(".unfinished")
        pl.concat(decided).write_parquet(fresh, compression="zstd")
        fresh.replace(self.path(number))
