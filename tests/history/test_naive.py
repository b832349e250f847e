"""Features over earlier events: order, windows, what counted (S8)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.bundle import load_bundle
from govlab.history import counterfactual, decide_all, decide_each, factual, order
from govlab.plan import Decision, Plan, Remedy, compile_plan
from govlab.runtime.states import ERROR, UNKNOWN

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BUNDLE = """
history:
  calls: {count: "true", per: [actor], within: 10m}
  spend: {sum: cost, per: [actor]}
  stopped: {count: "tool == 'x'", per: [actor], over: denied}
name: p
rules:
  - {condition: "history.calls >= 2", decision: DENY}
  - {decision: ALLOW}
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    file = tmp_path_factory.mktemp("h") / "b.yaml"
    file.write_text(BUNDLE)
    return compile_plan(load_bundle(file))


def event(minute: float, actor: str = "a", **more: Any) -> dict[str, Any]:
    return {
        "ts": NOON + timedelta(minutes=minute),
        "actor": actor,
        "tool": "x",
        "event_id": f"e{minute}",
        "executed": True,
        **more,
    }


def features(plan: Plan, *events: dict[str, Any], state: str = "factual") -> list[dict[str, Any]]:
    return [dict(d.features) for d in decide_each(plan, events, state=state)]


def test_exactly_as_old_as_the_window_is_out(plan: Plan) -> None:
    assert [f["calls"] for f in features(plan, event(0), event(9.99), event(10))] == [0, 1, 1]


def test_keys_are_apart_and_results_in_the_order_given(plan: Plan) -> None:
    found = features(plan, event(2), event(1, "b"), event(0), event(1))
    assert [f["calls"] for f in found] == [2, 0, 0, 1]


def test_an_absent_key_is_an_error_and_adds_nowhere(plan: Plan) -> None:
    nobody = {**event(0), "actor": None}
    assert [f["calls"] for f in features(plan, nobody, {**nobody}, event(1))] == [ERROR, ERROR, 0]


def test_an_addend_that_errs_makes_later_sums_err(plan: Plan) -> None:
    found = features(plan, event(0, cost_micro_usd=-1), event(1, cost_micro_usd=5), event(2, "b"))
    assert [f["spend"] for f in found] == [0.0, ERROR, 0.0]


def test_money_is_summed_exactly_and_rounded_once(plan: Plan) -> None:
    """2^53 + 1 micro-USD is no double: dividing a rounded sum gives another number."""
    big = 2**53
    (*_, last) = features(plan, event(0, cost_micro_usd=big), event(1, cost_micro_usd=1), event(2))
    assert last["spend"] == (big + 1) / 10**6


def test_what_is_denied_spends_nothing_counterfactually(plan: Plan) -> None:
    events = [event(n) for n in range(4)]
    assert [d.decision for d in decide_all(plan, events, state="counterfactual")] == [
        "ALLOW",
        "ALLOW",
        "DENY",
        "DENY",
    ]
    found = features(plan, *events, state="counterfactual")
    assert [f["stopped"] for f in found] == [0, 0, 0, 1]


def test_an_event_whose_fate_is_unknown_makes_counts_unknown(plan: Plan) -> None:
    found = features(plan, event(0, executed=None), event(1))
    assert (found[1]["stopped"], found[1]["calls"]) == (UNKNOWN, 1)


@given(
    st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab")), max_size=8)
)
def test_the_order_of_the_log_does_not_matter(
    plan: Plan, seed: int, drawn: list[tuple[int, str]]
) -> None:
    events = [event(m, a, event_id=f"e{n:02}") for n, (m, a) in enumerate(drawn)]
    mixed = random.Random(seed).sample(events, len(events))
    decided = dict(zip([e["event_id"] for e in mixed], decide_all(plan, mixed), strict=True))
    again = dict(zip([e["event_id"] for e in events], decide_all(plan, events), strict=True))
    assert decided == again


