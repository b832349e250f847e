"""The rows behind a figure: those of its numerator, of its denominator, and the unknown (J2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from govlab.assess.reading import columns_read, in_batches, read
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.catalog import FIGURES, spec_of
from govlab.kpi.facts import with_facts
from govlab.kpi.keyrates import key_states
from govlab.kpi.keys import in_keys, keyed, matters, settled
from govlab.kpi.knowledge import Knowledge, Told
from govlab.kpi.model import (
    Count,
    Figure,
    KeyCount,
    KeyRate,
    KeyTop,
    Quantile,
    Rate,
    RunRate,
    Stored,
    Total,
)
from govlab.kpi.partials import said
from govlab.kpi.spec import Spec

__all__ = ["SIDES", "Marks", "Side", "Sieve", "behind", "figure_named", "marked"]

Side = Literal["numerator", "denominator", "unknown", "rest"]
SIDES: tuple[Side, ...] = get_args(Side)
"""`rest` is what the denominator has beyond the numerator."""


def figure_named(name: str) -> Figure:
    """The figure of the catalogue with that id. Raises UsageError where there is none."""
    if name in FIGURES:
        return FIGURES[name]
    hint = did_you_mean(name, FIGURES) or "`govlab scorecard LOG` lists them"
    raise UsageError(f"no figure `{name}`; {hint}")


def behind(
    frame: pl.LazyFrame,
    name: str,
    side: Side,
    *,
    folder: Path | None = None,
    told: Told | None = None,
) -> pl.LazyFrame:
    """The rows of `frame`, a log as `scan_log` gives it, that are behind a side of a figure.

    Of figures of runs or keys these are the actions of the runs or keys; `told` is as for
    `Knowledge.of`. Raises UsageError for a figure or side that does not exist.
    """
    figure = figure_named(name)
    _check(figure, side)
    numerator, denominator, unknown = marked(frame, figure, folder=folder, told=told)
    keep = {
        "numerator": numerator,
        "denominator": denominator,
        "unknown": unknown,
        "rest": denominator & ~numerator,
    }[side].arg_true()
    # by number: a series as a filter would be pushed down into each file of a scan
    numbered = frame.with_row_index("#row")
    return numbered.filter(pl.col("#row").is_in(keep.implode())).drop("#row")


def _check(figure: Figure, side: str) -> None:
    if side not in SIDES:
        raise UsageError(f"`--side {side}`: there is none; use {', '.join(SIDES)}")
    if isinstance(figure.measure, Stored):
        raise UsageError(f"`{figure.id}` is no count of events: {figure.next_step}")
    if isinstance(figure.measure, Quantile) and side in ("numerator", "rest"):
        raise UsageError(
            f"`{figure.id}` is a quantile: it has no numerator; use `--side denominator`"
        )


@dataclass(frozen=True, slots=True)
class Sieve:
    """Tells of each row of a batch on which sides of a figure it is; `keys` are a table's."""

    figure: Figure
    spec: Spec
    known: Knowledge
    keys: pl.DataFrame | None = None

    @staticmethod
    def of(
        frame: pl.LazyFrame, figure: Figure, folder: Path | None = None, told: Told | None = None
    ) -> Sieve:
        """The sieve for `frame`; figures of keys read it for that."""
        spec = spec_of(figure.id, cuts=())
        if spec.tables:
            whole, known = read(frame, spec, folder=folder, told=told)
            (table,) = spec.tables
            return Sieve(figure, spec, known, settled(whole.keys[table.name], table).found)
        empty = with_facts(frame.select(columns_read(frame, spec)).clear())
        return Sieve(figure, spec, Knowledge.of(empty, folder, told=told))

    def rows(self, batch: pl.DataFrame) -> pl.DataFrame:
        """What is said of the rows of `batch`."""
        needed = batch.lazy().select(columns_read(batch.lazy(), self.spec))
        facts = with_facts(needed, self.spec.reads()).collect()
        return said(facts, self.spec, self.known, "UTC")

    def marks(self, rows: pl.DataFrame) -> Marks:
        """Numerator, denominator, unknown; of runs it is told only of rows of whole runs."""
        return _marks(self, rows)


