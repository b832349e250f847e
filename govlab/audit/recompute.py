"""Figures that can be counted again without govlab: a Parquet file and an SQL text each (J13).

The texts are made of the same terms as the figures, for DuckDB; a test runs them and compares.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from govlab.kpi.facts import BESIDE, FACT_READS, with_facts
from govlab.kpi.finish import finish
from govlab.kpi.knowledge import Knowledge, Told
from govlab.kpi.model import (
    Count,
    Figure,
    KeyCount,
    KeyRate,
    KeyTable,
    KeyTop,
    Measure,
    Quantile,
    Quantity,
    Rate,
    RunRate,
    Stored,
    Total,
    Value,
)
from govlab.kpi.partials import Partial, merge, partial
from govlab.kpi.spec import RUN_CUTS, SIDE_CUTS, Spec, names
from govlab.kpi.terms import KEY_TABLES, QUANTITIES, TERMS

__all__ = ["EVENTS", "Reduced", "figure_sql", "reduce_log"]

EVENTS = "events.parquet"
"""The file that every SQL text reads, in the folder it is run in."""
HIDDEN = "[hidden]"

_BATCH = 500_000
_FEW = 16
_KEPT_REASONS = ("no_policy", "no_rule", "evaluation_error", "engine_error")
_THERE = ("resource", "evidence_uri", "rule")
"""Columns of which figures ask only whether they are there: what they say stays at home."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """The values of figures over all events, the end of the period, and what sources can fill."""

    values: tuple[Value, ...]
    as_of: datetime | None
    known: Knowledge
    events: int


def reduce_log(
    log: pl.LazyFrame,
    spec: Spec,
    out: Path,
    *,
    folder: Path | None,
    people: Collection[str],
    told: Told | None = None,
) -> Reduced:
    """Counts the figures of `spec` over `log` and writes what they read to `out`.

    `people` are columns whose content is hidden; `folder` is the log's own; `told` is as for
    `Knowledge.of`. Times are UTC.
    """
    have = log.collect_schema().names()
    named = {*spec.reads(), *RUN_CUTS, *SIDE_CUTS, *_BESIDE, *people}
    wanted = named | {base for name in named for base in FACT_READS.get(name, ())}
    lazy = with_facts(log.select([name for name in have if name in wanted]))
    known = Knowledge.of(lazy, folder, told=told)
    columns = sorted({*spec.reads(), "event_id", "run_id", "tenant", "ts", "source_format"})
    waiting: list[Partial] = []
    events, writer = 0, None
    try:
        for batch in lazy.collect_batches(chunk_size=_BATCH, maintain_order=True):
            waiting = [*waiting, partial(batch, spec, known)]
            waiting = [merge(waiting)] if len(waiting) == _FEW else waiting
            table = _written(batch, columns, people).to_arrow()
            writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
            events += batch.height
    finally:
        if writer is not None:
            writer.close()
    whole = merge(waiting or [partial(lazy.clear().collect(), spec, known)])
    values = tuple(finish(whole, spec))
    return Reduced(values, whole.newest, known, events)


_BESIDE = ("ts", "run_id", "event_id", "source_format", "unknown_columns", "principal", *BESIDE)


def _written(batch: pl.DataFrame, columns: Iterable[str], people: Collection[str]) -> pl.DataFrame:
    """The columns that SQL reads; the content of people's and free text is hidden."""
    have = set(batch.columns)
    cells = [
        pl.col(name) if name in have else pl.lit(None, _absent(name)).alias(name)
        for name in columns
    ]
    frame = batch.select(pl.first().alias("#row"), *cells).drop("#row")
    frame = frame.with_columns(
        pl.col(pl.Categorical).cast(pl.String),
        pl.col(pl.Datetime("us", "UTC")).dt.replace_time_zone(None),
    )
    hidden = [name for name in frame.columns if name in people or name in _THERE]
    cover = [
        pl.when(pl.col(name).is_not_null()).then(pl.lit(HIDDEN)).alias(name) for name in hidden
    ]
    if "voters" in frame.columns and isinstance(frame.schema["voters"], pl.List):
        number = pl.element().hash(seed=1).cast(pl.String)  # whether two are one is all that counts
        cover.append(pl.col("voters").list.eval(number).alias("voters"))
    if "reason" in frame.columns:
        kept = pl.col("reason").is_in(_KEPT_REASONS) | pl.col("reason").is_null()
        cover.append(pl.when(kept).then("reason").otherwise(pl.lit(HIDDEN)).alias("reason"))
    return frame.with_columns(cover)


def _absent(name: str) -> pl.DataType:
    """The type of a column that the log lacks: what SQL takes apart is a list."""
    exploded = any(name == table.exploded for table in KEY_TABLES.values())
    return pl.List(pl.String()) if exploded else pl.String()


