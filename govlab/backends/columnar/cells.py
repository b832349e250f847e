"""How CEL values stand in columns, and the way there and back.

A column of a *states frame* holds one attribute: its value, null unless present. Beside it,
`name#malformed` and `name#unknown` are true where it is so; they exist only where they can be
true. Times and spans are whole microseconds (Int64): the log has no finer ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from govlab.runtime.states import ABSENT, MALFORMED, UNKNOWN, Mark
from govlab.runtime.values import Duration, Timestamp, Uint, kind
from govlab.types import Type

__all__ = [
    "DTYPES",
    "Cells",
    "dtype_of",
    "flag",
    "is_nan",
    "malformed_name",
    "marks",
    "states",
    "to_cells",
    "to_python",
    "unknown_name",
]

DTYPES: dict[str, pl.DataType] = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "uint": pl.UInt64(),
    "double": pl.Float64(),
    "string": pl.String(),
    "bytes": pl.Binary(),
    "timestamp": pl.Int64(),
    "duration": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Results row by row: null is an error, or unknown where `unknown` says so."""

    value: pl.Series
    unknown: pl.Series | None = None


def dtype_of(type_: Type) -> pl.DataType | None:
    """The polars type that holds values of `type_`, or None where no column can."""
    if type_.name == "list":
        inner = dtype_of(type_.params[0])
        return None if inner is None else pl.List(inner)
    return DTYPES.get(type_.name)


def is_nan(value: Any) -> bool:
    """Whether `value` is the double NaN."""
    return isinstance(value, float) and math.isnan(value)


def malformed_name(name: str) -> str:
    """The column that says where attribute `name` is malformed."""
    return f"{name}#malformed"


def unknown_name(name: str) -> str:
    """The column that says where attribute `name` is unknown."""
    return f"{name}#unknown"


def flag(frame: pl.DataFrame, column: str) -> pl.Series | None:
    """The flag `column` of `frame`, or None where it can be true nowhere."""
    return frame.get_column(column) if column in frame.columns else None


def marks(frame: pl.DataFrame, name: str) -> pl.Series:
    """0 present, 1 absent, 2 malformed, 3 unknown: the state of attribute `name`, as UInt8."""
    code = frame.get_column(name).is_null().cast(pl.UInt8)
    for weight, column in ((1, malformed_name(name)), (2, unknown_name(name))):
        extra = flag(frame, column)
        if extra is not None:
            code = code + extra.cast(pl.UInt8) * pl.Series([weight], dtype=pl.UInt8)
    return code


_MARKS = (None, ABSENT, MALFORMED, UNKNOWN)


def states(frame: pl.DataFrame, name: str, type_: Type) -> list[Any]:
    """The states of attribute `name`, as the reference engine has them."""
    values = to_python(frame.get_column(name), type_)
    codes = marks(frame, name)
    return [value if code == 0 else _MARKS[code] for value, code in zip(values, codes, strict=True)]


def to_python(series: pl.Series, type_: Type) -> list[Any]:
    """The values of a column in the representation of `runtime.values`; None for null."""
    plain = series.cast(pl.String) if type_.name == "string" else series
    values = plain.to_list()
    convert = _reader(type_)
    if convert is None:
        return values
    return [None if value is None else convert(value) for value in values]


def _reader(type_: Type) -> Callable[[Any], Any] | None:
    match type_.name:
        case "uint":
            return Uint
        case "timestamp":
            return lambda us: Timestamp(us * 1000)
        case "duration":
            return lambda us: Duration(us * 1000)
        case "list":
            inner = _reader(type_.params[0])
            return tuple if inner is None else lambda items: tuple(map(inner, items))
        case _:
            return None


def to_cells(results: Sequence[Any], type_: Type) -> Cells:
    """Results of the reference engine as a column; what `type_` cannot hold is an error."""
    dtype = dtype_of(type_)
    values = [None if isinstance(r, Mark) else _plain(r, type_) for r in results]
    series = pl.Series(values, dtype=dtype or pl.Null)
    if not any(r is UNKNOWN for r in results):
        return Cells(series)
    return Cells(series, pl.Series([r is UNKNOWN for r in results], dtype=pl.Boolean))


def _plain(value: Any, type_: Type) -> Any:
    """`value` as a column of `type_` stores it; None where it is not of that type."""
    if kind(value) != type_.name:
        return None
    match value:
        case Timestamp(ns=ns) | Duration(ns=ns):
            return None if ns % 1000 else ns // 1000
        case tuple() | list():
            return _items(_plain(item, type_.params[0]) for item in value)
        case Uint():
            return int(value)
        case _:
            return value


def _items(values: Iterable[Any]) -> list[Any] | None:
    items = list(values)
    return None if any(item is None for item in items) else items
