"""The log on disk (S16): staged while rows come in, typed and moved into place at the end.

`OUT/actions/date=.../part-*.parquet`, `OUT/runs.parquet`, `OUT/quarantine/*.ndjson`, `OUT/kinds`
where there are many rows, and `OUT/MANIFEST.json` appear together or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from govlab.errors import LogError
from govlab.log import limits
from govlab.log.cells import series
from govlab.log.conform import COLUMNS, polars_type
from govlab.log.kinds import write_kinds
from govlab.placing import placing_folder
from govlab.schema import ACTIONS, LIST_TEXT, MARKS, RUN_REQUEST, RUNS

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST",
    "MAX_CATEGORIES",
    "Store",
    "is_log",
    "replacing",
    "with_list_texts",
]

MANIFEST: Final = "MANIFEST.json"
FORMAT_VERSION: Final = 1
MAX_CATEGORIES: Final = 65_536
"""Text columns with fewer distinct values are stored as a dictionary."""

_ORDER = (*ACTIONS, *RUN_REQUEST, *MARKS)
_COMPRESSION: Final = "zstd"
_NONE: Final = pl.Series([], dtype=pl.UInt64)


@dataclass(slots=True)
class Store:
    """A log being written into `folder`."""

    folder: Path
    staged: list[Path] = field(default_factory=list)
    batches: list[pl.DataFrame] = field(default_factory=list)  # after these, in memory
    held: list[pl.DataFrame] = field(default_factory=list)  # what comes after, of one schema
    distinct: dict[str, pl.Series | None] = field(default_factory=dict)  # None: too many

    def stage(self, frame: pl.DataFrame) -> None:
        """Puts rows with canonical columns aside, in order; small tables alike become one batch."""
        if self.held and self.held[0].schema != frame.schema:
            self._put_aside()
        self.held.append(frame)
        if sum(some.height for some in self.held) >= limits.BATCH:
            self._put_aside()

    def _put_aside(self) -> None:
        """Makes a batch of what is held; those before it go to disk."""
        for batch in self.batches:
            path = self.folder / f"staged-{len(self.staged):06d}.arrow"
            batch.write_ipc(path, compression="lz4")
            self.staged.append(path)
        self.batches = []
        self._close()

    def _close(self) -> None:
        """Makes a batch of what is held."""
        batch, self.held = pl.concat(self.held), []
        for name in batch.columns:
            self._count(name, batch[name])
        self.batches.append(batch)

    def _count(self, name: str, values: pl.Series) -> None:
        """Notes the distinct values of a column, by their hashes."""
        known = self.distinct.get(name, _NONE)
        if known is not None and values.dtype in (pl.String, pl.List(pl.String)):
            both = pl.concat([known, values.drop_nulls().hash()]).unique()
            self.distinct[name] = both if both.len() < MAX_CATEGORIES else None

    def write_actions(self, stored: frozenset[str], runs: pl.DataFrame | None = None) -> None:
        """Writes the staged rows, one part per batch and date, with the columns `stored`.

        `runs` are the `run.*` columns by `run_id`; a row's own cells go before them.
        """
        runs = pl.DataFrame() if runs is None else runs
        for name in runs.columns[1:]:
            self._count(name, runs[name])
        columns = [name for name in _ORDER if name in stored or name in MARKS]
        actions = self.folder / "actions"
        actions.mkdir()
        if self.held:
            self._close()
        for number, batch in enumerate(self._staged()):
            _write(self._finished(batch, runs, columns), actions, number)

    def _staged(self) -> Iterator[pl.DataFrame]:
        """The batches in their order; those on disk are gone from there."""
        for path in self.staged:
            yield pl.read_ipc(path)
            path.unlink()
        yield from self.batches

    def _finished(
        self, batch: pl.DataFrame, runs: pl.DataFrame, columns: Sequence[str]
    ) -> pl.DataFrame:
        """A batch as it is stored."""
        frame = _typed(_beside(batch, runs), columns, self._categorical)
        return with_list_texts(frame, [n for n in columns if self._categorical(n)])

    def _categorical(self, name: str) -> bool:
        return name in MARKS or self.distinct.get(name, _NONE) is not None

    def write_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Writes the runs table, in the order the runs were met."""
        columns = [
            series(name, [run.get(name) for run in runs], column.type)
            for name, column in RUNS.items()
        ]
        pl.DataFrame(columns).write_parquet(self.folder / "runs.parquet", compression=_COMPRESSION)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Writes MANIFEST.json, keys in the order given, each source on a line of its own.

        Beside it the kinds of a large log's rows: all of its parts are there by now.
        """
        write_kinds(self.folder)
        entries = ",\n".join(f"{json.dumps(k)}: {_lines(v)}" for k, v in manifest.items())
        (self.folder / MANIFEST).write_text(f"{{\n{entries}\n}}\n", encoding="utf-8")


def _write(frame: pl.DataFrame, actions: Path, number: int) -> None:
    """The rows of a batch, a part for each day."""
    for date, part in _by_date(frame):
        into = actions / f"date={date}"
        into.mkdir(exist_ok=True)
        part.write_parquet(into / f"part-{number:05d}.parquet", compression=_COMPRESSION)


def _lines(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    entries = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value)
    return f"[\n{entries}\n]"


def _beside(frame: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """`frame` with what is known of each row's run."""
    if "run_id" not in frame.columns or runs.width < 2:
        return frame
    told = frame.join(runs, on="run_id", how="left", maintain_order="left", suffix=" told")
    both = [name for name in runs.columns[1:] if name in frame.columns]
    filled = (pl.coalesce(name, f"{name} told").alias(name) for name in both)
    return told.with_columns(filled).drop(f"{name} told" for name in both)


