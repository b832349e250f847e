"""Values never seen before: tools, agents, environments that turn up once the log is known.

Of a value that was there all along, the chance that all of its m runs fall into the last part u of
what there was is u^m: the share of runs since its first, to the power of its own runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Any, Final

import polars as pl

from govlab.drifting.catalog import NAMED
from govlab.drifting.days import Days
from govlab.drifting.model import Key, Verdict
from govlab.drifting.shifts import SETTLED
from govlab.drifting.sightings import Sightings
from govlab.kpi.stats import wilson

__all__ = ["NEW", "new_verdicts"]

NEW: Final = "drift.new"
"""Before the column in whose values something is new."""

_NORMAL = NormalDist()
_LEAST_P: Final = 1e-300
_FEW = 2  # runs of a value below which it may be a chance of its own


@dataclass(frozen=True, slots=True)
class _Runs:
    """How many runs and actions there were on each day."""

    runs: Mapping[date, int]
    events: Mapping[date, int]

    def since(self, day: date) -> tuple[int, int]:
        """The runs and actions from `day` on."""
        return (sum(n for at, n in self.runs.items() if at >= day),
                sum(n for at, n in self.events.items() if at >= day))  # fmt: skip


def new_verdicts(seen: Sightings, days: Days) -> Iterator[Verdict]:
    """The values first seen after the days that are held to be the reference.

    A value is new to a part of the log where other parts know it; what is new to all is told once.
    """
    for column in NAMED:
        rows = seen.of(column)
        if not rows.height:
            continue
        whole = list(_of_part(column, None, rows, seen.of(""), days))
        yield from whole
        new = {found.key.part for found in whole}
        for cut in (cut for cut in seen.cuts if cut != column):
            known = rows.filter(~pl.col("value").is_in(list(new)))
            yield from _of_part(column, cut, known, seen.of(""), days)


def _of_part(
    column: str, cut: str | None, rows: pl.DataFrame, base: pl.DataFrame, days: Days
) -> Iterator[Verdict]:
    at = pl.lit(None, pl.String).alias("at") if cut is None else pl.col(cut).alias("at")
    every = {key: _runs(part) for key, part in _parts(base.with_columns(at))}
    found = rows.lazy().with_columns(at).group_by("at", "value").agg(
        _met().alias("runs"), pl.col("events").sum(), pl.col("day").min().alias("since")
    ).sort("at", "value")  # fmt: skip
    for row in found.collect().iter_rows(named=True):
        verdict = _verdict(Key(f"{NEW}.{column}", cut, row["at"], row["value"]), row,
                           every[row["at"]], days)  # fmt: skip
        if verdict is not None:
            yield verdict


def _met() -> pl.Expr:
    """How many runs; an action that belongs to none is one of its own."""
    alone = pl.col("events").filter(pl.col("run").is_null()).sum()
    return pl.col("run").drop_nulls().n_unique() + alone


def _parts(base: pl.DataFrame) -> Iterator[tuple[str | None, pl.DataFrame]]:
    parts: dict[tuple[Any, ...], pl.DataFrame] = base.partition_by("at", as_dict=True)
    yield from ((key, part) for (key,), part in parts.items())


def _runs(part: pl.DataFrame) -> _Runs:
    daily = part.group_by("day").agg(_met().alias("runs"), pl.col("events").sum())
    rows = daily.rows()
    return _Runs({day: runs for day, runs, _ in rows}, {day: events for day, _, events in rows})


def _verdict(key: Key, row: Mapping[str, Any], all_: _Runs, days: Days) -> Verdict | None:
    start = max(days.first, min(all_.runs))
    settled = days.at(days.place(start) + SETTLED)
    if days.reference is not None:
        settled = days.reference[1]
    since: date = row["since"]
    if since < settled or row["runs"] < _FEW:
        return None
    runs, events = all_.since(since)
    known, _ = all_.since(settled)
    # of the days after the reference: on those before them it was not seen
    p = max((runs / max(known, 1)) ** row["runs"] if since > settled else 1.0, _LEAST_P)
    whole, earlier = sum(all_.events.values()), sum(all_.runs.values()) - known
    p = max(min(p, _unseen(row["runs"], earlier, known)), _LEAST_P)
    low, high = wilson(row["events"], events)
    return Verdict(
        key=key, direction="new", way="changed", unit="share", p=p,
        z=-_NORMAL.inv_cdf(max(p / 2, _LEAST_P)), since=since, first=since, last=since,
        before=0.0, after=row["events"] / events, low=low, high=high, of_before=0,
        among_before=whole - events, of_after=row["events"], among_after=events, spread=1.0,
        held=True,
    )  # fmt: skip


def _unseen(runs: int, earlier: int, later: int) -> float:
    """The chance that none of a value's runs is among the `earlier` ones."""
    share = later / max(earlier + later, 1)
    return float(share**runs)
