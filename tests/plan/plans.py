"""Plans made of outcomes alone, for what depends on nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from govlab.lang.nodes import Literal
from govlab.lang.syntax import Span
from govlab.plan import Plan, PolicyPlan, Requirement, RulePlan
from govlab.plan.decision import RESTRICTIVENESS
from govlab.plan.model import NO_RULE, NO_TARGET, ON_ERROR, ON_UNKNOWN, encode
from govlab.types import BOOL

DECISIONS = tuple(RESTRICTIVENESS)
TRUE = Literal(BOOL, Span(0, 0), True)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "max_files": st.integers(0, 5),
        "read_only": st.booleans(),
        "allow_envs": st.lists(st.sampled_from("abc"), unique=True).map(sorted),
        "deny_paths": st.lists(st.sampled_from("abc"), unique=True).map(sorted),
        "allow_paths": st.lists(st.sampled_from("abc"), unique=True).map(lambda p: [sorted(p)]),
        "rate": st.builds(
            lambda n, s: [{"n": n, "per_s": s}], st.integers(1, 3), st.sampled_from([1, 60])
        ),
    },
)


def rule(identifier: str, decision: str, constraints: Any = None, policy: str = "p") -> RulePlan:
    asks = Requirement(policy, identifier, ("ann",), 1, None, True)
    return RulePlan(
        id=identifier,
        condition=TRUE,
        mentions=(f"m-{identifier}",),
        decision=decision,
        reason=f"because {identifier}",
        gate="",
        requirement=asks if decision == "REQUIRE_APPROVAL" else None,
        evidence_required=decision == "REQUIRE_APPROVAL",
        constraints=constraints or {},
        set=(),
        suggestion="",
        apply="suggest",
    )


def policy(name: str, *rules: RulePlan) -> PolicyPlan:
    return PolicyPlan(name, 0, None, (f"on-{name}",), rules, None)


def plan(policies: tuple[PolicyPlan, ...], root: int | None = None, default: str = "DENY") -> Plan:
    return Plan(
        name="b",
        version="0.0.0",
        digest="d",
        scopes=(),
        policies=policies,
        root=len(policies) if root is None else root,
        default=rule("default", default),
        default_monitored=None,
        constraints={},
        groups={},
    )


@st.composite
def policies(draw: st.DrawFn, prefix: str = "p") -> list[tuple[PolicyPlan, int]]:
    """Policies, each with the number of an outcome it could have."""
    found = []
    for place in range(draw(st.integers(0, 4))):
        name = f"{prefix}{place}"
        kinds = draw(st.lists(st.sampled_from(DECISIONS), max_size=3))
        rules = [rule(f"{name}/{n}", d, draw(LIMITS), name) for n, d in enumerate(kinds)]
        codes = [NO_TARGET, NO_RULE, ON_ERROR, ON_UNKNOWN]
        codes += [
            encode(n, v) for n in range(len(rules)) for v in ("true", "true", "error", "unknown")
        ]
        found.append((policy(name, *rules), draw(st.sampled_from(codes))))
    return found
