"""The arguments of a batch of rows: kept, cut down to some paths, or left out (J18)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final, Literal

import polars as pl

from govlab.log.cutting import NOTHING, cut
from govlab.log.records import OBJECT
from govlab.runtime.withheld import is_withheld, split_marks, withheld_mark
from govlab.schema import MARKS

__all__ = ["KEEPS", "Keep", "withhold"]

Keep = Literal["paths", "keep", "hash", "drop"]
KEEPS: Final[tuple[Keep, ...]] = ("paths", "keep", "hash", "drop")
"""Some paths; everything; only the digest; not even that."""

_Pair = tuple[str | None, str | None]  # the arguments of a row, its own unknown columns
_Kept = tuple[tuple[str, ...] | None, str]
_UNKNOWN: Final = MARKS[0]


def withhold(frame: pl.DataFrame, keep: Keep, paths: Collection[str]) -> pl.DataFrame:
    """`frame` with what `keep` leaves of `args` and `args_sha256`, and of each row what is unknown.

    Takes the columns it has of `args`, `args_sha256` and `unknown_columns`; gives the same, the
    last always as text. What an earlier ingest left out stays unknown.
    """
    if _UNKNOWN not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.String).alias(_UNKNOWN))
    frame = frame.with_columns(pl.col(_UNKNOWN).cast(pl.String))
    if keep == "drop":
        frame = _without_digest(frame)
    if keep == "keep" or "args" in paths or "args" not in frame.columns:
        return frame
    wanted = tuple(sorted(paths)) if keep == "paths" else None
    objects = _objects(frame) if wanted == () else pl.lit(False)
    text = pl.col("args").cast(pl.String)
    pairs = frame.filter(~objects).select(text, _UNKNOWN).unique(maintain_order=True)
    made = _left(pairs["args"].to_list(), pairs[_UNKNOWN].to_list(), wanted)
    found = pairs.with_columns(
        pl.Series("_args", [text for text, _ in made], pl.String),
        pl.Series("_unknown", [unknown for _, unknown in made], pl.String),
    )
    joined = frame.with_columns(text).join(
        found, on=["args", _UNKNOWN], how="left", nulls_equal=True, maintain_order="left"
    )
    cells = joined.select(
        pl.when(objects).then(pl.lit(NOTHING)).otherwise("_args").alias("args"),
        pl.when(objects).then(pl.lit(_kept(None, ())[1])).otherwise("_unknown").alias(_UNKNOWN),
    )
    return frame.with_columns(cells.get_columns())


def _objects(frame: pl.DataFrame) -> pl.Expr:
    """Which rows hold arguments that their reader saw to be an object, all of it."""
    if OBJECT not in frame.columns:
        return pl.lit(False)
    return pl.col(OBJECT).is_not_null() & pl.col(_UNKNOWN).is_null()


def _left(
    texts: Sequence[str | None], unknown: Sequence[str | None], paths: tuple[str, ...] | None
) -> list[_Pair]:
    """What is left of rows' arguments and what of it is unknown; None as `paths`: nothing."""
    found: list[_Pair] = [(None, marks) for marks in unknown]
    alike: dict[_Kept, list[int]] = {}  # places of arguments of which the same is kept
    for place, (text, marks) in enumerate(zip(texts, unknown, strict=True)):
        if text is not None:
            alike.setdefault(_kept(marks, paths), []).append(place)
    for (kept, marks), places in alike.items():
        some = [texts[place] or "" for place in places]
        left = [None] * len(some) if kept is None else cut(some, kept)
        for place, text in zip(places, left, strict=True):
            found[place] = text, marks
    return found


@lru_cache(maxsize=1024)
def _kept(unknown: str | None, paths: tuple[str, ...] | None) -> _Kept:
    """Of arguments that are there: the paths that are kept, and what is unknown."""
    plain, before = split_marks(unknown)
    if paths is None:
        return None, ",".join([*plain, "args"])
    kept = paths if before is None else _both(paths, before)
    return kept, ",".join([*plain, _mark(kept)])


def _both(paths: tuple[str, ...], before: frozenset[str]) -> tuple[str, ...]:
    """What is kept of what was kept before."""
    here, there = _mark(paths).split(","), withheld_mark(before).split(",")
    found = {name for name in paths if not is_withheld(name, there)}
    return tuple(sorted(found | {name for name in before if not is_withheld(name, here)}))


@lru_cache(maxsize=64)
def _mark(paths: tuple[str, ...]) -> str:
    return withheld_mark(paths)


def _without_digest(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` without digests of arguments; where there was one, it is unknown."""
    if "args_sha256" not in frame.columns:
        return frame
    gone = pl.when(pl.col("args_sha256").is_not_null()).then(pl.lit("args_sha256"))
    marks = pl.concat_str(pl.col(_UNKNOWN), gone, separator=",", ignore_nulls=True)
    return frame.with_columns(
        pl.when(marks != "").then(marks).alias(_UNKNOWN),
        pl.lit(None, pl.String).alias("args_sha256"),
    )
