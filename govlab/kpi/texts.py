"""What is made of a text is made once for each distinct one: a dictionary has few."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Made", "Places", "by_text", "coded"]

Places = NDArray[np.uint32]
Made = Callable[[pl.Series], Sequence[pl.Series]]


def by_text(cells: pl.Series, made: Made) -> list[pl.Series]:
    """What `made` makes of the distinct texts of `cells`, null among them, for each cell.

    >>> cells = pl.Series(["a", "bb", None, "a"]).cast(pl.Categorical)
    >>> by_text(cells, lambda texts: [texts.str.len_chars()])[0].to_list()
    [1, 2, None, 1]
    """
    distinct, places = coded(cells) if cells.dtype == pl.Categorical else _plain(cells)
    return [of.gather(pl.Series(places)) for of in made(distinct)]


def coded(cells: pl.Series) -> tuple[pl.Series, Places]:
    """The texts of the codes that occur, null if any is, and the place of each cell's."""
    codes = (cells.to_physical() + 1).fill_null(0).to_numpy()  # null has 0
    seen = np.zeros(int(codes.max(initial=0)) + 1, np.bool_)
    seen[codes] = True
    own = np.flatnonzero(seen)
    places = np.zeros(len(seen), np.uint32)
    places[own] = np.arange(len(own))
    known = pl.Series([None if code == 0 else code - 1 for code in own.tolist()], dtype=pl.UInt32)
    return known.cat.to(cells.dtype).cast(pl.String), places[codes]


def _plain(cells: pl.Series) -> tuple[pl.Series, Places]:
    distinct = cells.unique()
    known = pl.DataFrame({"text": distinct}).with_row_index("place")
    named = cells.to_frame("text")
    placed = named.join(known, on="text", how="left", nulls_equal=True, maintain_order="left")
    return distinct.cast(pl.String), placed["place"].to_numpy()
