"""Which attribute a rule reads of a request, and what of it the log holds (S19)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.inside import NOW, of_rules
from tests.serving.running import entries, question

DECLARED = """
name: test
attributes: {subject.role: string, object.owner: string, context.channel: string, args.amount: int}
"""


def rule(condition: str) -> str:
    return f"name: one\nrules: [{{condition: {condition!r}, decision: ALLOW}}]"


@pytest.mark.parametrize(
    ("condition", "change"),
    [
        ("principal == 'ann' && subject_type == 'user' && actor == 'ann'", {}),
        ("actor == 'bot'", {"context": {"agent": "bot"}}),
        (
            "actor == 'helper'",
            {"subject": {"type": "u", "id": "a", "properties": {"act": {"sub": "helper"}}}},
        ),
        ("action == 'pay' && resource == 'a1' && resource_type == 'account'", {}),
        ("!has(event.tool)", {}),
        ("tool == 'refund'", {"resource": {"type": "tool", "id": "refund"}}),
        ("args.amount == 5", {"action": {"name": "pay", "properties": {"amount": 5}}}),
        (
            "subject.role == 'clerk'",
            {"subject": {"type": "u", "id": "a", "properties": {"role": "clerk"}}},
        ),
        (
            "object.owner == 'bob'",
            {"resource": {"type": "a", "id": "1", "properties": {"owner": "bob"}}},
        ),
        ("context.channel == 'web'", {"context": {"channel": "web"}}),
        ("env == 'production' && tenant == 't'", {"context": {"env": "production", "tenant": "t"}}),
        ("'pii' in risk_tags && cost == 0.5", {"context": {"risk_tags": ["pii"], "cost": 0.5}}),
        ("ts == timestamp('2026-01-01T12:00:00Z')", {"context": {"ts": "2020-01-01T00:00:00Z"}}),
    ],
)
def test_what_a_rule_reads(tmp_path: Path, condition: str, change: Any) -> None:
    asked = of_rules(tmp_path, rule(condition), DECLARED)
    assert asked.evaluate(question(**change)).body["decision"] is True


@pytest.mark.parametrize(
    ("condition", "context", "marked"),
    [
        ("env == 'x'", {"env": 5}, "env"),
        ("cost < 5.0", {"cost": "0.5"}, "cost,cost_micro_usd"),
        ("cost < 5.0", {"cost": -1}, "cost,cost_micro_usd"),
        ("tokens_in < 5", {"tokens_in": 1.5}, "tokens_in"),
        ("tokens_in < 5", {"tokens_in": -1}, "tokens_in"),
        ("'a' in risk_tags", {"risk_tags": "a"}, "risk_tags"),
    ],
)
def test_another_type_is_malformed_and_denied(
    tmp_path: Path, condition: str, context: Any, marked: str
) -> None:
    asked = of_rules(tmp_path, rule(condition), DECLARED)
    answer = asked.evaluate(question(context=context))
    assert answer.body["decision"] is False
    assert answer.body["context"]["reason"] == "evaluation_error"
    entry = entries(asked.journal.folder)[0]
    assert entry["malformed_columns"] == marked
    assert entry["status"] == "error"


def test_the_log_holds_what_was_asked_and_names_what_nobody_reads(tmp_path: Path) -> None:
    asked = of_rules(tmp_path, rule("true"), DECLARED)
    asked.evaluate({
        "subject": {"type": "user", "id": "ann", "properties": {"role": "clerk", "age": 7}},
        "action": {"name": "pay", "properties": {"amount": 2.0, "to": "b"}},
        "resource": {"type": "account", "id": "a1", "properties": {"colour": "red"}},
        "context": {"env": "production", "cost": 0.1, "amount": 3, "seen": 1, "agent": "bot"},
    })  # fmt: skip
    entry = entries(asked.journal.folder)[0]
    said = {
        "type": "decided", "principal": "ann", "actor": "bot", "action": "pay", "resource": "a1",
        "args": '{"amount":2.0,"to":"b"}', "env": "production", "cost_micro_usd": "100000",
        "amount": "3", "properties": '{"subject.role":"clerk"}', "decision": "ALLOW",
        "undeclared": ["subject.age", "object.colour", "context.seen"], "answer": True,
        "rule": "one/1", "policy": "one", "policy_digest": asked.service.ruling.digest,
        "ts": NOW.isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }  # fmt: skip
    assert {name: entry[name] for name in said} == said
