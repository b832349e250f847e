"""Agents, tools and actions: how often, how dangerous, how they ended, since when."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from govlab.inspection.model import Actor, Of
from govlab.log.collect import collected

__all__ = ["FAILED", "PRODUCTION", "actors"]

PRODUCTION: Final = ("production", "prod", "prd", "live")
"""Words for the production environment."""
FAILED: Final = ("error", "timeout", "dlq")
"""Outcomes that are failures; what was blocked is none."""

# a share: the column that tells, and of which of its events it is true
_SHARES: Final = {
    "destructive": ("destructive", pl.col("destructive")),
    "production": (
        "env",
        pl.col("env").cast(pl.String).str.to_lowercase().is_in(list(PRODUCTION)),
    ),
    "failed": ("outcome", pl.col("outcome").cast(pl.String).is_in(list(FAILED))),
    "denied": ("decision", pl.col("decision").cast(pl.String) == "DENY"),
}


def actors(frame: pl.LazyFrame, column: str, most: int = 10) -> tuple[tuple[Actor, ...], int]:
    """The `most` frequent values of `column` with what is known of their events, and how many
    values there are; nothing where the log has no such column or it is empty throughout."""
    have = frame.collect_schema().names()
    if column not in have:
        return (), 0
    cells = [pl.len().alias("events")]
    for name, (told_by, true) in _SHARES.items():
        if told_by in have:
            cells += [true.sum().alias(name), pl.col(told_by).count().alias(f"{name}_of")]
    if "run_id" in have:
        cells.append(pl.col("run_id").drop_nulls().n_unique().alias("runs"))
    if "ts" in have:
        cells += [pl.col("ts").min().alias("first"), pl.col("ts").max().alias("last")]
    rows = frame.group_by(pl.col(column).alias("name")).agg(cells)
    rows = rows.with_columns(pl.col("name").cast(pl.String)).drop_nulls("name")
    found = collected(rows, in_pieces=True).sort(["events", "name"], descending=[True, False])
    return tuple(_actor(row) for row in found.head(most).to_dicts()), found.height


def _actor(row: dict[str, Any]) -> Actor:
    def of(name: str) -> Of:
        return Of(row.get(name, 0), row.get(f"{name}_of", 0))

    return Actor(
        name=row["name"],
        events=row["events"],
        runs=row.get("runs"),
        destructive=of("destructive"),
        production=of("production"),
        failed=of("failed"),
        denied=of("denied"),
        first=row.get("first"),
        last=row.get("last"),
    )
