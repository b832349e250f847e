"""The rows of a table file in batches: Parquet by row group, CSV and NDJSON line by line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from govlab import arguments
from govlab.log.conform import COLUMNS, polars_type
from govlab.log.decode import NotJsonError, argument_text, decode, shown
from govlab.log.documents import TOO_LONG
from govlab.log.records import LINE, Bad
from govlab.log.sources import MAX_LINE, Source, UnreadableError
from govlab.schema import MARKS, Column
from govlab.types import DOUBLE

__all__ = ["BATCH", "batches", "columns", "kind_of"]

BATCH: Final = 50_000
"""Rows of one batch: what is held in memory of a table at a time."""

_KINDS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv"}


def kind_of(source: Source) -> str:
    """`parquet`, `csv` or `ndjson`."""
    if source.head(4) == b"PAR1":
        return "parquet"
    kind = _KINDS.get(source.extension)
    return kind or ("ndjson" if source.head(64).lstrip()[:1] in (b"{", b"[") else "csv")


def columns(source: Source) -> list[str]:
    """The names of the table's columns; raises `UnreadableError` where it cannot be opened."""
    kind = kind_of(source)
    if kind == "parquet":
        return list(map(str, _parquet(source).schema_arrow.names))
    return _header(source) if kind == "csv" else _keys(source)


def batches(source: Source, targets: Mapping[str, str]) -> Iterator[pl.DataFrame | Bad]:
    """Frames of at most `BATCH` rows with the source's columns and `LINE`, and what is unreadable.

    `targets` names the canonical column each source column becomes: cells of JSON are typed by it.
    """
    readers: dict[str, Callable[[], Iterator[pl.DataFrame | Bad]]] = {
        "parquet": lambda: _parquet_batches(source),
        "csv": lambda: _csv_batches(source, targets),
        "ndjson": lambda: _json_batches(source, targets),
    }
    try:
        yield from readers[kind_of(source)]()
    except UnreadableError as error:
        yield Bad(0, str(error).partition(": ")[2])


def _parquet(source: Source) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(source.path if source.data is None else io.BytesIO(source.data))
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableError(f"{source.name}: no readable Parquet: {error}") from error


def _parquet_batches(source: Source) -> Iterator[pl.DataFrame]:
    line = 1
    for batch in _parquet(source).iter_batches(batch_size=BATCH):
        frame = pl.DataFrame(pa.Table.from_batches([batch]))
        yield frame.with_columns(pl.int_range(line, line + frame.height).alias(LINE))
        line += frame.height


def _csv_rows(source: Source) -> Iterator[tuple[int, list[str]] | Bad]:
    """Rows with the line they end on; a line that is not UTF-8 or too long is `Bad`."""
    csv.field_size_limit(MAX_LINE)
    with source.open() as stream:
        # bytes that are not UTF-8 come through as surrogates, so that only their row is lost
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=_delimiter(source))
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Bad(reader.line_num, f"no CSV: {error}")
                continue
            if row:
                yield reader.line_num, row


def _delimiter(source: Source) -> str:
    first = source.head().partition(b"\n")[0]
    return max(",;\t|", key=lambda mark: first.count(mark.encode()))


def _header(source: Source) -> list[str]:
    first = next(_csv_rows(source), None)
    return first[1] if isinstance(first, tuple) else []


def _csv_batches(source: Source, targets: Mapping[str, str]) -> Iterator[pl.DataFrame | Bad]:
    rows = _csv_rows(source)
    first = next(rows, None)
    names = first[1] if isinstance(first, tuple) else []
    kept: list[tuple[int, list[str]]] = []
    for row in rows:
        bad = row if isinstance(row, Bad) else _bad_row(*row, len(names))
        if bad:
            yield bad
        elif not isinstance(row, Bad):
            kept.append(row)
        if len(kept) == BATCH:
            yield _csv_frame(names, kept, targets)
            kept = []
    if kept:
        yield _csv_frame(names, kept, targets)


def _bad_row(line: int, row: list[str], width: int) -> Bad | None:
    text = ",".join(row)
    if len(row) != width:
        return Bad(line, f"{len(row)} cells where the header has {width}", shown(text))
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return Bad(line, "not UTF-8", shown(text.encode(errors="surrogateescape")))
    return None


