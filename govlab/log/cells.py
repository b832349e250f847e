"""Cells of text tables as typed columns, without coercion; what does not fit is marked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import polars as pl

from govlab import arguments
from govlab.log.conform import COLUMNS, MARKED, polars_type
from govlab.log.records import LINE
from govlab.schema import MARKS, Column
from govlab.types import DOUBLE

_PLAIN = {"string": str, "int": int, "double": float, "bool": bool}
"""Types of JSON values that are good as they are, where a whole column has no other."""

__all__ = ["Cells", "as_json", "framed", "typed"]


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of a batch: its cells and which of them were malformed, for which target."""

    series: pl.Series
    malformed: Sequence[bool] = ()
    target: str = ""


def framed(columns: Sequence[Cells], lines: Sequence[int]) -> pl.DataFrame:
    """The batch with `LINE` and, where a cell was malformed, `malformed_columns`."""
    made = [cells.series for cells in columns]
    marks = [_marks(cells) for cells in columns if any(cells.malformed)]
    frame = pl.DataFrame([pl.Series(LINE, lines, pl.Int64), *made])
    if not marks:
        return frame
    joined = pl.concat_str(marks, separator=",", ignore_nulls=True).replace("", None)
    return frame.with_columns(joined.alias(MARKS[1]))


def _marks(cells: Cells) -> pl.Series:
    mark = MARKED.get(cells.target, cells.target)
    return pl.Series([mark if bad else None for bad in cells.malformed], dtype=pl.String)


def typed(name: str, values: Sequence[Any], target: str) -> Cells:
    """JSON values as the column `target` has them.

    Times and money written as text stay text: they are judged when the frame is conformed.
    """
    column = COLUMNS.get(target)
    if _stays_text(column, target, values):
        return Cells(pl.Series(name, [as_json(value) for value in values], pl.String))
    kind, counts = (column.type, column.counts) if column else (DOUBLE, True)
    if set(map(type, values)) <= {_PLAIN.get(kind.name), type(None)} and not (
        counts and any(value is not None and value < 0 for value in values)
    ):
        with suppress(OverflowError):  # an integer beyond int64: cell by cell
            return Cells(pl.Series(name, values, polars_type(kind)))
    states = [arguments.value_state(value, kind, counts) for value in values]
    series = pl.Series(name, [value for _, value in states], polars_type(kind))
    return Cells(series, [state == "malformed" for state, _ in states], target)


def _stays_text(column: Column | None, target: str, values: Sequence[Any]) -> bool:
    if column is None:
        return target != "cost" or all(isinstance(value, str | None) for value in values)
    return column.name == "args" or column.type.name == "timestamp"


def as_json(value: Any) -> str | None:
    """Text as it is, anything else as JSON text."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
