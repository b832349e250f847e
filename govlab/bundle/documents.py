"""The documents of a bundle as written: keys, types, bounds; meaning is the loader's.

What may be written in two ways arrives in one: `default: DENY` as a DefaultDocument, a param's
bare value as a ParamDocument, a lone glob as a tuple. Instants are aware, durations microseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from govlab.bundle.constraints import ConstraintDeclaration, read_constraint, read_constraints
from govlab.bundle.fields import (
    Condition,
    Globs,
    Identifier,
    Instant,
    Microseconds,
    NotEmpty,
    ShortDefault,
    ShortParam,
    Text,
    Texts,
    TypeName,
    Value,
    Version,
)
from govlab.bundle.quantities import parse_duration, parse_money
from govlab.bundle.rules import check_rules
from govlab.bundle.shape import Document, Model, misfit
from govlab.bundle.shape import validate as validate_shape
from govlab.bundle.tree import Mapping, Tree, node_at
from govlab.errors import Diagnostic

__all__ = [
    "BundleDocument",
    "ConstraintDeclaration",
    "DefaultDocument",
    "DeriveRule",
    "ExtendsDocument",
    "HistoryDocument",
    "LookupDocument",
    "ManifestDocument",
    "MatcherDocument",
    "ParamDocument",
    "PolicyDocument",
    "RemediationDocument",
    "RuleDocument",
    "node_at",
    "parse_duration",
    "parse_money",
    "read_constraint",
    "read_constraints",
    "validate",
]


class MatcherDocument(Document):
    """One entry of `on`; `agent` is the same key as `actor` (S3)."""

    action: Globs | None = None
    tool: Globs | None = None
    actor: Globs | None = None
    agent: Globs | None = None
    tenant: Globs | None = None
    workflow: Globs | None = None
    env: Globs | None = None
    risk_tags: Globs | None = None

    @model_validator(mode="after")
    def _keys(self) -> MatcherDocument:
        if not self.model_fields_set:
            raise misfit("GL014", "an empty matcher", "remove it, or name what it is to match")
        if self.actor and self.agent:
            raise misfit("GL016", "`agent` and `actor` are the same key", "keep one of them")
        return self

    def globs(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The globs by attribute, in the order of the target keys."""
        keys = [(name, getattr(self, name)) for name in type(self).model_fields]
        return tuple(("actor" if k == "agent" else k, globs) for k, globs in keys if globs)


class RemediationDocument(Document):
    """What REMEDIATE changes; text in `set` is CEL, other values stand for themselves (S6)."""

    set: Annotated[dict[str, Value], NotEmpty]
    suggestion: str = ""
    apply: Literal["suggest", "automatic"] = "suggest"


class ApprovalFields(Document):
    """What REQUIRE_APPROVAL needs; other decisions have none of it."""

    approvers: Annotated[Texts, NotEmpty] | None = None
    quorum: Annotated[int, Field(ge=1, le=100)] = 1
    expires_after: Microseconds | None = None
    separation_of_duties: bool = True
    evidence_required: bool = False


class RuleDocument(ApprovalFields):
    """A rule; constraints are read from the tree, which has the exact text of money."""

    id: Identifier | None = None
    condition: Condition = "true"
    decision: Literal["ALLOW", "DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE"]
    reason: str = ""
    gate: Literal["environment", "privilege", "blast_radius", "time_bound"] | None = None
    controls: Texts = ()
    constraints: dict[str, Any] = Field(default_factory=dict)
    remediation: RemediationDocument | None = None
    notes: str = ""


class DefaultDocument(ApprovalFields):
    """The bundle's answer where no rule of any policy matched (S4.2d)."""

    decision: Literal["DENY", "ALLOW", "REQUIRE_APPROVAL"]


class ModeFields(Document):
    """Enforced, or monitored until an instant (J12)."""

    mode: Literal["enforce", "monitor"] | None = None
    until: Instant | None = None

    @model_validator(mode="after")
    def _expiry(self) -> ModeFields:
        if self.until and self.mode != "monitor":
            raise misfit("GL016", "`until` ends `mode: monitor` and nothing else", "remove it")
        return self


