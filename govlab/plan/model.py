"""The plan: what is left of a bundle when only deciding matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from govlab.bundle.model import ConstraintType, Derivation, Feature, Lookup
from govlab.lang.nodes import Node
from govlab.plan.decision import Requirement
from govlab.types import Type

__all__ = [
    "NO_RULE",
    "NO_TARGET",
    "ON_ERROR",
    "ON_UNKNOWN",
    "Assumption",
    "Outcome",
    "Plan",
    "PolicyPlan",
    "RulePlan",
    "Scope",
    "Step",
    "Verdict",
    "decode",
    "encode",
    "firsts",
]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value taken where an attribute is absent or unknown, never where it is malformed (J1)."""

    attribute: str
    value: Any


Step = Derivation | Lookup | Assumption
Verdict = Literal["true", "error", "unknown"]

# A policy's outcome as one small number, so that columns can hold it: see `encode`.
NO_TARGET, NO_RULE, ON_ERROR, ON_UNKNOWN = range(4)
_VERDICTS: tuple[Verdict, ...] = ("true", "error", "unknown")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A policy's outcome that is not none: a verdict at a rule, or at its target (rule None)."""

    rule: int | None
    verdict: Verdict


def encode(rule: int, verdict: Verdict) -> int:
    """The number of the outcome `verdict` at the policy's rule `rule` (from 0)."""
    return 4 + 3 * rule + _VERDICTS.index(verdict)


@cache
def decode(code: int) -> Outcome | None:
    """The outcome that `code` stands for; None where no rule matched.

    >>> decode(encode(2, "error"))
    Outcome(rule=2, verdict='error')
    """
    match code:
        case 0 | 1:
            return None
        case 2:
            return Outcome(None, "error")
        case 3:
            return Outcome(None, "unknown")
        case _:
            return Outcome((code - 4) // 3, _VERDICTS[(code - 4) % 3])


def firsts(plan: Plan) -> tuple[int, ...]:
    """Where the numbers of each policy begin, if those of all policies stand in one row.

    A policy has a number for each of its outcomes, so that an outcome's number names both.
    """
    sizes = [encode(len(policy.rules), "true") for policy in plan.policies]
    return tuple(sum(sizes[:place]) for place in range(len(sizes)))


@dataclass(frozen=True, slots=True)
class RulePlan:
    """A guard and its outcome; `mentions` are the attributes its condition and `set` name."""

    id: str
    condition: Node
    mentions: tuple[str, ...]
    decision: str
    reason: str
    gate: str
    requirement: Requirement | None
    evidence_required: bool
    constraints: Mapping[str, Any]
    set: tuple[tuple[str, Node], ...]
    suggestion: str
    apply: str
    line: int = 0  # where the rule stands in its file, for comments in generated code


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """A target (None: every event) and ordered rules, evaluated in scope number `scope`.

    `monitored` until an instant (`datetime.max`: without end), or None where enforced.
    """

    name: str
    scope: int
    target: Node | None
    mentions: tuple[str, ...]
    rules: tuple[RulePlan, ...]
    monitored: datetime | None


@dataclass(frozen=True, slots=True)
class Scope:
    """One bundle of the chain: what its expressions may read, and how it is computed (S7).

    `reads` are the event's own attributes with their types; `steps` the derived attributes,
    lookups and assumptions in order; `risk` is None where the bundle has no classes.
    """

    reads: Mapping[str, Type]
    steps: tuple[Step, ...]
    risk: tuple[tuple[str, Node], ...] | None
    history: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole chain of bundles, root first (S5).

    The first `root` policies are the root bundle's: `default` holds where none of them matched.
    """

    name: str
    version: str
    digest: str
    scopes: tuple[Scope, ...]
    policies: tuple[PolicyPlan, ...]
    root: int
    default: RulePlan
    default_monitored: datetime | None
    constraints: Mapping[str, ConstraintType]
    groups: Mapping[str, tuple[str, ...]]
    assumptions: tuple[tuple[str, Any], ...] = ()  # what it explores: no bundle's decisions

    def reads(self) -> dict[str, Type]:
        """Every attribute of the event that any scope reads, with its type."""
        return {name: kind for scope in self.scopes for name, kind in scope.reads.items()}

    def has_history(self) -> bool:
        """Whether a decision depends on earlier events."""
        return any(scope.history for scope in self.scopes)
