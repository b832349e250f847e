"""Values read in blocks: the ids that a column of ids would have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.backends.columnar.bins import reached
from govlab.backends.columnar.dictionaries import ABSENT, FIRST, MALFORMED, UNSEEN
from govlab.backends.columnar.layout import Ints
from govlab.backends.columnar.values import Apart, Binned, Coded, Few, Listed, Values

ROWS = st.integers(1, 30)
NEAR = 8


def apart_of(rng: np.random.Generator, height: int) -> Apart:
    """Rows that are absent and malformed, none both."""
    kind = rng.integers(0, 4, height)
    return tuple((np.flatnonzero(kind == at), at) for at in (ABSENT, MALFORMED))


def with_apart(ids: Ints, apart: Apart) -> Ints:
    for rows, number in apart:
        ids[rows] = number
    return ids


def made(kind: str, seed: int, height: int) -> tuple[Values, Ints]:
    """Values of some kind, and the id of each row."""
    rng = np.random.default_rng(seed)
    apart = apart_of(rng, height)
    match kind:
        case "coded":
            place, codes = rng.integers(0, 6, height), rng.permutation(6) + FIRST
            return Coded(place, codes, apart), with_apart(codes[place], apart)
        case "binned":
            cells, bounds = rng.integers(0, 50, height), [3, 9, 30]
            ids = reached(cells, bounds).astype(np.intp) + FIRST
            return Binned(cells, np.asarray, bounds, apart), with_apart(ids, apart)
        case "listed":
            ids = rng.integers(0, 9, height)
            return Listed(ids.astype(np.uint32)), ids
        case _:
            rows = np.flatnonzero(rng.random(height) < 0.5)
            ids = np.zeros(height, np.intp)
            ids[rows] = rng.integers(1, 9, len(rows))
            return Few(rows, ids[rows].astype(np.uint32)), ids


def blocks(height: int) -> Sequence[slice]:
    return [slice(at, min(at + NEAR, height)) for at in range(0, height, NEAR)]


@pytest.mark.parametrize("kind", ["coded", "binned", "listed", "few"])
@given(seed=st.integers(0, 2**32), height=ROWS)
def test_blocks_are_those_of_the_column(kind: str, seed: int, height: int) -> None:
    values, ids = made(kind, seed, height)
    column = np.arange(12) * 7
    read = values.through(column)
    found = np.concatenate([read(some) for some in blocks(height)])
    asked = np.isin(np.arange(height), values.rows) if isinstance(values, Few) else ids >= 0
    assert found[asked].tolist() == column[ids][asked].tolist()
    rows = np.flatnonzero(np.random.default_rng(seed).random(height) < 0.5)
    assert values.of(rows).tolist() == ids[rows].tolist()


@pytest.mark.parametrize("kind", ["coded", "binned", "listed", "few"])
@given(
    seed=st.integers(0, 2**32), height=ROWS, flags=st.lists(st.booleans(), min_size=12, max_size=12)
)
def test_the_rows_of_odd_values_are_named(
    kind: str, seed: int, height: int, flags: list[bool]
) -> None:
    values, ids = made(kind, seed, height)
    rows, found = values.odd(np.array(flags))
    asked = set(values.rows.tolist()) if isinstance(values, Few) else set(range(height))
    told = {(int(row), int(ids[row])) for row in asked if flags[ids[row]]}
    assert sorted(zip(rows.tolist(), found.tolist(), strict=True)) == sorted(told)


def test_what_nobody_met_yet_is_unseen() -> None:
    """A place without a code, one behind the table, and a code that the column has nothing for."""
    codes = np.array([FIRST, UNSEEN, FIRST + 9])
    values = Coded(np.array([0, 1, 2, 7, 7]), codes, ((np.array([4]), ABSENT),))
    column = np.arange(FIRST + 1) * 10
    found = values.through(column)(slice(0, 5))
    assert found.tolist() == [FIRST * 10, UNSEEN, UNSEEN, UNSEEN, 0], "an absent one is known"
