"""What must be found twice: actions grouped by keys, key by key, that add up over pieces.

A key is two independent 64-bit numbers of its parts: ten million of them fit, and two keys share
both numbers in none of 10^20 logs. They are stable within one version of polars only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
import polars as pl

from govlab.kpi.model import KeyTable
from govlab.kpi.numbers import factor, number_name, with_numbers

__all__ = ["Keyed", "in_keys", "keyed", "keys_merged", "matters", "settled", "settled_parts"]

_KEY = ["key0", "key1"]
_PART = 2**20  # keys that are added up at once
_EVENTS = pl.len().cast(pl.UInt32).alias("events")


@dataclass(frozen=True, slots=True)
class Keyed:
    """`found`: `key0`, `key1` -> `events`, counts, ranges. `lost`: actions nobody can place.

    `apart` are actions of keys that count for nothing as far as this piece tells: another piece
    may tell otherwise. Rows of a table of which only events count may be of one key.
    """

    found: pl.DataFrame
    lost: int
    apart: pl.DataFrame | None = None


def keyed(rows: pl.DataFrame, table: KeyTable) -> Keyed:
    """The keys of `table` among `rows`, which `said` gives, with or without numbers beside."""
    placed = with_numbers(_placed(rows.lazy(), table).select(_needed(rows, table)).collect(), table)
    plain = placed.select(*_keys(table), *_counted(placed, table))
    lost = int(rows.lazy().select(_lost(table).sum()).collect().item())
    if _is_plain(table):  # hardly a key comes twice: to look for it costs more than it saves
        return Keyed(plain.with_columns(pl.lit(1, pl.UInt32).alias("events")), lost)
    if table.only is None:
        return Keyed(_grouped(plain, table), lost)
    among = _among(plain, plain[_KEY[0]].filter(plain[table.only]))
    return Keyed(_grouped(plain.filter(among), table), lost, plain.filter(~among))


def settled(keys: Keyed, table: KeyTable) -> Keyed:
    """`keys` of all pieces, a row a key, with those actions that other pieces let count."""
    if keys.apart is not None and keys.apart.height:
        more = keys.apart.filter(_among(keys.apart, keys.found[_KEY[0]]))
        keys = keys_merged([Keyed(keys.found, keys.lost), Keyed(_grouped(more, table), 0)])
    return replace(keys, found=_added(keys.found), apart=None)


def settled_parts(keys: Keyed, table: KeyTable) -> Iterator[pl.DataFrame]:
    """`found` of `settled`, part by part, so that of many keys only some are in memory."""
    if not _is_plain(table):
        yield settled(keys, table).found
        return
    halves = keys.found[_KEY[0]].sort()  # what comes once needs no adding up
    again = _among(keys.found, halves.filter(halves == halves.shift()))
    yield keys.found.filter(~again).with_columns(pl.col("events").cast(pl.Int64))
    often = keys.found.filter(again)
    count = often.height // _PART + 1
    for part in range(count):
        yield _added(often.filter(pl.col(_KEY[0]) % count == part))


def _is_plain(table: KeyTable) -> bool:
    """Whether of its keys only the number of actions counts."""
    return not table.counts and not table.ranges and table.only is None


def _among(rows: pl.DataFrame, halves: pl.Series) -> pl.Series:
    """Which rows may be of a key with one of `halves`: a few bits of it leave hardly any other."""
    bits = min(len(halves).bit_length() + 6, 26)
    marks = np.zeros(2**bits, np.bool_)
    marks[halves.to_numpy() >> np.uint64(64 - bits)] = True
    return pl.Series(marks[rows[_KEY[0]].to_numpy() >> np.uint64(64 - bits)])


def _needed(rows: pl.DataFrame, table: KeyTable) -> list[str]:
    """The columns of `rows` that keys, counts and ranges are made of."""
    numbers = {number_name(name, half) for name in table.keys for half in range(len(_KEY))}
    numbers |= {number_name(column, 0) for column, _ in table.ranges}
    keys = (name for name in table.keys if number_name(name, 1) not in rows)
    ranged = (name for pair in table.ranges for name in pair)
    named = {*keys, *table.counts, *ranged, table.only, *numbers}
    return [name for name in rows.columns if name in named]


def _counted(rows: pl.DataFrame, table: KeyTable) -> list[pl.Expr]:
    """The terms and the columns of ranges, as they are added up.

    Of texts only whether they are one and the same is asked: a number each will do.
    """
    ranged = (term for _, term in table.ranges)
    terms = dict.fromkeys(t for t in (*table.counts, *ranged, table.only) if t is not None)
    columns = dict.fromkeys(column for column, _ in table.ranges)
    return [pl.col(term) for term in terms] + [_ranged(column, rows) for column in columns]


def _ranged(column: str, rows: pl.DataFrame) -> pl.Expr:
    if rows.schema[column].is_temporal():
        return pl.col(column)
    return pl.when(pl.col(column).is_not_null()).then(number_name(column, 0)).alias(column)


def _grouped(plain: pl.DataFrame, table: KeyTable) -> pl.DataFrame:
    return plain.lazy().group_by(_KEY).agg(*_sums(table), *_ranges(table)).collect()


def _placed(rows: pl.LazyFrame, table: KeyTable) -> pl.LazyFrame:
    """The rows that are of a key for sure, once for each key that they are of."""
    kept = rows.filter(pl.sql_expr(table.among), _there(table))
    if table.exploded is None:
        return kept
    return kept.explode(table.exploded).filter(pl.col(table.exploded).is_not_null())


def _there(table: KeyTable) -> pl.Expr:
    needed = [key for key in table.keys if key not in table.optional]
    return pl.all_horizontal(pl.lit(value=True), *(pl.col(key).is_not_null() for key in needed))


def matters(rows: pl.DataFrame, table: KeyTable) -> pl.Series:
    """Of which rows nobody can tell to which key they belong, or whether to any."""
    marked = rows.lazy().with_columns(_lost(table).alias("#lost"))
    return marked.select("#lost").collect().to_series()


def _lost(table: KeyTable) -> pl.Expr:
    counted = pl.sql_expr(table.among) & pl.sql_expr(table.bears)
    lost = counted.fill_null(value=True) & (~_there(table) | counted.is_null())
    return lost.fill_null(value=False)


def in_keys(rows: pl.DataFrame, table: KeyTable, keys: pl.DataFrame) -> pl.Series:
    """Which rows, of those that `keyed` takes, belong to one of `keys`, rows of `found`."""
    placed = _placed(rows.with_row_index("#row").lazy(), table)
    numbered = with_numbers(placed.select("#row", *_needed(rows, table)).collect(), table)
    hashed = numbered.lazy().select("#row", *_keys(table))
    found = hashed.join(keys.lazy().select(_KEY), on=_KEY, how="semi").collect()["#row"]
    return pl.int_range(rows.height, dtype=pl.UInt32, eager=True).is_in(found.implode())


def _keys(table: KeyTable) -> list[pl.Expr]:
    """Both numbers of the key; equal parts in other places do not come to the same."""
    return [
        reduce(add, (pl.col(number_name(key, half)) * factor(at)
                     for at, key in enumerate(table.keys))).alias(name)
        for half, name in enumerate(_KEY)
    ]  # fmt: skip


def _sums(table: KeyTable) -> list[pl.Expr]:
    counts = [pl.col(term).sum().cast(pl.UInt32) for term in table.counts]
    unknown = [
        pl.col(term).is_null().sum().cast(pl.UInt32).alias(f"unknown_{term}")
        for term in table.counts
    ]
    return [_EVENTS, *counts, *unknown]


def _ranges(table: KeyTable) -> list[pl.Expr]:
    found = []
    for column, term in table.ranges:
        of = pl.col(column).filter(pl.col(term))
        found.append(of.min().alias(f"least_{column}_{term}"))
        found.append(of.max().alias(f"most_{column}_{term}"))
    return found


def keys_merged(pieces: Sequence[Keyed]) -> Keyed:
    """The keys of all pieces together; those that come in several stand there several times."""
    found = pl.concat([piece.found for piece in pieces])
    apart = [piece.apart for piece in pieces if piece.apart is not None]
    return Keyed(found, sum(p.lost for p in pieces), pl.concat(apart) if apart else None)


def _added(found: pl.DataFrame) -> pl.DataFrame:
    adds = [_merged(name) for name in found.columns[len(_KEY) :]]
    return found.group_by(_KEY).agg(adds)


def _merged(name: str) -> pl.Expr:
    if name.startswith("least_"):
        return pl.col(name).min()
    if name.startswith("most_"):
        return pl.col(name).max()
    return pl.col(name).cast(pl.Int64).sum()
