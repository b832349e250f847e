"""Budgets that are served: what was permitted counts, across batches, approvals and restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from govlab.enforcing import StoreError
from tests.serving.inside import Inside, inside, later, of_rules
from tests.serving.running import Answered, entries, question

MANIFEST = """
name: budget
history:
  spent: {sum: cost, per: [actor], within: 1h, over: permitted}
"""
RULES = """
name: spending
rules:
  - {condition: "history.spent + cost > 1.0", decision: DENY, reason: spent}
  - {condition: "cost > 0.6", decision: REQUIRE_APPROVAL, approvers: [boss], reason: big}
  - {decision: ALLOW}
"""


def asking(asked: Inside, *costs: float, **context: Any) -> list[bool]:
    found = [asked.evaluate(question(context={"cost": cost, **context})) for cost in costs]
    assert [answer.status for answer in found] == [200] * len(costs)
    return [answer.body["decision"] for answer in found]


def test_what_was_permitted_is_spent_and_comes_back_in_time(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, RULES, MANIFEST)
    assert asking(asked, 0.5, 0.5, 0.1) == [True, True, False]
    assert asking(asked, 0.5, agent="another") == [True]
    asked.clock.at = later(3600)
    assert asking(asked, 0.5, 0.6) == [True, False]


def test_items_of_a_batch_count_for_those_after_them(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, RULES, MANIFEST)
    items = [{"context": {"cost": 0.4}}] * 3
    answers = asked.batch({**question(), "evaluations": items}).body["evaluations"]
    assert [answer["decision"] for answer in answers] == [True, True, False]


def test_budgets_outlive_the_server(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, RULES, MANIFEST)
    assert asking(asked, 0.6) == [True]
    asked.journal.close()
    again = inside(tmp_path / "bundle", tmp_path / "log")
    assert asking(again, 0.6, 0.4) == [False, True]


def test_what_is_held_counts_once_it_is_approved(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, RULES, MANIFEST)
    wanted = asked.evaluate(question(context={"cost": 0.7})).body["context"]
    assert wanted["reason"] == "approval_required"
    approval = {
        "id": "a", "status": "approved", "requested_at": later(0).isoformat(),
        "votes": [{"approver": "boss", "vote": "approve", "at": later(1).isoformat()}],
        "policy_digest": wanted["policy_digest"], "action_sha256": wanted["action_sha256"],
    }  # fmt: skip
    asked.clock.at = later(2)
    assert asking(asked, 0.7, approval=approval) == [True]
    assert asking(asked, 0.4, 0.3) == [False, True]
    assert asking(asked, 0.7, approval=approval) == [False]


def test_a_store_that_cannot_be_written_permits_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = of_rules(tmp_path, RULES, MANIFEST)
    monkeypatch.setattr(type(asked.service.memory.store), "decide_and_reserve", _lost)
    answer = asked.evaluate(question(context={"cost": 0.1}))
    assert answer.status == 503
    assert asked.journal.head.size == 0


def _lost(*_args: Any, **_options: Any) -> None:
    raise StoreError("disk is gone; nothing was reserved")


COUNTED = """
name: budget
history:
  spent: {sum: cost, per: [actor], within: 1h, over: permitted}
  refused: {count: "true", per: [actor], within: 1h, over: denied}
"""
LIMITED = """
name: limits
rules:
  - {condition: "history.spent + cost > 1.0", decision: DENY, reason: spent}
  - {condition: "history.refused > 1", decision: DENY, reason: tries}
  - {decision: ALLOW_WITH_CONSTRAINTS, constraints: {max_records: 5}}
