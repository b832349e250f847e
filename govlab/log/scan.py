"""Reading a log: one that govlab wrote, or any table that already has the columns."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import ref

import polars as pl

from govlab.errors import LogError
from govlab.log.conform import COLUMNS, NO_OFFSET, conform, conformed
from govlab.log.cubefile import refuse_cube
from govlab.log.kinds import Kinds, read_kinds
from govlab.log.records import LINE, Bad
from govlab.log.sources import Source, UnreadableError
from govlab.log.store import is_log
from govlab.log.tables import batches, columns
from govlab.schema import LIST_TEXT, MARKS, request_columns

__all__ = ["Stored", "scan_log", "scan_parts", "scan_runs", "stored"]

_TABLES = (".parquet", ".pq", ".csv", ".tsv", ".ndjson", ".jsonl")


def scan_log(source: Any, *, tz: str | None = None) -> pl.LazyFrame:
    """The actions of a log, typed, rows in the order of the files' names.

    `source` is a log folder, a Parquet, CSV or NDJSON file, folder or glob with the canonical
    columns, a frame or Arrow table, or a sequence of these. Columns a foreign table lacks are
    unknown: they are missing from the frame, or named in `unknown_columns` where another
    source has them. Times without offset are read in the zone `tz`. Raises `LogError` where
    there is no table, a row cannot be read, or a time has neither offset nor zone.

    >>> rows = pl.DataFrame({"tool": ["refund"], "cost": ["0.5"]})
    >>> scan_log(rows).select("tool", "cost_micro_usd").collect().rows()
    [('refund', 500000)]
    """
    if isinstance(source, Sequence) and not isinstance(source, str | Path):
        frames = [frame for one in source for frame in _frames(one, tz)]
    else:
        frames = _frames(source, tz)
    if not frames:
        raise LogError(f"`{source}` holds no table; native logs are ingested first")
    return frames[0] if len(frames) == 1 else _together(frames)


def scan_parts(parts: Sequence[Path]) -> pl.LazyFrame:
    """Some of the files of a log that govlab wrote, as `scan_log` gives the whole."""
    folder = parts[0].parent
    return _shown(_parquet(list(parts), folder), list(parts), folder)


def scan_runs(source: str | Path) -> pl.LazyFrame | None:
    """The runs table of the log in the folder `source`, or None where it has none."""
    path = Path(source) / "runs.parquet"
    return pl.scan_parquet(path) if is_log(Path(source)) and path.exists() else None


def _frames(source: Any, tz: str | None) -> list[pl.LazyFrame]:
    if not isinstance(source, str | Path):
        return [conformed(source, tz=tz)]
    path = Path(source)
    refuse_cube(path)
    if is_log(path):
        parts = sorted(path.glob("actions/*/*.parquet"))
        if not parts:
            raise LogError(f"{path}: the log has lost its `actions`; ingest its sources again")
        return [_shown(_parquet(parts, path), parts, path)]
    return [_foreign(file, tz) for file in _files(path, str(source))]


@dataclass(frozen=True, slots=True)
class Stored:
    """All that is on disk of a log, typed."""

    frame: pl.LazyFrame
    folder: Path
    parts: tuple[Path, ...]
    schema: pl.Schema
    _read: dict[str, Kinds | None] = field(default_factory=dict)

    def state(self) -> str:
        """What is another text once the log is another one; LogError where it is gone."""
        try:
            found = [(str(p), p.stat()) for p in self.parts]
        except OSError as error:
            raise LogError(f"{self.folder}: the log has lost a file; scan it again") from error
        parts = [(path, one.st_size, one.st_mtime_ns) for path, one in found]
        return repr((str(self.folder.resolve()), parts))

    def kinds(self) -> Kinds | None:
        """The kinds of its rows, read once for each state."""
        state = self.state()
        if state not in self._read:
            self._read.clear()
            self._read[state] = read_kinds(self.folder, self.parts, self.schema)
        return self._read.get(state)


_STORED: dict[int, tuple[ref[pl.LazyFrame], Stored]] = {}


def _shown(frame: pl.LazyFrame, parts: list[Path], folder: Path) -> pl.LazyFrame:
    """`frame` without what is on disk for replay alone; `stored` finds the way back."""
    schema = frame.collect_schema()
    shown = frame.select([n for n in schema.names() if not n.endswith(LIST_TEXT)])
    key, found = id(shown), Stored(frame, folder, tuple(parts), schema)
    _STORED[key] = (ref(shown, lambda _: _STORED.pop(key, None)), found)
    return shown


def stored(frame: pl.LazyFrame) -> Stored | None:
    """What is on disk of the log that `scan_log` gave as this very `frame`.

    None for any other frame: one that was changed may say something else than its log.
    """
    known = _STORED.get(id(frame))
    return known[1] if known is not None and known[0]() is frame else None


def _files(path: Path, given: str) -> list[Path]:
    if path.is_file():
        return [path]
    found = (
        path.rglob("*") if path.is_dir() else (Path(p) for p in glob.glob(given, recursive=True))  # noqa: PTH207  patterns may be absolute
    )
    return sorted(p for p in found if p.is_file() and p.name.lower().endswith(_TABLES))


def _foreign(path: Path, tz: str | None) -> pl.LazyFrame:
    source = Source(path, path.name)
    if path.suffix.lower() in (".parquet", ".pq"):
        return _with_actions(conform(_parquet([path], path), tz=tz), path)
    try:
        names = {name: name for name in columns(source)}
    except UnreadableError as error:
        raise LogError(str(error)) from error
    frames = [_good(found, path) for found in batches(source, names)]
    if not frames:
        raise LogError(f"{path}: no rows")
    frame = pl.concat(frames, how="diagonal").drop(LINE)
    if tz is None:
        _refuse_local(frame, path)
    return _with_actions(conform(frame.lazy(), tz=tz), path)


def _parquet(parts: list[Path], path: Path) -> pl.LazyFrame:
    frame = pl.scan_parquet(parts, hive_partitioning=False, glob=False)
    try:
        frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        why = str(error).partition("\n")[0]
        raise LogError(f"{path}: no Parquet table that can be read: {why}") from error
    return frame


def _good(found: pl.DataFrame | Bad, path: Path) -> pl.DataFrame:
    if isinstance(found, Bad):
        raise LogError(f"{path}:{found.line}: {found.reason}; `govlab ingest` keeps the good rows")
    return found


def _refuse_local(frame: pl.DataFrame, path: Path) -> None:
    for name, dtype in frame.schema.items():
        timed = name in COLUMNS and COLUMNS[name].type.name == "timestamp" and dtype == pl.String
        if timed and frame[name].str.contains(NO_OFFSET).any():
            raise LogError(
                f"{path}: `{name}` holds times without offset; name their zone "
                "with `govlab ingest --tz ZONE` or `scan_log(..., tz=ZONE)`"
            )


def _with_actions(frame: pl.LazyFrame, path: Path) -> pl.LazyFrame:
    have = frame.collect_schema().names()
    if "tool" not in have and "action" not in have:
        seen = ", ".join(f"`{name}`" for name in have[:8] if name not in MARKS)
        raise LogError(
            f"{path}: neither `tool` nor `action` among its columns ({seen}); "
            "raw logs are ingested first; of a table `govlab inspect --write-map map.yaml` "
            "guesses which they are, and `govlab ingest --map map.yaml` reads it so"
        )
    return frame


def _together(frames: list[pl.LazyFrame]) -> pl.LazyFrame:
    """The frames one under the other; what one of them lacks is unknown in its rows (S14)."""
    schemas = [frame.collect_schema() for frame in frames]
    everywhere = dict.fromkeys(name for schema in schemas for name in schema)
    marked = []
    for frame, schema in zip(frames, schemas, strict=True):
        lacking = [n for n in everywhere if n not in schema and n in request_columns()]
        known = [pl.col(MARKS[0]).cast(pl.String)] if MARKS[0] in schema else []
        named = [pl.lit(",".join(lacking))] if lacking and not known else []
        mark = (
            pl.concat_str([*known, *named], separator=",", ignore_nulls=True)
            if (known or named)
            else pl.lit(None, pl.String)
        )
        marked.append(frame.with_columns(mark.cast(pl.Categorical).alias(MARKS[0])))
    return pl.concat(marked, how="diagonal_relaxed")