def test_the_total_order() -> None:
    at = NOON.isoformat().replace("+00:00", "Z")
    rising: list[dict[str, Any]] = [
        {"event_id": "z"},
        {"ts": "2026-01-01T13:59:59+02:00"},
        {"ts": NOON, "run_id": "a", "step": 2},
        {"ts": at, "run_id": "a", "step": 10},
        {"ts": NOON, "run_id": "b", "event_id": "r/1"},
        {"ts": at, "run_id": "b", "event_id": "r/2"},
    ]
    falling = rising[::-1]
    assert sorted(falling, key=lambda e: order(e, 0)) == rising


@pytest.mark.parametrize(
    ("recorded", "fate"),
    [
        ({"executed": True, "decision": "DENY"}, True),
        ({"executed": False, "decision": "ALLOW"}, False),
        ({"decision": "ALLOW"}, True),
        ({"decision": "ALLOW_WITH_CONSTRAINTS"}, True),
        ({"decision": "DENY"}, False),
        ({"decision": "REQUIRE_APPROVAL", "approval_status": "approved"}, True),
        ({"decision": "REQUIRE_APPROVAL", "approval_status": "expired"}, False),
        ({"decision": "REQUIRE_APPROVAL", "approval_status": "pending"}, None),
        ({"decision": "REQUIRE_APPROVAL"}, None),
        ({"decision": "REMEDIATE"}, UNKNOWN),
        ({}, UNKNOWN),
    ],
)
def test_factual(recorded: dict[str, Any], fate: Any) -> None:
    assert factual(recorded) is fate


FATES: list[tuple[Decision, dict[str, Any], str, Any]] = [
    (Decision("ALLOW", "decided"), {}, "recorded", True),
    (Decision("ALLOW", "undecidable"), {}, "recorded", UNKNOWN),
    (Decision("DENY", "error"), {}, "recorded", False),
    (
        Decision("ALLOW_WITH_CONSTRAINTS", "decided", constraints={"max_files": 1}),
        {"files_changed": 2},
        "recorded",
        False,
    ),
    (
        Decision("ALLOW_WITH_CONSTRAINTS", "decided", constraints={"max_files": 1}),
        {"files_changed": 1},
        "recorded",
        True,
    ),
    (
        Decision("ALLOW_WITH_CONSTRAINTS", "decided", constraints={"max_files": 1}),
        {},
        "recorded",
        UNKNOWN,
    ),
    (
        Decision("REMEDIATE", "decided", remediation=Remedy({}, "automatic")),
        {},
        "recorded",
        True,
    ),
    (Decision("REMEDIATE", "decided", remediation=Remedy({}, "suggest")), {}, "recorded", False),
    (
        Decision("REQUIRE_APPROVAL", "decided"),
        {"approval_status": "approved"},
        "recorded",
        True,
    ),
    (
        Decision("REQUIRE_APPROVAL", "decided"),
        {"approval_status": "rejected"},
        "recorded",
        False,
    ),
    (Decision("REQUIRE_APPROVAL", "decided"), {}, "recorded", None),
    (
        Decision("REQUIRE_APPROVAL", "decided"),
        {"approval_status": "rejected"},
        "granted",
        True,
    ),
    (Decision("REQUIRE_APPROVAL", "decided"), {"approval_status": "approved"}, "refused", False),
]


@pytest.mark.parametrize(("decision", "event", "held", "fate"), FATES)
def test_counterfactual(decision: Decision, event: dict[str, Any], held: str, fate: Any) -> None:
    assert counterfactual(decision, event, held) is fate


def test_times_as_text_sort_by_instant(plan: Plan) -> None:
    texts = [event(0, ts="2026-01-01T13:00:00+01:00"), event(1, ts="2026-01-01T12:01:00Z")]
    assert [f["calls"] for f in features(plan, *texts)] == [0, 1]
