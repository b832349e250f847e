"""Combining outcomes (S4, S5) and the second round (S6), as properties over made-up plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.plan import Combined, PolicyPlan, combine, conclude, refuse
from govlab.plan.combine import Remediation
from govlab.plan.constraints import merge
from govlab.plan.decision import RESTRICTIVENESS
from govlab.plan.model import NO_RULE, NO_TARGET, ON_ERROR, ON_UNKNOWN, Outcome, decode, encode
from tests.plan.plans import DECISIONS, plan, policies, policy, rule

Outcomes = list[tuple[PolicyPlan, int]]
DEFAULTS = st.sampled_from(["DENY", "ALLOW", "REQUIRE_APPROVAL"])


def combined(found: Outcomes, root: int | None = None, default: str = "DENY") -> Combined:
    made = plan(tuple(p for p, _ in found), root, default)
    return combine(made, [code for _, code in found])


def decisions(found: Outcomes) -> list[str]:
    """The decisions of rules that matched."""
    outcomes = [(p, decode(code)) for p, code in found]
    return [
        p.rules[o.rule].decision
        for p, o in outcomes
        if o and o.rule is not None and o.verdict == "true"
    ]


def verdicts(found: Outcomes) -> set[str]:
    return {o.verdict for _, code in found if (o := decode(code))}


def rank(of: Combined) -> int:
    return RESTRICTIVENESS[of.decision]


@given(st.integers(0, 10_000), st.sampled_from(["true", "error", "unknown"]))
def test_decode_inverts_encode(place: int, verdict: str) -> None:
    assert decode(encode(place, verdict)) == Outcome(place, verdict)  # type: ignore[arg-type]  # drawn from its words


def test_four_numbers_are_at_no_rule() -> None:
    assert (decode(NO_TARGET), decode(NO_RULE)) == (None, None)
    assert decode(ON_ERROR) == Outcome(None, "error")
    assert decode(ON_UNKNOWN) == Outcome(None, "unknown")


@given(policies(), DEFAULTS)
def test_the_order_of_what_decides(found: Outcomes, default: str) -> None:
    """A rule that denies, then errors, then unknowns, then the default or the most restrictive."""
    result, rules, marks = combined(found, default=default), decisions(found), verdicts(found)
    if "DENY" in rules:
        assert (result.decision, result.status) == ("DENY", "decided")
    elif "error" in marks:
        assert (result.decision, result.status, result.reason) == (
            "DENY",
            "error",
            "evaluation_error",
        )
    elif "unknown" in marks:
        assert result.status == "unknown"
    elif not rules:
        assert (result.decision, result.rule, result.policy) == (default, "default", None)
        covered = any(code == NO_RULE for _, code in found)
        assert result.reason == ("no_rule" if covered else "no_policy")
    else:
        strictest = max(rules, key=RESTRICTIVENESS.__getitem__)
        bound = strictest == "ALLOW" and bool(result.constraints)
        assert result.decision == ("ALLOW_WITH_CONSTRAINTS" if bound else strictest)
        assert result.status == "decided"


@given(policies())
def test_the_first_of_the_deciding_kind_is_named(found: Outcomes) -> None:
    result, rules = combined(found), decisions(found)
    if result.policy is None or result.status != "decided":
        return
    strictest = max(rules, key=RESTRICTIVENESS.__getitem__)
    places = [
        (p.name, p.rules[o.rule].id)
        for p, code in found
        if (o := decode(code))
        and o.verdict == "true"
        and o.rule is not None
        and p.rules[o.rule].decision == strictest
    ]
    assert (result.policy, result.rule) == places[0]


@given(policies())
def test_matched_names_every_outcome_in_order(found: Outcomes) -> None:
    ids = [
        p.rules[o.rule].id if o.rule is not None else f"{p.name}/on"
        for p, code in found
        if (o := decode(code))
    ]
    assert combined(found).matched == tuple(ids)


@given(st.data(), policies(), DEFAULTS)
def test_the_order_of_policies_changes_names_only(
    data: st.DataObject, found: Outcomes, default: str
) -> None:
    one, other = (
        combined(found, default=default),
        combined(data.draw(st.permutations(found)), default=default),
    )
    assert (one.decision, one.status, one.constraints, one.evidence_required) == (
        other.decision,
        other.status,
        other.constraints,
        other.evidence_required,
    )
    assert set(one.approvals) == set(other.approvals)
    assert set(one.matched) == set(other.matched)


@given(policies(), policies("c"), DEFAULTS)
def test_a_child_only_tightens(root: Outcomes, child: Outcomes, default: str) -> None:
    """S5: whatever a child's policies come to, nothing is let through that was not before."""
    before = combined(root, default=default)
    after = combined([*root, *child], root=len(root), default=default)
    if before.status == "decided":
        assert rank(after) >= rank(before) or after.status != "decided"
    else:
        assert after.status == "error" or after.decision == "DENY" or after.status == before.status
    if before.decision == "DENY" and before.status == "decided":
        assert (after.decision, after.status) == ("DENY", "decided")
    if before.status == after.status == "decided" and after.decision != "DENY":
        assert set(before.approvals) <= set(after.approvals)
        tighter = merge([before.constraints or {}, after.constraints or {}], {})
        assert tighter == after.constraints


