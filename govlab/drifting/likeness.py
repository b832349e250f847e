"""Whether what conditions read still looks as it did: the values of columns, before and after.

A column's series is that of the value whose share moved most surely (of a number: of the half
above a power of two); how far the whole moved apart is said by the population stability index and
the Jensen-Shannon distance, whose usual threshold of 0.1 has to be reached.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import polars as pl

from govlab.drifting.days import Days
from govlab.drifting.model import Key, Verdict
from govlab.drifting.shifts import Daily, Floats
from govlab.drifting.sightings import Sightings
from govlab.drifting.verdicts import verdict_of
from govlab.kpi.stats import FEWEST, Clusters, design_effect

__all__ = ["APART", "LIKENESS", "apart", "likeness_verdicts"]

LIKENESS: Final = "drift.values"
"""Before the column whose values are compared."""
APART: Final = 0.1
_MOST: Final = 12  # values of a column that are looked at, each for itself
_BELOW_LOW: Final = -10_000


def apart(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """The stability index and the distance (base 2) of two rows of counts of the same values.

    A count of nothing is taken as half a one, as no logarithm has it.

    >>> [round(x, 2) for x in apart([9, 1], [1, 9])]
    [3.52, 0.73]
    """
    shares = [_shares(before), _shares(after)]
    pairs = list(zip(*shares, strict=True))
    psi = sum((q - p) * math.log(q / p) for p, q in pairs)
    middle = [(p + q) / 2 for p, q in pairs]
    divergence = sum(
        share * math.log2(share / m) / 2
        for row in shares
        for share, m in zip(row, middle, strict=True)
    )
    return psi, math.sqrt(max(divergence, 0.0))


def _shares(counts: Sequence[float]) -> list[float]:
    smooth = [max(count, 0.5) for count in counts]
    return [count / sum(smooth) for count in smooth]


def likeness_verdicts(
    seen: Sightings, columns: Sequence[str], numbers: frozenset[str], days: Days
) -> Iterator[Verdict]:
    """The verdict on each of `columns`, of which `numbers` are seen in bins, for all and by cut."""
    for column in columns:
        rows = seen.of(column).drop("first", "last")
        for cut in (None, *(cut for cut in seen.cuts if cut != column)):
            at = pl.lit(None, pl.String) if cut is None else pl.col(cut)
            parts = rows.with_columns(at.alias("at")).partition_by("at", as_dict=True)
            for (value,), part in sorted(parts.items(), key=str):
                key = Key(f"{LIKENESS}.{column}", cut, value)
                yield from _verdict(key, part, days, number=column in numbers)


def _verdict(key: Key, rows: pl.DataFrame, days: Days, *, number: bool) -> Iterator[Verdict]:
    pieces = list(_pieces(rows, days, number=number))
    found = [
        replace(verdict, moved=name)
        for name, series in pieces
        if (verdict := verdict_of(key, series, days)) is not None
    ]
    if not found:
        return
    surest = min(found, key=lambda one: one.p)
    counts = _before_and_after(rows, surest.since)
    psi, js = apart(*counts)
    far = psi >= APART or js >= APART
    yield replace(surest, direction="shifted", p=min(surest.p * len(found), 1.0), psi=psi, js=js,
                  held=surest.held and far)  # fmt: skip


def _before_and_after(rows: pl.DataFrame, since: date) -> tuple[list[float], list[float]]:
    later = pl.col("events").filter(pl.col("day") >= since).sum()
    counts = rows.group_by("value").agg(pl.col("events").sum(), later.alias("after")).sort("value")
    after = counts["after"].to_list()
    return [n - m for n, m in zip(counts["events"].to_list(), after, strict=True)], after


def _pieces(rows: pl.DataFrame, days: Days, *, number: bool) -> Iterator[tuple[str, Daily]]:
    totals = rows.group_by("value").agg(pl.col("events").sum()).sort("events", "value")
    if totals.height < 2:
        return
    whole = _Whole.of(rows)
    if number:
        half = _half(totals)
        chosen = rows.filter(_power(pl.col("value")) >= half)
        yield str(half), whole.daily(chosen, days)
        return
    for value in totals["value"].tail(_MOST).to_list():
        yield value, whole.daily(rows.filter(pl.col("value") == value), days)


def _power(value: pl.Expr) -> pl.Expr:
    return value.cast(pl.Int64, strict=False).fill_null(_BELOW_LOW)


def _half(totals: pl.DataFrame) -> int:
    """The power of two above which the share is nearest to a half."""
    known = totals.with_columns(_power(pl.col("value")).alias("power")).sort("power")
    powers, events = known["power"].to_list(), known["events"].to_list()
    above = {power: sum(events[place:]) for place, power in enumerate(powers) if place}
    return int(min(above, key=lambda power: abs(2 * above[power] - sum(events))))


_KEY = ("run", "day")


@dataclass(frozen=True, slots=True)
class _Whole:
    """All actions of a part by day and run: `day`, `run`, `among`."""

    rows: pl.DataFrame

    @staticmethod
    def of(rows: pl.DataFrame) -> _Whole:
        return _Whole(rows.group_by(_KEY).agg(pl.col("events").sum().alias("among")))

    def daily(self, chosen: pl.DataFrame, days: Days) -> Daily:
        """The share of `chosen` on each day, clustered by run."""
        part = chosen.group_by(_KEY).agg(pl.col("events").sum().alias("of"))
        both = self.rows.join(part, on=_KEY, how="left", nulls_equal=True).with_columns(
            pl.col("of").fill_null(0)
        )
        alone = pl.col("run").is_null()
        met = pl.when(alone).then("among").otherwise(1)
        daily = both.group_by("day").agg(
            pl.col("of").sum(), pl.col("among").sum(), met.sum().alias("clusters")
        )
        names = ("of", "among", "clusters")
        of, among, clusters = (_column(daily, name, days) for name in names)
        return Daily(of, among, clusters, days.first.weekday(), _deff(both))


def _column(daily: pl.DataFrame, name: str, days: Days) -> Floats:
    return days.filled(dict(daily.select("day", pl.col(name).cast(pl.Float64)).iter_rows()))


def _deff(both: pl.DataFrame) -> float:
    n, d, alone = pl.col("of"), pl.col("among"), pl.col("run").is_null()
    runs = both.lazy().select(
        _several(pl.lit(1), d, alone).alias("count"), n.sum(), d.sum(),
        _several(n * n, n, alone).alias("nn"), _several(n * d, n, alone).alias("nd"),
        _several(d * d, d, alone).alias("dd"),
    )  # fmt: skip
    found = Clusters(*(int(value) for value in runs.collect().row(0)))
    return design_effect(found) if found.count >= FEWEST else float(found.dd) / max(found.d, 1)


def _several(of_run: pl.Expr, of_each: pl.Expr, alone: pl.Expr) -> pl.Expr:
    """A sum over clusters; actions that belong to no run are clusters of one."""
    return pl.when(alone).then(of_each).otherwise(of_run).sum()
