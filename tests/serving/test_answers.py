"""Each decision as an answer: true only where the action may go as it was asked (S19)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.inside import NOW, Inside, later, of_rules
from tests.serving.running import entries, question

LIMITED = """
name: limits
rules: [{decision: ALLOW_WITH_CONSTRAINTS, constraints: {max_cost: 5.00, timeout: 30s}}]
"""
HELD = """
name: held
rules:
  - {decision: REQUIRE_APPROVAL, approvers: [boss, chief], expires_after: 1h, reason: "big"}
"""
SAFER = """
name: safer
rules:
  - condition: "!has(event.env) || env == 'production'"
    decision: REMEDIATE
    remediation: {set: {env: "'staging'"}, suggestion: "try staging", apply: automatic}
  - {condition: "env == 'staging'", decision: ALLOW}
"""


def test_a_denial_is_an_answer(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, "name: no\nrules: [{decision: DENY, reason: 'not you'}]")
    answer = asked.evaluate(question(), X_Request_ID="r1")
    assert answer.status == 200
    assert answer.body == {
        "decision": False, "context": {"event_id": "r1", "reason": "not you"},
    }  # fmt: skip
    assert answer.headers["x-request-id"] == "r1"


@pytest.mark.parametrize(
    ("said", "decision"),
    [
        (None, False),
        ([], False),
        (["max_cost_micro_usd"], False),
        ("max_cost_micro_usd timeout_s", False),
        (["max_cost_micro_usd", "timeout_s"], True),
        (["timeout_s", {"id": "max_cost_micro_usd", "type": "custom"}, "more"], True),
    ],
)
def test_limits_need_a_caller_who_keeps_all_of_them(
    tmp_path: Path, said: Any, decision: bool
) -> None:
    asked = of_rules(tmp_path, LIMITED)
    context = {} if said is None else {"supported_obligations": said}
    answer = asked.evaluate(question(context=context)).body
    assert answer["decision"] is decision
    assert answer["context"].get("reason") == (None if decision else "obligations_unsupported")
    assert [(o["id"], o["properties"]["value"]) for o in answer["context"]["obligations"]] == [
        ("max_cost_micro_usd", 5_000_000), ("timeout_s", 30),
    ]  # fmt: skip
    entry = entries(asked.journal.folder)[0]
    assert (entry["decision"], entry["answer"]) == ("ALLOW_WITH_CONSTRAINTS", decision)


def test_a_server_may_take_every_caller_for_able(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, LIMITED, assume_obligations=True)
    items = asked.batch({**question(), "evaluations": [{}]}).body["evaluations"]
    assert items[0]["decision"] is True
    assert len(items[0]["context"]["obligations"]) == 2


def test_a_safer_variant_is_shown_and_the_original_not_permitted(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, SAFER)
    answer = asked.evaluate(question()).body
    assert answer["decision"] is False
    assert answer["context"]["reason"] == "remediation"
    assert answer["context"]["remediation"] == {
        "set": {"env": "staging"}, "apply": "automatic", "suggestion": ["try staging"],
        "args_sha256": None,
    }  # fmt: skip
    assert asked.evaluate(question(context={"env": "staging"})).body["decision"] is True


def approval(asked: Inside, **changes: Any) -> dict[str, Any]:
    """An approval as the first answer asks for it."""
    wanted = asked.evaluate(question()).body["context"]
    assert (wanted["reason"], wanted["detail"]) == ("approval_required", "big")
    assert wanted["approvals"][0]["approvers"] == ["boss", "chief"]
    return {
        "id": "ap1", "status": "approved", "requested_at": later(0).isoformat(),
        "votes": [{"approver": "boss", "vote": "approve", "at": later(60).isoformat()}],
        "policy_digest": wanted["policy_digest"], "action_sha256": wanted["action_sha256"],
        **changes,
    }  # fmt: skip


def test_an_approval_that_holds_permits_once(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, HELD)
    good = approval(asked)
    asked.clock.at = later(120)
    first = asked.evaluate(question(context={"approval": good})).body
    second = asked.evaluate(question(context={"approval": good})).body
    assert first["decision"] is True
    assert second["context"]["reason"] == "approval_invalid"
    assert second["context"]["failed"] == ["consumed"]
    used = entries(asked.journal.folder)[1]
    assert (used["approval_id"], used["approved_by"]) == ("ap1", ["boss"])
    assert used["approval_consumed_at"] == used["ts"]
    other = approval(asked, id="ap2", requested_at=later(30).isoformat())
    batch = {"evaluations": [question(context={"approval": other})] * 2}
    answers = asked.batch(batch).body["evaluations"]
    assert [answer["decision"] for answer in answers] == [True, False]


@pytest.mark.parametrize("change", [{"id": "ap2"}, {"requested_at": "2026-01-01T11:59:59Z"}])
def test_an_approval_that_was_used_is_so_under_another_name(tmp_path: Path, change: Any) -> None:
    asked = of_rules(tmp_path, HELD)
    good = approval(asked)
    assert asked.evaluate(question(context={"approval": good})).body["decision"] is True
    again = asked.evaluate(question(context={"approval": {**good, **change}})).body
    assert again["context"]["failed"] == ["consumed"]


def test_an_approval_without_an_id_is_used_once_too(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, HELD)
    good = approval(asked)
    del good["id"]
    answers = [asked.evaluate(question(context={"approval": good})).body for _ in range(2)]
    assert [answer["decision"] for answer in answers] == [True, False]


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"status": "rejected"}, ["not_approved"]),
        ({"policy_digest": "ab" * 32}, ["digest"]),
        ({"action_sha256": "ab" * 32}, ["action"]),
        ({"requested_at": "2026-01-01T10:00:00Z"}, ["expired"]),
        ({"votes": []}, ["quorum"]),
        (
            {"votes": [{"approver": "x", "vote": "approve", "at": "2026-01-01T12:01:00Z"}]},
            ["approver"],
        ),
        ({"consumed_at": "2026-01-01T12:01:00Z"}, ["consumed"]),
    ],
)
def test_an_approval_that_does_not_hold_says_why(
    tmp_path: Path, change: Any, failed: list[str]
) -> None:
    asked = of_rules(tmp_path, HELD)
    given = approval(asked, **change)
    asked.clock.at = later(120)
    answer = asked.evaluate(question(context={"approval": given})).body
    assert answer["decision"] is False
    assert answer["context"]["failed"] == failed
    assert entries(asked.journal.folder)[-1]["approval_failed"] == failed


def test_a_monitored_rule_is_logged_and_stops_nothing(tmp_path: Path) -> None:
    asked = of_rules(
        tmp_path, "name: no\nrules: [{decision: DENY}]", "{name: m, mode: monitor, default: ALLOW}"
    )
    assert asked.evaluate(question()).body["decision"] is True
    entry = entries(asked.journal.folder)[0]
    assert (entry["decision"], entry["decision_mode"]) == ("DENY", "monitor")


@pytest.mark.parametrize(
    ("semantic", "answers"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_batch_stops_where_it_is_told_to(
    tmp_path: Path, semantic: str, answers: list[bool]
) -> None:
    asked = of_rules(
        tmp_path, "name: a\nrules: [{condition: \"resource == 'a1'\", decision: ALLOW}]"
    )
    other = {"resource": {"type": "account", "id": "a2"}}
    items = [{}, other, {}, other]
    options = {"evaluations_semantic": semantic}
    found = asked.batch({**question(), "evaluations": items, "options": options}).body
    assert found == {"evaluations": [{"decision": answer} for answer in answers]}
    assert asked.journal.head.size == len(answers)


def test_an_item_that_cannot_be_read_is_denied_alone(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, "name: a\nrules: [{decision: ALLOW}]")
    bad = [7, {"action": {}}, {"context": {"approval": 1}}]
    items = asked.batch({**question(), "evaluations": [{}, *bad, {}]}).body["evaluations"]
    assert [item["decision"] for item in items] == [True, False, False, False, True]
    assert [item["context"]["error"]["status"] for item in items[1:4]] == [400] * 3
    assert asked.journal.head.size == 2


@pytest.mark.parametrize("evaluations", [None, []])
def test_a_batch_of_nothing_is_one_question(tmp_path: Path, evaluations: Any) -> None:
    asked = of_rules(tmp_path, "name: a\nrules: [{decision: ALLOW}]")
    body = question() if evaluations is None else {**question(), "evaluations": evaluations}
    assert asked.batch(body).body["decision"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"evaluations": {}}, {"evaluations": [{}] * 501}, {"evaluations": "x"},
        {"evaluations": [{}], "options": {"evaluations_semantic": "all"}},
        {"evaluations": [{}], "options": {"evaluations_semantic": ["execute_all"]}},
        {"evaluations": [{}], "options": 1},
    ],
)  # fmt: skip
def test_a_batch_that_cannot_be_read_is_refused(tmp_path: Path, change: Any) -> None:
    asked = of_rules(tmp_path, "name: a\nrules: [{decision: ALLOW}]")
    assert asked.batch({**question(), **change}).status == 400
    assert asked.journal.head.size == 0


def test_the_time_of_a_decision_is_the_servers(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, "name: a\nrules: [{decision: ALLOW}]")
    asked.evaluate(question(context={"ts": "1999-01-01T00:00:00Z"}))
    assert entries(asked.journal.folder)[0]["ts"].startswith(f"{NOW:%Y-%m-%dT%H:%M}")
