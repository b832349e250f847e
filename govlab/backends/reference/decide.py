"""One event decided: attributes, steps, risk, targets, rules, and the variant's second round.

The order is that of S7; what outcomes come to is `plan.combine`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from govlab.backends.reference.steps import fill, join
from govlab.backends.reference.walker import evaluate
from govlab.bundle.model import Derivation, Lookup
from govlab.plan.combine import Combined, combine, conclude, refuse
from govlab.plan.compile import FOREVER
from govlab.plan.decision import Decision
from govlab.plan.model import (
    NO_RULE,
    NO_TARGET,
    ON_ERROR,
    ON_UNKNOWN,
    Assumption,
    Plan,
    PolicyPlan,
    RulePlan,
    Scope,
    Verdict,
    encode,
)
from govlab.plan.remedy import agreed, remedy
from govlab.plan.risk import highest
from govlab.runtime.event import attribute_states, instant
from govlab.runtime.states import ERROR, MALFORMED, UNKNOWN, Mark, is_lacking, worst
from govlab.runtime.variants import variant
from govlab.runtime.withheld import read_as_absent, revealed
from govlab.schema import by_control
from govlab.types import TIMESTAMP

__all__ = ["Asked", "Round", "decide", "decide_rounds", "decision_of", "early_states", "hangs_on"]

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is decided: the event, what its source cannot tell, history, who only watches."""

    event: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()
    history: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()  # policies that only watch; `default` for the default
    settled: frozenset[str] = frozenset()  # attributes a remediation has set


@dataclass(frozen=True, slots=True)
class Round:
    """How a decision came about: outcome numbers, attribute states per bundle of the chain."""

    combined: Combined
    codes: tuple[int, ...]
    states: tuple[Mapping[str, Any], ...]
    variant: Asked | None = None
    values: Mapping[str, Any] | None = None
    second: Round | None = None


def decide(
    plan: Plan,
    event: Mapping[str, Any],
    *,
    unknown: frozenset[str] = frozenset(),
    history: Mapping[str, Any] | None = None,
) -> Decision:
    """The decision of `plan` for `event`.

    `event` holds attributes by name (JSON values; `ts` RFC 3339 text or an aware datetime);
    `unknown` names those its source cannot tell (S14); `history` has each feature's value or mark.

    Raises KeyError where `history` lacks a feature of the plan.
    """
    asked = Asked(event, unknown, history or {})
    decision = _decide(plan, asked)
    hidden = _watching(plan, event)
    if not hidden:
        return decision
    return decision._replace(enforced=_decide(plan, replace(asked, hidden=hidden)))


def _decide(plan: Plan, asked: Asked) -> Decision:
    done = decide_rounds(plan, asked)
    if done.combined.status != "unknown":
        return _decision(plan, done, done.combined.status)
    return _decision(plan, decide_rounds(plan, _as_absent(asked)), "undecidable")


def hangs_on(plan: Plan, asked: Asked) -> tuple[str, ...]:
    """What the rule that `asked` stops at mentions and lacks, unknown not read as absent."""
    done = decide_rounds(plan, asked)
    shown = done.second if done.combined.of_variant and done.second else done
    return _missing(done.combined.mentions, shown.states[done.combined.scope])


def _as_absent(asked: Asked) -> Asked:
    """`asked` with unknown read as absent: the row as it stands (S4.2c)."""
    history = {name: ERROR if state is UNKNOWN else state for name, state in asked.history.items()}
    return replace(asked, unknown=read_as_absent(asked.unknown), history=history)


def _watching(plan: Plan, event: Mapping[str, Any]) -> frozenset[str]:
    """The policies in monitor mode at the event's time; without a time only endless ones (S9)."""
    ends = {p.name: p.monitored for p in plan.policies} | {DEFAULT: plan.default_monitored}
    at = attribute_states(event, {"ts": TIMESTAMP}, frozenset())["ts"]
    return frozenset(
        name
        for name, end in ends.items()
        if end == FOREVER or (end and not isinstance(at, Mark) and at < instant(end))
    )


def decide_rounds(plan: Plan, asked: Asked) -> Round:
    """Round one and, where remedies apply, the decision on the variant (S6)."""
    first = _round(plan, asked)
    if first.combined.status != "decided" or not first.combined.remedies:
        return first
    values = agreed(_values(first))
    if values is None:
        return replace(first, combined=refuse(first.combined, "remediation_conflict"))
    changed = Asked(
        variant(asked.event, values),
        revealed(asked.unknown, values),
        asked.history,
        asked.hidden,
        frozenset(values),
    )
    second = _round(plan, changed)
    return replace(
        first,
        combined=conclude(first.combined, second.combined),
        variant=changed,
        values=values,
        second=second,
    )


