"""Why an event is decided as it is: policies and rules tried in order, and what they read.

An exported engine carries this module too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govlab.backends.scalar.attributes import Attributes, Scope, prepare
from govlab.backends.scalar.policies import Policy, Rule
from govlab.plan.model import Plan, PolicyPlan, RulePlan
from govlab.runtime.states import Mark
from govlab.runtime.variants import plain

__all__ = ["trace"]

_WORDS = {True: "true", False: "false"}


def trace(
    plan: Plan,
    scopes: Sequence[Scope],
    event: Mapping[str, Any],
    unknown: frozenset[str],
    history: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """For each policy in order: its target's result, and every rule that was looked at.

    A rule has its condition as written, its result, and the state of each attribute it mentions;
    results are `true`, `false`, `error` and `unknown`. What is behind the deciding rule is left
    out. Of an event with a remedy it is the first round.
    """
    known = []
    for scope in scopes:
        states = Attributes(scope, event, unknown, frozenset())
        prepare(states, history)
        known += [(policy, states) for policy in scope.policies]
    return [_policy(p, *given) for p, given in zip(plan.policies, known, strict=True)]


def _policy(plan: PolicyPlan, policy: Policy, states: Attributes) -> dict[str, Any]:
    result = True if policy.target is None else policy.target(states)
    tried = list(_rules(plan.rules, policy.rules, states)) if result is True else []
    return {"policy": plan.name, "target": _word(result), "rules": tried}


def _rules(
    plans: Sequence[RulePlan], rules: Sequence[Rule], states: Attributes
) -> Iterator[dict[str, Any]]:
    for plan, rule in zip(plans, rules, strict=True):
        result = rule.holds(states)
        yield {
            "rule": plan.id,
            "condition": str(plan.condition),
            "result": _word(result),
            "decision": plan.decision,
            "reads": {name: _shown(states[name]) for name in plan.mentions},
        }
        if result is not False:
            return


def _word(result: Any) -> str:
    return str(result.value) if type(result) is Mark else _WORDS[result]


def _shown(state: Any) -> dict[str, Any]:
    """A state as JSON has it: a value, or the word for what there is none of."""
    return {"state": state.value} if type(state) is Mark else {"value": plain(state)}
