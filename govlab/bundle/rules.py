"""Which keys go with which decision (policy-bundle: table of rules), over the tree.

Beside the models rather than in them: pydantic checks a model as a whole only once its fields
are right, and all problems of a file are told at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from govlab.bundle.constraints import CONSTRAINTS, canonical_key
from govlab.bundle.suggest import quoted
from govlab.bundle.tree import Mapping, Scalar, Sequence, Tree, problem
from govlab.errors import Diagnostic

__all__ = ["check_rules"]


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys a decision must have, and those it may have besides."""

    needed: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


_APPROVAL = frozenset(
    {"quorum", "expires_after", "separation_of_duties", "evidence_required", "constraints"}
)
_DECISIONS = {
    "ALLOW": _Keys(),
    "DENY": _Keys(),
    "REQUIRE_APPROVAL": _Keys(frozenset({"approvers"}), _APPROVAL),
    "ALLOW_WITH_CONSTRAINTS": _Keys(frozenset({"constraints"})),
    "REMEDIATE": _Keys(frozenset({"remediation"})),
}
_BOUND = frozenset({"approvers", "constraints", "remediation"}) | _APPROVAL


def check_rules(tree: Mapping) -> list[Diagnostic]:
    """What does not go together in the rules, the default and the declarations of a document."""
    found = [*_policy(tree), *_declared(tree.get("constraints"))]
    for policy in _mappings(tree.get("policies")):
        found += _policy(policy)
    default = tree.get("default")
    if isinstance(default, Mapping):
        found += _keys(default)
    elif isinstance(default, Scalar) and default.text == "REQUIRE_APPROVAL":
        hint = "write `{decision: REQUIRE_APPROVAL, approvers: [..]}`"
        found.append(_missing(default, default.text, "approvers", hint))
    return found


def _policy(tree: Mapping) -> Iterator[Diagnostic]:
    name = tree.get("name")
    policy = name.text if isinstance(name, Scalar) else ""
    if isinstance(name, Scalar) and policy == "default":
        yield problem(name, "GL021", "`default` is what the engine itself calls the default",
                      "give the policy another name")  # fmt: skip
    for rule in _mappings(tree.get("rules")):
        yield from _keys(rule)
        yield from _reserved(rule.get("id"), policy)
        yield from _time_bound(rule)


def _mappings(tree: Tree | None) -> Iterator[Mapping]:
    items = tree.items if isinstance(tree, Sequence) else ()
    return (item for item in items if isinstance(item, Mapping))


def _keys(rule: Mapping) -> Iterator[Diagnostic]:
    """Keys the rule's decision needs and lacks, or has and cannot use."""
    decision = rule.get("decision")
    keys = _DECISIONS.get(decision.text) if isinstance(decision, Scalar) else None
    if keys is None or not isinstance(decision, Scalar):
        return
    for key in sorted(keys.needed - set(rule)):
        yield _missing(decision, decision.text, key)
    if "constraints" in keys.needed and _is_empty(rule.get("constraints")):
        yield _missing(rule.entries[rule.index["constraints"]].key, decision.text, "a constraint")
    for entry in rule.entries:
        if entry.key.text in _BOUND - keys.needed - keys.allowed:
            message = f"`{decision.text}` has no {quoted(entry.key.text)}"
            yield problem(entry.key, "GL016", message, _homes(entry.key.text))


def _missing(at: Tree, decision: str, key: str, hint: str = "") -> Diagnostic:
    shown = key if " " in key else f"key `{key}`"
    return problem(at, "GL011", f"`{decision}` needs {shown}", hint)


def _homes(key: str) -> str:
    having = [name for name, keys in _DECISIONS.items() if key in keys.needed | keys.allowed]
    return f"it belongs to {' and '.join(f'`{name}`' for name in having)}"


def _is_empty(tree: Tree | None) -> bool:
    return isinstance(tree, Mapping) and not tree.entries


def _reserved(identifier: Tree | None, policy: str) -> Iterator[Diagnostic]:
    if isinstance(identifier, Scalar) and identifier.text in ("default", f"{policy}/on"):
        message = f"{quoted(identifier.text)} is an id the engine itself gives"
        yield problem(identifier, "GL021", message, "choose another one")


def _time_bound(rule: Mapping) -> Iterator[Diagnostic]:
    gate = rule.get("gate")
    if isinstance(gate, Scalar) and gate.text == "time_bound" and "expires_after" not in rule:
        message = "gate `time_bound` needs key `expires_after`"
        yield problem(gate, "GL011", message, "hours of the day are conditions on `ts`")


def _declared(tree: Tree | None) -> Iterator[Diagnostic]:
    """Constraints declared under a name the table of S10 has."""
    taken = set(CONSTRAINTS) | {canonical_key(one.name, one.kind) for one in CONSTRAINTS.values()}
    for entry in tree.entries if isinstance(tree, Mapping) else ():
        if entry.key.text in taken:
            message = f"constraint {quoted(entry.key.text)} is known already"
            yield problem(entry.key, "GL016", message, "choose another name")
