"""What was seen on which day: the values of columns, counted by day and run (pieces add up).

Numbers are seen by their power of two, so that any pieces of a log fall into the same bins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["Sightings", "first_of_bin", "sighted"]

_TIME: Final = pl.Datetime("us", "UTC")
_TEXT: Final = pl.Categorical()
_REST: Final = {"run": pl.UInt64(), "day": pl.Date(), "events": pl.Int64(), "first": _TIME,
                "last": _TIME}  # fmt: skip
_SUMS: Final = [(name, name) for name in ("events", "first", "last")]
_NONE: Final = "none"  # how a number that is not above 0 is seen


@dataclass(frozen=True, slots=True)
class Sightings:
    """By column: `value`, `run` (null: belongs to none), `day`, the cuts -> `events`, and the times
    `first` and `last`. Values that are missing are not there; all actions are under `""`.
    """

    columns: Mapping[str, pl.DataFrame]
    cuts: tuple[str, ...]

    @staticmethod
    def merged(pieces: Sequence[Sightings], cuts: tuple[str, ...]) -> Sightings:
        """The sightings of all pieces together, whatever their order and their number."""
        names = dict.fromkeys(name for piece in pieces for name in piece.columns)
        found = {name: [p.columns[name] for p in pieces if name in p.columns] for name in names}
        return Sightings({name: _added(frames) for name, frames in found.items()}, cuts)

    def of(self, column: str) -> pl.DataFrame:
        """What was seen of one column, texts as such; of all actions under `""`."""
        if column not in self.columns:
            texts = ("value", *self.cuts)
            return pl.DataFrame(schema={**dict.fromkeys(texts, pl.String()), **_REST})
        return self.columns[column].with_columns(pl.col("value", *self.cuts).cast(pl.String))


def _added(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    if len(frames) == 1:
        return frames[0]
    together = pl.concat(frames).lazy().group_by(pl.exclude("events", "first", "last"))
    return together.agg(
        pl.col("events").sum(), pl.col("first").min(), pl.col("last").max()
    ).collect()


def sighted(
    batch: pl.DataFrame, columns: Sequence[str], cuts: tuple[str, ...], *, tz: str
) -> Sightings:
    """What is seen of `columns` in `batch`, which has `ts`; days are those of the zone `tz`."""
    have = set(batch.columns)
    looked = [name for name in columns if name in have]
    day = pl.col("ts").dt.convert_time_zone(tz).dt.date().alias("#day")
    parts = [_kept(name, have).alias(f"#{name}") for name in cuts]
    timed = batch.lazy().filter(pl.col("ts").is_not_null())
    base = timed.with_columns(day, _run(have), *parts).collect()
    return Sightings({name: _of_column(name, base, cuts) for name in ("", *looked)}, cuts)


def _of_column(name: str, base: pl.DataFrame, cuts: tuple[str, ...]) -> pl.DataFrame:
    """Grouped by the codes of dictionaries."""
    keys = {"value": "value", "#run": "run", "#day": "day", **{f"#{cut}": cut for cut in cuts}}
    times = (pl.col("ts").min().alias("first"), pl.col("ts").max().alias("last"))
    return (
        base.lazy()
        .with_columns(_value(name, base.schema).cast(_TEXT).alias("value"))
        .filter(pl.col("value").is_not_null())
        .group_by(list(keys))
        .agg(pl.len().cast(pl.Int64).alias("events"), *times)
        .select(pl.col(old).alias(new) for old, new in [*keys.items(), *_SUMS])
        .collect()
    )


def first_of_bin(value: str) -> float:
    """The least number that is seen as `value`.

    >>> first_of_bin("3"), first_of_bin("none")
    (8.0, 0.0)
    """
    return 0.0 if value == _NONE else 2.0 ** int(value)


def _run(have: set[str]) -> pl.Expr:
    """A number for each run of a tenant; null where an action belongs to none."""
    if "run_id" not in have:
        return pl.lit(None, pl.UInt64).alias("#run")
    parts = pl.struct(_text("tenant", have).alias("t"), _text("run_id", have).alias("r"))
    return pl.when(pl.col("run_id").is_not_null()).then(parts.hash(7)).alias("#run")


def _text(name: str, have: set[str]) -> pl.Expr:
    return pl.col(name).cast(pl.String) if name in have else pl.lit(None, pl.String)


def _kept(name: str, have: set[str]) -> pl.Expr:
    return pl.col(name).cast(_TEXT) if name in have else pl.lit(None, _TEXT)


def _value(name: str, schema: pl.Schema) -> pl.Expr:
    if not name:
        return pl.lit("")
    if schema[name].is_numeric():
        number = pl.col(name).cast(pl.Float64)
        power = number.log(2).floor().cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(number > 0).then(power).otherwise(
            pl.when(number.is_not_null()).then(pl.lit(_NONE)))  # fmt: skip
    return pl.col(name).cast(pl.String) if schema[name] == pl.Boolean else pl.col(name)