def figure_sql(figure: Figure, known: Knowledge, *, as_of: datetime | None) -> str | None:
    """The SQL that gives `value`, `numerator`, `denominator` and `unknown` of `figure`.

    None where the figure is the result of a check, which no query makes.

    >>> from govlab.kpi.catalog import FIGURES
    >>> text = figure_sql(FIGURES["audit.actor_share"], Knowledge(frozenset({"actor"})), as_of=None)
    >>> print(text.splitlines()[0])
    -- audit.actor_share: How many records name the agent?
    """
    body = _body(figure.measure, known, as_of)
    return None if body is None else f"-- {figure.id}: {figure.question}\n{body}\n"


def _body(measure: Measure, known: Knowledge, as_of: datetime | None) -> str | None:
    match measure:
        case Rate(of=of, among=among):
            return _judged(_terms((of, among), known), "terms", _on_terms(of), _on_terms(among))
        case RunRate(of=of, among=among):
            return _run_rate(of, among, known)
        case Count(of=of):
            return _sums(_terms((of,), known), "1", _on_terms(of))
        case Total(column=column, among=among):
            return _sums(_terms((among,), known), column, _on_terms(among))
        case Quantile(quantity=quantity, q=q):
            return _quantile(QUANTITIES[quantity], q, known, as_of)
        case KeyRate(table=table, of=of, among=among):
            named = KEY_TABLES[table]
            return _judged(_keyed(named, known), "keyed", f"({of})", f"({among})", _LOST)
        case KeyCount(table=table, of=of):
            return _key_count(_keyed(KEY_TABLES[table], known), of)
        case KeyTop(table=table):
            return _key_top(_keyed(KEY_TABLES[table], known))
        case Stored():
            return None


_WORD = re.compile(r"[a-z_][a-z0-9_]*")


def _on_terms(text: str) -> str:
    """A text over terms with the names that the SQL gives them: some are words of SQL."""
    return f"({_WORD.sub(lambda found: _named(found[0]), text)})"


def _named(word: str) -> str:
    return f"is_{word}" if word in TERMS else word


def _terms(texts: Iterable[str], known: Knowledge) -> str:
    """The events with the terms that `texts` use, each true, false or null (nobody can tell)."""
    used = set().union(*map(names, texts))
    said = [
        f",\n    CAST({known.sql(term)} AS BOOLEAN) AS is_{name}"
        for name, term in TERMS.items()
        if name in used
    ]
    return f"WITH terms AS (\n  SELECT *{''.join(said)}\n  FROM read_parquet('{EVENTS}')\n)"


_LOST = " + (SELECT lost FROM lost)"


def _judged(source: str, table: str, of: str, among: str, beside: str = "") -> str:
    return (
        f"{source}, judged AS (\n  SELECT {of} AS yes, {among} AS base FROM {table}\n)"
        ", counted AS (\n  SELECT\n"
        "    count(*) FILTER (WHERE base AND yes) AS numerator,\n"
        "    count(*) FILTER (WHERE base AND yes IS NOT NULL) AS denominator,\n"
        "    count(*) FILTER (WHERE base IS NULL OR (base AND yes IS NULL))"
        f"{beside} AS unknown\n"
        f"  FROM judged\n)\n{_SHARE}"
    )


_SHARE = (
    "-- where nothing is known, or more is unknown than known, there is no value\n"
    "SELECT CASE WHEN denominator > 0 AND unknown <= denominator\n"
    "  THEN numerator / CAST(denominator AS DOUBLE) END AS value, numerator, denominator, unknown\n"
    "FROM counted;"
)


def _run_rate(of: str, among: str, known: Knowledge) -> str:
    yes, base = _on_terms(of), _on_terms(among)
    return (
        f"{_terms((of, among), known)}, judged AS (\n"
        f"  SELECT tenant, run_id, {yes} AS yes, {base} AS base FROM terms\n"
        "  WHERE run_id IS NOT NULL\n), runs AS (\n  SELECT\n"
        "    bool_or(coalesce(base, FALSE)) AS applies,\n"
        "    bool_or(coalesce(base AND NOT yes, FALSE)) AS fails,\n"
        "    bool_or((base IS NULL AND yes IS DISTINCT FROM TRUE)\n"
        "      OR coalesce(base AND yes IS NULL, FALSE)) AS unsure\n"
        "  FROM judged GROUP BY tenant, run_id\n), counted AS (\n  SELECT\n"
        "    count(*) FILTER (WHERE applies AND NOT fails AND NOT unsure) AS numerator,\n"
        "    count(*) FILTER (WHERE (applies AND NOT unsure) OR fails) AS denominator,\n"
        "    count(*) FILTER (WHERE unsure AND NOT fails) AS unknown\n"
        f"  FROM runs\n)\n{_SHARE}"
    )


