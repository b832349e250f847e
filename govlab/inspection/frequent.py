"""The log's own frequent values: what a bundle would derive missing attributes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from govlab.inspection.model import Fill
from govlab.log.collect import collected

__all__ = ["RESOURCE", "frequent"]

RESOURCE: Final = "resource prefix"
"""The name under which beginnings of `resource` stand."""

_COLUMNS: Final = ("account", "region", "tool", "action", "actor", "server", "system")
_MOST: Final = 12

# how the beginning of a resource is told, most particular first: an ARN up to the first word of
# its name, an address up to its host, a path's first two folders, anything up to its first sign
_BEGINNINGS: Final = (
    r"^(arn:[^:]*:[^:]*:[^:]*:[^:]*:[^/:-]*[/:-]?)",
    r"^([a-z][a-z0-9+.-]*://[^/]+)",
    r"^(/[^/]+/[^/]+/)",
    r"^([^/:.]+[/:.])",
)


def frequent(
    frame: pl.LazyFrame, fills: Mapping[str, Fill]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """The most frequent values of the columns that tell where and by whom an action is done,
    and of the beginnings of `resource`, with the events of each."""
    filled = [name for name in _COLUMNS if fills[name].status in ("filled", "partly")]
    found = {name: _most(frame, pl.col(name).cast(pl.String)) for name in filled}
    if fills["resource"].status in ("filled", "partly"):
        text = pl.col("resource").cast(pl.String)
        begins = pl.coalesce(text.str.extract(pattern) for pattern in _BEGINNINGS)
        found[RESOURCE] = _most(frame, begins)
    return {name: values for name, values in found.items() if values}


def _most(frame: pl.LazyFrame, value: pl.Expr) -> tuple[tuple[str, int], ...]:
    counted = frame.group_by(value.alias("value")).len().drop_nulls("value")
    rows = counted.sort(["len", "value"], descending=[True, False]).head(_MOST)
    return tuple(collected(rows, in_pieces=True).iter_rows())
