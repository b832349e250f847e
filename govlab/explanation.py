"""Why one event is decided as it is: every rule tried, every sub-expression's value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from govlab.backends.reference import Asked, Round, decide, decide_rounds, decision_of, evaluate
from govlab.bundle import Bundle, load_bundle
from govlab.bundle.model import Expression
from govlab.lang.nodes import Literal, Local, Node, walk
from govlab.plan import Decision, Plan, PolicyPlan, compile_plan
from govlab.plan.decision import RESTRICTIVENESS
from govlab.plan.model import NO_RULE, NO_TARGET, Outcome, decode
from govlab.runtime.calls import CALLS
from govlab.runtime.states import UNKNOWN, Mark
from govlab.runtime.values import CelError, Map, TypeValue, kind

__all__ = ["MOST_ELEMENTS", "Explanation", "PolicyTrace", "RuleTrace", "Value", "explain"]


@dataclass(frozen=True, slots=True)
class Value:
    """A sub-expression, as written, and what it came to; inside a macro, for which `element`.

    `element` has the macros' variables and their values.
    """

    text: str
    result: Any
    element: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """A rule that was tried: its condition's result and the values of its parts.

    `omitted` counts the values that are left out, because a macro ran over many elements.
    """

    id: str
    condition: str
    result: Any
    values: tuple[Value, ...]
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class PolicyTrace:
    """A policy: whether its target matched, the rules tried, what it came to, what became of it."""

    policy: str
    bundle: str
    target: Any
    outcome: str
    decision: str | None
    role: str
    rules: tuple[RuleTrace, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision, how each policy came to its outcome, and the same for the variant if any."""

    decision: Decision
    trace: tuple[PolicyTrace, ...]
    variant: Explanation | None = None

    def to_dict(self) -> dict[str, Any]:
        """The decision's fields with `trace` and, for a remediated event, `variant`."""
        shown = {**self.decision.to_dict(), "trace": [asdict(t) for t in self.trace]}
        return {**shown, "variant": self.variant.to_dict()} if self.variant else shown

    def __repr__(self) -> str:
        from govlab.report.explanation import (  # noqa: PLC0415  # reports are drawn on demand
            explanation_text,
        )

        return explanation_text(self)


def explain(
    bundle: Bundle | str | Path,
    event: Mapping[str, Any],
    *,
    unknown: frozenset[str] = frozenset(),
    history: Mapping[str, Any] | None = None,
) -> Explanation:
    """Why `bundle`, a path or the name of a starter too, decides `event` as it does.

    `unknown` are attributes that the event's source cannot tell; `history` values of features.
    Raises BundleError where the bundle does not load, KeyError where it has history features that
    `history` lacks.

    >>> explain("prod-safety", {"tool": "aws-cli", "env": "production"}).decision.decision
    'REQUIRE_APPROVAL'
    """
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    plan = compile_plan(bundle)
    done = decide_rounds(plan, Asked(event, unknown, history or {}))
    decision = decide(plan, event, unknown=unknown, history=history)
    trace = tuple(_policies(bundle, plan, done, decision))
    return Explanation(decision, trace, _variant(bundle, plan, done.second))


def _variant(bundle: Bundle, plan: Plan, second: Round | None) -> Explanation | None:
    """The second round by itself; there is no third, even where it would remediate again (S6)."""
    if second is None:
        return None
    decision = decision_of(plan, second)
    return Explanation(decision, tuple(_policies(bundle, plan, second, decision)))


def _policies(bundle: Bundle, plan: Plan, done: Round, decision: Decision) -> Iterator[PolicyTrace]:
    chain = bundle.chain()
    for policy, code in zip(plan.policies, done.codes, strict=True):
        member, states = chain[policy.scope], done.states[policy.scope]
        sources = {r.id: r.condition for p in member.policies for r in p.rules}
        target = True if policy.target is None else evaluate(policy.target, states)
        outcome = decode(code)
        tried = () if target is not True else policy.rules[: _tried(policy, code)]
        found = (
            policy.rules[outcome.rule].decision if outcome and outcome.rule is not None else None
        )
        yield PolicyTrace(
            policy=policy.name,
            bundle=member.name,
            target=shown(target),
            outcome=_outcome(policy, code, states),
            decision=found if outcome and outcome.verdict == "true" else None,
            role=_role(policy, code, found, decision),
            rules=tuple(_rule(r.id, sources[r.id], states) for r in tried),
        )


