"""Cells that an adapter made itself, by the hundred thousand, as a table of typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from govlab.log.cells import Cells, framed, series, typed
from govlab.log.conform import COLUMNS
from govlab.log.records import CARRIED

__all__ = ["table"]


def table(
    lines: Sequence[int], cells: Mapping[str, list[Any]], made: frozenset[str] = frozenset()
) -> pl.DataFrame:
    """Columns of cells as a frame of the canonical ones among them, and those of `CARRIED`; `lines`
    are the places of the rows.

    Times are datetimes or microseconds since 1970. A cell that is not of its column's type is null
    and marked malformed, but for the columns in `made`, whose cells need no look.
    """
    columns = [_cells(name, cells[name], name in made) for name in COLUMNS if name in cells]
    columns += [Cells(pl.Series(name, cells[name], pl.String)) for name in CARRIED if name in cells]
    return framed(columns, lines)


def _cells(name: str, values: list[Any], made: bool) -> Cells:
    kind = COLUMNS[name].type
    known = made or kind.name == "timestamp"
    return Cells(series(name, values, kind)) if known else typed(name, values, name)
