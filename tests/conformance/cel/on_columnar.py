"""The columnar engine over a frame: rows of states as columns, and its answer as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from govlab.backends.columnar.cells import dtype_of, malformed_name, unknown_name
from govlab.backends.columnar.conformance import evaluate_frame
from govlab.lang.nodes import Node
from govlab.runtime.states import ABSENT, ERROR, MALFORMED, UNKNOWN
from govlab.runtime.values import Duration, Timestamp, Uint
from govlab.types import Type

__all__ = ["evaluate_rows"]

_STATUS = {"error": ERROR, "unknown": UNKNOWN}
_MARKS = (ABSENT, MALFORMED, UNKNOWN)


def evaluate_rows(
    node: Node, types: Mapping[str, Type], rows: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """The result of `node` for each of `rows`, evaluated as one frame."""
    columns = {n: c for name, of in types.items() for n, c in _columns(name, of, rows).items()}
    frame = pl.DataFrame({"#": range(len(rows)), **columns})
    values, status = evaluate_frame(node, frame)
    return [
        _STATUS.get(word) or _value(cell, node.type)
        for cell, word in zip(values.to_list(), status.to_list(), strict=True)
    ]


def _columns(name: str, of: Type, rows: Sequence[Mapping[str, Any]]) -> dict[str, pl.Series]:
    states = [row[name] for row in rows]
    if all(s is ABSENT for s in states):
        return {}  # as a log that lacks the column
    return {
        name: pl.Series([_cell(s) for s in states], dtype=_dtype(of), strict=True),
        malformed_name(name): pl.Series([s is MALFORMED for s in states], dtype=pl.Boolean),
        unknown_name(name): pl.Series([s is UNKNOWN for s in states], dtype=pl.Boolean),
    }


def _dtype(of: Type) -> pl.DataType:
    match of.name:
        case "timestamp":
            return pl.Datetime("us", "UTC")
        case "duration":
            return pl.Duration("us")
        case _:
            return dtype_of(of) or pl.Object()


def _cell(state: Any) -> Any:
    match state:
        case _ if any(state is mark for mark in _MARKS):
            return None
        case Timestamp(ns=ns) | Duration(ns=ns):
            return ns // 1000
        case tuple():
            return list(state)
        case _:
            return state


def _value(cell: Any, of: Type) -> Any:
    """A cell as a run-time value of type `of`; objects are values already."""
    match of.name:
        case "timestamp" if isinstance(cell, int):
            return Timestamp(cell * 1000)
        case "duration" if isinstance(cell, int):
            return Duration(cell * 1000)
        case "uint":
            return Uint(cell)
        case "list" if isinstance(cell, list | tuple):
            return tuple(_value(part, of.params[0]) for part in cell)
        case _:
            return cell
