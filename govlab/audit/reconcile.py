"""Two logs of the same actions held against each other: what one of them does not have (J13)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from govlab.errors import UsageError, did_you_mean
from govlab.log.collect import collected
from govlab.selection import CHOSEN

__all__ = ["SHOWN", "Reconciled", "reconcile"]

SHOWN = ("event_id", "ts", "run_id", "actor", "tool", "action", "resource")
"""Columns of the events that are listed, beside the keys."""

_ALL, _CHOSEN = pl.lit(True), pl.col(CHOSEN)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of the records of two logs, of those that were chosen.

    `matched` pairs belong together and to none else. `ambiguous` pairs have the keys and the time,
    and so have others: they are paired in the order of time. `pairs` has `left`, `right` (places
    in the logs) and `unique`. `only_left` and `only_right` are the records without a partner,
    `keyless` counts those of them that lack a key, `untimed` those without a time.
    """

    keys: tuple[str, ...]
    within: timedelta | None
    left: int
    right: int
    matched: int
    ambiguous: int
    only_left: pl.DataFrame
    only_right: pl.DataFrame
    keyless: tuple[int, int]
    untimed: tuple[int, int]
    pairs: pl.DataFrame


def reconcile(
    left: pl.LazyFrame,
    right: pl.LazyFrame,
    *,
    keys: Sequence[str],
    within: timedelta | None = timedelta(seconds=2),
    chosen: tuple[pl.Expr, pl.Expr] = (_ALL, _ALL),
) -> Reconciled:
    """The records of `left` and `right`, logs as `scan_log` gives them, matched one to one.

    Two records match where all `keys` are there and equal, and their `ts` are at most `within`
    apart (None: whatever their times). `chosen` says of each log which records are counted and
    listed: all are matched, so that none lacks a partner because that one was left out. Raises
    UsageError for a key that one of them lacks.

    >>> one = pl.LazyFrame({"tool": ["a", "b"]})
    >>> other = pl.LazyFrame({"tool": ["b", "c"]})
    >>> found = reconcile(one, other, keys=["tool"], within=None)
    >>> found.matched, found.only_left["tool"].to_list(), found.only_right["tool"].to_list()
    (1, ['a'], ['c'])
    """
    named = ((left, "LOG"), (right, "INDEPENDENT_LOG"))
    sides = [
        _side(frame, keys, within, name, keep)
        for (frame, name), keep in zip(named, chosen, strict=True)
    ]
    groups = [_groups(rows, keys, within) for rows in sides]
    span = None if within is None else round(within.total_seconds() * 1_000_000)
    shared = sorted(set(groups[0]) & set(groups[1]))
    found = [pair for key in shared for pair in _paired(groups[0][key], groups[1][key], span)]
    met = pl.DataFrame(found, schema=_PAIRS, orient="row")
    counted = sides[0].filter(_CHOSEN).get_column("row")
    pairs = met.filter(pl.col("left").is_in(counted.implode()))
    alone = [
        rows.filter(_CHOSEN)
        .join(met.select(row=side), on="row", how="anti", maintain_order="left")
        .drop(CHOSEN)
        for rows, side in zip(sides, ("left", "right"), strict=True)
    ]
    unique = int(pairs["unique"].sum())
    keyless = pl.any_horizontal(pl.col(key).is_null() for key in keys)
    return Reconciled(
        keys=tuple(keys),
        within=within,
        left=counted.len(),
        right=sides[1].filter(_CHOSEN).height,
        matched=unique,
        ambiguous=pairs.height - unique,
        only_left=alone[0].drop("row"),
        only_right=alone[1].drop("row"),
        keyless=_counted(alone, keyless),
        untimed=_counted(alone, pl.col("ts").is_null()) if within is not None else (0, 0),
        pairs=pairs,
    )


_PAIRS = pl.Schema({"left": pl.Int64, "right": pl.Int64, "unique": pl.Boolean})


def _counted(alone: Sequence[pl.DataFrame], test: pl.Expr) -> tuple[int, int]:
    left, right = (rows.filter(test).height for rows in alone)
    return left, right


def _side(
    frame: pl.LazyFrame, keys: Sequence[str], within: timedelta | None, name: str, keep: pl.Expr
) -> pl.DataFrame:
    have = frame.collect_schema().names()
    for key in (*keys, *(["ts"] if within is not None else [])):
        if key not in have:
            near = did_you_mean(key, have) or "it has " + ", ".join(have[:12])
            cure = "; `--within any` compares without times" if key == "ts" else ""
            raise UsageError(f"{name} has no column `{key}`; {near}{cure}")
    wanted = [n for n in dict.fromkeys((*SHOWN, *keys)) if n in have]
    picked = frame.select(*wanted, keep.alias(CHOSEN))
    rows = collected(picked).with_columns(pl.col(pl.Categorical).cast(pl.String))
    return rows.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))


_Key = tuple[str, ...]
_Times = list[tuple[int, int]]


def _groups(
    rows: pl.DataFrame, keys: Sequence[str], within: timedelta | None
) -> dict[_Key, _Times]:
    """(time, place) of the records with each value of the keys, in order; none without a key."""
    time = pl.lit(0, pl.Int64) if within is None else pl.col("ts").dt.epoch("us")
    texts = [pl.col(key).cast(pl.String) for key in keys]
    named = rows.select(pl.concat_list(texts).alias("key"), time.alias("at"), "row").drop_nulls(
        "at"
    )
    found: dict[_Key, _Times] = {}
    for key, at, row in named.sort("at", "row").iter_rows():
        if None not in key:
            found.setdefault(tuple(key), []).append((at, row))
    return found


def _paired(left: _Times, right: _Times, span: int | None) -> Iterator[tuple[int, int, bool]]:
    """Pairs in the order of time: as many as there can be; unique where there is no other."""
    at = 0
    times = ([t for t, _ in left], [t for t, _ in right])
    for time, row in left:
        while at < len(right) and span is not None and right[at][0] < time - span:
            at += 1
        if at == len(right) or (span is not None and right[at][0] > time + span):
            continue
        choices = _near(times[1], time, span), _near(times[0], right[at][0], span)
        yield row, right[at][1], choices == (1, 1)
        at += 1


def _near(times: Sequence[int], time: int, span: int | None) -> int:
    if span is None:
        return len(times)
    return bisect_right(times, time + span) - bisect_left(times, time - span)
