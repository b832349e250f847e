"""The state of a server: what decides now, the log it writes, what it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from govlab.serving.durable import Durable
from govlab.serving.guard import Guard
from govlab.serving.journal import Journal
from govlab.serving.known import key
from govlab.serving.memory import Memory
from govlab.serving.metrics import Metrics
from govlab.serving.ruling import Ruling

__all__ = ["Service"]


@dataclass(slots=True)
class Service:
    """Everything a request may touch. `ruling` is replaced whole: a request sees one version.

    `now` and `new_id` are the clock and the source of ids; `assume_obligations` takes every caller
    for one that meets every obligation.
    """

    ruling: Ruling
    journal: Journal
    durable: Durable
    memory: Memory
    guard: Guard
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    assume_obligations: bool = False
    metrics: Metrics = field(default_factory=Metrics)
    stopping: bool = False

    def event_id(self, given: str | None) -> str:
        """The id of an event: the caller's, unless it was used; then with its place behind it."""
        if given is None:
            return self.new_id()
        name = given
        while self.knows(name) or self.knows(f"{name}/0"):
            name = f"{name}~{self.journal.head.size}"
        return name

    def knows(self, event_id: str) -> bool:
        """Whether an event of this id was decided."""
        return key("decided", event_id) in self.journal.known

    def was_consumed(self, approval_id: str) -> bool:
        """Whether the approval was used."""
        return key("consumed", approval_id) in self.journal.known

    def ready(self) -> bool:
        """Whether a decision asked for now would be answered."""
        return not (self.stopping or self.journal.broken)
