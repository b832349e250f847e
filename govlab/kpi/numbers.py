"""Cells as 64-bit numbers, two of each, of which keys are made: equal cells have equal numbers.

A cell's number hangs on its text alone, not on the dictionary that a piece of a log keeps it in.
"""

from __future__ import annotations

from collections.abc import Iterable

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


def with_numbers(rows: pl.DataFrame, tables: Iterable[KeyTable]) -> pl.DataFrame:
    """`rows`, which `said` gives, with the numbers of what is a key, or a text in a range."""
    wanted = dict.fromkeys(name for table in tables for name in _numbered(rows, table))
    return rows.with_columns(number for name in wanted for number in _numbers(rows[name]))


def _numbered(rows: pl.DataFrame, table: KeyTable) -> list[str]:
    keys = [key for key in table.keys if key != table.exploded]
    ranged = dict.fromkeys(column for column, _ in table.ranges)
    return keys + [name for name in ranged if not rows.schema[name].is_temporal()]


def _numbers(cells: pl.Series) -> list[pl.Series]:
    hashed = _of_texts(cells) if cells.dtype == pl.Categorical else map(cells.hash, SEEDS)
    names = (number_name(cells.name, half) for half in range(len(SEEDS)))
    return [numbers.alias(name) for name, numbers in zip(names, hashed, strict=True)]


def _of_texts(cells: pl.Series) -> list[pl.Series]:
    texts, places = coded(cells)
    return [pl.Series(texts.hash(seed).to_numpy()[places]) for seed in SEEDS]
