"""What to keep in mind about the numbers of a replay."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from govlab.bundle import Bundle
from govlab.cube.model import Cube
from govlab.plan import Plan

__all__ = ["assumed_notes", "copies_notes", "cube_note"]


def assumed_notes(bundle: Bundle, plan: Plan) -> Iterator[str]:
    """What the numbers take for granted."""
    if plan.has_history():
        yield (
            "the bundle reads history: decided event by event on the scalar engine, in the order "
            "of `ts`, run, step and id; production counts events as they arrive"
        )
    yield from (f"assumption: {assumption}" for assumption in bundle.assumptions)
    lookups = [k.name for member in bundle.chain() for k in member.lookups]
    if lookups:
        yield f"lookups ({', '.join(lookups)}) are as of this bundle, applied to the whole log"


def copies_notes(log: pl.LazyFrame) -> Iterator[str]:
    """What a table that was not ingested may hold: ids that stand in more than one row."""
    have = log.collect_schema().names()
    if "event_id" not in have or "source_format" in have:
        return
    ids = log.select(pl.col("event_id").drop_nulls().hash())  # 8 bytes each, however long they are
    if copies := ids.select(pl.len() - pl.first().n_unique()).collect(engine="streaming").item():
        yield (
            f"{copies:,} rows have the `event_id` of another and are counted too; "
            "`govlab ingest` drops copies and keeps contradictions apart"
        )


def cube_note(cube: Cube) -> str:
    """What was read in place of a log."""
    return (
        f"read from a cube: {cube.events:,} events in {cube.classes:,} classes; "
        "it counts as its log does and holds no single events"
    )
