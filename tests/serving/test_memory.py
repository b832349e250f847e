"""Budgets that are served: what was permitted counts, across batches, approvals and restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from govlab.enforcing import StoreError
from tests.serving.inside import Inside, inside, later, of_rules
from tests.serving.running import question

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
