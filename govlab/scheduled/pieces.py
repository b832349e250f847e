"""A log as days, each known by the content of its files: a late event changes that of its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import file_digest, sha256
from itertools import groupby
from pathlib import Path

import polars as pl

from govlab.log.collect import collected
from govlab.log.scan import scan_log, scan_parts
from govlab.log.store import is_log

__all__ = ["Period", "Piece", "pieces_of"]

Period = tuple[datetime | None, datetime | None]
"""From (in) and until (out); None where it has no such end."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The actions of a day (UTC), or those without a time, or all of a table.

    `name` is the ISO date of the day, or else no date. `digest` is that of the content of `files`.
    """

    name: str
    digest: str
    files: tuple[Path, ...]
    is_table: bool = False

    def scan(self) -> pl.LazyFrame:
        """Its actions, as `scan_log` gives those of the whole log."""
        return scan_log(self.files[0]) if self.is_table else scan_parts(self.files)

    def cut(self, period: Period) -> Period | None:
        """What `period` cuts off: an end that lies outside of the day is None.

        None where the period has nothing of the day.

        >>> noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
        >>> Piece("2026-11-21", "", ()).cut((noon - timedelta(days=1), noon)) == (None, noon)
        True
        >>> Piece("2026-11-22", "", ()).cut((None, noon)) is None
        True
        """
        since, until = period
        day = _day(self.name)
        if day is None:
            return period
        start = datetime.combine(day, datetime.min.time(), UTC)
        end = start + timedelta(days=1)
        if (since is not None and since >= end) or (until is not None and until <= start):
            return None
        inner = since if since is not None and since > start else None
        return inner, until if until is not None and until < end else None

    def days(self) -> set[str]:
        """The days of its actions, as ISO dates in UTC."""
        if _day(self.name) is not None:
            return {self.name}
        frame = self.scan()
        if "ts" not in frame.collect_schema():
            return set()
        days = frame.select(pl.col("ts").dt.date().drop_nulls().unique())
        return {day.isoformat() for day in collected(days, in_pieces=True)["ts"]}


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def pieces_of(log: Path) -> list[Piece]:
    """The days of the log in the folder `log`, in their order; a table is one piece.

    Files are read whole for their digests: neither size nor time of a file is trusted.
    """
    if not is_log(log):
        return [Piece("table", _digest([log]), (log,), is_table=True)]
    found = sorted(log.glob("actions/*/*.parquet"))
    days = [(folder, tuple(files)) for folder, files in groupby(found, lambda p: p.parent.name)]
    return [Piece(name.removeprefix("date="), _digest(files), files) for name, files in days]


def _digest(files: Sequence[Path]) -> str:
    """That of the digests of the files, in the order of their names."""
    whole = sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(file_digest(file, "sha256").digest())
    return whole.hexdigest()
