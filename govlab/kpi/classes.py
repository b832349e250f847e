"""Actions of which the same is true, false or unknown, as numbered classes, and what cuts count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from govlab.kpi.clusters import Clustered, Codes, Mask, Runs, Starts, Sums, added
from govlab.kpi.kinds import Kinds
from govlab.kpi.spec import Spec
from govlab.kpi.words import state_of, word_names

__all__ = ["Classes", "Grouped", "classes_of"]


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a cut counts: `ats` are its values, sorted, of which a place is the number.

    `classes` and `columns` are rows of actions, those of a place together, which start at `starts`.
    `clustered` are the runs' parts; `placed` gives the place of each place of theirs.
    """

    ats: tuple[str | None, ...]
    classes: Codes
    columns: Mapping[str, Sums]
    starts: Starts
    clustered: Clustered
    placed: Codes

    def sums(self, sets: Sequence[Mask], column: str = "events") -> list[list[int]]:
        """The sum of `column` over the actions of each set of classes, by value of the cut."""
        values = self.columns[column]
        return [added(values * one[self.classes], self.starts).tolist() for one in sets]

    def folded(self, sums: Sums) -> list[int]:
        """Sums by place of the clusters as sums by value of the cut."""
        found = np.zeros(len(self.ats), np.int64)
        np.add.at(found, self.placed[self.clustered.places], sums)
        return list(map(int, found))


@dataclass(frozen=True, slots=True)
class Classes:
    """`table` has a row a class and a three-valued column a term.

    `kinds` are those of the partial, with the class of each; `runs` are its runs. `whole` are the
    clusters of those cuts that part no run, by what all of these are: `shared`.
    """

    table: pl.DataFrame
    kinds: pl.DataFrame
    runs: Runs
    whole: Clustered
    shared: pl.DataFrame
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
            self.known[cut] = self._grouped(_at(cut), [] if cut is None else [_column(cut)])
        return self.known[cut]

    def by_day(self, cut: str | None) -> Grouped:
        """What each day of each value of a cut of runs counts: values are `2026-01-31 value`.

        A value that is null or empty is the day alone.
        """
        day = pl.col("day").cast(pl.String)
        at = [day] if cut is None else [day, pl.col(cut).cast(pl.String)]
        joined = pl.concat_str(at, separator=" ", ignore_nulls=True).str.strip_suffix(" ")
        return self._grouped(joined, ["day"] if cut is None else ["day", cut])

    def _grouped(self, at: pl.Expr, cuts: Sequence[str]) -> Grouped:
        """What the values `at` count, which are made of `cuts`."""
        ats, places = _placed(self.kinds, at)
        if set(cuts) <= set(self.shared.columns):
            placed = places[self.shared["kind"].to_numpy()]
            return Grouped(ats, *_counted(self.kinds, places), self.whole, placed)
        clustered = self.runs.clustered(places, self.kinds["class"].to_numpy())
        placed = np.arange(len(ats), dtype=np.uint32)
        return Grouped(ats, *_counted(self.kinds, places), clustered, placed)


def classes_of(whole: Kinds, spec: Spec) -> Classes:
    """The classes of kinds that were made for `spec`."""
    words = word_names(len(spec.terms))
    sorted_ = _sorted(whole, ["tenant", *spec.side_cuts[:1]])
    known = sorted_.table.select(words).unique().with_row_index("class")
    kinds = sorted_.table.join(known, on=words, how="left", maintain_order="left").drop(words)
    states = [state_of(place).alias(term.name) for place, term in enumerate(spec.terms)]
    runs, cuts = Runs.of(sorted_), list(spec.run_cuts)
    shared, places = _shared(kinds, cuts)
    if runs.parted(places):
        cuts = [cut for cut in cuts if not runs.parted(_placed(kinds, pl.col(cut))[1])]
        shared, places = _shared(kinds, cuts)
    clustered = runs.clustered(places, kinds["class"].to_numpy())
    return Classes(known.select(states), kinds, runs, clustered, shared)


def _sorted(whole: Kinds, cuts: Sequence[str]) -> Kinds:
    """With the kinds sorted by `cuts`: the runs' parts in those stand together then."""
    table = whole.table.with_row_index("#old").sort(cuts, nulls_last=True)
    numbers = table.select("#old").with_row_index("kind").sort("#old")["kind"]
    runs = whole.runs.with_columns(kind=numbers.gather(whole.runs["kind"]))
    return Kinds(table.drop("#old"), runs)


def _shared(kinds: pl.DataFrame, cuts: Sequence[str]) -> tuple[pl.DataFrame, Codes]:
    """What kinds are in all of `cuts`, with a `kind` that is so, and the number of that by kind."""
    rows = kinds.select(cuts).with_row_index("kind")
    shared = rows.group_by(cuts).agg(pl.col("kind").first()).with_row_index("place")
    placed = rows.join(shared, on=cuts, how="left", nulls_equal=True, maintain_order="left")
    return shared, placed["place"].to_numpy()


def _placed(kinds: pl.DataFrame, at: pl.Expr) -> tuple[tuple[str | None, ...], Codes]:
    """The values `at`, sorted, the unknown last, and the number of that of each kind."""
    own = kinds.with_columns(at.cast(pl.String).alias("at")).select("at")
    values = own.unique().sort("at", nulls_last=True).with_row_index("place")
    placed = own.join(values, on="at", how="left", nulls_equal=True, maintain_order="left")
    return tuple(values["at"].to_list()), placed["place"].to_numpy()


def _at(cut: str | None) -> pl.Expr:
    match cut:
        case None:
            return pl.lit(None, pl.String)
        case "week":
            return pl.col("day").dt.truncate("1w")
        case name:
            return pl.col(name)


def _column(cut: str) -> str:
    return "day" if cut == "week" else cut


def _counted(kinds: pl.DataFrame, places: Codes) -> tuple[Codes, dict[str, Sums], Starts]:
    """How many actions of which class each place has, with their sums, and where it starts."""
    summed = [name for name, kind in kinds.schema.items() if kind == pl.Int64]
    rows = kinds.select("class", *summed, pl.Series("place", places))
    counted = rows.group_by("place", "class").agg(pl.col(summed).sum()).sort("place")
    starts = counted.with_row_index("at").group_by("place", maintain_order=True).first()["at"]
    columns = {name: counted[name].to_numpy() for name in summed}
    return counted["class"].to_numpy(), columns, starts.cast(pl.Int64).to_numpy()
