"""From a decision to the answer on the wire: true only where the action may go as asked (S19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from govlab.plan.admit import Admission, Approval, action_sha256
from govlab.plan.decision import Decision
from govlab.runtime.limits import broken
from govlab.runtime.variants import variant
from govlab.serving.ruling import Ruling

__all__ = ["Answer", "Terms", "answered", "over", "supported"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller brings: the obligations it can meet (None: all), and an approval."""

    obligations: frozenset[str] | None = frozenset()
    approval: Approval | None = None

    def lacking(self, constraints: Mapping[str, Any]) -> tuple[str, ...]:
        """The constraints that the caller does not say it can keep."""
        return tuple(n for n in constraints if self.obligations is not None
                     and n not in self.obligations)  # fmt: skip

    def stops(self, constraints: Mapping[str, Any], event: Mapping[str, Any]) -> tuple[str, ...]:
        """The constraints for which `event` is not permitted: what counts is what is answered.

        What cannot be told of a request is for the caller to check, who says it keeps them.
        """
        return tuple(dict.fromkeys((*self.lacking(constraints), *broken(constraints, event))))


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: `decision` and, where there is more to say, `context`; `reason` is why not.

    `failed` are the bindings of the given approval that do not hold.
    """

    decision: bool
    context: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    failed: tuple[str, ...] = ()
    consumes: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As AuthZEN has it."""
        if not self.context:
            return {"decision": self.decision}
        return {"decision": self.decision, "context": self.context}


def supported(said: Any) -> frozenset[str]:
    """The obligations that a request names: text, or objects with an `id`.

    >>> sorted(supported(["timeout_s", {"id": "read_only", "type": "custom"}, 3]))
    ['read_only', 'timeout_s']
    """
    if not isinstance(said, list):
        return frozenset()
    names = [one.get("id") if isinstance(one, dict) else one for one in said]
    return frozenset(name for name in names if isinstance(name, str))


def answered(
    ruling: Ruling, decision: Decision, event: Mapping[str, Any], terms: Terms, now: datetime
) -> Answer:
    """The answer to `event`, decided as `decision` by `ruling`; a monitored rule stops nothing."""
    counted = decision.enforced or decision
    match counted.decision:
        case "ALLOW" | "ALLOW_WITH_CONSTRAINTS":
            return _limited(counted.constraints, event, terms)
        case "REMEDIATE":
            return _no("remediation", _remedied(counted))
        case "REQUIRE_APPROVAL":
            return _held(ruling, decision, event, terms, now)
        case _:
            return _no(counted.reason or "denied", {})


def _no(reason: str, more: Mapping[str, Any], failed: tuple[str, ...] = ()) -> Answer:
    return Answer(False, {"reason": reason, **more}, reason, failed)


def _limited(constraints: Mapping[str, Any], event: Mapping[str, Any], terms: Terms) -> Answer:
    """Permitted within limits that the caller says it can keep: else it would run without.

    A limit that the request itself breaks is one that nobody can keep (S10).
    """
    if not constraints:
        return Answer(True)
    obligations = {"obligations": [_obligation(n, v) for n, v in constraints.items()]}
    if terms.lacking(constraints):
        return _no("obligations_unsupported", obligations)
    if names := broken(constraints, event):
        return over(names, obligations)
    return Answer(True, obligations)


def over(names: Sequence[str], more: Mapping[str, Any] = MappingProxyType({})) -> Answer:
    """The answer where the request goes over the limits `names`."""
    return _no("constraint_broken", {"constraints": list(names), **more})


def _obligation(name: str, value: Any) -> dict[str, Any]:
    return {"id": name, "type": "custom", "properties": {"vendor": "govlab", "value": value}}


def _held(
    ruling: Ruling, decision: Decision, event: Mapping[str, Any], terms: Terms, now: datetime
) -> Answer:
    counted = decision.enforced or decision
    found = ruling.admit(decision, event, terms.approval, now=now)
    if found.permitted and counted.remediation is None:
        return _admitted(found, event, terms)
    reason = "approval_required" if terms.approval is None else "approval_invalid"
    if found.permitted:  # what was approved is the variant, what would be dispatched the original
        reason = "remediation"
    asking = _asking(counted, event)
    failed = {"failed": list(found.failed)} if terms.approval is not None else {}
    return _no(reason, {**failed, **asking, **_remedied(counted)}, found.failed)


def _admitted(found: Admission, event: Mapping[str, Any], terms: Terms) -> Answer:
    within = _limited(found.constraints, event, terms)
    return Answer(within.decision, within.context, within.reason, consumes=within.decision)


def _asking(decision: Decision, event: Mapping[str, Any]) -> dict[str, Any]:
    """How to ask for the approval: who may give it, and what it must be bound to."""
    released = variant(event, decision.remediation.set) if decision.remediation else event
    return {
        **({} if decision.reason is None else {"detail": decision.reason}),
        "approvals": [each._asdict() for each in decision.approvals],
        "evidence_required": decision.evidence_required,
        "policy_digest": decision.digest,
        "action_sha256": action_sha256(released),
    }


def _remedied(decision: Decision) -> dict[str, Any]:
    if decision.remediation is None:
        return {}
    return {"remediation": decision.remediation._asdict()}
