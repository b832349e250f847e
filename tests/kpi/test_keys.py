"""Keys of pieces come to the keys of the whole, whatever dictionary a piece keeps its texts in."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.kpi.keys import Keyed, keyed, keys_merged, settled, settled_parts
from govlab.kpi.model import KeyTable
from govlab.kpi.numbers import number_name, with_numbers

PLAIN = KeyTable("plain", ("tenant", "run_id"), "any")
ONLY = KeyTable("only", ("tenant", "run_id"), "any", ("denied",), (("ts", "any"),), only="denied")
COUNTS = ["events", "denied", "least_ts_any", "most_ts_any"]

_rows = st.lists(
    st.fixed_dictionaries(
        {
            "tenant": st.sampled_from(["a", "b", None]),
            "run_id": st.sampled_from(["a", "b", "c", None]),
            "any": st.just(value=True),
            "denied": st.sampled_from([True, False, False, None]),
            "ts": st.integers(0, 9),
        }
    ),
    max_size=30,
)
_SCHEMA = {"tenant": pl.String, "run_id": pl.String, "any": pl.Boolean, "denied": pl.Boolean,
           "ts": pl.Datetime("us", "UTC")}  # fmt: skip


def frame_of(rows: list[dict[str, Any]], kind: pl.DataType) -> pl.DataFrame:
    made = pl.DataFrame(rows, schema={**_SCHEMA, "ts": pl.Int64}).cast({"ts": _SCHEMA["ts"]})
    return made.with_columns(pl.col("tenant").cast(kind))


def counted(keys: pl.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted(keys.select(columns).rows(), key=repr)


@given(_rows, st.lists(st.integers(0, 30), max_size=3), st.booleans())
def test_keys_of_pieces_add_up_to_those_of_the_whole(
    rows: list[dict[str, Any]], ends: list[int], coded: bool
) -> None:
    kinds = [pl.String(), pl.Categorical() if coded else pl.String()]
    starts = [0, *sorted(ends), len(rows)]
    parts = [
        keyed(frame_of(rows[a:b], kinds[n % 2]), ONLY) for n, (a, b) in enumerate(pairwise(starts))
    ]
    found = settled(keys_merged(parts), ONLY).found.filter(pl.col("denied") > 0)
    whole = [r for r in rows if r["run_id"] is not None]
    groups = {
        key: [r for r in whole if (r["tenant"], r["run_id"]) == key]
        for key in {(r["tenant"], r["run_id"]) for r in whole if r["denied"]}
    }
    wanted = [
        (len(g), sum(r["denied"] is True for r in g), min(r["ts"] for r in g),
         max(r["ts"] for r in g))
        for g in groups.values()
    ]  # fmt: skip
    times = pl.col("least_ts_any", "most_ts_any").dt.epoch("us")
    assert counted(found.with_columns(times), COUNTS) == sorted(wanted, key=repr)


@given(_rows, _rows)
def test_keys_that_come_once_and_often_are_all_there(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    keys = keys_merged([keyed(frame_of(rows, pl.String()), PLAIN) for rows in (first, second)])
    parts = pl.concat(list(settled_parts(keys, PLAIN)))
    assert parts.select("key0", "key1").is_unique().all()
    assert counted(parts, parts.columns) == counted(settled(keys, PLAIN).found, parts.columns)


def test_halves_of_keys_that_are_alike_do_not_make_one_key() -> None:
    rows = {"key0": [7, 7, 7, 9], "key1": [1, 2, 1, 1], "events": [1, 1, 1, 1]}
    schema = {"key0": pl.UInt64, "key1": pl.UInt64, "events": pl.UInt32}
    (once, often) = settled_parts(Keyed(pl.DataFrame(rows, schema=schema), 0), PLAIN)
    assert counted(pl.concat([once, often]), ["key0", "key1", "events"]) == [
        (7, 1, 2), (7, 2, 1), (9, 1, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [pl.String(), pl.Categorical()], ids=str)
def test_equal_texts_have_equal_numbers_in_every_place(kind: pl.DataType) -> None:
    pl.Series(["shifts", "the", "codes"]).cast(pl.Categorical())
    rows = pl.DataFrame({"tenant": ["a", None, "b"], "run_id": ["b", "b", "a"]})
    plain = with_numbers(rows, PLAIN)
    other = with_numbers(rows.with_columns(pl.all().cast(kind)), PLAIN)
    numbers = [number_name(name, half) for name in PLAIN.keys for half in (0, 1)]
    assert other.select(numbers).equals(plain.select(numbers))
    assert plain[number_name("tenant", 0)].n_unique() == 3


def test_equal_parts_in_other_places_are_other_keys() -> None:
    rows = frame_of(
        [{"tenant": t, "run_id": r, "any": True, "denied": None, "ts": 0} for t, r in ("ab", "ba")],
        pl.String(),
    )
    assert settled(keyed(rows, PLAIN), PLAIN).found.height == 2
