"""One event of a log, with what its source cannot tell and the history before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from govlab.bundle import Bundle
from govlab.errors import LogError
from govlab.history import decide_in_order
from govlab.log.declared import with_declared
from govlab.plan import compile_plan
from govlab.replays.rows import events, unknown_columns

__all__ = ["Found", "find_event"]


@dataclass(frozen=True, slots=True)
class Found:
    """What `explain` needs of an event."""

    event: Mapping[str, Any]
    unknown: frozenset[str]
    history: Mapping[str, Any]


def find_event(bundle: Bundle, frame: pl.LazyFrame, event_id: str) -> Found:
    """The event `event_id` of the log; history features are computed over the events before it.

    Raises LogError where the log has no such event.
    """
    plan, frame = compile_plan(bundle), with_declared(frame, bundle.readable())
    rows = (frame if plan.has_history() else frame.filter(pl.col("event_id") == event_id)).collect()
    ids = rows.get_column("event_id").to_list()
    if event_id not in ids:
        raise LogError(f"the log has no event `{event_id}`; ids are in its column `event_id`")
    at, lacks = ids.index(event_id), unknown_columns(rows, plan.reads())
    if not plan.has_history():
        return Found(events(rows)[at], lacks[at], {})
    decided = decide_in_order(plan, events(rows), state="counterfactual", unknown=lacks)
    return Found(events(rows)[at], lacks[at], decided[at].features)
