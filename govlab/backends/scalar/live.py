"""An engine of a plan with all that an exported one offers: decide, admit, and history (S18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from govlab.backends.scalar.deciding import Engine
from govlab.backends.scalar.engine import compile_engine
from govlab.backends.scalar.recall import Seen, recalled, recorded, still_warming
from govlab.plan.admit import Admission, Approval, admit
from govlab.plan.decision import Decision
from govlab.plan.model import Plan
from govlab.runtime.rulings import Ruled
from govlab.runtime.windows import Ledger

__all__ = ["LiveEngine", "compile_live"]

L = TypeVar("L", bound=Ledger)


@dataclass(frozen=True, slots=True)
class LiveEngine:
    """What `govlab.enforcing` takes as an engine, made of a plan in this process."""

    engine: Engine

    def decide(
        self, event: Mapping[str, Any], *, history: Mapping[str, Any] | None = None
    ) -> Decision:
        """The decision for `event`, whose `history` is that of `features`."""
        return self.engine.decide(event, history=history)

    def admit(
        self,
        decision: Decision,
        event: Mapping[str, Any],
        approval: Approval | None,
        *,
        now: datetime,
    ) -> Admission:
        """Whether `event` may be dispatched at `now`; which bindings of `approval` fail (S9)."""
        return admit(decision, event, approval, now=now, plan=self.engine.plan)

    def features(self, state: Ledger, event: Mapping[str, Any]) -> dict[str, Any]:
        """Each history feature at `event`, over what `state` holds (S8)."""
        return recalled(self.engine.scopes, state, Seen(event))

    def record(
        self,
        state: L,
        event: Mapping[str, Any],
        decision: Ruled | None,
        permitted: bool | None,
        *,
        answered: bool = False,
    ) -> L:
        """`state`, changed in place: to later events `event` is an earlier one.

        `permitted` is None where it is held; `answered`, that it was held and this is the answer.
        `decision` tells the variant that was dispatched, None that it was the event as it stands.
        """
        return recorded(
            self.engine.scopes, state, Seen(event), decision, permitted, answered=answered
        )

    def warming(self, state: Ledger, event: Mapping[str, Any]) -> tuple[str, ...]:
        """The features whose window at `event` begins before `state` does, or has no beginning."""
        return still_warming(self.engine.scopes, state, Seen(event))


def compile_live(plan: Plan) -> LiveEngine:
    """The engine of `plan`, to decide events as they come.

    >>> from govlab.bundle import load_rule
    >>> from govlab.plan import compile_plan
    >>> compile_live(compile_plan(load_rule("env == 'prod'"))).decide({"env": "prod"}).decision
    'DENY'
    """
    return LiveEngine(compile_engine(plan))
