"""What became of an event, and so whether it counts as permitted or as denied (S8, table).

A fate is True (permitted), False (denied), None (neither) or UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govlab.plan.decision import Decision
from govlab.runtime.limits import breaks
from govlab.runtime.rulings import goes
from govlab.runtime.states import UNKNOWN

__all__ = ["HELD", "STATES", "counterfactual", "factual"]

STATES = ("factual", "counterfactual")
HELD = ("recorded", "granted", "refused")
_ANSWERS = {"approved": True, "rejected": False, "expired": False, "cancelled": False}
_BOUNDS = {"granted": True, "refused": False}


def factual(event: Mapping[str, Any]) -> Any:
    """What became of a recorded event.

    >>> factual({"decision": "ALLOW"}), factual({"executed": False, "decision": "ALLOW"})
    (True, False)
    """
    if event.get("executed") is not None:
        return bool(event["executed"])
    match event.get("decision"):
        case "ALLOW" | "ALLOW_WITH_CONSTRAINTS":
            return True
        case "DENY":
            return False
        case "REQUIRE_APPROVAL":
            return _answer(event)
        case _:  # nothing recorded; or a remedy, of which the log does not say if it was applied
            return UNKNOWN


def counterfactual(decision: Decision, event: Mapping[str, Any], held: str) -> Any:
    """What becomes of the event under the replayed decision; `held` as `--held` has it."""
    if decision.status == "undecidable":
        return UNKNOWN
    if decision.decision == "ALLOW_WITH_CONSTRAINTS":
        broken = breaks(decision.constraints, event)
        return UNKNOWN if broken is None else not broken
    found = goes(decision)
    return found if found is not None else _BOUNDS.get(held, _answer(event))


def _answer(event: Mapping[str, Any]) -> bool | None:
    """What a person said of it, where one was asked."""
    return _ANSWERS.get(event.get("approval_status") or "")
