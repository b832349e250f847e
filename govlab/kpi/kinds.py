"""Actions of one kind: alike in every cut and in every term; and how many of them a run has.

Kinds are few and runs are many: a run is left with the numbers of its kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from govlab.kpi.spec import Spec
from govlab.kpi.words import words_of

__all__ = ["Kinds", "kinds_merged", "kinds_of"]

_HALF = 2**32


@dataclass(frozen=True, slots=True)
class Kinds:
    """`table`: cuts and words -> `events`, `alone` (of no run), sums; `runs`: run, kind -> events.

    A `kind` is the number of a row of `table`. Rows of `runs` may stand twice: they add up.
    """

    table: pl.DataFrame
    runs: pl.DataFrame

    @property
    def events(self) -> int:
        """How many actions there are."""
        return int(self.table["events"].sum())

    @property
    def run_count(self) -> int:
        """How many runs there are; a run belongs to its tenant."""
        tenants = self.table["tenant"].to_physical().cast(pl.UInt64).fill_null(_HALF - 1)
        own = self.runs["run"].to_physical().cast(pl.UInt64) * pl.Series([_HALF], dtype=pl.UInt64)
        return int((own + tenants.gather(self.runs["kind"])).n_unique())


def kinds_of(rows: pl.DataFrame, spec: Spec) -> Kinds:
    """The kinds of the actions `rows`, which `said` gives."""
    words = words_of(rows.select(term.name for term in spec.terms), rows.height)
    keys = [*spec.run_cuts, *spec.side_cuts, *words.columns]
    cells = rows.select("run", *spec.run_cuts, *spec.side_cuts, *spec.totals)
    table = _grouped(
        pl.concat([cells, words], how="horizontal"),
        keys,
        [
            pl.len().cast(pl.Int64).alias("events"),
            pl.col("run").is_null().sum().cast(pl.Int64).alias("alone"),
            *(pl.col(name).sum() for name in spec.totals),
        ],
    )
    kinds = _numbers(table)
    runs = rows["run"].gather(kinds["#row"])
    return Kinds(table.drop("#row"), _counted(runs, kinds["kind"]))


def kinds_merged(parts: Sequence[Kinds]) -> Kinds:
    """The kinds of all parts together, each once."""
    together = pl.concat([part.table for part in parts])
    keys = together.columns[: together.columns.index("events")]
    table = _grouped(together, keys, [pl.exclude("#row", *keys).sum()])
    numbers = _numbers(table).sort("#row")["kind"]
    runs, start = [], 0
    for part in parts:
        own = numbers.slice(start, part.table.height)
        runs.append(part.runs.with_columns(kind=own.gather(part.runs["kind"])))
        start += part.table.height
    return Kinds(table.drop("#row"), pl.concat(runs))


def _grouped(rows: pl.DataFrame, keys: Sequence[str], sums: Sequence[pl.Expr]) -> pl.DataFrame:
    """Groups with their sums, and with the numbers of their rows as `#row`."""
    return rows.lazy().with_row_index("#row").group_by(keys).agg(*sums, "#row").collect()


def _numbers(table: pl.DataFrame) -> pl.DataFrame:
    """The `kind` of each `#row`, group by group."""
    numbered = table.lazy().select("#row").with_row_index("kind")
    return numbered.explode("#row").collect()


def _counted(run: pl.Series, kind: pl.Series) -> pl.DataFrame:
    """How many events of which kind each run has: two halves of one number are soon sorted."""
    there = run.is_not_null()
    high = run.to_physical().filter(there).cast(pl.UInt64) * pl.Series([_HALF], dtype=pl.UInt64)
    lengths = (high + kind.filter(there)).sort().rle().struct.unnest()
    own = pl.col("value")
    return lengths.select(
        (own // _HALF).cast(pl.UInt32).cat.to(pl.Categorical()).alias("run"),
        (own % _HALF).cast(pl.UInt32).alias("kind"),
        pl.col("len").cast(pl.UInt32).alias("events"),
    )