@given(policies(), DEFAULTS)
def test_the_default_stands_against_a_child(child: Outcomes, default: str) -> None:
    """The root's default is an outcome where no rule of the root matched, before the child's."""
    root: Outcomes = [(policy("r"), NO_RULE)]
    after = combined([*root, *child], root=1, default=default)
    assert rank(after) >= RESTRICTIVENESS[default] or after.status == "unknown"
    assert "default" not in after.matched


def test_without_a_default_nothing_stands_against_allow() -> None:
    assert combine(plan((policy("p"),)), [NO_RULE], default=False).decision == "ALLOW"


@given(policies())
def test_a_denial_has_no_constraints_nor_approvals(found: Outcomes) -> None:
    result = combined(found)
    if result.decision == "DENY":
        assert not result.constraints
        assert result.approvals == ()
        assert result.remedies == ()


# The second round

REMEDY = rule("r", "REMEDIATE")
ASKED = rule("a", "REQUIRE_APPROVAL", {"max_files": 1})


def first(decision: str) -> Combined:
    remedies = (Remediation(policy("p", REMEDY), REMEDY),)
    approvals = (ASKED.requirement,) if decision == "REQUIRE_APPROVAL" and ASKED.requirement else ()
    return Combined(
        decision,
        "decided",
        "p",
        "r",
        "why",
        constraints={"max_files": 9},
        approvals=approvals,
        matched=("r",),
        remedies=remedies,
    )


def second(decision: str, status: str = "decided") -> Combined:
    approvals = (
        (rule("b", "REQUIRE_APPROVAL").requirement,) if decision == "REQUIRE_APPROVAL" else ()
    )
    return Combined(
        decision,
        status,
        "q",
        "b",
        "then",
        mentions=("m",),
        constraints={"max_files": 2},
        approvals=tuple(a for a in approvals if a),
        matched=("b",),
    )


@pytest.mark.parametrize("one", ["REMEDIATE", "REQUIRE_APPROVAL"])
@pytest.mark.parametrize("two", DECISIONS)
def test_conclude(one: str, two: str) -> None:
    result = conclude(first(one), second(two))
    if two in ("DENY", "REMEDIATE"):
        assert (result.decision, result.reason, result.rule) == ("DENY", "remediation_refused", "r")
        assert not result.constraints
        return
    asked = "REQUIRE_APPROVAL" in (one, two)
    assert result.decision == ("REQUIRE_APPROVAL" if asked else "REMEDIATE")
    assert result.constraints == {"max_files": 2}, "the second round's, not the first's"
    wanted = ["a"] * (one != "REMEDIATE") + ["b"] * (two == "REQUIRE_APPROVAL")
    assert [a.rule for a in result.approvals] == wanted
    moved = one == "REMEDIATE" and two == "REQUIRE_APPROVAL"
    assert (result.rule, result.matched) == ("b" if moved else "r", ("r", "b"))
    assert result.remedies


def test_conclude_of_an_error_denies_with_what_the_variant_lacked() -> None:
    result = conclude(first("REMEDIATE"), second("DENY", "error"))
    assert (result.decision, result.status, result.reason) == (
        "DENY",
        "error",
        "remediation_refused",
    )
    assert (result.mentions, result.of_variant) == (("m",), True)


def test_conclude_of_an_unknown_is_unknown() -> None:
    result = conclude(first("REMEDIATE"), second("DENY", "unknown"))
    assert result.status == "unknown"
    assert (result.mentions, result.of_variant) == (("m",), True)  # what it hangs on


def test_conclude_where_the_variant_would_be_remediated_beside_an_approval() -> None:
    again = Combined(
        "REQUIRE_APPROVAL", "decided", "q", "b", None, remedies=first("REMEDIATE").remedies
    )
    assert conclude(first("REMEDIATE"), again).reason == "remediation_refused"


def test_one_requirement_of_both_rounds_is_one() -> None:
    assert len(conclude(first("REQUIRE_APPROVAL"), first("REQUIRE_APPROVAL")).approvals) <= 1


def test_refuse_names_the_first_remedy() -> None:
    result = refuse(first("REQUIRE_APPROVAL"), "remediation_conflict")
    assert (result.decision, result.policy, result.rule, result.status) == (
        "DENY",
        "p",
        "r",
        "decided",
    )
    assert (result.approvals, result.remedies, result.matched) == ((), (), ("r",))
