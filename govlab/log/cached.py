"""Any log as LOG: govlab's own, a table, or native logs, which are ingested once (J3)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import polars as pl

from govlab.errors import LogError
from govlab.log.ingestion import ingest
from govlab.log.manifest import read_report
from govlab.log.report import IngestReport, Progress
from govlab.log.scan import scan_log
from govlab.log.sources import Source, UnreadableError, expand
from govlab.log.store import is_log

__all__ = ["Opened", "cache_folder", "open_log"]

_TABLES = frozenset({".parquet", ".pq", ".csv", ".tsv"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A log ready to read; `report` says what ingest did, where it did or left rows out before."""

    frame: pl.LazyFrame
    folder: Path | None
    report: IngestReport | None


def cache_folder() -> Path:
    """Where native logs are kept once ingested: `$XDG_CACHE_HOME/govlab` or `~/.cache/govlab`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "govlab"


def open_log(source: str | Path, *, progress: Callable[[Progress], None] | None = None) -> Opened:
    """The log that `source` names; native logs are ingested into a cache keyed by their content.

    Raises LogError where nothing is there or nothing in it is an action.
    """
    path = Path(source).expanduser()
    if is_log(path):
        return Opened(scan_log(path), path, None)
    if path.is_file() and path.suffix in _TABLES:
        return Opened(scan_log(path), None, None)
    if str(source) == "-":
        raise LogError(
            "standard input is read by `govlab ingest - --out DIR`; then use DIR as the log"
        )
    sources = expand([path if path.exists() else str(source)])
    if not sources:
        raise LogError(f"no log at `{source}`: there is no file")
    folder = cache_folder() / "logs" / _key(sources)
    if is_log(folder):
        report = read_report(folder)
        return Opened(scan_log(folder), folder, report if report.quarantined else None)
    report = ingest([path if path.exists() else str(source)], folder, progress=progress)
    return Opened(scan_log(folder), folder, report)


def _key(sources: list[Source]) -> str:
    """The content's name: what was read, and by which version."""
    total = hashlib.sha256(version("govlab").encode())
    for source in sources:
        total.update(f"{source.name}\0{_content(source)}\0".encode())
    return total.hexdigest()[:32]


def _content(source: Source) -> str:
    try:
        return source.digest()[0]
    except UnreadableError:
        return "unreadable"
