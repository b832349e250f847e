"""Tables that have the canonical columns, or a map to them: Parquet, CSV, NDJSON.

What such a file can fill is its own columns, per file (S14): one that is not there is unknown.
Columns beyond the canonical ones are kept as JSON in `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256

import polars as pl

from govlab.log import tables
from govlab.log.adapters.words import SOURCE_WORD
from govlab.log.conform import COLUMNS, MARKED, NO_OFFSET, POLARS, conform
from govlab.log.decisions import recorded
from govlab.log.maps import EMPTY_MAP, ColumnMap, From
from govlab.log.records import LINE, WORD, Bad, Format, Options, Record, Table
from govlab.log.sources import Source
from govlab.schema import MARKS

__all__ = ["format_of"]

_MADE = frozenset({"event_id", "source_format", "source_ref"})
_MICROS = {"s": 1_000_000, "ms": 1_000}
_USD = {"cents": 0.01, "micro_usd": 1e-6}


def format_of(source: Source, given: ColumnMap = EMPTY_MAP) -> Format | None:
    """The format of this one table; None where it names neither tool nor action."""
    have = tables.columns(source)
    targets = {name: known for name, known in given.columns.items() if known.column in have}
    taken = {known.column for known in targets.values()}
    named = {name: From(name) for name in have if name not in taken and name in {*COLUMNS, "cost"}}
    columns = {**named, **targets}
    if not {"tool", "action"} & columns.keys():
        return None
    fills = {"cost_micro_usd" if name == "cost" else name for name in columns} | _MADE
    fills |= {"args_sha256"} if "args" in fills else set()
    fills |= {"reason", "extra"} if "decision" in fills else set()  # for words that say more
    fills |= {"extra"} if set(have) - taken - columns.keys() else set()
    identity = f"{sorted(fills)}{given.digest}".encode()
    return Format(
        name=f"table-{sha256(identity).hexdigest()[:8]}",
        read=partial(_read, columns=columns, given=given),
        fills=frozenset(fills),
    )


def _read(
    source: Source, options: Options, *, columns: Mapping[str, From], given: ColumnMap
) -> Iterator[Record]:
    tz = options.tz or given.tz
    for found in tables.batches(source, {known.column: name for name, known in columns.items()}):
        if isinstance(found, Bad):
            yield found
        else:
            yield from _batch(found, columns, given, tz)


def _batch(
    frame: pl.DataFrame, columns: Mapping[str, From], given: ColumnMap, tz: str | None
) -> Iterator[Record]:
    frame = _renamed(frame, columns)
    frame, unplaced = _placed_in_time(frame, tz)
    yield from unplaced
    if "decision" in frame.columns:
        frame = _decided(frame, given.decisions)
    frame = _with_extra(frame)
    yield Table(conform(frame.lazy(), tz=tz).collect())


def _renamed(frame: pl.DataFrame, columns: Mapping[str, From]) -> pl.DataFrame:
    """Canonical columns first; a cell that its unit or separator cannot read is malformed."""
    taken = {known.column for known in columns.values()}
    rest = [n for n in frame.columns if n not in taken and n not in columns and n not in MARKS]
    marks = [pl.col(MARKS[1])] if MARKS[1] in frame.columns else []
    cells = []
    for name, known in columns.items():
        cell = _cell(name, known)
        if name == "args" and frame.schema[known.column] == pl.Struct:
            cell = cell.struct.json_encode()
        if known.unit or known.split:
            bad = pl.col(known.column).is_not_null() & cell.is_null()
            marks.append(pl.when(bad).then(pl.lit(MARKED.get(name, name))))
        cells.append(cell.alias(name))
    rest += [name for name in (MARKS[0], MARKS[2]) if name in frame.columns]  # a log read again
    made = [pl.concat_str(marks, separator=",", ignore_nulls=True).alias(MARKS[1])] if marks else []
    return frame.select(*cells, *rest, *made)


def _cell(name: str, known: From) -> pl.Expr:
    value = pl.col(known.column)
    if known.split is not None:
        return value.cast(pl.String).str.split(known.split)
    if known.unit in ("s", "ms"):  # doubles hold microseconds of this century exactly
        micros = value.cast(pl.Float64, strict=False) * _MICROS[known.unit]
        return micros.round().cast(pl.Int64, strict=False).cast(POLARS["timestamp"])
    if known.unit in ("us", "ns"):
        number = value.cast(pl.Int64, strict=False)
        return (number if known.unit == "us" else number // 1000).cast(POLARS["timestamp"])
    if known.unit in _USD and name == "cost":
        return value.cast(pl.Float64, strict=False) * _USD[known.unit]
    return value


def _placed_in_time(frame: pl.DataFrame, tz: str | None) -> tuple[pl.DataFrame, list[Bad]]:
    """The rows whose times can be placed, and those without offset or zone (S13)."""
    times = [n for n in frame.columns if n in COLUMNS and COLUMNS[n].type.name == "timestamp"]
    if tz is not None or not times:
        return frame, []
    local = pl.any_horizontal(_is_local(name, frame.schema[name]) for name in times)
    judged = frame.with_columns(local.fill_null(False).alias("_local"))
    reason = f"time without offset ({', '.join(times)}); name its zone: `govlab ingest --tz ZONE`"
    out = [Bad(line, reason) for line in judged.filter("_local")[LINE]]
    naive = [n for n in times if isinstance(d := frame.schema[n], pl.Datetime) and not d.time_zone]
    kept = judged.filter(~pl.col("_local")).drop("_local")
    # what is left of a column without offset is empty: any zone will do
    return kept.with_columns(pl.col(naive).dt.replace_time_zone("UTC")), out


def _is_local(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return pl.lit(False) if dtype.time_zone else pl.col(name).is_not_null()
    return pl.col(name).str.contains(NO_OFFSET) if dtype == pl.String else pl.lit(False)


def _decided(frame: pl.DataFrame, own: Mapping[str, str]) -> pl.DataFrame:
    """Decisions in govlab's words; a word nobody maps is kept in `extra` and counted (S15)."""
    text = pl.col("decision").cast(pl.String)
    words = frame.select(text)["decision"].drop_nulls().unique().to_list()
    known = {word: recorded(word, own) for word in words}
    decisions = {word: found.decision for word, found in known.items() if found}
    reasons = {word: found.reason for word, found in known.items() if found and found.reason}
    reason = text.replace_strict(reasons, default=None, return_dtype=pl.String)
    stated = [pl.col("reason").cast(pl.String)] if "reason" in frame.columns else []
    made = [pl.coalesce(*stated, reason).alias("reason")] if reasons else []
    unmapped = pl.when(~text.is_in(list(decisions))).then(text)
    kept = [unmapped.alias(WORD), unmapped.alias(SOURCE_WORD)]
    return frame.with_columns(
        text.replace_strict(decisions, default=None, return_dtype=pl.String).alias("decision"),
        *made,
        *([] if all(known.values()) else kept),
    )


def _with_extra(frame: pl.DataFrame) -> pl.DataFrame:
    rest = [n for n in frame.columns if n not in COLUMNS and n not in ("cost", LINE, WORD, *MARKS)]
    if not rest:
        return frame
    packed = pl.struct(rest).struct.json_encode()
    whole = pl.coalesce("extra", packed) if "extra" in frame.columns else packed
    return frame.with_columns(whole.alias("extra")).drop(rest)
