"""Cells of text tables as typed columns, without coercion; what does not fit is marked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from govlab.log.conform import COLUMNS, MARKED, POLARS, polars_type
from govlab.log.records import LINE
from govlab.runtime import arguments
from govlab.schema import MARKS, Column
from govlab.types import DOUBLE, Type

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_PLAIN = {"string": str, "int": int, "double": float, "bool": bool}
__all__ = ["Cells", "as_json", "framed", "series", "typed"]


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
    if _plain(values, kind) and not (counts and min(_known(values), default=0) < 0):
        return Cells(series(name, values, kind))
    states = [arguments.value_state(value, kind, counts) for value in values]
    cells = series(name, [value for _, value in states], kind)
    return Cells(cells, [state == "malformed" for state, _ in states], target)


def series(name: str, values: Sequence[Any], kind: Type) -> pl.Series:
    """Values that are of `kind`, or null, as a column; times aware, or microseconds since 1970."""
    match kind.name:
        case "list":
            return _lists(name, values)
        case "timestamp":
            return _times(name, values)
        case _:
            return pl.Series(name, values, polars_type(kind))


def _times(name: str, values: Sequence[Any]) -> pl.Series:
    """Times as a column: of whole numbers polars makes one much faster."""
    micros = [
        value if value is None or type(value) is int else (value - _EPOCH) // _MICRO
        for value in values
    ]
    return pl.Series(name, micros, pl.Int64).cast(POLARS["timestamp"])


def _lists(name: str, values: Sequence[Any]) -> pl.Series:
    """Lists of text as a column, each distinct one made once: polars makes a series per list."""
    keys = [None if value is None else tuple(value) for value in values]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    distinct = [None if key is None else list(key) for key in places]
    made = pl.Series(name, distinct, pl.List(pl.String))
    return made.gather([places[key] for key in keys])


def _plain(values: Sequence[Any], kind: Type) -> bool:
    """Whether the JSON values of a whole column are good as they are."""
    if not set(map(type, values)) <= {_PLAIN.get(kind.name), type(None)}:
        return False
    return kind.name != "int" or all(-(2**63) <= value < 2**63 for value in _known(values))


def _known(values: Sequence[Any]) -> Iterator[Any]:
    return (value for value in values if value is not None)


def _stays_text(column: Column | None, target: str, values: Sequence[Any]) -> bool:
    if column is None:
        return target != "cost" or all(isinstance(value, str | None) for value in values)
    return column.name == "args" or column.type.name == "timestamp"


def as_json(value: Any) -> str | None:
    """Text as it is, anything else as JSON text."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
