"""Rows alike in every column of few values, numbered once when a log is written (S16).

Beside a large log stands `kinds/`: a row of `table.parquet` for each combination of these columns'
values, and in `rows.parquet` the number of every row of the log, in its order. Replay decides a
kind once. It is a copy: without it, or where parts have changed since, a log is read as it is.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from govlab.schema import LIST_TEXT, MARKS, request_columns

__all__ = ["Kinds", "read_kinds", "write_kinds"]

FOLDER: Final = "kinds"
LEAST: Final = 100_000
"""Rows of a log, below which it has none."""
MOST: Final = 2**16
"""Kinds, above which a log has none."""

_FEW = 256  # values of a column
_SAMPLE, _PARTS = 20_000, 8  # rows of a part, and parts, that columns are chosen by
SPARSE: Final = 16
"""Rows for each kind, at the least."""
_ALWAYS = ("tool", "action", *MARKS[:2])
_BATCH = 500_000
_WIDE = 2**62
_STATE = "govlab"
_TABLE, _ROWS = "table.parquet", "rows.parquet"


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of a log: `table` has their columns as the log has them on disk."""

    table: pl.DataFrame
    rows: Path
    count: int

    def of_rows(self, start: int, count: int) -> pl.Series:
        """The kinds of `count` rows from row `start` on (UInt16)."""
        found = pl.scan_parquet(self.rows).slice(start, count).collect()
        return found.to_series().rechunk()

    def beside(self, log: pl.LazyFrame, size: int) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
        """The kinds of the log's rows and the columns of `log` in them, `size` rows at a time."""
        if not log.collect_schema():
            starts = range(0, self.count, size)
            return ((self.of_rows(start, size), pl.DataFrame()) for start in starts)
        # the batches are read from here on, not once they are asked for
        return self._numbered(log.collect_batches(chunk_size=size, maintain_order=True))

    def _numbered(
        self, batches: Iterator[pl.DataFrame]
    ) -> Iterator[tuple[pl.Series, pl.DataFrame]]:
        start = 0
        for batch in batches:
            yield self.of_rows(start, batch.height), batch
            start += batch.height


def read_kinds(folder: Path, parts: Sequence[Path], schema: pl.Schema) -> Kinds | None:
    """The kinds of the log in `folder`, whose `parts` have `schema`; None where it has none.

    None too where the parts are not those that were numbered.
    """
    table = folder / FOLDER / _TABLE
    try:
        said = json.loads(pl.read_parquet_metadata(table)[_STATE])
        if said["parts"] != _sizes(folder, parts) or _is_older(table, parts):
            return None
        frame = pl.read_parquet(table)
        count = pl.scan_parquet(folder / FOLDER / _ROWS).select(pl.len()).collect().item()
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError):
        return None
    if count != said["rows"] or any(name not in schema for name in frame.columns):
        return None
    cells = frame.select(pl.col(n).cast(schema[n]) for n in frame.columns)
    return Kinds(cells, folder / FOLDER / _ROWS, said["rows"])


