"""Shares and numbers of keys: for all of a log only, a key belongs to no one cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from govlab.kpi.keys import Keyed, settled_parts
from govlab.kpi.model import KeyTable, Value
from govlab.kpi.rates import share

__all__ = ["Tallied", "key_counts", "key_rates", "key_states", "key_top", "tallied"]

Cuts = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Tallied:
    """`found` has how many `keys` are alike in all that counts; `lost`: actions nobody can place.

    Of millions of keys with an event each this is one row.
    """

    found: pl.DataFrame
    lost: int


def tallied(keys: Keyed, table: KeyTable) -> Tallied:
    """The keys of all pieces of a log."""
    parts = [_alike(part) for part in settled_parts(keys, table)]
    return Tallied(pl.concat(parts), keys.lost)


def _alike(keys: pl.DataFrame) -> pl.DataFrame:
    counted = pl.exclude("key0", "key1")
    return keys.lazy().group_by(counted).agg(pl.len().cast(pl.Int64).alias("keys")).collect()


def key_states(keys: pl.DataFrame, of: str, among: str) -> pl.DataFrame:
    """Whether each key is `of` and `among`, true, false or unknown: SQL over its counts."""
    return (
        keys.lazy()
        .select(
            pl.sql_expr(of).cast(pl.Boolean).alias("of"),
            pl.sql_expr(among).cast(pl.Boolean).alias("among"),
        )
        .collect()
    )


def key_rates(name: str, keys: Tallied, of: str, among: str, cuts: Cuts) -> Iterator[Value]:
    """The share of keys with `of` among those with `among`."""
    if None not in cuts:
        return
    wanted, base = key_states(keys.found, of, among).get_columns()
    n = _keys(keys, base & wanted)
    d = _keys(keys, base & wanted.is_not_null())
    unsure = _keys(keys, base.is_null()) + _keys(keys, base & wanted.is_null())
    yield share(name, (None, None), n, d, unsure + keys.lost)


def key_counts(name: str, keys: Tallied, of: str, cuts: Cuts) -> Iterator[Value]:
    """The number of keys with `of`; none at all is unknown while any action cannot be placed."""
    if None not in cuts:
        return
    wanted = key_states(keys.found, of, "TRUE")["of"]
    n, unknown = _keys(keys, wanted), _keys(keys, wanted.is_null()) + keys.lost
    yield Value(name, None, None, None if unknown > n else n, n, None, unknown)


def key_top(name: str, keys: Tallied, cuts: Cuts) -> Iterator[Value]:
    """The share of all actions that belong to the key with most of them; it has no interval."""
    if None not in cuts:
        return
    events = keys.found["events"]
    n, d = int(events.max() or 0), int((events * keys.found["keys"]).sum())  # type: ignore[arg-type]  # whole numbers
    value = n / d if d and keys.lost <= d else None
    yield Value(name, None, None, value, n, d, keys.lost)


def _keys(keys: Tallied, state: pl.Series) -> int:
    """How many keys there are of which `state` is true."""
    return int(keys.found["keys"].filter(state.fill_null(value=False)).sum())