def _values(first: Round) -> list[dict[str, Any]]:
    """What each remedy sets, computed on the original event."""
    return [
        {name: evaluate(value, first.states[r.policy.scope]) for name, value in r.rule.set}
        for r in first.combined.remedies
    ]


def _round(plan: Plan, asked: Asked) -> Round:
    states = tuple(_scope_states(scope, asked) for scope in plan.scopes)
    codes = tuple(
        NO_TARGET if p.name in asked.hidden else _outcome(p, states[p.scope]) for p in plan.policies
    )
    return Round(combine(plan, codes, default=DEFAULT not in asked.hidden), codes, states)


def _outcome(policy: PolicyPlan, states: Mapping[str, Any]) -> int:
    """The number of the policy's outcome: the first rule that is not false ends the search."""
    target = True if policy.target is None else evaluate(policy.target, states)
    if target is not True:
        return NO_TARGET if target is False else ON_UNKNOWN if target is UNKNOWN else ON_ERROR
    for place, rule in enumerate(policy.rules):
        verdict = _verdict(rule, states)
        if verdict is not False:
            return encode(place, verdict)
    return NO_RULE


def _verdict(rule: RulePlan, states: Mapping[str, Any]) -> Verdict | Literal[False]:
    """What the condition comes to; a value to set that cannot be had makes the outcome so."""
    result = evaluate(rule.condition, states)
    if result is False:
        return False
    values = [evaluate(value, states) for _, value in rule.set] if result is True else []
    mark = worst((result, *values))
    return "unknown" if mark is UNKNOWN else "error" if mark or result is not True else "true"


def early_states(scope: Scope, asked: Asked) -> dict[str, Any]:
    """Attributes and steps of one bundle: what history and risk may read."""
    states = attribute_states(asked.event, scope.reads, asked.unknown)
    for step in scope.steps:
        match step:
            case Derivation(attribute=attribute):
                keeps = attribute in asked.settled or by_control(attribute)
                states[attribute] = fill(step, states, keeps=keeps)
            case Lookup():
                states |= join(step, states)
            case Assumption(attribute=attribute, value=value):
                states[attribute] = value if is_lacking(states[attribute]) else states[attribute]
    return states


def _scope_states(scope: Scope, asked: Asked) -> dict[str, Any]:
    """What the conditions of one bundle read: attributes, steps, history, risk, in that order."""
    states = early_states(scope, asked)
    states |= {f"history.{f.name}": _as_state(asked.history[f.name]) for f in scope.history}
    if scope.risk is not None:
        states["risk"] = _risk(scope.risk, states)
    return states


def _as_state(result: Any) -> Any:
    return MALFORMED if result is ERROR else result


def _risk(classes: tuple[tuple[str, Any], ...], states: Mapping[str, Any]) -> Any:
    for name, when in classes:
        result = evaluate(when, states)
        if result is not False:
            return name if result is True else _as_state(result)
    return "low"


def decision_of(plan: Plan, done: Round) -> Decision:
    """The decision that one round comes to, whatever stands before or after it."""
    status = done.combined.status
    return _decision(plan, done, "undecidable" if status == "unknown" else status)


def _decision(plan: Plan, done: Round, status: str) -> Decision:
    """The combined outcome with what depends on the event: risk, missing, the variant."""
    result = done.combined
    changed = done.variant if result.reason != "remediation_refused" else None
    shown = done.second if result.of_variant and done.second else done
    return Decision(
        decision=result.decision,
        status=status,
        policy=result.policy,
        rule=result.rule,
        gate=result.gate,
        reason=result.reason,
        risk=highest(_risk_class(states) for states in done.states),
        constraints=result.constraints or {},
        approvals=result.approvals,
        evidence_required=result.evidence_required,
        remediation=remedy(result.remedies, done.values or {}, changed.event) if changed else None,
        missing=_missing(result.mentions, shown.states[result.scope]),
        matched=result.matched,
        digest=plan.digest,
    )


def _risk_class(states: Mapping[str, Any]) -> str | None:
    risk = states.get("risk")
    return "unknown" if isinstance(risk, Mark) else risk


def _missing(mentions: tuple[str, ...], states: Mapping[str, Any]) -> tuple[str, ...]:
    """Of `mentions`, what the event lacks (S4.4)."""
    return tuple(name for name in mentions if isinstance(states[name], Mark))
