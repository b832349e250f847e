"""Numbers among bounds: as many reached as comparing with each of them tells."""

from __future__ import annotations

import math
import random

import polars as pl
import pytest

from govlab.backends.columnar.bins import bin_numbers

LEAST, MOST = -(2**63), 2**63 - 1
INTS = [
    LEAST,
    LEAST + 1,
    -(2**40),
    -70_000,
    -3,
    -1,
    0,
    1,
    2,
    5,
    65_535,
    65_536,
    2**33,
    MOST - 1,
    MOST,
]
FLOATS = [-math.inf, -1e308, -2.5, -5e-324, -0.0, 0.0, 5e-324, 0.1, 1.0, math.nextafter(1.0, 2.0),
          399.99, 400.0, 1e308, math.inf]  # fmt: skip


@pytest.mark.parametrize("seed", range(200))
def test_every_bound_that_a_number_reaches_is_counted(seed: int) -> None:
    rng = random.Random(seed)
    values: list[int] | list[float] = INTS if seed % 2 else FLOATS
    bounds = sorted(set(rng.sample(values, rng.randint(1, len(values)))))
    cells = [*values, *rng.choices(values, k=20), None]
    found = bin_numbers(pl.Series(cells), bounds).to_list()
    assert found == [None if c is None else sum(c >= b for b in bounds) for c in cells]


@pytest.mark.parametrize("width", [1, 10, 100_000, 10**12])
def test_bounds_close_together_and_far_apart(width: int) -> None:
    rng = random.Random(width)
    bounds = sorted({rng.randrange(width * 100) for _ in range(100)})
    cells = [rng.randrange(-width, width * 101) for _ in range(5_000)] + bounds
    found = bin_numbers(pl.Series(cells), bounds).to_list()
    assert found == [sum(c >= b for b in bounds) for c in cells]


def test_no_number_reaches_every_bound() -> None:
    """As polars sorts; conditions on it were settled before."""
    assert bin_numbers(pl.Series([math.nan, -math.nan]), [0.5, 2.0]).to_list() == [2, 2]


@pytest.mark.parametrize(
    ("cells", "bounds", "wanted"),
    [
        (pl.Series([0, 1, 2], dtype=pl.Int32), (0.5,), [0, 1, 1]),
        (pl.Series([0, None, 2**64 - 1], dtype=pl.UInt64), (1, 2**63), [0, None, 2]),
        (pl.Series([None, None]), (1,), [None, None]),
    ],
)
def test_cells_of_other_types(
    cells: pl.Series, bounds: tuple[float, ...], wanted: list[int]
) -> None:
    assert bin_numbers(cells, bounds).to_list() == wanted
