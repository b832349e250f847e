"""A whole plan as the text of one Python module: constants, functions, tables, in that order.

Its last name is `SCOPES`; what it calls are the functions of `runtime` and of `support`, by plain
names. Equal plans give equal text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from govlab.backends.scalar.blocks import Module
from govlab.backends.scalar.conditions import write_function
from govlab.backends.scalar.literals import Constants, literal, sequence, type_text
from govlab.backends.scalar.names import TAKEN
from govlab.backends.scalar.strict import ALIASES
from govlab.backends.scalar.targets import KEYS, needed
from govlab.bundle.model import Derivation, Lookup
from govlab.lang.nodes import Node
from govlab.plan.model import (
    NO_RULE,
    NO_TARGET,
    ON_ERROR,
    ON_UNKNOWN,
    Plan,
    PolicyPlan,
    Scope,
    encode,
)
from govlab.plan.model import RulePlan as Rule
from govlab.schema import ACTIONS, DERIVED

__all__ = ["generate", "generate_condition"]

_Placed = tuple[int, PolicyPlan]


def generate(plan: Plan) -> str:
    """The source of the module that finds every policy's outcome; equal plans, equal bytes."""
    module = Module(Constants(), TAKEN)
    for place, policy in enumerate(plan.policies):
        _policy(module, place, policy)
    tables = [_sets(plan)]
    for number, scope in enumerate(plan.scopes):
        tables += _scope(module, plan, number, scope)
    scopes = [f"SCOPE_{number}" for number in range(len(plan.scopes))]
    tables.append(f"SCOPES = {sequence('(', scopes, ')')}")
    about = f"# bundle {plan.name!r}, version {plan.version!r}, digest {plan.digest!r}"
    return _joined(about, module, tables)


def generate_condition(node: Node) -> str:
    """The source of a module whose `condition(s)` is the checked `node` over states by name."""
    module = Module(Constants(), TAKEN)
    write_function(module, "condition", node)
    return _joined("# one condition", module, [])


def _joined(about: str, module: Module, tables: Iterable[str]) -> str:
    aliases = [f"{ALIASES[name]} = CALLS[{name!r}]" for name in sorted(module.used)]
    top = "\n".join([about, *module.constants.lines(), *aliases])
    last = "\n".join(tables)
    return "\n\n\n".join(part for part in (top, *module.functions, last) if part) + "\n"


# -- policies --------------------------------------------------------------------------------------


def _policy(module: Module, place: int, policy: PolicyPlan) -> None:
    """`policy_<place>(s)`: the number of the outcome (S4.1)."""
    lines = [f"# policy {policy.name!r}"]
    if policy.target is not None:
        write_function(module, f"target_{place}", policy.target, _about("target of", policy.name))
        lines += [
            f"target = target_{place}(s)",
            "if target is not True:",
            f"    return {_numbers(module, 'False', NO_TARGET, ON_ERROR, ON_UNKNOWN)}[target]",
        ]
    for number, rule in enumerate(policy.rules):
        _rule(module, f"{place}_{number}", rule)
        codes = (encode(number, "true"), encode(number, "error"), encode(number, "unknown"))
        lines += [
            f"held = rule_{place}_{number}(s)",
            "if held is not False:",
            f"    return {_numbers(module, 'True', *codes)}[held]",
        ]
    module.add(f"def policy_{place}(s):", [*lines, f"return {NO_RULE}"])


def _numbers(module: Module, word: str, one: int, error: int, unknown: int) -> str:
    """The name of the table from a result to the number of the policy's outcome."""
    text = f"{{{word}: {one}, ERROR: {error}, UNKNOWN: {unknown}}}"
    return module.constants.name("OUTCOME", text)


def _about(what: str, name: str) -> str:
    return f"# {what} {name!r}"


def _rule(module: Module, at: str, rule: Rule) -> None:
    """`rule_<at>(s)`: the verdict; a value to set that cannot be had makes it so (S6)."""
    if not rule.set:
        write_function(module, f"rule_{at}", rule.condition, _about("rule", rule.id))
        return
    write_function(module, f"when_{at}", rule.condition, _about("condition of rule", rule.id))
    values = []
    for number, (name, value) in enumerate(rule.set):
        values.append(f"set_{at}_{number}(s)")
        about = f"{_about('rule', rule.id)} sets {name!r}"
        write_function(module, f"set_{at}_{number}", value, about)
    module.add(
        f"def rule_{at}(s):",
        [
            _about("rule", rule.id),
            f"held = when_{at}(s)",
            f"return settable({', '.join(values)}) if held is True else held",
        ],
    )