def marked(
    frame: pl.LazyFrame, figure: Figure, *, folder: Path | None = None, told: Told | None = None
) -> Marks:
    """For each row of `frame` whether it is in the numerator, the denominator, the unknown."""
    sieve = Sieve.of(frame, figure, folder, told)
    lazy = frame.select(columns_read(frame, sieve.spec))
    batches = [sieve.rows(batch) for batch in in_batches(lazy, ordered=True)]
    if isinstance(figure.measure, RunRate) or not batches:
        rows = pl.concat(batches) if batches else sieve.rows(lazy.clear().collect())
        return sieve.marks(rows)
    parts = [sieve.marks(rows) for rows in batches]
    numerator, denominator, unknown = (pl.concat(side) for side in zip(*parts, strict=True))
    return numerator, denominator, unknown


Marks = tuple[pl.Series, pl.Series, pl.Series]


def _marks(sieve: Sieve, rows: pl.DataFrame) -> Marks:
    match sieve.figure.measure:
        case Rate(of=of, among=among):
            return _rate(*_states(rows, of, among))
        case RunRate(of=of, among=among):
            return _runs(rows, *_states(rows, of, among))
        case Count(of=of) | Total(among=of):
            (state,) = _states(rows, of)
            yes = state.fill_null(value=False)
            return yes, yes, state.is_null()
        case Quantile():
            return _timed(rows, sieve.spec)
        case KeyRate(of=of, among=among):
            return _keys(rows, sieve, of, among)
        case KeyCount(of=of):
            return _keys(rows, sieve, of, of)
        case KeyTop():
            return _top(rows, sieve)
        case Stored():
            none = pl.repeat(value=False, n=rows.height, eager=True)
            return none, none, none


def _states(rows: pl.DataFrame, *texts: str) -> list[pl.Series]:
    named = [pl.sql_expr(text).cast(pl.Boolean).alias(f"#{n}") for n, text in enumerate(texts)]
    wide = rows.lazy().with_columns(named).select(f"#{n}" for n in range(len(texts)))
    return wide.collect().get_columns()


def _rate(of: pl.Series, among: pl.Series) -> Marks:
    known = (among & of.is_not_null()).fill_null(value=False)
    unsure = among.is_null() | (among & of.is_null()).fill_null(value=False)
    return known & of.fill_null(value=False), known, unsure


def _runs(rows: pl.DataFrame, of: pl.Series, among: pl.Series) -> Marks:
    """The actions of the runs that hold, of those that hold or fail, of those nobody can tell."""
    base = among.fill_null(value=False)
    unsure = (among.is_null() & of.ne_missing(True)) | (base & of.is_null()).fill_null(value=False)
    marks = pl.DataFrame({"a": base, "f": (base & ~of).fill_null(value=False), "u": unsure})
    one = ("tenant", "run")
    states = pl.concat([rows.select(*one), marks], how="horizontal").select(
        pl.col("run").is_not_null().alias("in_run"),
        *(pl.col(name).any().over(one) for name in ("a", "f", "u")),
    )
    in_run, applies, fails, open_ = states.get_columns()
    holds = in_run & applies & ~fails & ~open_
    return holds, holds | (in_run & applies & fails), in_run & open_ & ~fails


def _timed(rows: pl.DataFrame, spec: Spec) -> Marks:
    (quantity,) = spec.quantities
    (among,) = _states(rows, quantity.among)
    times = [name for name in (quantity.start, quantity.end) if name is not None]
    there = rows.select(pl.all_horizontal(pl.col(t).is_not_null() for t in times)).to_series()
    known = among.fill_null(value=False) & there
    return known, known, among.fill_null(value=True) & ~known


def _keys(rows: pl.DataFrame, sieve: Sieve, of: str, among: str) -> Marks:
    """The actions of the keys counted; unknown are the keys' and those that have none."""
    (table,), found = sieve.spec.tables, _found(sieve, rows)
    states = key_states(found, of, among)
    yes = (states["of"] & states["among"]).fill_null(value=False)
    known = (states["among"] & states["of"].is_not_null()).fill_null(value=False)
    open_ = states["among"].fill_null(value=True) & ~known
    numerator, denominator, unsure = (
        in_keys(rows, table, found.filter(mark)) for mark in (yes, known, open_)
    )
    return numerator, denominator, unsure | matters(rows, table)


def _found(sieve: Sieve, rows: pl.DataFrame) -> pl.DataFrame:
    return keyed(rows, sieve.spec.tables[0]).found if sieve.keys is None else sieve.keys


def _top(rows: pl.DataFrame, sieve: Sieve) -> Marks:
    (table,), found = sieve.spec.tables, _found(sieve, rows)
    most = found.filter(pl.col("events") == pl.col("events").max())
    parts = [in_keys(rows, table, keys) for keys in (most, found)]
    return parts[0], parts[1], matters(rows, table)
