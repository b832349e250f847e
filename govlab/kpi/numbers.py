"""Cells as 64-bit numbers, two of each, of which keys are made: equal cells have equal numbers.

A cell's number hangs on its text alone, not on the dictionary that a piece of a log keeps it in.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from govlab.kpi.model import KeyTable
from govlab.kpi.texts import coded

__all__ = ["SEEDS", "factor", "number_name", "with_numbers"]

SEEDS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
"""Of the two numbers of a cell."""


def number_name(column: str, half: int) -> str:
    """The column with the first (0) or the second (1) number of each cell of `column`."""
    return f"#{column}.{half}"


def factor(place: int) -> pl.Expr:
    """What the numbers of the cells at a place of a key are multiplied by: odd, so none is lost."""
    return pl.lit(pow(SEEDS[1], place, 2**64), pl.UInt64)


def with_numbers(rows: pl.DataFrame, table: KeyTable) -> pl.DataFrame:
    """`rows`, which `said` gives, with the numbers of the table's keys, and of texts in ranges.

    Keys have two numbers each; those that stand there already are taken as they are.
    """
    ranged = [column for column, _ in table.ranges if not rows.schema[column].is_temporal()]
    halves = dict.fromkeys(ranged, 1) | dict.fromkeys(table.keys, len(SEEDS))
    new = {
        name: count for name, count in halves.items() if number_name(name, count - 1) not in rows
    }
    return rows.with_columns(
        number.alias(number_name(name, half))
        for name, count in new.items()
        for half, number in enumerate(_numbers(rows[name], SEEDS[:count]))
    )


def _numbers(cells: pl.Series, seeds: Sequence[int]) -> list[pl.Series]:
    if cells.dtype == pl.Categorical:
        return _of_texts(cells, seeds)
    return [cells.hash(seed) for seed in seeds]


def _of_texts(cells: pl.Series, seeds: Sequence[int]) -> list[pl.Series]:
    texts, places = coded(cells)
    return [pl.Series(texts.hash(seed).to_numpy()[places]) for seed in seeds]
