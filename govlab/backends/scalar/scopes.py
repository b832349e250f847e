"""The bundles of a chain in generated code: what is derived, looked up, risky, and who is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

from govlab.backends.scalar.blocks import Module
from govlab.backends.scalar.conditions import write_function
from govlab.backends.scalar.globs import is_exact
from govlab.backends.scalar.literals import literal, sequence, type_text
from govlab.backends.scalar.targets import KEYS, needed
from govlab.bundle.model import Derivation, Feature, Lookup
from govlab.lang.compiled import Pattern
from govlab.lang.nodes import Literal, Node, Variable, variables, walk
from govlab.lang.syntax import Span
from govlab.plan.model import Assumption, Plan, PolicyPlan, RulePlan, Scope, encode, firsts
from govlab.schema import by_control
from govlab.types import INT

__all__ = ["write_scope"]

_NOWHERE = Span(0, 0)
_Numbered = tuple[int, int, PolicyPlan]  # a policy, its place, and where its numbers begin


def write_scope(module: Module, plan: Plan, number: int, scope: Scope) -> Iterator[str]:
    """The functions and tables of one bundle of the chain."""
    reads = [f"{name!r}: {type_text(kind)}" for name, kind in sorted(scope.reads.items())]
    yield f"READS_{number} = {sequence('{', reads, '}', start=10)}"
    steps: dict[str, str] = {}
    for at, step in enumerate(scope.steps):
        match step:
            case Derivation():
                _derivation(module, f"{number}_{at}", step)
                steps[step.attribute] = f"derived_{number}_{at}"
            case Lookup():
                yield f"LOOKUP_{number}_{at} = {_lookup(step)}"
                steps |= {n: f"column(LOOKUP_{number}_{at}, {n!r})" for n in _columns(step)}
            case Assumption(attribute=attribute, value=value):
                said = [repr(attribute), literal(value), *filter(None, [steps.get(attribute)])]
                steps[attribute] = f"assumed({', '.join(said)})"
    named = [f"{name!r}: {step}" for name, step in steps.items()]
    yield f"STEPS_{number} = {sequence('{', named, '}', start=10)}"
    features = [_feature(module, f"{number}_{at}", f) for at, f in enumerate(scope.history)]
    yield f"FEATURES_{number} = {sequence('(', features, ')', start=13)}"
    _risk(module, number, scope)
    placed = zip(range(len(plan.policies)), firsts(plan), plan.policies, strict=True)
    numbered = [(at, first, policy) for at, first, policy in placed if policy.scope == number]
    fields = [
        f"reads=READS_{number}",
        f"steps=STEPS_{number}",
        f"features=FEATURES_{number}",
        f"risk={'None' if scope.risk is None else f'risk_{number}'}",
        f"policies={_policies(numbered)}",
    ]
    yield f"SCOPE_{number} = {sequence('scope(', fields, ')', start=10)}"


def _derivation(module: Module, at: str, step: Derivation) -> None:
    """`derived_<at>(s)`: the first rule that holds fills the attribute (J5)."""
    lines = [
        f"# derived {step.attribute!r}",
        f"if settled(s, {step.attribute!r}, control={by_control(step.attribute)!r}):",
        f"    return s[{step.attribute!r}]",
    ]
    for number, (when, value) in enumerate(step.rules):
        write_function(module, f"when_derived_{at}_{number}", when.node)
        write_function(module, f"value_derived_{at}_{number}", value.node)
        lines += [
            f"held = when_derived_{at}_{number}(s)",
            "if held is not False:",
            f"    return filled(value_derived_{at}_{number}(s) if held is True else held)",
        ]
    module.add(f"def derived_{at}(s):", [*lines, f"return s[{step.attribute!r}]"])


def _feature(module: Module, at: str, feature: Feature) -> str:
    """`adds_<at>(s)`: what an event adds; a cost in micro-USD, which is exact (S8)."""
    money = feature.sum == "cost"
    summed = Variable(INT, _NOWHERE, "cost_micro_usd" if money else str(feature.sum))
    node = feature.count.node if feature.count else summed
    write_function(module, f"adds_{at}", node, f"# what an event adds to {feature.name!r}")
    fields = [
        f"name={feature.name!r}",
        f"id={_meaning(feature, node)!r}",
        f"per={literal(feature.per)}",
        f"adds=adds_{at}",
        f"within_us={feature.within_us!r}",
        f"over={feature.over!r}",
        f"money={money!r}",
    ]
    return sequence("Feature(", fields, ")", start=12)


def _meaning(feature: Feature, node: Node) -> str:
    """The name with a digest of what is added up, in which window, of whom."""
    constants = [_constant(part.value) for part in walk(node) if isinstance(part, Literal)]
    text = feature.count.text if feature.count else feature.sum
    said = repr((text, constants, feature.per, feature.within_us, feature.over))
    return f"{feature.name}@{sha256(said.encode('utf-8', 'backslashreplace')).hexdigest()[:12]}"


def _constant(value: Any) -> str:
    return repr(value.text) if isinstance(value, Pattern) else literal(value)


def _risk(module: Module, number: int, scope: Scope) -> None:
    """`risk_<number>(s)`: the first class that is not false (S7)."""
    if scope.risk is None:
        return
    lines = []
    for at, (name, when) in enumerate(scope.risk):
        write_function(module, f"risk_{number}_{at}", when, f"# risk {name!r}")
        lines += [
            f"held = risk_{number}_{at}(s)",
            "if held is not False:",
            f"    return {name!r} if held is True else undecided(held)",
        ]
    module.add(f"def risk_{number}(s):", [*lines, "return 'low'"])


def _columns(lookup: Lookup) -> list[str]:
    return [lookup.name, *(f"{lookup.name}.{name}" for name, _ in lookup.columns)]


def _lookup(lookup: Lookup) -> str:
    rows = [
        (key, f"({start!r}, {end!r}, {sequence('(', map(_cell, cells), ')')})")
        for key, start, end, cells in lookup.rows
    ]
    by_key: dict[str, list[str]] = {}
    for key, row in rows:
        by_key.setdefault(key, []).append(row)
    exact = [f"{k!r}: {sequence('(', found, ')')}" for k, found in sorted(by_key.items())]
    globs = [f"({key!r}, {row})" for key, row in rows]
    is_exact = lookup.match == "exact"
    timed = any(start is not None or end is not None for _, start, end, _ in lookup.rows)
    fields = [
        f"name={lookup.name!r}",
        f"on={lookup.on!r}",
        f"columns={literal(tuple(_columns(lookup)[1:]))}",
        f"timed={timed!r}",
        f"exact={sequence('{', exact if is_exact else [], '}', start=8)}",
        f"globs={sequence('(', [] if is_exact else globs, ')', start=8)}",
    ]
    return sequence("Lookup(", fields, ")", start=12)


def _cell(cell: object) -> str:
    return "ABSENT" if cell is None else literal(cell)


def _policies(numbered: Iterable[_Numbered]) -> str:
    return sequence("(", (_policy(*each) for each in numbered), ")", start=20)


def _policy(place: int, first: int, policy: PolicyPlan) -> str:
    """A policy as a table: its target, and its rules with the numbers of their outcomes."""
    target = policy.target
    fixed = target is not None and variables(target) <= {key for key, _ in KEYS}
    rules = [
        _rule(f"rule_{place}_{at}", first + encode(at, "true"), rule)
        for at, rule in enumerate(policy.rules)
    ]
    fields = [
        repr(first),
        "None" if target is None else f"target_{place}",
        repr(fixed),
        _needs(target, lax=True),
        sequence("(", rules, ")", start=12),
    ]
    return sequence("Policy(", fields, ")", start=12)


def _rule(function: str, number: int, rule: RulePlan) -> str:
    numbers = f"{{True: {number}, ERROR: {number + 1}, UNKNOWN: {number + 2}}}"
    return f"Rule({function}, {numbers}, {_needs(rule.condition, lax=False)})"


def _needs(node: Node | None, *, lax: bool) -> str:
    """What texts `node` needs; `lax`, where an absent one is no error (S3)."""
    found = []
    for key, other in KEYS:
        globs = needed(node, key)
        if globs is not None:
            names = sequence("{", map(literal, sorted(filter(is_exact, globs))), "}")
            starts = literal(tuple(sorted(g[:-1] for g in globs if not is_exact(g))))
            fields = [repr(key), f"frozenset({names})", starts, *([repr(other)] if lax else [])]
            found.append(f"Need({', '.join(fields)})")
    return sequence("(", found, ")")
