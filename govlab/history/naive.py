"""History features, event by event: the naive reading of S8, against which others are checked.

For every event, in the total order, each feature looks at every earlier event with the same key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govlab.backends.reference import Asked, decide, early_states, evaluate
from govlab.bundle.model import Feature
from govlab.history.fates import counterfactual, factual
from govlab.history.order import Decided, in_order
from govlab.plan.decision import Decision
from govlab.plan.model import Plan
from govlab.runtime.states import ERROR, UNKNOWN, Mark, read
from govlab.runtime.values import INT_MAX, INT_MIN
from govlab.runtime.variants import variant
from govlab.runtime.withheld import revealed

__all__ = ["decide_all", "decide_each"]

_COUNTED = {"permitted": True, "denied": False}  # the fate that a feature `over` one counts


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What one event added to one feature: its time, addend, and whether it counts."""

    ts: Any
    addend: Any  # an int, ERROR or UNKNOWN
    fate: Any  # as `fates` has it


_Past = dict[str, dict[Any, list[_Earlier]]]  # by feature, by key; in the total order


def decide_all(
    plan: Plan,
    events: Sequence[Mapping[str, Any]],
    *,
    state: str = "factual",
    held: str = "recorded",
    unknown: Sequence[frozenset[str]] | None = None,
) -> list[Decision]:
    """The decision of every event, features computed from the events before it (S8).

    `events` in any order; `unknown` has each event's unknown
    columns. The result is in the order of `events`.
    """
    return [d.decision for d in decide_each(plan, events, state=state, held=held, unknown=unknown)]


def decide_each(
    plan: Plan,
    events: Sequence[Mapping[str, Any]],
    *,
    state: str = "factual",
    held: str = "recorded",
    unknown: Sequence[frozenset[str]] | None = None,
) -> list[Decided]:
    """As `decide_all`, with the features of each event beside its decision."""
    hidden = unknown or [frozenset()] * len(events)
    past: _Past = {f.name: defaultdict(list) for s in plan.scopes for f in s.history}
    decisions: dict[int, Decided] = {}
    for place in in_order(events):
        asked = Asked(events[place], hidden[place])
        states = {id(scope): early_states(scope, asked) for scope in plan.scopes}
        features = {
            f.name: _feature(f, past[f.name], states[id(scope)])
            for scope in plan.scopes
            for f in scope.history
        }
        decision = decide(plan, asked.event, unknown=asked.unknown, history=features)
        decisions[place] = Decided(decision, features)
        fate = (
            factual(asked.event)
            if state == "factual"
            else counterfactual(decision, asked.event, held)
        )
        counted = _dispatched(decision, asked) if state == "counterfactual" else asked
        for scope in plan.scopes:
            late = states[id(scope)] if counted is asked else early_states(scope, counted)
            for feature in scope.history:
                key = _key(feature, states[id(scope)])
                # what was permitted was the variant; what was asked or denied, the original
                adds = late if feature.over == "permitted" else states[id(scope)]
                entry = _Earlier(read(states[id(scope)]["ts"]), _addend(feature, adds), fate)
                past[feature.name][key].append(entry)
    return [decisions[place] for place in range(len(events))]


def _dispatched(decision: Decision, asked: Asked) -> Asked:
    """What was let through where anything was: the variant, if the decision has one."""
    if decision.remediation is None:
        return asked
    values = decision.remediation.set
    return Asked(
        variant(asked.event, values), revealed(asked.unknown, values), settled=frozenset(values)
    )


def _key(feature: Feature, states: Mapping[str, Any]) -> tuple[Any, ...] | Mark:
    """The values of `per`; a part that is no value is no key."""
    parts = [read(states[name]) for name in feature.per]
    return UNKNOWN if UNKNOWN in parts else ERROR if ERROR in parts else tuple(parts)


def _addend(feature: Feature, states: Mapping[str, Any]) -> Any:
    """What the event adds: an int, or the mark of what cannot be had."""
    if feature.count is not None:
        holds = evaluate(feature.count.node, states)
        return int(holds) if isinstance(holds, bool) else holds
    return read(states["cost_micro_usd" if feature.sum == "cost" else str(feature.sum)])


def _feature(
    feature: Feature, past: Mapping[Any, list[_Earlier]], states: Mapping[str, Any]
) -> Any:
    """The value of `feature` at an event with `states`, over the events before it."""
    key, now = _key(feature, states), read(states["ts"])
    if isinstance(key, Mark):
        return key
    if feature.within_us is not None and isinstance(now, Mark):
        return now
    parts = [_contribution(feature, e) for e in past.get(key, ()) if _inside(feature, e, now)]
    # an event whose key the source cannot tell may belong here: what it adds is unknown
    strays = (e for e in past.get(UNKNOWN, ()) if _inside(feature, e, now))
    parts += [UNKNOWN for e in strays if _contribution(feature, e) != 0]
    if UNKNOWN in parts or ERROR in parts:
        return UNKNOWN if UNKNOWN in parts else ERROR
    total = sum(parts)
    if feature.sum == "cost":
        return total / 10**6  # of the exact int: rounded once
    return total if INT_MIN <= total <= INT_MAX else ERROR


def _inside(feature: Feature, earlier: _Earlier, now: Any) -> bool:
    """Whether `earlier` is younger than the window is long; one without a time might be."""
    if feature.within_us is None or isinstance(earlier.ts, Mark):
        return True
    return bool(earlier.ts.ns > now.ns - feature.within_us * 1000)


def _contribution(feature: Feature, earlier: _Earlier) -> Any:
    counted = _COUNTED.get(feature.over, earlier.fate)
    if earlier.fate is not counted and earlier.fate is not UNKNOWN:
        return 0
    if earlier.addend == 0:
        return 0  # adds nothing, whether it counts or not
    if feature.over != "attempted" and earlier.fate is UNKNOWN:
        return UNKNOWN
    if feature.within_us is not None and isinstance(earlier.ts, Mark):
        return earlier.ts
    return earlier.addend
