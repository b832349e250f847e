"""What earlier events add up to, for bundles that read history: decided and reserved at once (S8).

A reservation is on the disk before the decision is logged: a server that dies between the two has
counted an action that nobody was permitted, and never the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from govlab.enforcing import Reservation, Store
from govlab.plan.admit import Approval
from govlab.plan.decision import Decision
from govlab.serving.answers import Answer
from govlab.serving.ruling import Ruling

__all__ = ["Memory"]


@dataclass(frozen=True, slots=True)
class Memory:
    """The budgets of a server, kept in `store`; a bundle without history leaves it alone."""

    store: Store

    def decide(
        self, ruling: Ruling, event: Mapping[str, Any]
    ) -> tuple[Decision, Reservation | None]:
        """The decision for `event`, which counts from now on; raises StoreError."""
        if ruling.engine is None:
            return ruling.decide(event), None
        made = self.store.decide_and_reserve(ruling.engine, event)
        return made.decision, made

    def look(self, ruling: Ruling, event: Mapping[str, Any]) -> Decision:
        """What would be decided for `event`, which counts for nothing; raises StoreError."""
        if ruling.engine is None:
            return ruling.decide(event)
        with self.store.transaction():
            history = ruling.engine.features(self.store.ledger, event)
        found: Decision = ruling.engine.decide(event, history=history)
        return found

    def settle(
        self,
        ruling: Ruling,
        made: Reservation | None,
        answer: Answer,
        approval: Approval | None,
        now: datetime,
    ) -> Answer:
        """`answer`, false where a limit on the request itself or a used approval stops it."""
        if made is None or ruling.engine is None or not answer.decision:
            return answer
        if answer.consumes:
            made = self.store.admit(ruling.engine, made, approval, now=now)
        if made.permitted:
            return answer
        reason = "constraint_broken" if made.stopped else "approval_invalid"
        failed = tuple(made.failed)
        more = {"constraints": list(made.stopped), "failed": list(failed)}
        return Answer(False, {"reason": reason, **more}, reason, failed)