def _sets(plan: Plan) -> str:
    """What remedies set: (rule id) -> attribute and function, in the order written."""
    entries = []
    for place, policy in enumerate(plan.policies):
        for number, rule in enumerate(policy.rules):
            pairs = [f"({n!r}, set_{place}_{number}_{i})" for i, (n, _) in enumerate(rule.set)]
            entries += [f"{rule.id!r}: {sequence('(', pairs, ')')}"] if pairs else []
    return f"SETS = {sequence('{', entries, '}', start=7)}"


# -- scopes ----------------------------------------------------------------------------------------


def _scope(module: Module, plan: Plan, number: int, scope: Scope) -> Iterator[str]:
    """The functions and tables of one bundle of the chain."""
    reads = [f"{name!r}: {type_text(kind)}" for name, kind in sorted(scope.reads.items())]
    yield f"READS_{number} = {sequence('{', reads, '}', start=10)}"
    steps: list[str] = []
    for at, step in enumerate(scope.steps):
        if isinstance(step, Derivation):
            _derivation(module, f"{number}_{at}", step)
            steps.append(f"{step.attribute!r}: derived_{number}_{at}")
        else:
            yield f"LOOKUP_{number}_{at} = {_lookup(step)}"
            steps += [f"{n!r}: column(LOOKUP_{number}_{at}, {n!r})" for n in _columns(step)]
    yield f"STEPS_{number} = {sequence('{', steps, '}', start=10)}"
    _risk(module, number, scope)
    placed = [(at, p) for at, p in enumerate(plan.policies) if p.scope == number]
    fields = [
        f"reads=READS_{number}",
        f"steps=STEPS_{number}",
        f"features={literal(tuple(f.name for f in scope.history))}",
        f"risk={'None' if scope.risk is None else f'risk_{number}'}",
        *_dispatch(placed),
    ]
    yield f"SCOPE_{number} = {sequence('scope(', fields, ')', start=10)}"


def _derivation(module: Module, at: str, step: Derivation) -> None:
    """`derived_<at>(s)`: the first rule that holds fills the attribute (J5)."""
    known = ACTIONS.get(step.attribute) or DERIVED.get(step.attribute)
    control = known is not None and known.origin == "control"
    lines = [
        _about("derived", step.attribute),
        f"if settled(s, {step.attribute!r}, control={control!r}):",
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


def _risk(module: Module, number: int, scope: Scope) -> None:
    """`risk_<number>(s)`: the first class that is not false (S7)."""
    if scope.risk is None:
        return
    lines = []
    for at, (name, when) in enumerate(scope.risk):
        write_function(module, f"risk_{number}_{at}", when, _about("risk", name))
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


# -- dispatch --------------------------------------------------------------------------------------


def _dispatch(placed: Sequence[_Placed]) -> Iterator[str]:
    """The policies of a scope: those that every event asks, and those found by a text."""
    left = list(placed)
    tables = []
    for key, other in KEYS:
        found = [(at, p, names) for at, p in left if (names := needed(p.target, key)) is not None]
        left = [(at, p) for at, p in left if needed(p.target, key) is None]
        if found:
            tables.append(_table(key, other, found))
    yield f"always={_policies(at for at, _ in left)}"
    yield f"tables={sequence('(', tables, ')', start=7)}"


def _table(key: str, other: str, found: Sequence[tuple[int, PolicyPlan, frozenset[str]]]) -> str:
    texts = sorted({text for _, _, names in found for text in names})
    named = [
        f"{text!r}: {_policies(at for at, _, names in found if text in names)}" for text in texts
    ]
    fields = [
        f"key={key!r}",
        f"other={other!r}",
        f"named={sequence('{', named, '}', start=8)}",
        f"every={_policies(at for at, _, _ in found)}",
    ]
    return sequence("Table(", fields, ")", start=8)


def _policies(places: Iterable[int]) -> str:
    return sequence("(", [f"Policy({at}, policy_{at})" for at in places], ")", start=20)
