"""What a store says of an event: its decision, whether it may go, and what of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govlab.enforcing.engines import Event, counted
from govlab.runtime.rulings import Ruled
from govlab.runtime.variants import variant

__all__ = ["Reservation", "dispatched"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """A decision that counts for later events from now on.

    `permitted` is None where a person is to be asked. `stopped` names the constraints that the
    request breaks, or may break; `failed` the bindings of an approval that do not hold; `warming`
    the features that do not know all of their window yet.
    """

    event: Event
    decision: Any
    permitted: bool | None
    stopped: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    warming: tuple[str, ...] = ()
    history: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counted(self) -> Ruled:
        """The decision that is enforced: without policies in monitor mode."""
        return counted(self.decision)

    @property
    def dispatch(self) -> Event:
        """What is to be done: the variant, if a remediation applies, else the event."""
        return dispatched(self.counted, self.event)


def dispatched(decision: Ruled, event: Event) -> Event:
    """The variant of `event` where `decision` has one."""
    return event if decision.remediation is None else variant(event, decision.remediation.set)
