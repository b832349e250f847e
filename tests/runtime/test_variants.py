"""The variant of an event: values set, arguments rewritten, marks lifted (S6)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.runtime.arguments import digest
from govlab.runtime.values import Timestamp
from govlab.runtime.variants import variant


@given(st.dictionaries(st.sampled_from(["tool", "env", "amount"]), st.integers() | st.text()))
def test_a_variant_differs_in_what_is_set_and_nothing_else(values: dict[str, Any]) -> None:
    event = {"tool": "x", "env": "y", "actor": "bot"}
    changed = variant(event, values)
    assert changed == {**event, **values}
    assert event == {"tool": "x", "env": "y", "actor": "bot"}


def test_arguments_are_written_anew_with_their_digest() -> None:
    event = {"args": '{"a": {"b": 1}, "c": 2}', "args_sha256": "old"}
    changed = variant(event, {"args.a.b": 5, "args.t": Timestamp(0)})
    assert json.loads(changed["args"]) == {"a": {"b": 5}, "c": 2, "t": "1970-01-01T00:00:00Z"}
    assert changed["args_sha256"] == digest(changed["args"])


def test_cost_set_in_dollars_is_the_cost() -> None:
    assert variant({"cost_micro_usd": 5}, {"cost": 1.0}) == {"cost": 1.0}


@pytest.mark.parametrize(
    ("marks", "values", "left"),
    [
        ("env,tool", {"env": "dev"}, "tool"),
        ("args,tool", {"args.a": 1}, "tool"),
        ("cost_micro_usd", {"cost": 1.0}, ""),
        ("tool", {"env": "dev"}, "tool"),
    ],
)
def test_what_is_set_is_malformed_no_longer(marks: str, values: dict[str, Any], left: str) -> None:
    assert variant({"malformed_columns": marks}, values)["malformed_columns"] == left
