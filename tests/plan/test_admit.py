"""Admission: every binding of an approval, each failing alone, and odd records (S9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from govlab.plan import Approval, Decision, Plan, Remedy, Requirement, Vote, action_sha256, admit
from govlab.plan.admit import BINDINGS, base_digest
from govlab.plan.decision import RESTRICTIVENESS
from tests.plan.plans import plan

ASKED = datetime(2026, 1, 1, 10, tzinfo=UTC)
EVENT: dict[str, Any] = {"tool": "x", "actor": "bot", "principal": "joe", "args": '{"n": 1}'}
NEEDS = Requirement("p", "p/1", ("ann", "sec"), 1, 3600, True)
DECISION = Decision("REQUIRE_APPROVAL", "decided", "p", "p/1", approvals=(NEEDS,), digest="d")


def at(minutes: float) -> datetime:
    return ASKED + timedelta(minutes=minutes)


APPROVAL = Approval(
    "approved", ASKED, (Vote("ann", "approve", at(1)),), "d|cfg:1", action_sha256(EVENT)
)


def grouped() -> Plan:
    return replace(plan(()), groups={"sec": ("bob", "eve")})


def failed(
    approval: Approval | None = APPROVAL,
    *,
    decision: Decision = DECISION,
    event: dict[str, Any] = EVENT,
    now: datetime = at(30),  # noqa: B008 - immutable
) -> tuple[str, ...]:
    admission = admit(decision, event, approval, now=now, plan=grouped())
    assert admission.permitted is (not admission.failed)
    return admission.failed


def needing(**changes: Any) -> Decision:
    return DECISION._replace(approvals=(NEEDS._replace(**changes),))


def votes(*people: str) -> Approval:
    return replace(APPROVAL, votes=tuple(Vote(who, "approve", at(1)) for who in people))


def test_what_holds_is_permitted() -> None:
    assert failed() == ()


@pytest.mark.parametrize(
    ("binding", "approval"),
    [
        ("missing", None),
        ("not_approved", replace(APPROVAL, status="pending")),
        ("digest", replace(APPROVAL, policy_digest="e|cfg:1")),
        ("action", replace(APPROVAL, action_sha256=action_sha256({**EVENT, "tool": "y"}))),
        ("expired", replace(APPROVAL, requested_at=at(-31))),
        ("quorum", votes()),
        ("approver", votes("mallory")),
        ("approver", votes("sec")),
        ("consumed", replace(APPROVAL, consumed_at=at(2))),
    ],
)
def test_each_binding_fails_alone(binding: str, approval: Approval | None) -> None:
    assert failed(approval) == (binding,)


def test_every_binding_that_fails_is_named_in_order() -> None:
    bad = Approval("pending", None, (), "e", "f", at(1))
    assert failed(bad) == ("not_approved", "digest", "action", "expired", "quorum", "consumed")
    assert set(failed(bad)) <= set(BINDINGS)


@pytest.mark.parametrize(
    ("now", "voted", "holds"),
    [(59.99, 1, True), (60, 1, False), (60.01, 1, False), (59, 59.99, True), (59, 60, False)],
)
def test_the_window_is_half_open(now: float, voted: float, holds: bool) -> None:
    approval = replace(APPROVAL, votes=(Vote("ann", "approve", at(voted)),))
    assert failed(approval, now=at(now)) == (() if holds else ("expired",))


def test_a_window_beyond_the_calendar_never_ends() -> None:
    assert failed(decision=needing(expires_after_s=9.2e12)) == ()


def test_without_a_window_there_is_no_expiry() -> None:
    assert failed(now=at(10**6), decision=needing(expires_after_s=None)) == ()


def test_a_quorum_counts_people_not_votes() -> None:
    two = needing(quorum=2)
    assert failed(votes("ann", "ann"), decision=two) == ("quorum",)
    assert failed(votes("ann", "bob"), decision=two) == ()
    assert failed(votes("bob", "eve"), decision=two) == ()


@pytest.mark.parametrize("who", ["actor", "principal", "delegation_chain"])
def test_nobody_approves_for_themselves(who: str) -> None:
    event = {**EVENT, who: ["ann"] if who == "delegation_chain" else "ann"}
    bound = replace(APPROVAL, action_sha256=action_sha256(event))
    assert failed(bound, event=event) == ("self_approval",)
    assert failed(bound, event=event, decision=needing(separation_of_duties=False)) == ()


@pytest.mark.parametrize(
    "changes", [{"principal": None}, {"delegation_chain": "ann"}, {"delegation_chain": [["ann"]]}]
)
def test_parties_that_cannot_be_told_fail(changes: dict[str, Any]) -> None:
    """A lone string is no list: its letters are not people, and `ann` may be one."""
    event = {**EVENT, **changes}
    assert failed(replace(APPROVAL, action_sha256=action_sha256(event)), event=event) == (
        "self_approval",
    )


def test_the_variant_is_what_is_approved() -> None:
    decision = DECISION._replace(remediation=Remedy({"tool": "y"}, "suggest"))
    assert failed(decision=decision) == ("action",)
    bound = replace(APPROVAL, action_sha256=action_sha256({**EVENT, "tool": "y"}))
    assert failed(bound, decision=decision) == ()


@pytest.mark.parametrize("name", RESTRICTIVENESS)
def test_what_other_decisions_permit(name: str) -> None:
    bare = Decision(name, "decided")
    permitted = {"ALLOW", "ALLOW_WITH_CONSTRAINTS"}
    assert admit(bare, EVENT, None, now=ASKED, plan=plan(())).permitted is (name in permitted)
    for apply, goes in (("suggest", False), ("automatic", name == "REMEDIATE")):
        remedied = bare._replace(remediation=Remedy({}, apply))
        admission = admit(remedied, EVENT, None, now=ASKED, plan=plan(()))
        assert admission.permitted is (goes or name in permitted)


def test_what_is_enforced_counts() -> None:
    watched = Decision("DENY", "decided", enforced=Decision("ALLOW", "decided"))
    assert admit(watched, EVENT, None, now=ASKED, plan=plan(())).permitted


def test_base_digest() -> None:
    assert [base_digest(d) for d in ("d|cfg:1", "d", "", None)] == ["d", "d", "", None]


def test_absent_keys_are_left_out_of_the_action() -> None:
    assert action_sha256({"tool": "x", "env": None}) == action_sha256({"tool": "x"})
    assert action_sha256({"tool": "x", "args": '{"a": 1.0}'}) == action_sha256(
        {"tool": "x", "args": '{"a":1}'}
    )
