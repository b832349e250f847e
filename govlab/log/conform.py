"""Any table with the canonical columns, typed as the schema says; what does not fit is marked.

Nothing raises for a cell: one that does not cast, or is not valid for its column (NaN, a
negative count, a null in a list), becomes null and its column is named in `malformed_columns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from govlab.errors import LogError
from govlab.schema import ACTIONS, MARKS, RUN_REQUEST, Column
from govlab.types import Type

__all__ = [
    "COLUMNS",
    "MARKED",
    "NO_OFFSET",
    "POLARS",
    "as_frame",
    "as_table",
    "conform",
    "conformed",
    "polars_type",
]

POLARS: Final[Mapping[str, pl.DataType]] = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "double": pl.Float64(),
    "string": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
}
COLUMNS: Final = {**ACTIONS, **RUN_REQUEST}
MARKED: Final = dict.fromkeys(("cost", "cost_micro_usd"), "cost,cost_micro_usd")
"""What is marked where it is not the column itself: money is stored under one name, read by two."""

NO_OFFSET: Final = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$"
_TIME = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6}0*)?(Z|[+-]\d\d:?\d\d)$"
_WHOLE = r"^-?\d{1,19}$"
_DECIMAL = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_MICROS = 1_000_000


def polars_type(kind: Type) -> pl.DataType:
    """The polars type that stores values of the CEL type `kind`."""
    return pl.List(polars_type(kind.params[0])) if kind.name == "list" else POLARS[kind.name]


def as_frame(source: Any) -> pl.LazyFrame:
    """A polars, Arrow or any other table that speaks the Arrow C stream interface, lazily.

    Raises `LogError` for anything else.
    """
    return as_table(source).lazy()


def as_table(source: Any) -> pl.DataFrame | pl.LazyFrame:
    """The same, not lazily where it is in memory."""
    if isinstance(source, pl.DataFrame | pl.LazyFrame):
        return source
    if hasattr(source, "__arrow_c_stream__"):
        return pl.DataFrame(source)
    raise LogError(f"`{type(source).__name__}` is no table; give a path or an Arrow-compatible one")


def conformed(source: Any, *, tz: str | None = None) -> pl.LazyFrame:
    """A table as `as_frame` takes it, typed as `conform` does it; one in memory that is so already
    is looked at once, now, and not again each time that it is read. Raises as both.

    >>> conformed(pl.DataFrame({"tool": ["a"], "step": [1]})).collect()["step"].to_list()
    [1]
    """
    table = as_table(source)
    if not isinstance(table, pl.DataFrame) or not _is_conform(table, tz):
        return conform(table.lazy(), tz=tz)
    nothing = {} if MARKS[1] in table.columns else {MARKS[1]: pl.lit(None, pl.Categorical)}
    return table.with_columns(**nothing).lazy()


def _is_conform(table: pl.DataFrame, tz: str | None) -> bool:
    """Whether `conform` would give back each cell as it is."""
    marks = table.schema.get(MARKS[1], pl.Categorical())
    if "cost" in table.columns or not isinstance(marks, pl.Categorical):
        return False
    own = [(COLUMNS[cells.name], cells) for cells in table.get_columns() if cells.name in COLUMNS]
    return all(_fits(column, cells, tz) for column, cells in own)


def _fits(column: Column, cells: pl.Series, tz: str | None) -> bool:
    if _cell(column, cells.dtype, tz) is None:
        return True
    if cells.dtype != polars_type(column.type):
        return False
    if column.type.name == "list":
        return not any(_holds_null(chunk) for chunk in cells.get_chunks())
    finite = column.type.name != "double" or bool(cells.is_finite().all())
    return finite and (not column.counts or not (cells < 0).any())


def conform(frame: pl.LazyFrame, *, tz: str | None = None) -> pl.LazyFrame:
    """`frame` with its canonical columns typed as the schema says; other columns as they are.

    Takes any subset of the columns of `ACTIONS` and `run.*`, and `cost` (USD, text or number),
    which becomes `cost_micro_usd`, rounded half to even. Times with an offset become UTC, in
    microseconds; those without are read in the zone `tz`. Adds `malformed_columns`. Idempotent.
    Raises `LogError` where a column holds times without offset and no zone is given.

    >>> rows = pl.LazyFrame({"tool": ["a", "b"], "step": ["1", "x"], "cost": ["0.5", "-1"]})
    >>> conform(rows).select("step", "cost_micro_usd", "malformed_columns").collect().rows()
    [(1, 500000, None), (None, None, 'step,cost,cost_micro_usd')]
    """
    frame = _cost_as_micros(frame)
    schema = frame.collect_schema()
    casts: dict[str, pl.Expr] = {}
    bad: list[pl.Expr] = [pl.col(MARKS[1]).cast(pl.String)] if MARKS[1] in schema else []
    for name, dtype in schema.items():
        if name not in COLUMNS:
            continue
        cell = _cell(COLUMNS[name], dtype, tz)
        if cell is None:
            continue
        casts[name] = cell.alias(name)
        mark = pl.lit(MARKED.get(name, name))
        bad.append(pl.when(pl.col(name).is_not_null() & cell.is_null()).then(mark))
    marks = pl.concat_str(bad, separator=",", ignore_nulls=True) if bad else pl.lit("")
    marked = pl.when(marks != "").then(marks).cast(pl.Categorical).alias(MARKS[1])
    return frame.with_columns(*casts.values(), marked)


def _holds_null(lists: pl.Series) -> bool:
    return lists.list.explode(empty_as_null=False, keep_nulls=False).null_count() > 0


def _cost_as_micros(frame: pl.LazyFrame) -> pl.LazyFrame:
    """`cost` as `cost_micro_usd` text, so that one cast judges it; a stored one has precedence."""
    schema = frame.collect_schema()
    if "cost" not in schema or "cost_micro_usd" in schema:
        return frame.drop("cost", strict=False)
    money = _decimal(pl.col("cost"), schema["cost"])
    # a cell that is no number stays as text that does not cast, so that it is marked
    text = pl.coalesce(money.cast(pl.Int64, strict=False).cast(pl.String), pl.lit("malformed"))
    known = pl.col("cost").is_not_null()
    return frame.with_columns(cost_micro_usd=pl.when(known).then(text)).drop("cost")


def _decimal(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """`value` in USD as whole micro-USD, half to even; null where it is no finite number."""
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        text = value.cast(pl.String)
        value = (
            pl.when(text.str.contains(_DECIMAL)).then(text).cast(pl.Decimal(38, 18), strict=False)
        )
        return _half_even(value * _MICROS)
    if isinstance(dtype, pl.Decimal):
        return _half_even(value.cast(pl.Decimal(38, 18), strict=False) * _MICROS)
    if dtype.is_numeric():
        return (value.cast(pl.Float64) * _MICROS).round(0, mode="half_to_even")
    return pl.lit(None, pl.Float64)


def _half_even(value: pl.Expr) -> pl.Expr:
    """A decimal rounded half to even: polars rounds decimals half away from zero only."""
    whole = value.cast(pl.Int64, strict=False)  # towards zero
    twice = (value - whole) * 2
    odd = (whole % 2) != 0
    up = (twice > 1) | ((twice == 1) & odd)
    down = (twice < -1) | ((twice == -1) & odd)
    return whole + up.cast(pl.Int64) - down.cast(pl.Int64)


def _cell(column: Column, dtype: pl.DataType, tz: str | None) -> pl.Expr | None:
    """The typed and valid cells of `column`; None where every cell is as it stands."""
    value = pl.col(column.name)
    kind = column.type
    if kind.name == "list":
        return _list(value, dtype)
    if kind.name == "string" and isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return None
    cell = (
        _CASTS[kind.name](value, dtype)
        if kind.name != "timestamp"
        else _time(value, dtype, column.name, tz)
    )
    if kind.name == "double":
        cell = pl.when(cell.is_finite()).then(cell)
    if column.counts:
        cell = pl.when(cell >= 0).then(cell)
    unchanged = dtype == polars_type(kind) and not column.counts and kind.name != "double"
    return None if unchanged else cell


def _list(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if not isinstance(dtype, pl.List | pl.Array) or not (
        _is_text(dtype.inner) or dtype.inner == pl.Null  # every list of the column is empty
    ):
        return pl.lit(None, pl.List(pl.String))
    cell = value.cast(pl.List(pl.String))
    return pl.when(cell.list.eval(pl.element().is_not_null()).list.all()).then(cell)


def _is_text(dtype: Any) -> bool:
    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _text_of(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Numbers that are whole are good identifiers; anything else is not text."""
    if dtype.is_integer() or dtype == pl.Binary:
        return value.cast(pl.String, strict=False)
    return pl.lit(None, pl.String)


