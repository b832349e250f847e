"""A log as days, each known by the content of its files: a late event changes that of its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

import polars as pl

from govlab.log.scan import scan_log, scan_parts
from govlab.log.store import is_log

__all__ = ["Period", "Piece", "pieces_of"]

_TABLE: Final = "table"
_UNTIMED: Final = "unknown"

Period = tuple[datetime | None, datetime | None]
"""From (in) and until (out); None where it has no such end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The actions of a `day` (UTC), `unknown` for those without a time, `table` for all of a table.

    `digest` is that of the content of `files`.
    """

    day: str
    digest: str
    files: tuple[Path, ...]

    def scan(self) -> pl.LazyFrame:
        """Its actions, as `scan_log` gives those of the whole log."""
        return scan_log(self.files[0]) if self.day == _TABLE else scan_parts(self.files)

    def cut(self, period: Period) -> Period | None:
        """What `period` cuts off: an end that lies outside of the day is None.

        None where the period has nothing of the piece.

        >>> noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
        >>> Piece("2026-11-21", "", ()).cut((noon - timedelta(days=1), noon)) == (None, noon)
        True
        >>> Piece("2026-11-22", "", ()).cut((None, noon)) is None
        True
        """
        since, until = period
        if self.day == _TABLE or (since is None and until is None):
            return period
        if self.day == _UNTIMED:
            return None
        start = datetime.combine(date.fromisoformat(self.day), datetime.min.time(), UTC)
        end = start + timedelta(days=1)
        if (since is not None and since >= end) or (until is not None and until <= start):
            return None
        inner = since if since is not None and since > start else None
        return inner, until if until is not None and until < end else None

    def days(self) -> set[str]:
        """The days of its actions, as ISO dates in UTC."""
        if self.day != _TABLE:
            return {self.day} - {_UNTIMED}
        frame = self.scan()
        if "ts" not in frame.collect_schema():
            return set()
        found = frame.select(pl.col("ts").dt.date().drop_nulls().unique()).collect()
        return {day.isoformat() for day in found["ts"]}


def pieces_of(log: Path) -> list[Piece]:
    """The days of the log in the folder `log`, in their order; a table is one piece."""
    if not is_log(log):
        return [Piece(_TABLE, _digest([log]), (log,))]
    folders = sorted(folder for folder in (log / "actions").glob("date=*") if folder.is_dir())
    found = [(f.name.removeprefix("date="), tuple(sorted(f.glob("*.parquet")))) for f in folders]
    return [Piece(day, _digest(files), files) for day, files in found if files]


def _digest(files: list[Path] | tuple[Path, ...]) -> str:
    """That of the digests of the files, in the order of their names."""
    whole = sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(file_digest(file, "sha256").digest())
    return whole.hexdigest()
