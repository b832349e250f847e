"""A log that grows as logs do: days come, and events of earlier days come late."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from govlab.bundled import shipped

__all__ = ["DAYS", "come", "late", "log_of"]

_WHOLE = shipped("datasets") / "acme-ops"
DAYS = tuple(sorted(p.name.removeprefix("date=") for p in (_WHOLE / "actions").iterdir()))
"""The days of the sample log."""


def log_of(folder: Path, days: Iterable[str]) -> Path:
    """The sample log as it was when it had no more than `days`."""
    (folder / "actions").mkdir(parents=True)
    for name in ("MANIFEST.json", "runs.parquet"):
        shutil.copy(_WHOLE / name, folder / name)
    come(folder, *days)
    return folder


def come(log: Path, *days: str) -> None:
    """More days."""
    for day in days:
        shutil.copytree(_WHOLE / "actions" / f"date={day}", log / "actions" / f"date={day}")


def late(log: Path, day: str, events: int = 3) -> None:
    """Events of a day that come once more, under other ids: another part of it."""
    folder = log / "actions" / f"date={day}"
    parts = sorted(folder.glob("*.parquet"))
    first = pl.read_parquet(parts[0]).head(events)
    again = first.with_columns((pl.col("event_id").cast(pl.String) + "-late").alias("event_id"))
    again.cast(dict(first.schema)).write_parquet(folder / f"part-{len(parts):05d}.parquet")
