"""How long what took: seconds and how many actions took so many, for all and by cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from govlab.kpi.model import Quantity
from govlab.kpi.spec import Spec

__all__ = ["Times", "durations", "durations_merged", "times_of"]

Times = Mapping[str | None, Sequence[tuple[int | None, int]]]
"""By value of a cut (seconds, count), sorted, the unknown first."""

_TAKEN = pl.Schema({"seconds": pl.Int64, "events": pl.UInt32})


def durations(rows: pl.DataFrame, spec: Spec) -> pl.DataFrame:
    """How often which number of seconds among `rows`, which `said` gives.

    What may be among the actions of a quantity, or lacks a time, has none (null).
    """
    cuts = [*spec.run_cuts, *spec.side_cuts]
    parts = [_tally(rows, quantity, cuts) for quantity in spec.quantities]
    if parts:
        return pl.concat(parts)
    none = rows.clear().select(pl.lit(None, pl.String).alias("quantity"), *cuts)
    return none.with_columns(pl.lit(None, kind).alias(name) for name, kind in _TAKEN.items())


def _tally(rows: pl.DataFrame, quantity: Quantity, cuts: Sequence[str]) -> pl.DataFrame:
    start, end, among = pl.col(quantity.start), quantity.end, pl.sql_expr(quantity.among)
    seconds = start.dt.epoch("s") if end is None else (pl.col(end) - start).dt.total_seconds()
    may = rows.lazy().with_columns(among.alias("#among")).filter(pl.col("#among").fill_null(True))
    taken = may.select(*cuts, seconds=pl.when("#among").then(seconds.cast(pl.Int64)))
    counted = taken.group_by(*cuts, "seconds").agg(pl.len().cast(pl.UInt32).alias("events"))
    return counted.select(pl.lit(quantity.name).alias("quantity"), *cuts, *_TAKEN).collect()


def durations_merged(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Those of all parts; rows of several parts may stand twice, for sums that is the same."""
    return pl.concat(parts)


def times_of(taken: pl.DataFrame, kind: Quantity, cut: str | None, end: datetime | None) -> Times:
    """The times of the quantity `kind` by the values of `cut`; without a cut all under null.

    An open start becomes its age at `end`; in a log without times nothing has an age.
    """
    seconds = pl.col("seconds")
    if kind.end is None:
        newest = pl.lit(None if end is None else int(end.timestamp()), pl.Int64)
        seconds = (newest - seconds).clip(lower_bound=0)
    counts = (
        taken.lazy()
        .filter(pl.col("quantity") == kind.name)
        .group_by(_at(cut).alias("at"), seconds.alias("seconds"))
        .agg(pl.col("events").cast(pl.Int64).sum())
        .sort("at", "seconds", nulls_last=[True, False])
    )
    found: dict[str | None, list[tuple[int | None, int]]] = {} if cut else {None: []}
    for at, length, count in counts.collect().iter_rows():
        found.setdefault(at, []).append((length, count))
    return found


def _at(cut: str | None) -> pl.Expr:
    match cut:
        case None:
            return pl.lit(None, pl.String)
        case "week":
            return pl.col("day").dt.truncate("1w").cast(pl.String)
        case name:
            return pl.col(name).cast(pl.String)
