"""What is told of an action after its decision: once, in any order, of events that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.inside import Inside, of_rules
from tests.serving.running import entries, question


@pytest.fixture
def asked(tmp_path: Path) -> Inside:
    found = of_rules(tmp_path, "name: all\nrules: [{decision: ALLOW}]")
    found.evaluate(question(), X_Request_ID="r1")
    return found


def test_what_is_told_twice_is_written_once(asked: Inside) -> None:
    for kind, body in (
        ("ended", {"outcome": "success"}),
        ("started", {}),
        ("approval", {"status": "pending"}),
    ):
        recorded = [asked.report("r1", kind, body).body["recorded"] for _ in range(2)]
        assert recorded == [True, False]
    assert [e["type"] for e in entries(asked.journal.folder)] == [
        "decided", "ended", "started", "approval",
    ]  # fmt: skip


def test_an_end_is_told_in_one_way_an_approval_goes_on(asked: Inside) -> None:
    assert asked.report("r1", "ended", {"outcome": "success"}).status == 200
    assert asked.report("r1", "ended", {"outcome": "error"}).status == 409
    assert asked.report("r1", "approval", {"status": "pending"}).status == 200
    assert asked.report("r1", "approval", {"status": "approved"}).status == 200
    assert asked.journal.head.size == 4


def test_an_event_nobody_decided_is_unknown(asked: Inside) -> None:
    for name in ("r2", "", "r1/0", "decided", "%72%31x"):
        assert asked.report(name, "started", {}).status == 404
    assert asked.journal.head.size == 1


def test_items_of_a_batch_are_events(asked: Inside) -> None:
    asked.batch({**question(), "evaluations": [{}, {}]}, X_Request_ID="b")
    assert asked.report("b/1", "started", {}).body == {"event_id": "b/1", "recorded": True}
    assert asked.report("b/2", "started", {}).status == 404


def test_an_id_names_one_event_however_it_was_asked(asked: Inside) -> None:
    several = {**question(), "evaluations": [3, {}], "options": {"item_context": True}}
    asked.evaluate(question(), X_Request_ID="q/1")
    for _ in range(2):
        asked.batch(several, X_Request_ID="q")
        asked.evaluate(question(), X_Request_ID="q")
    names = [one["event_id"] for one in entries(asked.journal.folder)]
    assert len(names) == 6
    assert len(set(names)) == 6


def test_what_is_not_said_is_what_the_server_saw(asked: Inside) -> None:
    asked.report("r1", "started", {"worker": "w", "note": {"a": 1}})
    asked.report("r1", "ended", {"outcome": "blocked", "ended_at": "2026-01-01T00:00:00+01:00"})
    asked.report("r1", "approval", {
        "approval_status": "approved", "votes": [
            {"approver": "x", "vote": "reject", "at": "2026-01-01T09:00:00Z"},
            {"approver": "y", "vote": "approve", "at": "2026-01-01T10:00:00Z"},
        ],
    })  # fmt: skip
    started, ended, approval = entries(asked.journal.folder)[1:]
    assert started["started_at"] == "2026-01-01T12:00:00.000000Z"
    assert (started["executed"], started["beyond"]) == (True, '{"note":{"a":1}}')
    assert (ended["ended_at"], ended["executed"]) == ("2025-12-31T23:00:00.000000Z", False)
    assert (approval["approval_status"], approval["approved_by"]) == ("approved", ["y"])
    assert approval["approval_decided_at"] == "2026-01-01T10:00:00.000000Z"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("started", {"attempt": -1}), ("started", {"attempt": "1"}),
        ("started", {"started_at": "2026-01-01 00:00"}), ("ended", {"outcome": "fine"}),
        ("ended", {"actual_cost_micro_usd": 0.5}), ("ended", {"executed": 1}),
        ("approval", {"approved_by": "x"}), ("approval", {"votes": {}}),
        ("approval", {"votes": [{"approver": "x", "vote": "approve"}]}),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(asked: Inside, kind: str, body: Any) -> None:
    answer = asked.report("r1", kind, body)
    assert answer.status == 400
    assert f"`{next(iter(body))}`" in answer.body["error"]["message"]
    assert asked.journal.head.size == 1


def test_the_entry_says_what_the_caller_named(asked: Inside) -> None:
    asked.evaluate(question())
    asked.batch({**question(), "evaluations": [{}]}, X_Request_ID="b")
    named = [(one["event_id"], one.get("request_id")) for one in entries(asked.journal.folder)]
    assert named == [("r1", "r1"), ("made-0", None), ("b/0", "b")]