def _sums(source: str, column: str, of: str) -> str:
    return (
        f"{source}, judged AS (\n"
        f"  SELECT CAST({column} AS BIGINT) AS weight, {of} AS yes FROM terms\n"
        "), counted AS (\n"
        "  SELECT CAST(coalesce(sum(weight) FILTER (WHERE yes), 0) AS BIGINT) AS value,\n"
        "    count(*) FILTER (WHERE yes IS NOT NULL) AS told,\n"
        "    count(*) FILTER (WHERE yes IS NULL) AS unknown\n"
        "  FROM judged\n)\n"
        "SELECT CASE WHEN unknown <= told THEN value END AS value, value AS numerator,\n"
        "  NULL AS denominator, unknown FROM counted;"
    )


def _quantile(kind: Quantity, q: float, known: Knowledge, as_of: datetime | None) -> str:
    start = f"epoch_us({kind.start})"
    if kind.end is None:  # in a log without times nothing has an age
        end = "NULL" if as_of is None else str(int(as_of.astimezone(UTC).timestamp()))
        age = f"{end} - CAST(floor({start} / 1000000.0) AS BIGINT)"
        seconds = f"CASE WHEN {age} > 0 THEN {age} WHEN {age} <= 0 THEN 0 END"
    else:
        seconds = f"CAST(trunc((epoch_us({kind.end}) - {start}) / 1000000.0) AS BIGINT)"
    missing = not {kind.start, kind.end or kind.start} <= known.columns
    return (
        f"{_terms((kind.among,), known)}, timed AS (\n"
        f"  SELECT CASE WHEN among THEN {'NULL' if missing else seconds} END AS seconds\n"
        f"  FROM (SELECT *, {_on_terms(kind.among)} AS among FROM terms)\n"
        "  WHERE among IS NOT FALSE\n), ranked AS (\n"
        "  SELECT seconds, row_number() OVER (ORDER BY seconds) AS place, count(*) OVER () AS n\n"
        "  FROM timed WHERE seconds IS NOT NULL\n"
        "), found AS (\n"
        "  SELECT (SELECT seconds FROM ranked\n"
        f"      WHERE place = greatest(ceil({q} * n), 1)) AS value,\n"
        "    (SELECT count(*) FROM ranked) AS denominator,\n"
        "    (SELECT count(*) FROM timed WHERE seconds IS NULL) AS unknown\n)\n"
        "SELECT CASE WHEN unknown <= denominator THEN value END AS value, NULL AS numerator,\n"
        "  denominator, unknown FROM found;"
    )


def _key_count(source: str, of: str) -> str:
    return (
        f"{source}, counted AS (\n  SELECT count(*) FILTER (WHERE {of}) AS n,\n"
        f"    count(*) FILTER (WHERE ({of}) IS NULL){_LOST} AS unknown\n  FROM keyed\n)\n"
        "SELECT CASE WHEN unknown <= n THEN n END AS value, n AS numerator,\n"
        "  NULL AS denominator, unknown FROM counted;"
    )


def _key_top(source: str) -> str:
    return (
        f"{source}, counted AS (\n  SELECT coalesce(max(events), 0) AS numerator,\n"
        "    CAST(coalesce(sum(events), 0) AS BIGINT) AS denominator,\n"
        f"    0{_LOST} AS unknown\n  FROM keyed\n)\n{_SHARE}"
    )


def _keyed(table: KeyTable, known: Knowledge) -> str:
    """A row a key: `events`, counts by term, first and last values; `lost`: in no key for sure."""
    texts = (table.among, table.bears, *table.counts, *(term for _, term in table.ranges))
    counts = [
        f",\n    count(*) FILTER (WHERE is_{term}) AS {term},\n"
        f"    count(*) FILTER (WHERE is_{term} IS NULL) AS unknown_{term}"
        for term in table.counts
    ]
    ranges = [
        f",\n    {call}({column}) FILTER (WHERE is_{term}) AS {word}_{column}_{term}"
        for word, call in (("least", "min"), ("most", "max"))
        for column, term in table.ranges
    ]
    needed = [f"{key} IS NOT NULL" for key in table.keys if key not in table.optional]
    one = table.exploded
    each = "*" if one is None else f"* REPLACE (unnest({one}) AS {one})"
    there = "" if one is None else f" WHERE {one} IS NOT NULL"
    return (
        f"{_terms(texts, known)}, placed AS (\n"
        f"  SELECT *, {_on_terms(table.among)} AS base, {_on_terms(table.bears)} AS bears,\n"
        f"    ({' AND '.join(needed) or 'TRUE'}) AS there FROM terms\n), lost AS (\n"
        "  SELECT count(*) AS lost FROM placed WHERE coalesce(base AND bears, TRUE)\n"
        "    AND (NOT there OR (base AND bears) IS NULL)\n), spread AS (\n"
        f"  SELECT {each} FROM placed WHERE base AND there\n), keyed AS (\n"
        f"  SELECT count(*) AS events{''.join(counts)}{''.join(ranges)}\n  FROM spread{there}\n"
        f"  GROUP BY {', '.join(table.keys)}\n)"
    )
