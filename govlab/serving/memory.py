"""What earlier events add up to, for bundles that read history: decided and reserved at once (S8).

A reservation is on the disk before the decision is logged: a server that dies between the two has
counted an action that nobody was permitted, and never the other way round. Waiting for the disk
is done in a thread of its own, one request at a time, so that others are answered meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from govlab.enforcing import Store
from govlab.plan.decision import Decision
from govlab.serving.answers import Answer, Terms, answered, over
from govlab.serving.ruling import Ruling

__all__ = ["Memory"]

T = TypeVar("T")
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Memory:
    """The budgets of a server, kept in `store`; a bundle that needs none leaves it alone.

    Who holds `turn` may decide, and logs what was decided before the next one may.
    """

    store: Store
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "budgets"))

    async def run(self, ruling: Ruling, work: Callable[[], T]) -> T:
        """What `work` gives: in the thread where `ruling` needs the store, else at once."""
        if ruling.engine is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)

    def answer(
        self, ruling: Ruling, event: Event, terms: Terms, now: datetime
    ) -> tuple[Decision, Answer]:
        """The decision for `event` and its answer, which counts from now on; raises StoreError.

        Answered true, it counts as permitted, but for a variant, which its caller may dispatch.
        """
        if ruling.engine is None:
            return _alone(ruling, event, terms, now)
        made = self.store.decide_and_reserve(ruling.engine, event, check=terms.stops)
        answer = answered(ruling, made.decision, event, terms, now)
        if answer.consumes:
            made = self.store.admit(ruling.engine, made, terms.approval, now=now, check=terms.stops)
        if answer.decision and not made.permitted:
            answer = over(made.stopped) if made.stopped else _used(made.failed)
        return made.decision, answer

    def look(self, ruling: Ruling, event: Event, terms: Terms, now: datetime) -> bool:
        """What would be answered to `event`, which counts for nothing; raises StoreError."""
        if ruling.engine is None:
            return _alone(ruling, event, terms, now)[1].decision
        made = self.store.look(ruling.engine, event, check=terms.stops)
        answer = answered(ruling, made.decision, event, terms, now)
        return answer.decision and (answer.consumes or bool(made.permitted))

    def hear(self, ruling: Ruling, event_id: str, columns: Mapping[str, Any]) -> None:
        """Counts a held event whose end was told: refused by a person, or done all the same.

        Approved alone, it is not done yet: it counts where the approval is used.
        """
        refused = columns.get("approval_status") in _REFUSED
        if ruling.engine is not None and (refused or columns.get("executed")):
            self.store.hear(ruling.engine, event_id, permitted=not refused)


_REFUSED = frozenset({"rejected", "expired", "cancelled"})


def _alone(ruling: Ruling, event: Event, terms: Terms, now: datetime) -> tuple[Decision, Answer]:
    decision = ruling.decide(event)
    return decision, answered(ruling, decision, event, terms, now)


def _used(failed: tuple[str, ...]) -> Answer:
    """The answer to an approval that another request used before this one."""
    more = {"reason": "approval_invalid", "failed": list(failed)}
    return Answer(False, more, "approval_invalid", failed)
