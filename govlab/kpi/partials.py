"""A piece of a log reduced to what its figures need; pieces add up in any order (S23).

Actions of one run about which the same is true, false or unknown are one row with a count: that is
all that rates, totals and intervals can depend on. Durations are a table of seconds and counts.
Merging is adding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from govlab.kpi.durations import durations, durations_merged
from govlab.kpi.keys import Keyed, keyed, keys_merged
from govlab.kpi.kinds import Kinds, kinds_merged, kinds_of
from govlab.kpi.knowledge import Knowledge
from govlab.kpi.numbers import with_numbers
from govlab.kpi.spec import RUN_CUTS, SIDE_CUTS, Spec

__all__ = ["Partial", "merge", "partial", "said"]


@dataclass(frozen=True, slots=True)
class Partial:
    """What a piece of a log comes to.

    `durations`: `quantity`, the spec's cuts, `seconds` (null: nobody can tell) -> `events`. `keys`
    by table. `newest` and `oldest` are times of actions.
    """

    kinds: Kinds
    durations: pl.DataFrame
    keys: Mapping[str, Keyed]
    oldest: datetime | None
    newest: datetime | None


def partial(frame: pl.DataFrame, spec: Spec, known: Knowledge, *, tz: str = "UTC") -> Partial:
    """The partial of the actions in `frame`, which has the types that `conform` gives.

    `day` is the date of `ts` in the zone `tz`.
    """
    rows = said(frame, spec, known, tz)
    numbered = rows
    for table in spec.tables:  # tables of all actions share the numbers of their keys
        numbered = with_numbers(numbered, table) if table.among == "any" else numbered
    tables = {table.name: keyed(numbered, table) for table in spec.tables}
    return Partial(kinds_of(rows, spec), durations(rows, spec), tables, *_ends(frame))


def _ends(frame: pl.DataFrame) -> tuple[datetime | None, datetime | None]:
    if "ts" not in frame.columns:
        return None, None
    oldest: Any = frame.get_column("ts").min()
    newest: Any = frame.get_column("ts").max()
    return oldest, newest


def said(frame: pl.DataFrame, spec: Spec, known: Knowledge, tz: str) -> pl.DataFrame:
    """Cuts, run, terms and whatever else is counted, a row an action."""
    have = set(frame.columns)
    terms = frame.lazy().with_columns(
        pl.sql_expr(known.sql(term)).cast(pl.Boolean).alias(term.name) for term in spec.terms
    )
    cuts = [_text(name, have) for name in (*RUN_CUTS[:-1], *SIDE_CUTS)]
    lists = {table.exploded for table in spec.tables if table.exploded}
    ranged = {column for table in spec.tables for column, _ in table.ranges}
    keys = {name for table in spec.tables for name in table.keys} | ranged
    keys -= {*RUN_CUTS, *SIDE_CUTS, "ts", *lists}
    times = {t for q in spec.quantities for t in (q.start, q.end) if t is not None} | {"ts"}
    return terms.select(
        *cuts,
        *([_day(have, tz)] if "day" in spec.run_cuts else []),
        _text("run_id", have).alias("run"),
        *(pl.col(term.name) for term in spec.terms),
        *(_key(name, have) for name in sorted(keys)),
        *(_texts(name, have) for name in sorted(lists)),
        *(_whole(name, have) for name in spec.totals),
        *(_time(name, have) for name in sorted(times)),
    ).collect()


def _text(name: str, have: set[str]) -> pl.Expr:
    kind = pl.Categorical()
    return pl.col(name).cast(kind) if name in have else pl.lit(None, kind).alias(name)


def _key(name: str, have: set[str]) -> pl.Expr:
    return pl.col(name) if name in have else pl.lit(None, pl.String).alias(name)


def _texts(name: str, have: set[str]) -> pl.Expr:
    kind = pl.List(pl.String())
    return pl.col(name).cast(kind) if name in have else pl.lit(None, kind).alias(name)


def _whole(name: str, have: set[str]) -> pl.Expr:
    return (pl.col(name) if name in have else pl.lit(None, pl.Int64).alias(name)).cast(pl.Int64)


def _time(name: str, have: set[str]) -> pl.Expr:
    kind = pl.Datetime("us", "UTC")
    return pl.col(name) if name in have else pl.lit(None, kind).alias(name)


def _day(have: set[str], tz: str) -> pl.Expr:
    return _time("ts", have).dt.convert_time_zone(tz).dt.date().alias("day")


def merge(partials: Sequence[Partial]) -> Partial:
    """The partial of all pieces together, whatever their order and their number."""
    oldest = [p.oldest for p in partials if p.oldest is not None]
    newest = [p.newest for p in partials if p.newest is not None]
    return Partial(
        kinds_merged([p.kinds for p in partials]),
        durations_merged([p.durations for p in partials]),
        {name: keys_merged([p.keys[name] for p in partials]) for name in partials[0].keys},
        min(oldest, default=None),
        max(newest, default=None),
    )
