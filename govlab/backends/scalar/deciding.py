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

from govlab.backends.scalar.attributes import Attributes, Scope, prepare
from govlab.backends.scalar.policies import outcomes_of, tried
from govlab.plan.combine import Combined, Remediation, combine, conclude, refuse
from govlab.plan.compile import FOREVER
from govlab.plan.decision import Decision
from govlab.plan.model import Plan, encode
from govlab.plan.remedy import agreed, remedy
from govlab.plan.risk import highest
from govlab.runtime.event import attribute_states, instant
from govlab.runtime.states import ERROR, UNKNOWN, Mark
from govlab.runtime.variants import variant
from govlab.runtime.withheld import read_as_absent, revealed
from govlab.types import TIMESTAMP

__all__ = ["Condition", "Engine"]

_DEFAULT = "default"
_NONE: frozenset[str] = frozenset()
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
    """What a vector of outcomes comes to, and the decisions made of it so far.

    It is plain where nothing is unknown and nothing remedied.
    """

    combined: Combined
    is_plain: bool
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

    __slots__ = (
        "_both", "_classed", "_combined", "_endless", "_ends", "_places", "_sets",
        "_timed", "plan", "scopes", "source",
    )  # fmt: skip

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
        self._places = [
            (place, code)
            for place, policy in enumerate(plan.policies)
            for code in range(encode(len(policy.rules), "true"))
        ]
        ends = {p.name: p.monitored for p in plan.policies} | {_DEFAULT: plan.default_monitored}
        self._ends = [name for name, end in ends.items() if end is not None]
        self._endless = frozenset(name for name, end in ends.items() if end == FOREVER)
        timed = ((name, end) for name, end in ends.items() if end is not None)
        self._timed = [(name, instant(end)) for name, end in timed if end != FOREVER]
        self._both: dict[tuple[int, int], tuple[Decision, Decision, Decision]] = {}
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
        found, states = self._round(event, unknown, history or _NOTHING, _NONE)
        vector = self._combined(found, True)
        if vector.is_plain and not self._ends:
            return self._plain(vector, states)
        asked = _Asked(event, unknown, history or _NOTHING)
        decision = self._attempt(asked, found, states) or self._undecidable(asked)
        hidden = self._watching(event) if self._ends else None
        if not hidden:
            return decision
        watched = asked._replace(hidden=hidden)
        visible = self._visible(found, hidden)
        enforced = self._attempt(watched, visible, states) or self._undecidable(watched)
        return self._with_enforced(decision, enforced)

    def _with_enforced(self, decision: Decision, enforced: Decision) -> Decision:
        """Both as one; made once for decisions that are handed out again."""
        key = id(decision), id(enforced)
        both = self._both.get(key)
        if both is None:
            whole = decision._replace(enforced=enforced)
            both = decision, enforced, whole  # they are kept, so that their ids are no others'
            if len(self._both) < _VECTORS:
                self._both[key] = both
        return both[2]

    def _undecidable(self, asked: _Asked) -> Decision:
        """What holds for the row as it stands: unknown read as absent (S4.2c)."""
        history = {n: ERROR if state is UNKNOWN else state for n, state in asked.history.items()}
        asked = asked._replace(unknown=read_as_absent(asked.unknown), history=history)
        found, states = self._round(asked.event, asked.unknown, history, _NONE)
        stands = self._attempt(asked, self._visible(found, asked.hidden), states)
        assert stands is not None  # nothing is unknown now  # noqa: S101
        return stands._replace(status="undecidable")

    def _attempt(self, asked: _Asked, found: tuple[int, ...], states: _States) -> Decision | None:
        """The decision of outcomes `found`, or None where it hangs on something unknown."""
        vector = self._combined(found, _DEFAULT not in asked.hidden)
        if vector.is_plain:
            return self._plain(vector, states)
        if vector.combined.status == "unknown":
            return None
        changed = self._change(asked, vector.combined, states)
        return None if changed.combined.status == "unknown" else self._varied(states, changed)

    def _round(
        self,
        event: Mapping[str, Any],
        unknown: frozenset[str],
        history: Mapping[str, Any],
        settled: frozenset[str],
    ) -> tuple[tuple[int, ...], _States]:
        """The number of the outcome of every policy whose target was not false, and the states."""
        states: list[Attributes] = []
        found: list[int] = []
        for scope in self.scopes:
            known = Attributes(scope, event, unknown, settled)
            if scope.features or scope.risk is not None:
                prepare(known, history)
            outcomes_of(tried(scope.policies, scope.known, known), known, found)
            states.append(known)
        return tuple(found), states

    def _visible(self, found: tuple[int, ...], hidden: frozenset[str]) -> tuple[int, ...]:
        """`found` without the outcomes of the policies `hidden`."""
        if not hidden:
            return found
        names = self.plan.policies
        return tuple([each for each in found if names[self._places[each][0]].name not in hidden])

    def _combine(self, found: tuple[int, ...], default: bool) -> _Vector:
        codes = [0] * len(self.plan.policies)
        for place, code in (self._places[number] for number in found):
            codes[place] = code
        combined = combine(self.plan, codes, default=default)
        is_plain = combined.status == "error" or (
            combined.status == "decided" and not combined.remedies
        )
        return _Vector(combined, is_plain)

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
        found, second = self._round(event, unknown, asked.history, names)
        visible = self._visible(found, asked.hidden)
        vector = self._combined(visible, _DEFAULT not in asked.hidden)
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
        if not self._timed:
            return self._endless
        at = attribute_states(event, {"ts": TIMESTAMP}, frozenset())["ts"]
        if type(at) is Mark:
            return self._endless
        return self._endless.union(name for name, end in self._timed if at < end)


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
