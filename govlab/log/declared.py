"""What requests to `govlab serve` said beyond the columns, as a bundle declares it (S19).

A decision log keeps it in `extra`: the properties that the bundle of the time declared, with their
values, and the names of others. So a property that stands in neither was not said: it is absent.
What was said and not kept is unknown, as it is in the rows of any other source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import polars as pl

from govlab.entries import FORMAT, UNDECLARED
from govlab.log.conform import polars_type
from govlab.runtime import arguments
from govlab.schema import MARKS
from govlab.types import Type

__all__ = ["PROPERTIES", "with_declared"]

PROPERTIES: Final = ("subject.", "object.", "context.")
"""Begin the names of attributes that requests say in their properties."""

_UNKNOWN, _MALFORMED = MARKS[0], MARKS[1]
_READ: Final = "#declared"


def with_declared(log: pl.LazyFrame, declared: Mapping[str, Type]) -> pl.LazyFrame:
    """`log` with a column for each attribute of `declared` that requests say in their properties.

    Marks follow: `unknown_columns` and `malformed_columns` name the new columns. A log without a
    row of a decision log is given back as it is: then the attributes are unknown anyway.

    >>> said = '{"properties": "{\\\\"context.ticket\\\\":\\\\"T-1\\\\"}"}'
    >>> log = pl.LazyFrame({"source_format": [FORMAT], "extra": [said]})
    >>> with_declared(log, {"context.ticket": Type("string")}).collect()["context.ticket"][0]
    'T-1'
    """
    have = log.collect_schema().names()
    kinds = {
        n: k for n, k in sorted(declared.items()) if n.startswith(PROPERTIES) and n not in have
    }
    if not kinds or not {"source_format", "extra"}.issubset(have):
        return log
    own = pl.col("source_format").cast(pl.String) == FORMAT
    if not log.select(own.any()).collect().item():
        return log
    made = pl.when(own).then(pl.col("extra").cast(pl.String)).map_batches(
        partial(_read, kinds=kinds), return_dtype=_dtype(kinds)
    )  # fmt: skip
    marks = [_joined(mark, mark in have) for mark in (_UNKNOWN, _MALFORMED)]
    values = [pl.col(_READ).struct.field(name) for name in kinds]
    return log.with_columns(made.alias(_READ)).with_columns(*values, *marks).drop(_READ)


def _dtype(kinds: Mapping[str, Type]) -> pl.Struct:
    values = {name: polars_type(kind) for name, kind in kinds.items()}
    return pl.Struct({**values, _UNKNOWN: pl.String(), _MALFORMED: pl.String()})


def _joined(mark: str, is_there: bool) -> pl.Expr:
    """The names that a mark has, and those of what was read."""
    known = [pl.col(mark).cast(pl.String)] if is_there else []
    found = pl.concat_str([*known, pl.col(_READ).struct.field(mark)], separator=",",
                          ignore_nulls=True)  # fmt: skip
    return pl.when(found != "").then(found).cast(pl.Categorical).alias(mark)


def _read(texts: pl.Series, kinds: Mapping[str, Type]) -> pl.Series:
    """What each text of `extra` says of `kinds`; texts of other sources are null."""
    # a row at a time: hardly two rows have the same text, which holds the hash of an entry
    rows = [_row(text, kinds) for text in texts.to_list()]
    return pl.Series(_READ, rows, _dtype(kinds))


def _row(text: str | None, kinds: Mapping[str, Type]) -> dict[str, Any]:
    """The values of `kinds`, and which of them are unknown or malformed."""
    notes = _object(text)
    said, undeclared = _object(notes.get("properties")), notes.get("undeclared")
    unsaid = undeclared if isinstance(undeclared, list) else []
    states = dict(_states(said, kinds))
    lost = [n for n in kinds if n not in said and (n in unsaid or len(unsaid) >= UNDECLARED)]
    return {
        **{name: value for name, (_, value) in states.items()},
        _UNKNOWN: ",".join(kinds if not notes else lost) or None,
        _MALFORMED: ",".join(n for n, (state, _) in states.items() if state == "malformed") or None,
    }


def _states(
    said: Mapping[str, Any], kinds: Mapping[str, Type]
) -> Iterator[tuple[str, tuple[str, Any]]]:
    for name, kind in kinds.items():
        yield name, arguments.value_state(said.get(name), kind)


def _object(text: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
