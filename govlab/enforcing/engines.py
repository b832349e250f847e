"""What an engine has to offer: that of a bundle does, and the module of an exported one (S18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from govlab.runtime.rulings import Ruled
from govlab.runtime.windows import Ledger

__all__ = ["Decider", "Event", "counted", "remembering"]

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


@dataclass(frozen=True, slots=True)
class _Forgetful:
    """An engine of a bundle without history: nothing is to be kept for later events."""

    engine: Any

    def decide(self, event: Event, *, history: Mapping[str, Any] | None = None) -> Any:
        return self.engine.decide(event, history=history)

    def admit(self, decision: Any, event: Event, approval: Any, *, now: datetime) -> Any:
        return self.engine.admit(decision, event, approval, now=now)

    def features(self, state: Ledger, event: Event) -> Mapping[str, Any]:  # noqa: ARG002  # as Decider
        return {}

    def record(
        self, state: Any, event: Event, decision: Any, permitted: Any, *, answered: bool = False
    ) -> Any:  # as Decider
        del event, decision, permitted, answered
        return state

    def warming(self, state: Ledger, event: Event) -> tuple[str, ...]:  # noqa: ARG002  # as Decider
        return ()


def remembering(engine: Any) -> Decider:
    """`engine` as a Decider: an exported one only has what its bundle's history needs."""
    known: Decider = engine if hasattr(engine, "record") else _Forgetful(engine)
    return known


def counted(decision: Any) -> Ruled:
    """What is enforced: the decision without policies in monitor mode (S9)."""
    enforced: Ruled | None = getattr(decision, "enforced", None)
    return decision if enforced is None else enforced