def _typed(frame: pl.DataFrame, columns: Sequence[str], categorical: Any) -> pl.DataFrame:
    cells = []
    for name in columns:
        dtype = pl.String() if name in MARKS else polars_type(COLUMNS[name].type)
        stored = pl.Categorical() if dtype == pl.String and categorical(name) else dtype
        cell = pl.col(name) if name in frame.columns else pl.lit(None, dtype)
        cells.append(cell.cast(stored).alias(name))
    return frame.select(cells)


def with_list_texts(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """`frame` with a dictionary of JSON texts beside each of its list columns among `columns`.

    A part of a log has it beside every list column with fewer than `MAX_CATEGORIES` values: replay
    reads these in place of lists (S16).
    """
    lists = [n for n in columns if frame.schema.get(n) == pl.List(pl.String)]
    texts = [
        pl.when(pl.col(n).is_not_null())
        .then(pl.struct(pl.col(n).alias("v")).struct.json_encode().str.slice(5).str.head(-1))
        .cast(pl.Categorical)
        .alias(n + LIST_TEXT)
        for n in lists
    ]
    return frame.with_columns(texts)


def _by_date(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of each day (UTC) in their order; `unknown` where there is no time."""
    if "ts" not in frame.columns:
        yield "unknown", frame
        return
    days = frame["ts"].dt.strftime("%Y-%m-%d").fill_null("unknown")
    for day in sorted(days.unique().to_list()):
        yield day, frame.filter(days == day)


def is_log(folder: Path) -> bool:
    """Whether `folder` is a log that govlab wrote."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("log") == FORMAT_VERSION


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends well, and else is gone.

    Raises `LogError` where `out` holds something that is no log, or cannot be written.
    """
    if out.exists() and not is_log(out) and (not out.is_dir() or any(out.iterdir())):
        raise LogError(f"`{out}` is there and is no govlab log; name another folder or remove it")
    with ExitStack() as stack:
        try:
            fresh = stack.enter_context(placing_folder(out))
        except OSError as error:
            raise LogError(f"`{out}` cannot be written: {error.strerror}") from error
        yield fresh