def write_kinds(folder: Path) -> None:
    """Numbers the rows of the log in `folder`, where it is large and its rows are of few kinds."""
    parts = sorted(folder.glob("actions/*/*.parquet"))
    if not parts:
        return
    log = pl.scan_parquet(parts, hive_partitioning=False, glob=False)
    total = int(log.select(pl.len()).collect().item())
    if total < LEAST:
        return
    columns = _chosen(parts)
    into = folder / FOLDER
    into.mkdir()
    known, numbers = _Known(), list[pl.Series]()
    for batch in log.select(columns).collect_batches(chunk_size=_BATCH, maintain_order=True):
        numbers.append(known.numbers(batch))
        if len(known.places) > min(MOST, total // SPARSE):
            shutil.rmtree(into)
            return
    pl.DataFrame([pl.concat(numbers).alias("kind")]).write_parquet(
        into / _ROWS, compression="zstd", row_group_size=_BATCH
    )
    said = {"parts": _sizes(folder, parts), "rows": total}
    known.table().write_parquet(
        into / _TABLE, compression="zstd", metadata={_STATE: json.dumps(said)}
    )


def _sizes(folder: Path, parts: Sequence[Path]) -> list[list[Any]]:
    return [[str(p.relative_to(folder).as_posix()), p.stat().st_size] for p in parts]


def _is_older(table: Path, parts: Sequence[Path]) -> bool:
    """Whether a part was written after its rows were numbered: it may have the size it had."""
    numbered = table.stat().st_mtime_ns
    return any(part.stat().st_mtime_ns > numbered for part in parts)


def _chosen(parts: Sequence[Path]) -> list[str]:
    """The columns that tell kinds apart: by some rows, those with the fewest values first."""
    some = parts[:: -(-len(parts) // _PARTS)]
    frames = (pl.read_parquet(p, n_rows=_SAMPLE, hive_partitioning=False) for p in some)
    sample = pl.concat([f.select(_possible(f.schema)) for f in frames])
    counts = {n: sample.get_column(n).n_unique() for n in sample.columns}
    chosen = [n for n in _ALWAYS if n in counts]
    most = sample.height // SPARSE
    for name in sorted((n for n in counts if n not in chosen), key=lambda n: (counts[n], n)):
        if counts[name] > _FEW:
            break
        if _group(sample.select(*chosen, name))[1].len() <= most:
            chosen.append(name)
    return chosen


def _possible(schema: pl.Schema) -> Iterator[str]:
    """What a rule may read, where it can have few values."""
    wanted = {*request_columns(), *MARKS[:2]}
    for name, dtype in schema.items():
        kept = isinstance(dtype, pl.Categorical) or dtype in (pl.Boolean, pl.Int64)
        if kept and name.removesuffix(LIST_TEXT) in wanted:
            yield name


def _group(frame: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The group of each row, from 0 in the order met, and the first row of each group."""
    key, bound = np.zeros(frame.height, np.uint64), 1
    for column in frame:
        code, size = _codes(column)
        if bound * size > _WIDE:
            key, bound = _dense(key)
        key, bound = key * np.uint64(size) + code, bound * size
    numbers, count = _dense(key)
    ids = pl.Series(numbers.astype(np.uint32))
    first = pl.int_range(count, dtype=pl.UInt32, eager=True)
    return ids, ids.cum_max().search_sorted(first)


def _codes(column: pl.Series) -> tuple[Any, int]:
    """A number below a bound for each cell; 0 for null."""
    if column.dtype == pl.Int64:
        code = pl.Series(_dense(column.fill_null(0).to_numpy().view(np.uint64))[0])
    else:
        code = column.to_physical().cast(pl.UInt64)
    code = (code + 1).set(column.is_null(), 0)
    high = code.max()
    return code.to_numpy(), (high if isinstance(high, int) else 0) + 1


def _dense(key: Any) -> tuple[Any, int]:
    """Keys numbered without gaps, by first appearance."""
    encoded = pl.Series(key).to_arrow().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.uint64), len(encoded.dictionary)


@dataclass(slots=True)
class _Known:
    """The kinds met so far, in their order."""

    places: dict[tuple[Any, ...], int] = field(default_factory=dict)
    schema: dict[str, pl.DataType] = field(default_factory=dict)

    def numbers(self, batch: pl.DataFrame) -> pl.Series:
        """The kind of each row; none (null) once there are too many."""
        ids, first = _group(batch)
        self.schema = {n: _stored(dtype) for n, dtype in batch.schema.items()}
        rows = batch[first].cast(self.schema).rows()  # type: ignore[arg-type]
        found = [self.places.setdefault(row, len(self.places)) for row in rows]
        return pl.Series(found, dtype=pl.UInt32)[ids].cast(pl.UInt16, strict=False)

    def table(self) -> pl.DataFrame:
        """A row for each kind."""
        return pl.DataFrame(list(self.places), schema=self.schema, orient="row")


def _stored(dtype: pl.DataType) -> pl.DataType:
    return pl.String() if isinstance(dtype, pl.Categorical) else dtype
