"""The rows of a table file in batches: Parquet by row group, CSV and NDJSON line by line."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from govlab.log import csvrows, jsonrows, limits
from govlab.log.records import LINE, Bad
from govlab.log.sources import Source, UnreadableError

__all__ = ["batches", "columns", "kind_of"]

_KINDS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv"}


def kind_of(source: Source) -> str:
    """`parquet`, `csv` or `ndjson`."""
    if source.head(4) == b"PAR1":
        return "parquet"
    kind = _KINDS.get(source.extension)
    return kind or ("ndjson" if source.head(64).lstrip()[:1] in (b"{", b"[") else "csv")


def columns(source: Source) -> list[str]:
    """The names of the table's columns.

    Raises `UnreadableError` where it cannot be opened, or two columns have one name.
    """
    names = _names(source)
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice is not None:
        raise UnreadableError(f"{source.name}: two columns are named `{twice}`; rename one")
    return names


def _names(source: Source) -> list[str]:
    kind = kind_of(source)
    if kind == "parquet":
        return list(map(str, _parquet(source).schema_arrow.names))
    return csvrows.header(source) if kind == "csv" else jsonrows.keys(source)


def batches(source: Source, targets: Mapping[str, str]) -> Iterator[pl.DataFrame | Bad]:
    """Frames of a batch each with the source's columns and `LINE`, and what is unreadable.

    `targets` names the canonical column each source column becomes: cells of JSON are typed by it.
    """
    kind = kind_of(source)
    try:
        if kind == "parquet":
            yield from _parquet_batches(source)
        else:
            yield from (csvrows if kind == "csv" else jsonrows).batches(source, targets)
    except UnreadableError as error:
        yield Bad(0, str(error).partition(": ")[2])


def _parquet(source: Source) -> pq.ParquetFile:
    with source.reported():
        return pq.ParquetFile(source.path if source.data is None else io.BytesIO(source.data))


def _parquet_batches(source: Source) -> Iterator[pl.DataFrame]:
    line = 1
    with source.reported():
        for batch in _parquet(source).iter_batches(batch_size=limits.BATCH):
            frame = pl.DataFrame(pa.Table.from_batches([batch]))
            yield frame.with_columns(pl.int_range(line, line + frame.height).alias(LINE))
            line += frame.height
