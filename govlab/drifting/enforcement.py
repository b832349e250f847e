"""Whether production still decides as its own policy would: stored checks of fidelity, by day."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from govlab.drifting.days import Days
from govlab.drifting.model import Key, Unknown, Verdict
from govlab.drifting.shifts import Daily
from govlab.drifting.verdicts import verdict_of
from govlab.fidelity.days import checked_days
from govlab.kpi.stats import Clusters, design_effect
from govlab.registry import Registry

__all__ = ["MISMATCH", "enforcement"]

MISMATCH: Final = "decisions.mismatch_rate"
_UNCHECKED: Final = Unknown(MISMATCH, "nobody has checked by day: run `govlab fidelity`")


def enforcement(
    folder: Path | None, registry: Registry, days: Days, zone: ZoneInfo
) -> Verdict | Unknown | None:
    """The verdict on the share of decisions that their own snapshot does not give.

    None where it is 0 or 1 throughout, or too little to tell. Nothing is replayed: what nobody
    checked is unknown.
    """
    found = None if folder is None else checked_days(folder, registry)
    if found is None or not found.height:
        return _UNCHECKED
    rows = found.select(
        pl.col("at").dt.convert_time_zone(zone.key).dt.date().alias("day"),
        pl.col("differs").alias("of"),
        (pl.col("same") + pl.col("differs")).alias("among"),
    ).filter(pl.col("among") > 0)
    series = _daily(rows, days)
    if not 0 < series.of.sum() < series.among.sum():
        return None
    return verdict_of(Key(MISMATCH), series, days, better="low")


def _daily(rows: pl.DataFrame, days: Days) -> Daily:
    met = pl.len().alias("clusters")
    daily = rows.group_by("day").agg(pl.col("of").sum(), pl.col("among").sum(), met)
    of, among, clusters = (
        days.filled(dict(daily.select("day", pl.col(name).cast(pl.Float64)).iter_rows()))
        for name in ("of", "among", "clusters")
    )
    return Daily(of, among, clusters, days.first.weekday(), _deff(rows))


def _deff(rows: pl.DataFrame) -> float:
    n, d = pl.col("of"), pl.col("among")
    sums = rows.select(
        pl.len().alias("count"), n.sum(), d.sum(), (n * n).sum().alias("nn"),
        (n * d).sum().alias("nd"), (d * d).sum().alias("dd"),
    )  # fmt: skip
    return design_effect(Clusters(*(int(value) for value in sums.row(0))))
