"""What a call has used up so far, held against its limits while it runs (S10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Breach", "Meter", "OverrunError", "current", "spend"]

LIMITS = {
    "cost_micro_usd": "max_cost_micro_usd",
    "lines_changed": "max_lines_changed",
    "files_changed": "max_files",
    "records_affected": "max_records",
}
"""What can be spent, and the constraint that limits it."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that a call went over; `actual` is None where it had not ended."""

    event_id: str
    constraint: str
    limit: Any
    actual: Any


class OverrunError(Exception):
    """A call that went over a limit while it ran."""

    def __init__(self, breach: Breach) -> None:
        super().__init__(
            f"`{breach.constraint}` is {breach.limit}, and the call "
            + ("had not ended" if breach.actual is None else f"came to {breach.actual}")
        )
        self.breach = breach


@dataclass(slots=True)
class Meter:
    """What one call has spent, under `constraints` in canonical form.

    >>> meter = Meter("e1", {"max_cost_micro_usd": 50}, print)
    >>> meter.spend(cost_micro_usd=50)
    >>> meter.spend(cost_micro_usd=1)
    Traceback (most recent call last):
    govlab.enforcing.meters.OverrunError: `max_cost_micro_usd` is 50, and the call came to 51
    """

    event_id: str
    constraints: Mapping[str, Any]
    report: Callable[[Breach], None]
    spent: dict[str, int] = field(default_factory=dict)

    def spend(self, **amounts: int) -> None:
        """Adds what was used up; the names are those of `LIMITS`.

        Reports and raises OverrunError for the first limit that is passed; raises ValueError for
        another name, or an amount that is no whole number from 0.
        """
        for name, amount in amounts.items():
            if name not in LIMITS or type(amount) is not int or amount < 0:
                raise ValueError(
                    f"`{name}={amount}`: what is spent is a whole number of {', '.join(LIMITS)}"
                )
            self.spent[name] = self.spent.get(name, 0) + amount
        for name in amounts:
            limit = self.constraints.get(LIMITS[name])
            if limit is not None and self.spent[name] > limit:
                self.breach(LIMITS[name], self.spent[name])

    def breach(self, constraint: str, actual: Any) -> None:
        """Reports that `constraint` was passed, and raises OverrunError."""
        found = Breach(self.event_id, constraint, self.constraints[constraint], actual)
        self.report(found)
        raise OverrunError(found)


current: ContextVar[Meter | None] = ContextVar("current", default=None)
"""The meter of the call that is running."""


def spend(**amounts: int) -> None:
    """Says what the running call has used up, as `Meter.spend`; outside of one it says nothing.

    >>> spend(cost_micro_usd=5)
    """
    meter = current.get()
    if meter is not None:
        meter.spend(**amounts)
