"""Outcomes of generated code made decisions: equal to the reference engine's, field by field.

The code finds outcomes; what they come to is `plan.combine`'s business, once for each distinct
vector of outcomes, and a decision that hangs on nothing else is made once and handed out again.
An exported engine carries this module too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from govlab.backends.scalar.attributes import Attributes, Scope, outcomes, ready
from govlab.plan.combine import Combined, Remediation, combine, conclude, refuse
from govlab.plan.compile import FOREVER
from govlab.plan.decision import Decision
from govlab.plan.model import Plan
from govlab.plan.remedy import agreed, remedy
from govlab.plan.risk import highest
from govlab.runtime.event import attribute_states, instant
from govlab.runtime.states import ERROR, UNKNOWN, Mark
from govlab.runtime.variants import variant
from govlab.runtime.withheld import read_as_absent, revealed
from govlab.types import TIMESTAMP

__all__ = ["Condition", "Engine"]

_DEFAULT = "default"
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_VECTORS = 4096  # distinct outcome vectors remembered
_DECISIONS = 256  # decisions remembered for each of them

Condition = Callable[[Mapping[str, Any]], Any]


class _Asked(NamedTuple):
    """What is decided, as the reference engine has it; a tuple, because one is made every time."""

    event: Mapping[str, Any]
    unknown: frozenset[str]
    history: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()  # policies that only watch; `default` for the default
    settled: frozenset[str] = frozenset()  # attributes a remediation has set


@dataclass(frozen=True, slots=True)
class _Vector:
    """What a vector of outcomes comes to, and the decisions made of it so far."""

    combined: Combined
    decisions: dict[tuple[str | None, tuple[str, ...]], Decision] = field(default_factory=dict)


_States = Sequence[Attributes]  # of each bundle of the chain


@dataclass(frozen=True, slots=True)
class _Changed:
    """The second round: the variant, the values that make it, both rounds' decision."""

    combined: Combined
    states: _States
    event: Mapping[str, Any] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Engine:
    """A plan ready to decide one event after another; `source` is the code that runs.

    `scopes` and `sets` are that code's tables: the chain's bundles, and what remedies set.
    """

    __slots__ = ("_classed", "_combined", "_ends", "_places", "_sets", "plan", "scopes", "source")

    def __init__(
        self,
        plan: Plan,
        scopes: Sequence[Scope],
        sets: Mapping[str, Sequence[tuple[str, Condition]]],
        source: str = "",
    ) -> None:
        self.plan = plan
        self.source = source
        self.scopes = scopes
        self._sets = sets
        self._places = {policy.name: place for place, policy in enumerate(plan.policies)}
        ends = {p.name: p.monitored for p in plan.policies} | {_DEFAULT: plan.default_monitored}
        self._ends = {name: end for name, end in ends.items() if end is not None}
        self._classed = [at for at, scope in enumerate(scopes) if scope.risk is not None]
        self._combined = lru_cache(maxsize=_VECTORS)(self._combine)

    def decide(
        self,
        event: Mapping[str, Any],
        *,
        unknown: frozenset[str] = frozenset(),
        history: Mapping[str, Any] | None = None,
    ) -> Decision:
        """The decision of the plan for `event`; arguments as for `backends.reference.decide`.

        What comes back is shared with other calls: it is not to be changed.

        Raises KeyError where `history` lacks a feature of the plan.
        """
        asked = _Asked(event, unknown, history or _NOTHING)
        decision = self._attempt(asked) or self._undecidable(asked)
        hidden = self._watching(event) if self._ends else None
        if not hidden:
            return decision
        watched = asked._replace(hidden=hidden)
        return decision._replace(enforced=self._attempt(watched) or self._undecidable(watched))

    def _undecidable(self, asked: _Asked) -> Decision:
        """What holds for the row as it stands: unknown read as absent (S4.2c)."""
        history = {n: ERROR if state is UNKNOWN else state for n, state in asked.history.items()}
        unknown = read_as_absent(asked.unknown)
        stands = self._attempt(asked._replace(unknown=unknown, history=history))
        assert stands is not None  # nothing is unknown now  # noqa: S101
        return stands._replace(status="undecidable")

    def _attempt(self, asked: _Asked) -> Decision | None:
        """The decision, or None where it hangs on something unknown."""
        vector, states = self._round(asked)
        combined = vector.combined
        if combined.status == "unknown":
            return None
        if combined.remedies and combined.status == "decided":
            changed = self._change(asked, combined, states)
            return None if changed.combined.status == "unknown" else self._varied(states, changed)
        return self._plain(vector, states)

    def _round(self, asked: _Asked) -> tuple[_Vector, _States]:
        event, unknown, history, hidden, settled = asked
        states = [ready(scope, event, unknown, history, settled) for scope in self.scopes]
        found = outcomes(self.scopes, states)
        if hidden:
            places = {self._places[name] for name in hidden if name in self._places}
            found = tuple(each for each in found if each[0] not in places)
        return self._combined(found, _DEFAULT not in hidden), states

    def _combine(self, found: tuple[tuple[int, int], ...], default: bool) -> _Vector:
        codes = [0] * len(self.plan.policies)
        for place, code in found:
            codes[place] = code
        return _Vector(combine(self.plan, codes, default=default))

    def _plain(self, vector: _Vector, states: _States) -> Decision:
        """The decision where nothing is remedied: made once for each risk and what is missing."""
        risk = self._risk(states) if self._classed else None
        missing = _missing(vector.combined, states)
        decision = vector.decisions.get((risk, missing))
        if decision is None:
            decision = _decision(self.plan, vector.combined, risk, missing)
            if len(vector.decisions) < _DECISIONS:
                vector.decisions[risk, missing] = decision
        return decision

    def _change(self, asked: _Asked, combined: Combined, states: _States) -> _Changed:
        """The variant decided once more (S6)."""
        values = agreed(self._values(r, states) for r in combined.remedies)
        if values is None:
            return _Changed(refuse(combined, "remediation_conflict"), states)
        event, names = variant(asked.event, values), frozenset(values)
        unknown = revealed(asked.unknown, names)
        vector, second = self._round(asked._replace(event=event, unknown=unknown, settled=names))
        return _Changed(conclude(combined, vector.combined), second, event, values)

    def _values(self, of: Remediation, states: _States) -> dict[str, Any]:
        own = states[of.policy.scope]
        return {name: value(own) for name, value in self._sets[of.rule.id]}

    def _varied(self, states: _States, changed: _Changed) -> Decision:
        """The decision of both rounds; `states` are the first's."""
        result = changed.combined
        missing = _missing(result, changed.states if result.of_variant else states)
        decision = _decision(self.plan, result, self._risk(states), missing)
        if changed.event is None or result.reason == "remediation_refused":
            return decision
        said = remedy(result.remedies, changed.values, changed.event)
        return decision._replace(remediation=said)

    def _risk(self, states: _States) -> str | None:
        """The highest class of the chain."""
        classes = [states[scope]["risk"] for scope in self._classed]
        return highest("unknown" if isinstance(risk, Mark) else risk for risk in classes)

    def _watching(self, event: Mapping[str, Any]) -> frozenset[str]:
        """Policies in monitor mode at the event's time; without one, the endless ones (S9)."""
        at = attribute_states(event, {"ts": TIMESTAMP}, frozenset())["ts"]
        timed = not isinstance(at, Mark)
        return frozenset(
            name
            for name, end in self._ends.items()
            if end == FOREVER or (timed and at < instant(end))
        )


def _decision(plan: Plan, result: Combined, risk: str | None, missing: tuple[str, ...]) -> Decision:
    return Decision(
        decision=result.decision,
        status=result.status,
        policy=result.policy,
        rule=result.rule,
        gate=result.gate,
        reason=result.reason,
        risk=risk,
        constraints=result.constraints or {},
        approvals=result.approvals,
        evidence_required=result.evidence_required,
        missing=missing,
        matched=result.matched,
        digest=plan.digest,
    )


def _missing(result: Combined, states: _States) -> tuple[str, ...]:
    """Of what the deciding rule mentions, what the event lacks (S4.4)."""
    if not result.mentions:
        return ()
    own = states[result.scope]
    return tuple([name for name in result.mentions if type(own[name]) is Mark])