class PolicyDocument(ModeFields):
    """Ordered rules behind one target; no `on`: every event."""

    name: Identifier
    on: Annotated[tuple[MatcherDocument, ...], NotEmpty] | None = None
    rules: tuple[RuleDocument, ...]
    controls: Texts = ()
    notes: str = ""


class ExtendsDocument(Document):
    """The parent bundle; `digest` may be left out in a draft (S5)."""

    path: Text
    digest: Text | None = None


class ParamDocument(Document):
    """A named constant; without `type` its YAML type holds (S7)."""

    value: Value
    type: TypeName | None = None
    range: tuple[Value, Value] | None = None
    note: str = ""


class LookupDocument(Document):
    """A reference table joined by an attribute; `on` defaults to the attribute named as key.

    `entity` is the type of the resources that its keys are: a decision point searches among them.
    """

    table: Text
    key: Text
    on: Text | None = None
    entity: Text | None = None
    columns: dict[str, TypeName] | None = None
    match: Literal["exact", "glob"] = "exact"
    valid: tuple[Text, Text] | None = None


class HistoryDocument(Document):
    """A count or a sum over earlier events with the same key (S8)."""

    count: Condition | None = None
    sum: Text | None = None
    per: Annotated[Texts, NotEmpty]
    within: Microseconds | None = None
    over: Literal["attempted", "permitted", "denied"] = "attempted"

    @model_validator(mode="after")
    def _one_of_two(self) -> HistoryDocument:
        if (self.count is None) == (self.sum is None):
            raise misfit("GL016", "{key} needs either `count` or `sum`, and not both")
        return self


class DeriveRule(Document):
    """One rule that fills an attribute; text in `value` is CEL (J5)."""

    when: Condition = "true"
    value: Value


class ManifestDocument(ModeFields):
    """`bundle.yaml`; policies may stand in it."""

    name: Identifier | None = None
    version: Version = "0.0.0"
    owner: str = ""
    rationale: str = ""
    extends: ExtendsDocument | None = None
    default: Annotated[DefaultDocument, ShortDefault] | None = None
    params: dict[str, Annotated[ParamDocument, ShortParam]] = Field(default_factory=dict)
    attributes: dict[str, TypeName] = Field(default_factory=dict)
    risk: dict[Literal["critical", "high", "medium", "low"], Condition] = Field(
        default_factory=dict
    )
    history: dict[str, HistoryDocument] = Field(default_factory=dict)
    lookups: dict[str, LookupDocument] = Field(default_factory=dict)
    derive: dict[str, Annotated[tuple[DeriveRule, ...], NotEmpty]] = Field(default_factory=dict)
    constraints: dict[str, ConstraintDeclaration] = Field(default_factory=dict)
    groups: dict[str, Texts] = Field(default_factory=dict)
    controls: Texts = ()
    notes: str = ""
    policies: tuple[PolicyDocument, ...] = ()


class BundleDocument(ManifestDocument):
    """A whole bundle in one file: manifest keys beside a policy's `on` and `rules`."""

    on: Annotated[tuple[MatcherDocument, ...], NotEmpty] | None = None
    rules: tuple[RuleDocument, ...] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> BundleDocument:
        if self.on is not None and self.rules is None:
            raise misfit("GL011", "key `rules` is missing", "`on` says when they are tried")
        if self.rules is not None and self.policies:
            raise misfit("GL016", "`rules` and `policies` do not stand together",
                         "move the rules into a policy of their own")  # fmt: skip
        return self


def validate(tree: Tree, model: type[Model]) -> tuple[Model | None, list[Diagnostic]]:
    """The document in `tree`, or None and everything wrong with its shape, in file order.

    >>> from govlab.bundle.yamltext import read
    >>> (tree,), _ = read("name: p\\nrules: [{decison: DENY}]", "p.yaml")
    >>> [f"{found.place} {found.code} {found.hint}" for found in validate(tree, PolicyDocument)[1]]
    ['p.yaml:2:9 GL011 ', 'p.yaml:2:10 GL010 did you mean `decision`?']
    """
    document, problems = validate_shape(tree, model)
    if isinstance(tree, Mapping) and model in (PolicyDocument, ManifestDocument, BundleDocument):
        problems += check_rules(tree)
    problems.sort(key=lambda found: found.place)
    return (None, problems) if problems else (document, [])
