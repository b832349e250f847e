"""An event as the one-row frame that a log would hold: cells that are no values are marked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from govlab.runtime import arguments
from govlab.runtime.event import micro_usd
from govlab.types import DOUBLE, Type

__all__ = ["event_frame"]

_DTYPES = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "double": pl.Float64(),
    "string": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
}


def event_frame(
    event: Mapping[str, Any], reads: Mapping[str, Type], unknown: frozenset[str]
) -> pl.DataFrame:
    """`event` with a column for each attribute of `reads`, marks beside it."""
    columns: dict[str, pl.Series] = {}
    malformed = set(filter(None, str(event.get("malformed_columns") or "").split(",")))
    for name, kind in _columns(reads).items():
        state, value = _cell(name, kind, event)
        if state == "malformed":
            malformed.add(name)
        columns[name] = pl.Series([value], dtype=_dtype(kind))
    columns["event_id"] = pl.Series([event.get("event_id", "e")], dtype=pl.String)
    columns["unknown_columns"] = pl.Series([",".join(sorted(unknown)) or None], dtype=pl.String)
    columns["malformed_columns"] = pl.Series([",".join(sorted(malformed)) or None], dtype=pl.String)
    return pl.DataFrame(columns)


def _columns(reads: Mapping[str, Type]) -> dict[str, Type]:
    """What a log stores for the attributes of `reads`: arguments as text, cost in micro-USD."""
    text, whole = Type("string"), Type("int")
    stored = {"cost": ("cost_micro_usd", whole)}
    found: dict[str, Type] = {}
    for name, kind in reads.items():
        column, type_ = (
            ("args", text) if name.startswith("args.") else stored.get(name, (name, kind))
        )
        found[column] = type_
    return found


def _dtype(kind: Type) -> pl.DataType:
    return pl.List(_DTYPES[kind.params[0].name]) if kind.params else _DTYPES[kind.name]


def _cell(name: str, kind: Type, event: Mapping[str, Any]) -> tuple[str, Any]:
    raw = event.get(name)
    head, _, tail = name.partition(".")
    if raw is None and tail and isinstance(event.get(head), Mapping):
        raw = event[head].get(tail)
    if name == "args" and isinstance(raw, Mapping):
        raw = json.dumps(raw)
    if name == "cost_micro_usd" and raw is None and event.get("cost") is not None:
        state, _ = arguments.value_state(event["cost"], DOUBLE, True)
        raw = micro_usd(event["cost"]) if state == "present" else "not an amount"
    state, value = arguments.value_state(raw, kind, name in ("cost_micro_usd", *_COUNTS))
    return state, (value if state == "present" else None)


_COUNTS = (
    "step",
    "delegation_depth",
    "amount",
    "tokens_in",
    "tokens_out",
    "lines_changed",
    "files_changed",
    "records_affected",
)
