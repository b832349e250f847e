"""What an engine has to offer: that of a bundle does, and the module of an exported one (S18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from govlab.runtime.rulings import Ruled
from govlab.runtime.windows import Ledger

__all__ = ["Decider", "Event", "counted"]

Event = Mapping[str, Any]


class Decider(Protocol):
    """Decides an event, says whether it may go, and keeps what later events need of it."""

    def decide(self, event: Event, *, history: Mapping[str, Any] | None = None) -> Any:
        """The decision for `event`."""
        ...

    def admit(self, decision: Any, event: Event, approval: Any, *, now: datetime) -> Any:
        """Whether `event` may be dispatched at `now`, and which bindings fail."""
        ...

    def features(self, state: Ledger, event: Event) -> Mapping[str, Any]:
        """The history features at `event`."""
        ...

    def record(
        self, state: Any, event: Event, decision: Any, permitted: Any, *, answered: bool = False
    ) -> Any:
        """`state` with `event` added to it."""
        ...

    def warming(self, state: Ledger, event: Event) -> tuple[str, ...]:
        """The features whose window begins before `state` does."""
        ...


def counted(decision: Any) -> Ruled:
    """What is enforced: the decision without policies in monitor mode (S9)."""
    enforced: Ruled | None = getattr(decision, "enforced", None)
    return decision if enforced is None else enforced
