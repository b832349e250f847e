"""Attributes of a frame of events and their states (S2): what conditions read.

Takes the log's columns, and `unknown_columns` and `malformed_columns`; gives a states frame (see
`cells`). What is not plainly typed goes through the reading that every engine shares, once for
each distinct value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import polars as pl

from govlab.backends.columnar.cells import dtype_of, malformed_name, to_cells, unknown_name
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.flat import Flat
from govlab.backends.columnar.leftout import LeftOut, without
from govlab.backends.columnar.places import where
from govlab.runtime.event import COUNTS, argument_state, argument_values, attribute_states
from govlab.runtime.states import MALFORMED
from govlab.types import Type

__all__ = ["Events", "columns_of", "prepare", "source_column", "with_states"]

_MALFORMED, _UNKNOWN = "malformed_columns", "unknown_columns"
_FIRST_US, _LAST_US = -62135596800 * 10**6, 253402300800 * 10**6 - 1
_OPTIONAL = frozenset({"tool", "action"})  # a log without the column has none, rather than unknown
_SMALL = 1024  # cells that are quicker read than made distinct
_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)


@dataclass(frozen=True, slots=True)
class Events:
    """Rows being decided: the log's own columns, and the states of what the plan reads."""

    raw: pl.DataFrame
    states: pl.DataFrame
    known: bool = False  # unknown is read as absent (S4.2c)

    def take(self, rows: pl.Series) -> Events:
        """The rows at the places `rows`."""
        return replace(self, raw=self.raw[rows], states=self.states[rows])

    def as_absent(self) -> Events:
        """The same rows with unknown read as absent."""
        flags = [c for c in self.states.columns if c.endswith("#unknown")]
        return replace(self, states=self.states.drop(flags), known=True)


def source_column(name: str) -> str:
    """The column of the log that attribute `name` is read from."""
    if name.startswith("args."):
        return "args"
    return "cost_micro_usd" if name == "cost" else name


def columns_of(name: str) -> tuple[str, ...]:
    """The columns of the log whose cells attribute `name` depends on."""
    return (
        ("cost_micro_usd", "cost") if name in ("cost", "cost_micro_usd") else (source_column(name),)
    )


def prepare(frame: pl.DataFrame, reads: Mapping[str, Type]) -> Events:
    """The states of every attribute of `reads` in the rows of `frame`."""
    wanted = {c for name in reads for c in columns_of(name)} | {_MALFORMED, _UNKNOWN}
    row = pl.int_range(frame.height, dtype=pl.UInt32, eager=True).alias("#row")
    raw = pl.DataFrame([row, *(frame.get_column(c) for c in frame.columns if c in wanted)])
    raw = raw.rechunk()  # rows are taken from it again and again
    return with_states(Events(raw, row.to_frame()), reads, _values(raw, reads))


_Read = tuple[pl.Series, pl.Series | None]  # values, and where they are malformed


def with_states(
    events: Events,
    reads: Mapping[str, Type],
    values: Mapping[str, _Read],
    known: frozenset[str] = frozenset(),
    cleared: frozenset[str] = frozenset(),
) -> Events:
    """`events` with attributes of `reads` as in `values`, marked as the log marks them.

    Where a remediation sets columns, those in `known` are no longer unknown, nor those in
    `cleared` malformed.
    """
    columns: list[pl.Series] = []
    bad_texts, unknown_texts = (_Texts.of(events.raw, c) for c in (_MALFORMED, _UNKNOWN))
    left_out = LeftOut.of(events.raw, unknown_texts.distinct, known)
    for name in reads:
        gone = left_out.rows(name)
        value, bad = without(gone, *values[name])
        bad = _either(bad, _named(bad_texts, _aliases(name) - cleared))
        hidden = _either(_hidden(events.raw, name, known, unknown_texts), gone)
        columns.extend(_marked(name, value, bad, None if events.known else hidden))
    stale = [
        c for n in reads for c in (malformed_name(n), unknown_name(n)) if c in events.states.columns
    ]
    return replace(events, states=events.states.drop(stale).with_columns(columns))


def _aliases(name: str) -> frozenset[str]:
    """The names under which a mark may speak of attribute `name`."""
    return frozenset({name, source_column(name)})


def _marked(
    name: str, value: pl.Series, bad: pl.Series | None, hidden: pl.Series | None
) -> Iterable[pl.Series]:
    """The columns of one attribute: its value and the flags that can be true."""
    frame = value.alias("v").to_frame()
    if bad is not None and bad.any():
        frame = frame.with_columns(bad.alias("m")).with_columns(v=pl.when(~pl.col("m")).then("v"))
        yield frame.get_column("m").alias(malformed_name(name))
    yield frame.get_column("v").alias(name)
    if hidden is not None:
        absent = frame.get_column("v").is_null()
        unknown = absent & hidden if bad is None else absent & hidden & ~bad
        if unknown.any():
            yield unknown.alias(unknown_name(name))


def _either(a: pl.Series | None, b: pl.Series | None) -> pl.Series | None:
    return b if a is None else a if b is None else a | b


def _hidden(raw: pl.DataFrame, name: str, known: frozenset[str], texts: _Texts) -> pl.Series | None:
    """Where the source of the row cannot tell the attribute (S14)."""
    names = _aliases(name) - known
    if name == "cost_micro_usd":
        names |= {"cost"} - known
    if lacking(raw, name) and name not in _OPTIONAL and names:
        return pl.repeat(True, raw.height, dtype=pl.Boolean, eager=True)
    return _named(texts, names)


def lacking(raw: pl.DataFrame, name: str) -> bool:
    """Whether the log has no column for attribute `name`."""
    return not any(c in raw.columns for c in columns_of(name))


