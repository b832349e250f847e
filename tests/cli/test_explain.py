"""`govlab explain`: why one event is decided as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    ("event", "decision"),
    [
        ({"action": "infrastructure:mutation", "env": "production"}, "REQUIRE_APPROVAL"),
        ({"tool": "aws-cli", "env": "staging"}, "ALLOW_WITH_CONSTRAINTS"),
        ({"tool": "aws-cli", "env": "dev"}, "DENY"),
        ({"tool": "aws-cli"}, "DENY"),
    ],
)
def test_the_example_policy(
    govlab: Command, seed: Path, event: dict[str, str], decision: str
) -> None:
    shown = govlab("explain", seed, "--event", json.dumps(event), "--json")
    assert shown.code == 0
    assert json.loads(shown.out)["decision"] == decision


def test_the_trace_names_values_and_what_became_of_the_policy(govlab: Command, seed: Path) -> None:
    shown = govlab("explain", seed, "--event", '{"tool": "aws-cli", "env": "staging"}')
    assert shown.code == 0
    assert "policy prod-safety-gate: rule prod-safety-gate/2 matched; decides" in shown.out
    assert 'prod-safety-gate/1: false  env == "production"' in shown.out
    assert 'env  "staging"' in shown.out
    assert "\n  constraints: max_cost $50.00, timeout 5 min\n" in shown.out


def test_a_file_and_text_that_could_move_the_cursor(
    govlab: Command, seed: Path, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"tool": "aws-cli", "env": "\x1b[2Jstaging"}), encoding="utf-8")
    shown = govlab("explain", seed, "--event", f"@{event}")
    assert shown.code == 0
    assert "\x1b" not in shown.out


@pytest.mark.parametrize("event", ["{", "[]", "@/no/such/file", "1", '{"tool": "a", "tool": "b"}'])
def test_what_is_no_event(govlab: Command, seed: Path, event: str) -> None:
    shown = govlab("explain", seed, "--event", event)
    assert shown.code == 2
    assert "event" in shown.err


def test_neither_event_nor_log(govlab: Command, seed: Path) -> None:
    shown = govlab("explain", seed)
    assert shown.code == 2
    assert "--event" in shown.err


def test_a_mistyped_name_in_an_event_is_said(govlab: Command, seed: Path) -> None:
    shown = govlab("explain", seed, "--event", '{"tool": "t", "enviroment": "dev", "xyz": 1}')
    assert "the event's `enviroment` is no attribute; did you mean `env`?" in shown.err
    assert "the event's `xyz` is no attribute; no rule reads it" in shown.err
    known = '{"tool": "t", "env": "dev", "decision": "ALLOW", "args": {}, "cost": 1.0}'
    assert govlab("explain", seed, "--event", known).err == ""