def _tried(policy: PolicyPlan, code: int) -> int:
    """How many rules were looked at: those behind the deciding one do not exist."""
    outcome = decode(code)
    return len(policy.rules) if outcome is None or outcome.rule is None else outcome.rule + 1


def _outcome(policy: PolicyPlan, code: int, states: Mapping[str, Any]) -> str:
    if code == NO_TARGET:
        return "not applicable: its `on` does not match"
    if code == NO_RULE:
        return "no rule matched"
    outcome = decode(code)
    assert outcome is not None  # the two numbers above are the only ones without one  # noqa: S101
    at = "its `on`" if outcome.rule is None else f"rule {policy.rules[outcome.rule].id}"
    words = {
        "true": f"{at} matched",
        "error": f"{at} could not be evaluated",
        "unknown": f"{at} hangs on what the log does not know{_unknown(policy, outcome, states)}",
    }
    return words[outcome.verdict]


def _unknown(policy: PolicyPlan, outcome: Outcome, states: Mapping[str, Any]) -> str:
    mentions = policy.mentions if outcome.rule is None else policy.rules[outcome.rule].mentions
    names = ", ".join(name for name in mentions if states[name] is UNKNOWN)
    return f" ({names})" if names else ""


def _role(policy: PolicyPlan, code: int, found: str | None, decision: Decision) -> str:
    """What became of the policy's outcome in the combination, in one sentence."""
    outcome = decode(code)
    if outcome is None:
        return "takes no part"
    if outcome.verdict == "unknown":
        opens = decision.status == "undecidable"
        return "leaves the decision open" if opens else f"{decision.decision} stands without it"
    if policy.name == decision.policy:
        return "decides"
    if decision.policy is None:
        return "the default is more restrictive"
    if outcome.verdict == "error":
        return "an error, behind the one that decides" if decision.decision == "DENY" else "counts"
    if found == decision.decision:
        return f"agrees; `{decision.policy}` comes first"
    if found and RESTRICTIVENESS[found] < RESTRICTIVENESS[decision.decision]:
        return f"loses: {decision.decision} is more restrictive than {found}"
    return f"gives way to `{decision.policy}`"


MOST_ELEMENTS = 20
"""Elements of a macro for which the values of its parts are kept."""
_MOST_VALUES = 400  # of one rule, whatever macros stand in one another


def _rule(rule: str, condition: Expression, states: Mapping[str, Any]) -> RuleTrace:
    """The rule's result and the distinct values of its parts, in the order of their text."""
    parts: dict[str, dict[str, Value]] = {}
    omitted = 0

    def watch(node: Node, value: Any, seen: Mapping[str, Any]) -> None:
        nonlocal omitted
        if isinstance(node, Literal | Local) or node.span == condition.node.span:
            return
        text = condition.source[node.span.start : node.span.end]
        element = _element(node, seen)
        known, key = parts.setdefault(text, {}), repr(element)
        if key in known:
            return
        if len(known) == MOST_ELEMENTS or sum(map(len, parts.values())) >= _MOST_VALUES:
            omitted += 1
            return
        known[key] = Value(text, shown(value), element)

    result = evaluate(condition.node, states, watch)
    values = tuple(value for known in parts.values() for value in known.values())
    return RuleTrace(rule, condition.text, shown(result), values, omitted)


def _element(node: Node, states: Mapping[str, Any]) -> dict[str, Any]:
    """The macro variables that `node` reads, under the names they were written with."""
    names = {n.name for n in walk(node) if isinstance(n, Local)}
    return {name.partition("@")[0]: shown(states[name]) for name in sorted(names) if name in states}


def shown(value: Any) -> Any:
    """A result as JSON shows it; marks by their word, what is no JSON value as CEL writes it."""
    match value:
        case Mark():
            return value.value
        case Map():
            return {str(key): shown(item) for key, item in value.items()}
        case TypeValue():
            return value.name
        case bytes():
            return value.hex()
        case tuple() | list():
            return [shown(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return _as_text(value)


def _as_text(value: Any) -> str:
    """A time, span, address or network as `string()` gives it; a record by its name."""
    try:
        return str(CALLS["string"](value))
    except CelError:
        return f"<{kind(value)}>"
