"""Events decided one after another by the scalar engine: what history needs."""

from __future__ import annotations

import polars as pl

from govlab.backends.reference import Asked, hangs_on
from govlab.history import decide_in_order
from govlab.plan import Plan
from govlab.replays.rows import decisions_frame, events, unknown_columns

__all__ = ["decide_one_by_one"]


def decide_one_by_one(plan: Plan, frame: pl.DataFrame, state: str, held: str) -> pl.DataFrame:
    """The decisions frame of `plan` over `frame`, and `lacks`, in the order of S8."""
    rows, unknown = events(frame), unknown_columns(frame, plan.reads())
    found = decide_in_order(plan, rows, state=state, held=held, unknown=unknown)
    lacks = [
        hangs_on(plan, Asked(row, hidden, one.features))
        if one.decision.status == "undecidable"
        else one.decision.missing
        for row, hidden, one in zip(rows, unknown, found, strict=True)
    ]
    ids = (
        frame.get_column("event_id").to_list()
        if "event_id" in frame.columns
        else [None] * frame.height
    )
    return decisions_frame(ids, [one.decision for one in found]).with_columns(
        pl.Series("lacks", [list(names) for names in lacks], pl.List(pl.String))
    )
