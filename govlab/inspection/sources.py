"""Where a log comes from, as its manifest says, and the runs and decisions it names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from govlab.inspection.columns import status_of
from govlab.inspection.model import Decisions, Fill, Runs, SourceFile, Sources
from govlab.log import scan_runs
from govlab.log.collect import collected
from govlab.log.sources import Source, UnreadableError
from govlab.log.store import MANIFEST
from govlab.schema import RUNS

__all__ = ["decisions_of", "manifest_of", "runs_of", "sources_of"]


def manifest_of(folder: Path | None) -> Mapping[str, Any]:
    """The manifest of the log in `folder`; empty for a table that was not ingested."""
    if folder is None:
        return {}
    found: Mapping[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return found


def sources_of(
    manifest: Mapping[str, Any], folder: Path | None, given: Path, events: int
) -> Sources:
    """The files behind the log, those not read last; a table's own `events` are all it has."""
    if not manifest or folder is None:
        return Sources((_table(given, events),), {"table": events}, 0, 0, {}, (), None)
    files = [_file(entry) for entry in manifest["sources"]]
    notes = dict.fromkeys(note for known in manifest["formats"].values() for note in known["notes"])
    return Sources(
        files=tuple(sorted(files, key=lambda file: (bool(file.not_read), file.path))),
        formats=manifest["by_format"],
        quarantined=manifest["quarantined"],
        duplicates=manifest["duplicates"],
        skipped=manifest["skipped"],
        notes=tuple(notes),
        manifest_sha256=hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
        privacy=manifest.get("privacy") or {},
    )


def _file(entry: Mapping[str, Any]) -> SourceFile:
    return SourceFile(
        entry["path"],
        entry.get("format"),
        entry.get("sha256", ""),
        entry["rows"],
        entry["kept"],
        entry.get("not_read", ""),
        entry["duplicates"],
        entry["quarantined"],
    )


def _table(path: Path, events: int) -> SourceFile:
    try:
        digest = Source(path, path.name).digest()[0] if path.is_file() else ""
    except UnreadableError:
        digest = ""
    return SourceFile(path.name, "table", digest, events, events)


def runs_of(frame: pl.LazyFrame, whole: pl.LazyFrame, folder: Path | None, events: int) -> Runs:
    """Runs that the events of `frame` name, and those of the runs table without any in `whole`."""
    named, without = 0, events
    if "run_id" in frame.collect_schema().names():
        named = len(_ids(frame))
        nulls = frame.select(pl.col("run_id").null_count())
        without = collected(nulls, in_pieces=True).item()
    table = scan_runs(folder) if folder is not None else None
    if table is None:
        return Runs(named, None, without, ())
    known = table.select(pl.col("run_id").cast(pl.String)).collect()
    idle = known.join(_ids(whole).to_frame(), on="run_id", how="anti").height
    return Runs(named, idle, without, tuple(_fills(table, known.height)))


def _ids(frame: pl.LazyFrame) -> pl.Series:
    """The runs that events name."""
    if "run_id" not in frame.collect_schema().names():
        return pl.Series("run_id", [], pl.String)
    named = frame.select(pl.col("run_id").cast(pl.String)).drop_nulls().unique()
    return collected(named, in_pieces=True).to_series()


def _fills(table: pl.LazyFrame, runs: int) -> Iterator[Fill]:
    """What is known of runs once they ended; the rest stands beside each event."""
    counts = table.select(pl.all().count()).collect().row(0, named=True)
    for name, column in RUNS.items():
        if column.phase == "after" and name not in ("source_format", "source_ref"):
            filled = counts.get(name, 0)
            status = status_of(runs, filled, 0 if name in counts else runs)
            absent = runs - filled if name in counts else 0
            lacking = runs - filled - absent
            yield Fill(f"run.{name}", "runs", column.doc, status, filled, absent, 0, lacking)


def decisions_of(
    frame: pl.LazyFrame, manifest: Mapping[str, Any], fill: Fill, events: int
) -> Decisions:
    """Recorded decisions by word; what the source says in words that no table maps."""
    words: dict[str, int] = {}
    if "decision" in frame.collect_schema().names():
        by_word = frame.group_by(pl.col("decision").cast(pl.String)).len()
        counted = collected(by_word, in_pieces=True)
        rows = [(word, n) for word, n in counted.iter_rows() if word is not None]
        words = dict(sorted(rows, key=lambda row: (-row[1], row[0])))
    unmapped = manifest.get("unmapped") or {}
    return Decisions(words, events - sum(words.values()), unmapped, fill.status != "unknown")
