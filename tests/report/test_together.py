"""Rows that are alike told once: the same whether they come at once or part by part."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.report.together import Together

RANK = pl.col("decision").replace_strict(["DENY"], [0], default=9)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["DENY", "ALLOW"]),
        st.sampled_from(["a", "b", None]),
        st.sampled_from([(), ("x",), ("x", "y")]),
        st.integers(0, 3),
    ),
    max_size=30,
)
SCHEMA = {"decision": pl.String, "tool": pl.String, "tags": pl.List(pl.String), "log.ts": pl.Int64}
KEYS = ("decision", "tool", "tags")


def together(rows: pl.DataFrame, size: int, most: int | None) -> Together:
    found = Together((RANK,), most)
    for part in rows.iter_slices(size):
        found.take(part, KEYS)
    return found


def told(found: Together) -> list[tuple[object, ...]]:
    first = found.first()
    return first.select(*KEYS, "log.ts", "row", "times").rows() if first.width else []


@given(ROWS, st.integers(1, 9), st.one_of(st.none(), st.integers(1, 4)))
def test_parts_change_nothing(rows: list[tuple[object, ...]], size: int, most: int | None) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    whole, parted = together(frame, 100, most), together(frame, size, most)
    assert told(parted) == told(whole)
    assert (parted.events, parted.kinds) == (whole.events, whole.kinds)
    assert whole.events == len(rows)
    assert whole.kinds == len({row[:3] for row in rows})
    counts = [row[-1] for row in told(together(frame, size, None))]
    assert sum(counts) == len(rows)  # type: ignore[arg-type]


def test_the_order_is_that_of_first_rows() -> None:
    rows = [("ALLOW", "a", (), 1), ("DENY", "b", (), 5), ("DENY", "a", (), 7), ("DENY", "b", (), 0)]
    found = together(pl.DataFrame(rows, schema=SCHEMA, orient="row"), 2, 2)
    assert told(found) == [("DENY", "b", [], 5, 1, 2), ("DENY", "a", [], 7, 2, 1)]
    assert found.kinds == 3


@pytest.mark.parametrize("most", [None, 3])
def test_without_rows_there_is_nothing(most: int | None) -> None:
    found = Together((RANK,), most)
    assert (found.events, found.kinds, found.first().height) == (0, 0, 0)
    found.take(pl.DataFrame(schema=SCHEMA), KEYS)
    assert (found.events, found.kinds, found.first().height) == (0, 0, 0)
