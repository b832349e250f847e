"""The one place where outcomes become a decision: combining (S4) and the second round (S6).

Pure functions over outcome numbers; nothing here looks at an event. An engine finds each
policy's outcome, calls `combine`, and where that names remedies, decides the variant and calls
`conclude` (or `refuse` where the remedies contradict each other).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from govlab.plan.constraints import merge
from govlab.plan.decision import RESTRICTIVENESS, Requirement
from govlab.plan.model import NO_TARGET, Plan, PolicyPlan, RulePlan, decode

__all__ = ["Combined", "Remediation", "combine", "conclude", "refuse"]


@dataclass(frozen=True, slots=True)
class Remediation:
    """A REMEDIATE outcome that applies: which rule of which policy."""

    policy: PolicyPlan
    rule: RulePlan


@dataclass(frozen=True, slots=True)
class Combined:
    """A decision without what depends on the event's values (risk, missing, values set).

    `status` is decided, error or unknown; `mentions` are the attributes that the deciding rule or
    target names, in bundle number `scope` of the chain, of the variant where `of_variant`;
    `remedies` wait for the second round.
    """

    decision: str
    status: str
    policy: str | None
    rule: str
    reason: str | None
    gate: str | None = None
    mentions: tuple[str, ...] = ()
    scope: int = 0
    of_variant: bool = False
    constraints: Mapping[str, Any] | None = None
    approvals: tuple[Requirement, ...] = ()
    evidence_required: bool = False
    matched: tuple[str, ...] = ()
    remedies: tuple[Remediation, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """One policy's outcome, with its words; the default's has no policy."""

    policy: PolicyPlan | None
    rule: RulePlan | None  # None: at the target
    verdict: str

    @property
    def id(self) -> str:
        if self.rule is not None:
            return self.rule.id
        return f"{self.policy.name}/on" if self.policy else "default"

    @property
    def decision(self) -> str | None:
        return self.rule.decision if self.rule is not None and self.verdict == "true" else None


def combine(plan: Plan, codes: Sequence[int], *, default: bool = True) -> Combined:
    """The decision for the policies' outcome numbers, in the plan's order (S4.2).

    `default=False` leaves the default out (monitor mode, S9): nothing then stands against ALLOW.
    """
    found = _outcomes(plan, codes)
    matched = tuple(f.id for f in found)
    if default and not any(decode(code) for code in codes[: plan.root]):
        found = (_Found(None, plan.default, "true"), *found)  # the root's place is first (S5)
    denied = next((f for f in found if f.decision == "DENY"), None)
    failed = next((f for f in found if f.verdict == "error"), None)
    unknown = next((f for f in found if f.verdict == "unknown"), None)
    if denied is not None:
        return _decided(plan, codes, denied, matched=matched)
    if failed is not None:
        return _at(failed, "DENY", "error", "evaluation_error", matched=matched)
    if unknown is not None:
        return _at(unknown, "DENY", "unknown", None, matched=matched)
    if not found:
        return Combined("ALLOW", "decided", None, "default", None)
    return _together(plan, codes, found, matched)


def _outcomes(plan: Plan, codes: Sequence[int]) -> tuple[_Found, ...]:
    """The outcomes that are not none, in policy order."""
    found = []
    for policy, code in zip(plan.policies, codes, strict=True):
        outcome = decode(code)
        if outcome is not None:
            rule = None if outcome.rule is None else policy.rules[outcome.rule]
            found.append(_Found(policy, rule, outcome.verdict))
    return tuple(found)


def _at(found: _Found, decision: str, status: str, reason: str | None, **added: Any) -> Combined:
    """A decision that rests on `found`, with what others have `added`."""
    policy, rule = found.policy, found.rule
    mentions = rule.mentions if rule else policy.mentions if policy else ()
    return Combined(
        decision,
        status,
        policy.name if policy else None,
        found.id,
        reason,
        (rule.gate or None) if rule else None,
        mentions,
        policy.scope if policy else 0,
        **added,
    )


def _decided(plan: Plan, codes: Sequence[int], by: _Found, **added: Any) -> Combined:
    """The decision of a rule that matched, or of the default."""
    if by.policy is None:
        covered = any(code != NO_TARGET for code in codes)
        reason = "no_rule" if covered else "no_policy"
        return _at(by, _limited(plan.default.decision, added), "decided", reason, **added)
    assert by.rule is not None  # only a rule has a decision  # noqa: S101
    decision = _limited(by.rule.decision, added)
    return _at(by, decision, "decided", by.rule.reason or None, **added)


def _limited(decision: str, added: Mapping[str, Any]) -> str:
    """What to allow comes to where constraints are added."""
    limits = decision == "ALLOW" and added.get("constraints")
    return "ALLOW_WITH_CONSTRAINTS" if limits else decision


def _together(
    plan: Plan, codes: Sequence[int], found: tuple[_Found, ...], matched: tuple[str, ...]
) -> Combined:
    """The most restrictive outcome, with what the others add (S4.2e, S4.3, S4.4)."""
    rules = [(f.policy, f.rule) for f in found if f.rule is not None]
    strictest = max(found, key=lambda f: RESTRICTIVENESS[f.decision or "ALLOW"])  # ties: the first
    return _decided(
        plan, codes, strictest,
        constraints=merge((r.constraints for _, r in rules), plan.constraints),
        approvals=tuple(r.requirement for _, r in rules if r.requirement is not None),
        evidence_required=any(r.evidence_required for _, r in rules),
        matched=matched,
        remedies=tuple(Remediation(p, r) for p, r in rules if p and r.decision == "REMEDIATE"),
    )  # fmt: skip


def refuse(first: Combined, reason: str) -> Combined:
    """DENY because the variant cannot stand: `remediation_conflict` or `remediation_refused`."""
    remedy = first.remedies[0]
    return Combined(
        "DENY",
        "decided",
        remedy.policy.name,
        remedy.rule.id,
        reason,
        remedy.rule.gate or None,
        remedy.rule.mentions,
        remedy.policy.scope,
        matched=first.matched,
    )


def conclude(first: Combined, second: Combined) -> Combined:
    """The decision of both rounds, once the variant has been decided (S6)."""
    first = replace(first, matched=tuple(dict.fromkeys((*first.matched, *second.matched))))
    if second.status == "unknown":
        return replace(
            first,
            status="unknown",
            mentions=second.mentions,
            scope=second.scope,
            of_variant=True,
        )
    if second.status == "error":
        return replace(
            refuse(first, "remediation_refused"),
            status="error",
            mentions=second.mentions,
            scope=second.scope,
            of_variant=True,
        )
    if second.decision in ("DENY", "REMEDIATE") or second.remedies:
        return refuse(first, "remediation_refused")
    together = replace(
        first,
        constraints=second.constraints,
        approvals=tuple(dict.fromkeys((*first.approvals, *second.approvals))),  # each rule once
        evidence_required=first.evidence_required or second.evidence_required,
    )
    if first.decision == "REQUIRE_APPROVAL" or second.decision != "REQUIRE_APPROVAL":
        return together
    return replace(
        together,
        decision="REQUIRE_APPROVAL",
        policy=second.policy,
        rule=second.rule,
        gate=second.gate,
        reason=second.reason,
        mentions=second.mentions,
        scope=second.scope,
        of_variant=True,
    )