def _bool_of(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return value
    if not _is_text(dtype):
        return pl.lit(None, pl.Boolean)
    words = {"true": True, "false": False}
    return (
        value.cast(pl.String)
        .str.to_lowercase()
        .replace_strict(words, default=None, return_dtype=pl.Boolean)
    )


def _int_of(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if _is_text(dtype):
        text = value.cast(pl.String)
        return pl.when(text.str.contains(_WHOLE)).then(text).cast(pl.Int64, strict=False)
    if dtype.is_float() or dtype.is_decimal():
        whole = value.cast(pl.Int64, strict=False)  # tables with nulls often hold counts as doubles
        return pl.when(whole == value).then(whole)
    return value.cast(pl.Int64, strict=False) if dtype.is_integer() else pl.lit(None, pl.Int64)


def _double_of(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if _is_text(dtype):
        text = value.cast(pl.String)
        return pl.when(text.str.contains(_DECIMAL)).then(text).cast(pl.Float64, strict=False)
    return value.cast(pl.Float64, strict=False) if dtype.is_numeric() else pl.lit(None, pl.Float64)


_CASTS = {"string": _text_of, "bool": _bool_of, "int": _int_of, "double": _double_of}


def _time(value: pl.Expr, dtype: pl.DataType, name: str, tz: str | None) -> pl.Expr:
    if _is_text(dtype):
        return _time_of_text(value.cast(pl.String), tz)
    if not isinstance(dtype, pl.Datetime):
        return pl.lit(None, POLARS["timestamp"])
    if dtype.time_zone is None:
        if tz is None:
            raise LogError(f"`{name}` holds times without offset; name their zone with `tz`")
        value = value.dt.replace_time_zone(tz, ambiguous="null", non_existent="null")
    cell = value.dt.convert_time_zone("UTC").cast(POLARS["timestamp"])
    if dtype.time_unit == "ns":  # finer than the log can say
        cell = pl.when(pl.col(name).dt.timestamp("ns") % 1000 == 0).then(cell)
    return cell


def _time_of_text(text: pl.Expr, tz: str | None) -> pl.Expr:
    found = pl.when(text.str.contains(_TIME)).then(text)
    cell = found.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    if tz is None:
        return cell
    local = pl.when(text.str.contains(NO_OFFSET)).then(text.str.replace(" ", "T", literal=True))
    read = [
        local.str.to_datetime(layout, time_unit="us", strict=False)
        for layout in ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
    ]
    zoned = pl.coalesce(read).dt.replace_time_zone(tz, ambiguous="null", non_existent="null")
    return pl.coalesce(cell, zoned.dt.convert_time_zone("UTC"))
