"""How long what took: seconds and how many actions took so many, for all and by cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from govlab.kpi.model import Quantity
from govlab.kpi.spec import Spec
from govlab.kpi.stats import Ranked

__all__ = ["Taken", "Times", "durations", "durations_merged", "times_of"]


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds that are known, and of how many actions nobody can tell them."""

    known: Ranked
    unknown: int


Times = Mapping[str | None, Taken]
"""What is taken, by the values of a cut, sorted."""

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
    at = pl.lit(None, pl.String) if cut is None else _at(cut)
    counts = (
        taken.lazy()
        .filter(pl.col("quantity") == kind.name)
        .group_by(at.alias("at"), seconds.alias("seconds"))
        .agg(pl.col("events").cast(pl.Int64).sum())
        .sort("seconds")
        .collect()
    )
    parts = counts.with_columns(pl.col("at").cast(pl.String)).partition_by("at", as_dict=True)
    found: dict[str | None, Taken] = {at: _taken(part) for (at,), part in parts.items()}
    if cut is None and not found:
        return {None: _taken(counts)}
    return dict(sorted(found.items(), key=lambda one: (one[0] is None, one[0] or "")))


def _taken(part: pl.DataFrame) -> Taken:
    told = part.filter(pl.col("seconds").is_not_null())
    unknown = int(part["events"].sum()) - int(told["events"].sum())
    return Taken(Ranked.of(told["seconds"], told["events"]), unknown)


def _at(cut: str) -> pl.Expr:
    return pl.col("day").dt.truncate("1w") if cut == "week" else pl.col(cut)
