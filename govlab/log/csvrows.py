"""The rows of a CSV file; a row that cannot be read is lost alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from govlab.log import limits
from govlab.log.cells import Cells, framed, typed
from govlab.log.conform import COLUMNS
from govlab.log.decode import encoding, shown
from govlab.log.records import Bad
from govlab.log.sources import MAX_LINE, Source, UnreadableError

__all__ = ["batches", "header"]


def _rows(source: Source) -> Iterator[tuple[int, list[str]] | Bad]:
    """Rows with the line they end on; a line that is not UTF-8 or too long is `Bad`."""
    csv.field_size_limit(MAX_LINE)
    with source.reported(), source.open() as stream:
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


def header(source: Source) -> list[str]:
    """The names in the first row; raises `UnreadableError` where it is not UTF-8."""
    if why := encoding(source.head(4)):
        raise UnreadableError(f"{source.name}: {why}")
    first = next(_rows(source), None)
    return first[1] if isinstance(first, tuple) else []


def batches(source: Source, targets: Mapping[str, str]) -> Iterator[pl.DataFrame | Bad]:
    """The rows in batches, and those that cannot be read."""
    rows = _rows(source)
    first = next(rows, None)
    names = first[1] if isinstance(first, tuple) else []
    kept: list[tuple[int, list[str]]] = []
    for row in rows:
        bad = row if isinstance(row, Bad) else _bad_row(*row, len(names))
        if bad:
            yield bad
        elif not isinstance(row, Bad):
            kept.append(row)
        if len(kept) == limits.BATCH:
            yield _frame(names, kept, targets)
            kept = []
    if kept:
        yield _frame(names, kept, targets)


def _bad_row(line: int, row: list[str], width: int) -> Bad | None:
    text = ",".join(row)
    if len(row) != width:
        return Bad(line, f"{len(row)} cells where the header has {width}", shown(text))
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return Bad(line, "not UTF-8", shown(text.encode(errors="surrogateescape")))
    return None


def _frame(
    names: list[str], rows: list[tuple[int, list[str]]], targets: Mapping[str, str]
) -> pl.DataFrame:
    cells = zip(*(row for _, row in rows), strict=True)
    columns = [
        _column(name, values, targets.get(name, ""))
        for name, values in zip(names, cells, strict=True)
    ]
    return framed(columns, [line for line, _ in rows])


def _column(name: str, values: tuple[str, ...], target: str) -> Cells:
    """Cells as text, empty ones null; JSON lists where the target is a list."""
    column = COLUMNS.get(target)
    if column and column.type.name == "list" and any(v.startswith("[") for v in values):
        return typed(name, [_list_of(value) for value in values], target)
    return Cells(pl.Series(name, [value or None for value in values], pl.String))


def _list_of(cell: str) -> Any:
    try:
        return json.loads(cell) if cell.startswith("[") else cell or None
    except ValueError:
        return cell
