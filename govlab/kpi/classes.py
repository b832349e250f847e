"""Actions of which the same is true, false or unknown, as numbered classes, run by run.

Rows of one run stand together: how many actions of a set of classes a run has is a difference of
one running sum, for several sets at once, without grouping again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from govlab.kpi.clusters import Clustered, run_numbers
from govlab.kpi.partials import PER_WORD, WORD, Partial
from govlab.kpi.spec import RUN_CUTS, SIDE_CUTS, Spec

__all__ = ["Classes", "Grouped", "classes_of"]


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a cut counts: `ats` are its values, sorted, of which a `place` is the number.

    `counted` has `place`, `class`, `events` and sums; `clustered` has the same actions by cluster.
    """

    ats: tuple[str | None, ...]
    counted: pl.DataFrame
    clustered: Clustered

    def sums(self, weights: Mapping[str, pl.Series], column: str = "events") -> list[list[int]]:
        """The sum of `column` over the actions of each set of classes, by value of the cut."""
        masks = pl.DataFrame(weights)[self.counted["class"]]
        rows = pl.concat([self.counted.select("place", pl.col(column).alias("#of")), masks],
                         how="horizontal")  # fmt: skip
        added = [pl.col("#of").filter(pl.col(name)).sum().alias(name) for name in weights]
        return self.placed(rows.lazy(), added)

    def placed(self, rows: pl.LazyFrame, sums: Sequence[pl.Expr]) -> list[list[int]]:
        """`sums` over `rows` by `place` as a list each, 0 where there is none."""
        if len(self.ats) == 1:  # nothing to group: a sum is many times faster
            return [[value] for value in rows.select(sums).collect().row(0)]
        table = rows.group_by("place").agg(sums).collect()
        places = table["place"].to_list()
        found = [[0] * len(self.ats) for _ in sums]
        for whole, column in zip(found, table.drop("place").get_columns(), strict=True):
            for place, value in zip(places, column.to_list(), strict=True):
                whole[place] = value
        return found


@dataclass(frozen=True, slots=True)
class Classes:
    """`table` has a row a class and a three-valued column a term.

    `runs` and `sides` are those of the partial with `class` for the words and a number for the
    run, null where an action belongs to none. `counted` are the runs' actions without their runs.
    """

    table: pl.DataFrame
    runs: pl.DataFrame
    sides: Mapping[str, pl.DataFrame]
    counted: pl.DataFrame
    clustered: Clustered
    known: dict[str | None, Grouped] = field(default_factory=dict)

    def states(self, texts: Sequence[str]) -> dict[str, pl.Series]:
        """The state of each class for each of `texts`, SQL over terms."""
        wanted = list(dict.fromkeys(texts))
        named = [pl.sql_expr(text).cast(pl.Boolean).alias(f"#{n}") for n, text in enumerate(wanted)]
        columns = self.table.lazy().with_columns(named).select(f"#{n}" for n in range(len(wanted)))
        return dict(zip(wanted, columns.collect().get_columns(), strict=True))

    def grouped(self, cut: str | None) -> Grouped:
        """What a cut counts; without a cut, all actions under the value null."""
        if cut not in self.known:
            self.known[cut] = self._grouped(cut)
        return self.known[cut]

    def by_day(self, cut: str | None) -> Grouped:
        """What each day of each value of a cut of runs counts: values are `2026-01-31 value`.

        A value that is null or empty is the day alone.
        """
        day = pl.col("day").cast(pl.String)
        at = [day] if cut is None else [day, pl.col(cut).cast(pl.String)]
        joined = pl.concat_str(at, separator=" ", ignore_nulls=True).str.strip_suffix(" ")
        return _grouped(self.counted, joined, self.clustered.by(self.runs, joined))

    def _grouped(self, cut: str | None) -> Grouped:
        if cut in SIDE_CUTS:
            side = self.sides[str(cut)]
            at = pl.col("at")
            return _grouped(side, at, Clustered.of(side, at))
        if cut is None:
            return _grouped(
                self.counted, pl.lit(None, pl.String), replace(self.clustered, words=None)
            )
        at = pl.col("day").dt.truncate("1w") if cut == "week" else pl.col(cut)
        return _grouped(self.counted, at, self.clustered.by(self.runs, at))


def _grouped(rows: pl.DataFrame, at: pl.Expr, clustered: Clustered) -> Grouped:
    """`rows` by the value `at`; the places of `clustered` are those of its own values."""
    counted = rows.lazy().group_by(at.alias("at"), "class").agg(pl.exclude(*_APART).sum())
    values = rows.lazy().select(at.alias("at")).unique()
    named = values.with_columns(pl.col("at").cast(pl.String).alias("text"))
    places = named.sort("text", nulls_last=True).with_row_index("place").collect()
    found = counted.join(places.lazy(), on="at", how="left", nulls_equal=True)
    return Grouped(
        tuple(places["text"].to_list()),
        found.drop("at", "text").collect(),
        clustered.placed(places.select("at", "place")),
    )


_APART = ("run", "class", *RUN_CUTS, "at")


def classes_of(whole: Partial, spec: Spec) -> Classes:
    """The classes of a partial that was made for `spec`."""
    words = [WORD.format(n) for n in range(max(-(-len(spec.terms) // PER_WORD), 1))]
    frames = [whole.runs, *whole.sides.values()]
    each = [frame.lazy().select(words).unique() for frame in frames]
    known = pl.concat(each).unique().collect().with_row_index("class")
    runs = _numbered(whole.runs, known, words)
    sides = {cut: _numbered(side, known, words) for cut, side in whole.sides.items()}
    states = [_state(place).alias(term.name) for place, term in enumerate(spec.terms)]
    cuts = [cut for cut in RUN_CUTS if cut in runs.columns]
    counted = runs.lazy().group_by(*cuts, "class").agg(pl.exclude("run", "class", *cuts).sum())
    apart = runs.select("run", "class", "events", *cuts).sort("run")
    clustered = replace(Clustered.of(apart, None), words={})
    return Classes(known.with_columns(states), apart, sides, counted.collect(), clustered)


def _numbered(frame: pl.DataFrame, known: pl.DataFrame, words: list[str]) -> pl.DataFrame:
    """`frame` with a number for each run of a tenant, and the class for the words."""
    numbered = frame.with_columns(run_numbers(frame).alias("run"))
    return numbered.join(known, on=words, how="left").drop(words)


def _state(place: int) -> pl.Expr:
    word, shift = divmod(place, PER_WORD)
    code = pl.col(WORD.format(word)) // pl.lit(4**shift, pl.UInt64) % 4
    return pl.when(code == 2).then(None).otherwise(code == 1)