@dataclass(frozen=True, slots=True)
class _Texts:
    """A column that lists marked columns, and its distinct texts."""

    cells: pl.Series
    distinct: tuple[str, ...]

    @classmethod
    def of(cls, raw: pl.DataFrame, column: str) -> Self:
        """The texts of `column`; none where `raw` lacks it."""
        if column not in raw.columns:
            return cls(pl.Series(), ())
        texts = raw.get_column(column)
        some = texts if len(texts) < _SMALL else texts.unique()
        found = dict.fromkeys(some.cast(pl.String).to_list())
        return cls(texts, tuple(text for text in found if text is not None))


def _named(texts: _Texts, names: frozenset[str]) -> pl.Series | None:
    """Where a list of columns holds one of `names`; None where it never does."""
    holding = [t for t in texts.distinct if names & set(t.split(","))]
    if not holding:
        return None
    there = where(texts.cells.is_not_null())  # of most rows there are none
    hit = texts.cells[there].cast(pl.String).is_in(holding)
    found = pl.repeat(False, len(texts.cells), dtype=pl.Boolean, eager=True)
    return found.scatter(there.filter(hit), True)


def _values(raw: pl.DataFrame, reads: Mapping[str, Type]) -> dict[str, _Read]:
    """Each attribute as the log has it, before marks."""
    arguments = {n: t for n, t in reads.items() if n.startswith("args.")}
    found = _arguments(raw, arguments) if arguments else {}
    for name, type_ in reads.items():
        if name not in found:
            found[name] = _value(raw, name, type_)
    return found


def _value(raw: pl.DataFrame, name: str, type_: Type) -> _Read:
    columns = columns_of(name)
    if not any(c in raw.columns for c in columns):
        return pl.repeat(None, raw.height, dtype=dtype_of(type_) or pl.Null, eager=True), None
    plain = None if "cost" in raw.columns and len(columns) > 1 else _plain(raw, name, type_)
    if plain is not None:
        return plain
    return read_distinct(raw, columns, {name: type_})[name]


def _plain(raw: pl.DataFrame, name: str, type_: Type) -> _Read | None:
    """A column of the expected type, checked; None where another reading is needed."""
    column = raw.get_column(source_column(name))
    dtype = column.dtype
    match type_.name:
        case "string" if isinstance(dtype, pl.Categorical | pl.Enum) or dtype == pl.String:
            return column, None
        case "bool" if dtype == pl.Boolean:
            return column, None
        case "int" | "double" if dtype in _INTEGERS:
            return _number(column, name, type_)
        case "double" if dtype == pl.Float64 and name != "cost":
            return _number(column, name, type_)
        case "timestamp" if (
            isinstance(dtype, pl.Datetime) and dtype.time_zone and dtype.time_unit != "ns"
        ):
            us = column.cast(pl.Datetime("us", dtype.time_zone)).cast(pl.Int64)
            return us, (us < _FIRST_US).fill_null(False) | (us > _LAST_US).fill_null(False)
        case "list" if type_.params[0].name == "string" and dtype == pl.List(pl.String):
            return column, _gaps(column)
        case _:
            return None


def _gaps(column: pl.Series) -> pl.Series | None:
    """Lists with a null among their elements; None where there are none."""
    if not Flat.of(column).elements.null_count():
        return None
    return (column.list.drop_nulls().list.len() < column.list.len()).fill_null(False)


def _number(column: pl.Series, name: str, type_: Type) -> _Read:
    """An int in int64, a finite double; no negative count."""
    typed = column.cast(pl.Float64 if type_.name == "double" else pl.Int64, strict=False)
    value = typed / 1e6 if name == "cost" else typed
    bad: pl.Series | None = None
    if typed.null_count() > column.null_count():
        bad = typed.is_null() & column.is_not_null()
    if type_.name == "double" and name != "cost":
        bad = _either(bad, _true(~typed.is_finite()))
    if name in COUNTS:
        bad = _either(bad, _true(typed < 0))
    return value, bad


def _true(flags: pl.Series) -> pl.Series | None:
    """`flags`, false where there is none; None where none is true."""
    return flags.fill_null(False) if flags.any() else None


def read_distinct(
    raw: pl.DataFrame, columns: Iterable[str], reads: Mapping[str, Type]
) -> dict[str, _Read]:
    """Attributes by the reading all engines share, once for each distinct tuple of `columns`."""
    rows, ids = _distinct(raw, columns)
    found = [attribute_states(row, reads, frozenset()) for row in rows]
    return {name: spread(type_, [f[name] for f in found], ids) for name, type_ in reads.items()}


def _arguments(raw: pl.DataFrame, reads: Mapping[str, Type]) -> dict[str, _Read]:
    """The same for paths into the arguments, of which there are many."""
    rows, ids = _distinct(raw, ("args",))
    parsed = [argument_values(row) for row in rows]
    return {
        name: spread(type_, [argument_state(name, type_, p) for p in parsed], ids)
        for name, type_ in reads.items()
    }


def _distinct(raw: pl.DataFrame, columns: Iterable[str]) -> tuple[list[dict[str, Any]], pl.Series]:
    """The distinct tuples of `columns`, and which of them each row has."""
    given = [c for c in columns if c in raw.columns]
    groups = group((raw.get_column(c) for c in given), raw.height)
    return raw.select(given)[groups.rows].rows(named=True) if given else [{}], groups.ids


def spread(type_: Type, states: list[Any], ids: pl.Series) -> _Read:
    """States of distinct tuples as columns over all rows."""
    value = to_cells(states, type_).value[ids]
    malformed = pl.Series([s is MALFORMED for s in states], dtype=pl.Boolean)
    return value, malformed[ids] if malformed.any() else None