"""


def test_what_the_caller_cannot_keep_is_not_spent(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, LIMITED, COUNTED)
    assert asking(asked, 0.9) == [False]
    able = {"supported_obligations": ["max_records"]}
    assert asking(asked, 0.9, 0.2, **able) == [True, False]


def test_what_the_caller_cannot_keep_counts_as_denied(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, LIMITED, COUNTED)
    assert asking(asked, 0.1, 0.1) == [False, False]
    answer = asked.evaluate(question(context={"cost": 0.1})).body
    assert answer["context"]["reason"] == "tries"


ONE_RULE = "name: limits\nrules: [{decision: ALLOW_WITH_CONSTRAINTS, constraints: {LIMITS}}]"


@pytest.mark.parametrize("manifest", ["name: plain", COUNTED])
@pytest.mark.parametrize(
    ("records", "answer", "reason"),
    [(5, True, None), (6, False, "constraint_broken"), (None, True, None)],
)
def test_limits_are_checked_alike_with_history_and_without(
    tmp_path: Path, manifest: str, records: int | None, answer: bool, reason: str | None
) -> None:
    """What the request does not say is for the caller to check, who says it can."""
    asked = of_rules(tmp_path, ONE_RULE.replace("LIMITS", "max_records: 5"), manifest)
    context = {"cost": 0.1, "records_affected": records, "supported_obligations": ["max_records"]}
    found = asked.evaluate(question(context=context)).body
    assert (found["decision"], found["context"].get("reason")) == (answer, reason)
    assert [o["id"] for o in found["context"]["obligations"]] == ["max_records"]
    if reason:
        assert found["context"]["constraints"] == ["max_records"]


@pytest.mark.parametrize("manifest", ["name: plain", COUNTED])
def test_a_rate_is_kept_by_the_server(tmp_path: Path, manifest: str) -> None:
    asked = of_rules(tmp_path, ONE_RULE.replace("LIMITS", "rate: 2/1m"), manifest)
    able = {"supported_obligations": ["rate"]}
    assert asking(asked, 0.1, 0.1, 0.1, **able) == [True, True, False]
    assert asking(asked, 0.1) == [False]
    asked.clock.at = later(60)
    assert asking(asked, 0.1, **able) == [True]


@pytest.mark.parametrize(
    ("kind", "body", "spent", "refused"),
    [
        ("approval", {"status": "rejected"}, 0.0, 1),
        ("approval", {"status": "expired"}, 0.0, 1),
        ("approval", {"status": "cancelled"}, 0.0, 1),
        ("approval", {"status": "approved"}, 0.0, 0),
        ("approval", {"status": "pending"}, 0.0, 0),
        ("started", {}, 0.75, 0),
        ("ended", {"outcome": "success"}, 0.75, 0),
        ("ended", {"outcome": "blocked"}, 0.0, 0),
    ],
)
def test_what_was_held_counts_as_it_was_told(
    tmp_path: Path, kind: str, body: dict[str, Any], spent: float, refused: int
) -> None:
    """Approved alone, it is not done: it counts where the approval is used."""
    asked = of_rules(tmp_path, RULES, COUNTED)
    asked.evaluate(question(context={"cost": 0.75, "tenant": "t"}), X_Request_ID="held")
    for _ in range(2):
        assert asked.report("held", kind, body).status == 200
    store, ruling = asked.service.memory.store, asked.service.ruling
    event = {"ts": later(1), "actor": "ann", "cost": 0.0}
    with store.transaction():
        found = ruling.engine.features(store.ledger, event)
    assert found == {"spent": spent, "refused": refused}
    assert bool(store.waiting.known("held")) == (spent == 0.0 and not refused)


def at_once(asked: Inside, count: int) -> list[Answered]:
    """The answers to as many requests of one name and the price of a half."""

    async def every() -> list[Answered]:
        body, named = question(context={"cost": 0.5}), {"x-request-id": "same"}
        path = "/access/v1/evaluation"
        return await asyncio.gather(*(asked.reply("POST", path, body, named) for _ in range(count)))

    return asyncio.run(every())


def test_many_at_once_are_decided_and_logged_in_one_order(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, RULES, MANIFEST)
    answers = at_once(asked, 12)
    assert [answer.body["decision"] for answer in answers] == [True] * 2 + [False] * 10
    named = [answer.body["context"]["event_id"] for answer in answers]
    written = entries(asked.journal.folder)
    assert len(set(named)) == 12
    assert [(e["event_id"], e["answer"]) for e in written] == [
        (answer.body["context"]["event_id"], answer.body["decision"]) for answer in answers
    ]


def test_others_are_answered_while_one_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, free = of_rules(tmp_path, RULES, MANIFEST), Event()
    store = asked.service.memory.store
    real = store.decide_and_reserve

    def slow(*args: Any, **options: Any) -> Any:
        assert free.wait(60)
        return real(*args, **options)

    monkeypatch.setattr(type(store), "decide_and_reserve", lambda _, *a, **o: slow(*a, **o))

    async def both() -> Answered:
        body = question(context={"cost": 0.5})
        waiting = asyncio.create_task(asked.reply("POST", "/access/v1/evaluation", body))
        await asyncio.sleep(0)
        healthy = await asked.reply("GET", "/readyz")
        assert (healthy.status, waiting.done(), asked.journal.head.size) == (200, False, 0)
        free.set()
        return await waiting

    assert asyncio.run(both()).body["decision"] is True
    assert asked.journal.head.size == 1
