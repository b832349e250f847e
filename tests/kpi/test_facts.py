"""Facts that figures need and a log has only inside others."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

from govlab.kpi.facts import with_facts
from govlab.plan.admit import action_sha256
from govlab.runtime.arguments import digest

ACTION = {"tenant": "acme", "actor": "agent-1", "principal": "ann@example.com", "tool": "deploy",
          "action": "infrastructure:mutation", "resource": "svc/web", "env": "production",
          "args_sha256": digest('{"count":9}')}  # fmt: skip
SMALLER = digest('{"count":2}')


@pytest.mark.parametrize(
    ("remediation", "dispatched"),
    [
        (None, ACTION),
        ({"set": {"env": "staging"}, "apply": "automatic"}, {**ACTION, "env": "staging"}),
        ({"set": {"args.count": 2}, "args_sha256": SMALLER}, {**ACTION, "args_sha256": SMALLER}),
        ({"set": {"cost": 2.0}, "args_sha256": None}, ACTION),
        ("{no json", ACTION),
        ({"set": ["env"]}, ACTION),
    ],
)  # fmt: skip
def test_an_approval_is_bound_to_the_variant_that_was_decided(
    remediation: Any, dispatched: dict[str, str]
) -> None:
    text = remediation if isinstance(remediation, str | None) else json.dumps(remediation)
    row = {**ACTION, "remediation": text, "approval_action_sha256": "asked"}
    frame = pl.LazyFrame([row], schema_overrides={"remediation": pl.String})
    found = with_facts(frame, {"action_sha256"}).collect()
    assert found["action_sha256"].to_list() == [action_sha256(dispatched)]
