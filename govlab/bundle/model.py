"""What a loaded bundle is: typed, checked, frozen; the loader makes it, the plan compiles it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from govlab.errors import Place
from govlab.lang.checker import Constant
from govlab.lang.nodes import Node
from govlab.types import Type

__all__ = [
    "Bundle",
    "ConstraintType",
    "Default",
    "Derivation",
    "Expression",
    "Feature",
    "Lookup",
    "Matcher",
    "Mode",
    "Policy",
    "Remediation",
    "Rule",
]


@dataclass(frozen=True, slots=True)
class Expression:
    """A CEL expression of a bundle: its canonical text, its checked tree, where it stands."""

    text: str
    node: Node
    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class Mode:
    """`enforce`, or `monitor` until an instant: applied by `admit` alone (S9, J12)."""

    name: Literal["enforce", "monitor"] = "enforce"
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Matcher:
    """One entry of `on`: every key must match one of its globs (S3)."""

    globs: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Remediation:
    """A safer variant: request attributes to set, a text, whether the caller may dispatch it."""

    set: tuple[tuple[str, Expression], ...]
    suggestion: str
    apply: Literal["suggest", "automatic"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition and what follows from it; durations in seconds, money in micro-USD."""

    id: str
    condition: Expression
    decision: str
    place: Place
    reason: str = ""
    gate: str = ""
    approvers: tuple[str, ...] = ()
    quorum: int = 1
    expires_after_s: float | None = None
    separation_of_duties: bool = True
    evidence_required: bool = False
    constraints: Mapping[str, Any] = field(default_factory=dict)
    remediation: Remediation | None = None
    controls: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Ordered rules behind one target; no matchers: every event."""

    name: str
    on: tuple[Matcher, ...]
    rules: tuple[Rule, ...]
    place: Place
    mode: Mode | None = None
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Default:
    """What holds where no rule of any policy matched (S4.2d)."""

    decision: str = "DENY"
    approvers: tuple[str, ...] = ()
    quorum: int = 1
    expires_after_s: float | None = None
    separation_of_duties: bool = True
    evidence_required: bool = False


@dataclass(frozen=True, slots=True)
class Derivation:
    """Ordered rules that fill one attribute where the event has none (J5)."""

    attribute: str
    rules: tuple[tuple[Expression, Expression], ...]  # (when, value)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A reference table joined by an attribute (S7).

    `rows` in file order: key, half-open validity in nanoseconds since 1970 (None: unbounded), and
    one cell a column, None where empty.
    """

    name: str
    on: str
    columns: tuple[tuple[str, Type], ...]
    match: Literal["exact", "glob"]
    rows: tuple[tuple[str, int | None, int | None, tuple[Any, ...]], ...]
    entity: str = ""  # the type of the resources that the keys are, for search


@dataclass(frozen=True, slots=True)
class Feature:
    """A history feature: a count or sum over earlier events with the same key (S8)."""

    name: str
    count: Expression | None
    sum: str | None
    per: tuple[str, ...]
    within_us: int | None
    over: Literal["attempted", "permitted", "denied"]


@dataclass(frozen=True, slots=True)
class ConstraintType:
    """A declared constraint: its type and how two of them merge (S10)."""

    type: Type
    merge: Literal["min", "max", "or", "union", "intersection"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """One version of everything that decides; `digest` names its meaning (S11).

    `path` is the folder or the file that it was read from; one rule of a command line has none.
    """

    name: str
    version: str
    digest: str
    path: Path
    policies: tuple[Policy, ...]
    default: Default
    parent: Bundle | None = None
    owner: str = ""
    rationale: str = ""
    mode: Mode = Mode()
    params: Mapping[str, Constant] = field(default_factory=dict)
    attributes: Mapping[str, Type] = field(default_factory=dict)
    risk: tuple[tuple[str, Expression], ...] = ()
    history: tuple[Feature, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    derive: tuple[Derivation, ...] = ()
    order: tuple[str, ...] = ()  # derived attributes and lookups in an order they can be computed
    constraints: Mapping[str, ConstraintType] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    notes: str = ""
    assumptions: tuple[str, ...] = ()  # taken for granted, not written: told with every result

    def __repr__(self) -> str:
        rules = sum(len(policy.rules) for policy in self.policies)
        parent = f", extends {self.parent.name}" if self.parent else ""
        return (
            f"Bundle({self.name} {self.version}, {len(self.policies)} policies, {rules} rules, "
            f"digest {self.digest[:12]}{parent})"
        )

    def chain(self) -> tuple[Bundle, ...]:
        """This bundle and its ancestors, root first."""
        return (*self.parent.chain(), self) if self.parent else (self,)

    def readable(self) -> dict[str, Type]:
        """The attributes declared in the chain: a child reads what its parents declare."""
        return {name: kind for member in self.chain() for name, kind in member.attributes.items()}

    def features(self) -> tuple[Feature, ...]:
        """The history features of the whole chain."""
        return tuple(feature for member in self.chain() for feature in member.history)
