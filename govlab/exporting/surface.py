"""What a caller of an exported engine uses: it fails closed, whatever it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from govlab.backends.scalar.attributes import Scope
from govlab.backends.scalar.deciding import Engine
from govlab.exporting.tracing import trace
from govlab.plan.admit import Admission, Approval
from govlab.plan.admit import admit as check_bindings
from govlab.plan.decision import Decision
from govlab.plan.model import Plan

# an exported file has these: they are its bundle's
DIGEST: str
ENGINE: Engine
PLAN: Plan
SCOPES: Sequence[Scope]


def decide(
    event: Mapping[str, Any],
    *,
    history: Mapping[str, Any] | None = None,
    unknown: frozenset[str] = frozenset(),
) -> Decision:
    """The decision for `event`: attributes by name, as JSON has them; `ts` is the time of decision.

    `history` has the value of every history feature of the bundle; `unknown` names attributes that
    the event's source cannot tell (in production there are none). It never raises: what cannot be
    decided is denied with the reason `engine_error`. What comes back is shared: do not change it.
    """
    try:
        return ENGINE.decide(event, unknown=unknown, history=history)
    except Exception:  # noqa: BLE001  # the outermost frame: what is unexpected is denied
        return Decision("DENY", "error", reason="engine_error", digest=DIGEST)


def admit(
    decision: Decision,
    event: Mapping[str, Any],
    approval: Approval | None,
    *,
    now: datetime,
) -> Admission:
    """Whether `event` may be dispatched at `now` under its `decision`; `failed` says what is wrong.

    It never raises: what cannot be checked is not permitted.
    """
    try:
        return check_bindings(decision, event, approval, now=now, plan=PLAN)
    except Exception:  # noqa: BLE001  # as above
        return Admission(False, ("engine_error",))


def explain(
    event: Mapping[str, Any],
    *,
    history: Mapping[str, Any] | None = None,
    unknown: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The decision for `event` as JSON has it, and `trace`: every policy and rule that was tried.

    `more` is the command that shows what each part of a condition came to: the parts are the
    bundle's, which this file does not carry.
    It is for people, and may raise where `decide` denies: what it raises is why.
    """
    decision = ENGINE.decide(event, unknown=unknown, history=history)
    tried = trace(PLAN, SCOPES, event, unknown, history or {})
    return {**decision.to_dict(), "trace": tried, "more": _MORE.format(name=PLAN.name)}


_MORE = "each part of a condition: `govlab explain FOLDER --event @EVENT.json`, of bundle `{name}`"
