"""The policies of a plan that an event asks, and of these the rules, found by its tool and action.

What cannot hold for a text is not tried; which that is, is found out once for a pair of texts. An
outcome is one number: where the policy's numbers begin, and which outcome of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from govlab.runtime.states import ABSENT, ERROR, Mark

__all__ = ["Need", "Policy", "Rule", "Tried", "outcomes_of", "tried"]

States = Mapping[str, Any]
Holds = Callable[[States], Any]

_NO_RULE, _ON_ERROR, _ON_UNKNOWN = 1, 2, 3  # as the plan counts a policy's outcomes
_PAIRS = 4096  # pairs of texts remembered
_LONGEST = 200  # characters of a text that is remembered


class Need(NamedTuple):
    """One of `names`, or a beginning among `starts`, that the text of `key` must have.

    Where `other` is given, an absent `key` has it not as long as `other` is a text.
    """

    key: str
    names: frozenset[str]
    starts: tuple[str, ...]
    other: str | None = None


class Rule(NamedTuple):
    """What gives a rule's result, the number of each that is not false, and what it needs."""

    holds: Holds
    numbers: Mapping[Any, int]
    needs: Sequence[Need]


class Policy(NamedTuple):
    """A policy's rules and target (None: every event); its numbers begin at `first`.

    A target is `fixed` where it reads the texts of the pair and nothing else.
    """

    first: int
    target: Holds | None
    fixed: bool
    needs: Sequence[Need]
    rules: Sequence[Rule]


Steps = tuple[tuple[int, Holds | None, tuple[tuple[Holds, Mapping[Any, int]], ...]], ...]
"""Of each policy what is tried: its first number, its target, and rules with their numbers."""


class Tried(NamedTuple):
    """Outcomes that are known already, and what is to be tried for the others."""

    numbers: list[int]
    steps: Steps


def tried(policies: Sequence[Policy], known: dict[tuple[Any, Any], Tried], states: States) -> Tried:
    """What of `policies` could hold for the tool and action of `states`; `known` remembers it."""
    tool, action = states["tool"], states["action"]
    found = known.get((tool, action))
    if found is None:
        found = _tried([_steps(p, states) for p in policies if _may_hold(p, states)])
        if len(known) >= _PAIRS:
            known.clear()
        if _is_short(tool) and _is_short(action):
            known[tool, action] = found
    return found


def _tried(steps: Sequence[Any]) -> Tried:
    """Policies without a target and without a rule to be tried come to no rule."""
    numbers = [first + _NO_RULE for first, target, rules in steps if target is None and not rules]
    return Tried(numbers, tuple([step for step in steps if step[1] is not None or step[2]]))


def _is_short(state: Any) -> bool:
    return type(state) is not str or len(state) <= _LONGEST


def _may_hold(policy: Policy, states: States) -> bool:
    if not all(_is_met(need, states) for need in policy.needs):
        return False
    return not policy.fixed or policy.target is None or policy.target(states) is not False


def _steps(policy: Policy, states: States) -> tuple[Any, ...]:
    known = policy.fixed and policy.target is not None and policy.target(states) is True
    rules = [
        (rule.holds, rule.numbers)
        for rule in policy.rules
        if all(_is_met(need, states) for need in rule.needs)
    ]
    return policy.first, None if known else policy.target, tuple(rules)


def _is_met(need: Need, states: States) -> bool:
    """Whether the text may be as it is needed; what is no text is for conditions to judge."""
    key, names, starts, other = need
    state = states[key]
    if type(state) is str:
        return state in names or state.startswith(starts)
    return state is not ABSENT or other is None or type(states[other]) is Mark


def outcomes_of(of: Tried, states: States, found: list[int]) -> None:
    """Adds the number of each policy's outcome whose target is not false, in no order."""
    numbers, steps = of
    found += numbers
    for first, target, rules in steps:
        if target is not None:
            held = target(states)
            if held is not True:
                if held is not False:
                    found.append(first + (_ON_ERROR if held is ERROR else _ON_UNKNOWN))
                continue
        for holds, codes in rules:
            held = holds(states)
            if held is not False:
                found.append(codes[held])
                break
        else:
            found.append(first + _NO_RULE)
