"""The total order of events, in which each sees those before it (S8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govlab.backends.scalar.fields import field
from govlab.plan.decision import Decision
from govlab.runtime.event import attribute_states
from govlab.runtime.states import Mark
from govlab.types import TIMESTAMP

__all__ = ["Decided", "in_order", "order"]

_TIME = {"ts": TIMESTAMP}
_time = field("ts", TIMESTAMP)  # of RFC 3339 text or a datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and the history features it was made with."""

    decision: Decision
    features: Mapping[str, Any]


def order(event: Mapping[str, Any], place: int) -> tuple[Any, ...]:
    """The sort key of the total order: `ts` (absent first), `run_id`, `step`, `event_id`."""
    step = event.get("step")
    marked = event.get("malformed_columns")
    ts = attribute_states(event, _TIME, frozenset())["ts"] if marked else _time(event)
    return (
        not isinstance(ts, Mark),
        0 if isinstance(ts, Mark) else ts.ns,
        event.get("run_id") or "",
        step is not None,
        step or 0,
        event.get("event_id") or "",
        place,
    )


def in_order(events: Sequence[Mapping[str, Any]]) -> list[int]:
    """The places of `events` in the total order.

    >>> in_order([{"ts": "2026-01-02T00:00:00Z"}, {"ts": "2026-01-01T00:00:00Z"}, {}])
    [2, 1, 0]
    """
    return sorted(range(len(events)), key=lambda place: order(events[place], place))