def _csv_frame(
    names: list[str], rows: list[tuple[int, list[str]]], targets: Mapping[str, str]
) -> pl.DataFrame:
    cells = zip(*(row for _, row in rows), strict=True)
    made = {
        name: _csv_column(name, values, targets) for name, values in zip(names, cells, strict=True)
    }
    return pl.DataFrame([*made.values(), pl.Series(LINE, [line for line, _ in rows])])


def _csv_column(name: str, values: tuple[str, ...], targets: Mapping[str, str]) -> pl.Series:
    """Cells as text, empty ones null; a JSON list where the target is a list."""
    column = COLUMNS.get(targets.get(name, ""))
    if column and column.type.name == "list" and any(v.startswith("[") for v in values):
        return _typed(name, [_list_of(value) for value in values], column)[0]
    return pl.Series(name, [value or None for value in values], pl.String)


def _list_of(cell: str) -> Any:
    try:
        return json.loads(cell) if cell.startswith("[") else cell or None
    except ValueError:
        return cell


def _keys(source: Source) -> list[str]:
    found: dict[str, None] = {}
    for line in source.lines():
        try:
            found.update(dict.fromkeys(decode(line.text, dict[str, msgspec.Raw])))
        except NotJsonError:
            continue  # quarantined when its rows are read
    return list(found)


def _json_batches(source: Source, targets: Mapping[str, str]) -> Iterator[pl.DataFrame | Bad]:
    names = _keys(source)
    args = next((name for name, target in targets.items() if target == "args"), "")
    kept: list[tuple[int, dict[str, Any]]] = []
    for line in source.lines():
        if line.cut:
            yield Bad(line.number, TOO_LONG, shown(line.text))
            continue
        try:
            kept.append((line.number, _row(line.text, args)))
        except NotJsonError as error:
            yield Bad(line.number, str(error), shown(line.text))
        if len(kept) == BATCH:
            yield _json_frame(names, kept, targets)
            kept = []
    if kept:
        yield _json_frame(names, kept, targets)


def _row(text: bytes, args: str) -> dict[str, Any]:
    """The cells of one line; arguments keep their own text, in which a key may stand twice."""
    row = decode(text, dict[str, Any])
    if isinstance(row.get(args), dict | list):
        row[args] = argument_text(decode(text, dict[str, msgspec.Raw])[args])
    return row


def _json_frame(
    names: list[str], rows: list[tuple[int, dict[str, Any]]], targets: Mapping[str, str]
) -> pl.DataFrame:
    made: list[pl.Series] = [pl.Series(LINE, [line for line, _ in rows], pl.Int64)]
    marks = pl.Series(MARKS[1], [None] * len(rows), pl.String)
    for name in names:
        values = [row.get(name) for _, row in rows]
        column = COLUMNS.get(targets.get(name, ""))
        if column is None and targets.get(name) != "cost":
            made.append(pl.Series(name, [_as_json(value) for value in values], pl.String))
            continue
        series, bad = _typed(name, values, column)
        made.append(series)
        marks = _marked(marks, bad, targets[name])
    return pl.DataFrame([*made, *([marks] if marks.null_count() < len(marks) else [])])


def _marked(marks: pl.Series, bad: list[bool], name: str) -> pl.Series:
    if not any(bad):
        return marks
    named = f"cost,{name}_micro_usd" if name == "cost" else name
    texts = [
        ",".join(filter(None, (old, named if wrong else None))) or None
        for old, wrong in zip(marks, bad, strict=True)
    ]
    return pl.Series(MARKS[1], texts, pl.String)


def _typed(name: str, values: list[Any], column: Column | None) -> tuple[pl.Series, list[bool]]:
    """JSON cells as their column's type without coercion, and which of them were malformed.

    Times stay text, money stays as it is written: they are judged when the frame is conformed.
    """
    if column is not None and column.name == "args":
        return pl.Series(name, [_as_json(value) for value in values], pl.String), []
    kind = DOUBLE if column is None else column.type
    if kind.name == "timestamp" or (
        column is None and all(isinstance(v, str | None) for v in values)
    ):
        texts = [value if isinstance(value, str) else _as_json(value) for value in values]
        return pl.Series(name, texts, pl.String), []
    counts = column is not None and column.counts
    states = [arguments.value_state(value, kind, counts) for value in values]
    series = pl.Series(name, [value for _, value in states], polars_type(kind))
    return series, [state == "malformed" for state, _ in states]


def _as_json(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
