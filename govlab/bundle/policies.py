"""Policies and rules: documents with their conditions checked and limits canonical."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govlab.bundle.constraints import read_constraints
from govlab.bundle.documents import PolicyDocument, RemediationDocument, RuleDocument
from govlab.bundle.expressions import Expressions, written
from govlab.bundle.model import Expression, Feature, Matcher, Mode, Policy, Remediation, Rule
from govlab.bundle.quantities import seconds
from govlab.bundle.sources import Documents
from govlab.bundle.tree import Mapping as TreeMapping
from govlab.bundle.tree import Scalar, Sequence, Tree, key_at, node_at
from govlab.errors import did_you_mean
from govlab.lang.checker import Scope
from govlab.schema import ACTIONS, request_columns
from govlab.types import Type

__all__ = ["read_policies", "settable_attributes"]

_FIXED_GROUPS = frozenset({"identity", "who", "run"})
_ONE_VALUE = {"cost_micro_usd": "cost"}  # one value in two units: it is set as `cost`
_FIXED = frozenset({"args", "args_sha256", *_ONE_VALUE})


def read_policies(
    documents: Documents,
    settable: Mapping[str, Type],
    scope: Scope,
    expressions: Expressions,
) -> tuple[Policy, ...]:
    """The policies in file-name order, then document order; what `set` may name is `settable`.

    Of policies that are no documents at least conditions and constraints are checked.
    """
    reader = _Reader(documents, settable, scope, expressions)
    for tree in documents.broken:
        reader.broken(tree)
    return tuple(reader.policy(source.document, source.tree) for source in documents.policies)


def settable_attributes(
    attributes: Mapping[str, Type], history: tuple[Feature, ...]
) -> dict[str, Type]:
    """What a remediation may set: request attributes but identity, who, and feature keys (S6)."""
    keys = {_ONE_VALUE.get(name, name) for feature in history for name in feature.per}
    columns = {
        c.name: c.type
        for c in request_columns().values()
        if c.group not in _FIXED_GROUPS and c.name not in _FIXED
    }
    return {name: kind for name, kind in {**columns, **attributes}.items() if name not in keys}


class _Reader:
    """Reads rules against one scope; problems go to `expressions`."""

    def __init__(
        self,
        documents: Documents,
        settable: Mapping[str, Type],
        scope: Scope,
        expressions: Expressions,
    ) -> None:
        self.declared = documents.manifest.constraints
        self.settable = settable
        self.scope = scope
        self.expressions = expressions

    def policy(self, document: PolicyDocument, tree: TreeMapping) -> Policy:
        rules = (
            self.rule(document.name, place, rule, tree) for place, rule in enumerate(document.rules)
        )
        mode = Mode(document.mode, document.until) if document.mode else None
        return Policy(
            document.name,
            tuple(Matcher(m.globs()) for m in document.on or ()),
            tuple(r for r in rules if r is not None),
            tree.place,
            mode,
            document.controls,
        )

    def rule(
        self, policy: str, place: int, document: RuleDocument, tree: TreeMapping
    ) -> Rule | None:
        """The rule, or None where its condition or remediation is wrong."""
        node = node_at(tree, ("rules", place))
        condition = self.condition(node)
        remediation = self.remediation(document.remediation, node)
        constraints = self.limits(node)
        if condition is None:
            return None
        window = document.expires_after
        return Rule(
            id=document.id or f"{policy}/{place + 1}",
            condition=condition,
            decision=document.decision,
            place=node.place,
            reason=document.reason,
            gate=document.gate or "",
            approvers=document.approvers or (),
            quorum=document.quorum,
            expires_after_s=None if window is None else seconds(window),
            separation_of_duties=document.separation_of_duties,
            evidence_required=document.evidence_required,
            constraints=dict(sorted(constraints.items())),
            remediation=remediation,
            controls=document.controls,
            notes=document.notes,
        )

    def broken(self, tree: TreeMapping) -> None:
        """Check conditions and constraints of rules that are otherwise wrong."""
        rules = tree.get("rules")
        for rule in rules.items if isinstance(rules, Sequence) else ():
            given = rule.get("condition") if isinstance(rule, TreeMapping) else None
            if isinstance(given, Scalar) and isinstance(given.value, str | bool):
                self.expressions.read(given, self.scope)
            self.limits(rule)

    def limits(self, rule: Tree) -> dict[str, Any]:
        """The canonical values of its constraints."""
        given = rule.get("constraints") if isinstance(rule, TreeMapping) else None
        if not isinstance(given, TreeMapping):
            return {}
        constraints, problems = read_constraints(given, self.declared)
        self.expressions.problems.extend(problems)
        return constraints

    def condition(self, node: Tree) -> Expression | None:
        """The rule's condition; `true` where none is written."""
        given = node.get("condition") if isinstance(node, TreeMapping) else None
        if given is None:
            return self.expressions.read(node, self.scope, text="true")
        return self.expressions.read(given, self.scope)

    def remediation(self, document: RemediationDocument | None, node: Tree) -> Remediation | None:
        if document is None:
            return None
        values = [(name, self.value(name, node)) for name in sorted(document.set)]
        return Remediation(
            tuple((n, v) for n, v in values if v is not None), document.suggestion, document.apply
        )

    def value(self, name: str, node: Tree) -> Expression | None:
        """What `set` gives attribute `name`; GL037 where that cannot be set."""
        at = ("remediation", "set", name)
        kind = self.settable.get(name)
        if kind is not None:
            given = node_at(node, at)
            return self.expressions.read(given, self.scope, kind, written(given, kind))
        known = name in request_columns() or name in ACTIONS
        hint = (
            ""
            if known
            else did_you_mean(name, self.settable)
            or (f"declare it: `attributes: {{{name}: string}}`" if name.startswith("args.") else "")
        )
        self.expressions.problem(
            key_at(node, at),
            "GL037",
            f"`{name}` cannot be set" if known else f"no such attribute `{name}`",
            hint,
        )
        return None
