"""Constants as columns: what a literal, or a node that reads nothing, compiles to."""

from __future__ import annotations

from typing import Any

import polars as pl

from govlab.backends.columnar.cells import dtype_of, is_nan
from govlab.backends.columnar.program import Col
from govlab.runtime.states import Mark
from govlab.runtime.values import Duration, Timestamp, Uint
from govlab.types import Type

__all__ = ["VALUES", "constant_col"]

VALUES = (bool, int, float, str, bytes, tuple, list, Timestamp, Duration, type(None))
"""What values of conditions are, beside compiled literals such as patterns."""


def constant_col(value: Any, type_: Type) -> Col:
    """A literal column; an error is null."""
    dtype = dtype_of(type_)
    if isinstance(value, Mark):
        return Col(pl.lit(None, dtype=dtype), type_)
    nan = is_nan(value)
    if isinstance(value, tuple | list):
        series = pl.Series([[_stored(v) for v in value]], dtype=dtype or pl.List(pl.Null))
        return Col(pl.lit(series).first(), type_, constant=tuple(map(_stored, value)))
    return Col(pl.lit(_stored(value), dtype=dtype), type_, nan=nan, constant=_stored(value))


def _stored(value: Any) -> Any:
    match value:
        case Timestamp(ns=ns) | Duration(ns=ns):
            return ns // 1000
        case Uint():
            return int(value)
        case _:
            return value
