"""A whole plan as the text of one Python module: constants, functions, tables, in that order.

Its last name is `SCOPES`; what it calls are the functions of `runtime` and of `support`, by plain
names. Equal plans give equal text.
"""

from __future__ import annotations

from collections.abc import Iterable

from govlab.backends.scalar.blocks import Module
from govlab.backends.scalar.conditions import write_function
from govlab.backends.scalar.literals import Constants, sequence
from govlab.backends.scalar.names import TAKEN
from govlab.backends.scalar.scopes import write_scope
from govlab.backends.scalar.strict import ALIASES, REMEMBERED
from govlab.lang.nodes import Node
from govlab.plan.model import Plan, PolicyPlan, RulePlan

__all__ = ["generate", "generate_condition"]


def generate(plan: Plan) -> str:
    """The source of the module that finds every policy's outcome; equal plans, equal bytes."""
    module = Module(Constants(), TAKEN)
    for place, policy in enumerate(plan.policies):
        _policy(module, place, policy)
    tables = [_sets(plan)]
    for number, scope in enumerate(plan.scopes):
        tables += write_scope(module, plan, number, scope)
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
    aliases = [f"{ALIASES[name]} = {_function(name)}" for name in sorted(module.used)]
    top = "\n".join([about, *module.constants.lines(), *aliases])
    last = "\n".join(tables)
    return "\n\n\n".join(part for part in (top, *module.functions, last) if part) + "\n"


def _function(name: str) -> str:
    return f"remembered(CALLS[{name!r}])" if name in REMEMBERED else f"CALLS[{name!r}]"


# -- policies --------------------------------------------------------------------------------------


def _policy(module: Module, place: int, policy: PolicyPlan) -> None:
    """`target_<place>(s)`, and `rule_<place>_<number>(s)` of each rule."""
    if policy.target is not None:
        write_function(module, f"target_{place}", policy.target, _about("target of", policy.name))
    for number, rule in enumerate(policy.rules):
        _rule(module, f"{place}_{number}", rule)


def _about(what: str, name: str) -> str:
    return f"# {what} {name!r}"


def _about_rule(rule: RulePlan, what: str = "rule") -> str:
    return f"{_about(what, rule.id)}, line {rule.line}"


def _rule(module: Module, at: str, rule: RulePlan) -> None:
    """`rule_<at>(s)`: the verdict; a value to set that cannot be had makes it so (S6)."""
    if not rule.set:
        write_function(module, f"rule_{at}", rule.condition, _about_rule(rule))
        return
    write_function(module, f"when_{at}", rule.condition, _about_rule(rule, "condition of rule"))
    values = []
    for number, (name, value) in enumerate(rule.set):
        values.append(f"set_{at}_{number}(s)")
        about = f"{_about_rule(rule)}, sets {name!r}"
        write_function(module, f"set_{at}_{number}", value, about)
    module.add(
        f"def rule_{at}(s):",
        [
            _about_rule(rule),
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
