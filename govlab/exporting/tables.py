"""A plan without its conditions as Python text: what outcomes come to, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from govlab.backends.scalar.literals import literal, sequence
from govlab.plan.compile import FOREVER
from govlab.plan.decision import Requirement
from govlab.plan.model import Plan, PolicyPlan, RulePlan

__all__ = ["NAMES", "plan_text", "value_text"]

NAMES = {
    "FOREVER": "govlab.plan.compile",
    "Plan": "govlab.plan.model",
    "PolicyPlan": "govlab.plan.model",
    "RulePlan": "govlab.plan.model",
    "Requirement": "govlab.plan.decision",
}
"""The names that the text uses, and the module that has each."""

# of a rule's fields all but its code
_FIELDS = ("id", "mentions", "decision", "reason", "gate", "requirement", "evidence_required",
           "constraints", "suggestion", "apply", "line")  # fmt: skip


def plan_text(plan: Plan, conditions: Mapping[str, str]) -> str:
    """`PLAN = ...`: conditions as the text that `conditions` has by rule id, for people to read."""
    fields = [
        f"name={plan.name!r}",
        f"version={plan.version!r}",
        f"digest={plan.digest!r}",
        "scopes=()",
        f"policies={_sequence('(', (_policy(p, conditions) for p in plan.policies), ')')}",
        f"root={plan.root!r}",
        f"default={_rule(plan.default, {})}",
        f"default_monitored={_instant(plan.default_monitored)}",
        "constraints={}",
        f"groups={value_text(plan.groups)}",
    ]
    return f"PLAN = {_sequence('Plan(', fields, ')')}"


def _policy(policy: PolicyPlan, conditions: Mapping[str, str]) -> str:
    fields = [
        f"name={policy.name!r}",
        f"scope={policy.scope!r}",
        "target=None",
        f"mentions={value_text(policy.mentions)}",
        f"rules={_sequence('(', (_rule(rule, conditions) for rule in policy.rules), ')')}",
        f"monitored={_instant(policy.monitored)}",
    ]
    return _sequence("PolicyPlan(", fields, ")")


def _rule(rule: RulePlan, conditions: Mapping[str, str]) -> str:
    fields = [f"{name}={value_text(getattr(rule, name))}" for name in _FIELDS]
    fields[1:1] = [f"condition={conditions.get(rule.id, 'true')!r}", "set=()"]
    return _sequence("RulePlan(", fields, ")")


def _instant(moment: datetime | None) -> str:
    if moment is None:
        return "None"
    return "FOREVER" if moment == FOREVER else f"datetime.fromisoformat({moment.isoformat()!r})"


def value_text(value: Any) -> str:
    """JSON-like values and requirements as the text that gives them."""
    match value:
        case Requirement():
            return _sequence("Requirement(", _arguments(value), ")")
        case Mapping():
            pairs = (f"{value_text(k)}: {value_text(v)}" for k, v in sorted(value.items()))
            return _sequence("{", pairs, "}")
        case tuple():
            return _sequence("(", map(value_text, value), ")")
        case list():
            return _sequence("[", map(value_text, value), "]")
        case _:
            return literal(value)


def _arguments(of: Requirement) -> Iterator[str]:
    for name in Requirement._fields:
        yield f"{name}={value_text(getattr(of, name))}"


def _sequence(opening: str, items: Iterable[str], closing: str) -> str:
    return sequence(opening, items, closing, start=40)
