"""A guarded call: each of the five decisions, every limit while it runs, retries, failures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from govlab.enforcing import (
    Breach,
    DeniedError,
    Guard,
    HeldError,
    OverrunError,
    Reservation,
    Store,
    StoreError,
    spend,
)
from govlab.plan import Approval
from tests.enforcing.engines import NOON, Make, approval_of, event

BUNDLE = """
name: guarded
attributes: {args.path: string, args.n: int}
rules:
  - {id: no, condition: "env == 'no'", decision: DENY, reason: never}
  - {id: person, condition: "env == 'ask'", decision: REQUIRE_APPROVAL, approvers: [ann],
     separation_of_duties: false, expires_after: 1h, constraints: {max_cost: 0.01}}
  - {id: safer, condition: "env == 'safer' && args.n > 9", decision: REMEDIATE,
     remediation: {set: {args.n: "9"}, apply: automatic}}
  - {id: hint, condition: "env == 'hint'", decision: REMEDIATE,
     remediation: {set: {env: "'dev'"}, suggestion: use dev}}
  - {id: limits, condition: "env == 'limits'", decision: ALLOW_WITH_CONSTRAINTS, constraints: {
     max_cost: 0.01, max_records: 5, max_retries: 2, redact: [args.path]}}
  - {id: slow, condition: "env == 'slow'", decision: ALLOW_WITH_CONSTRAINTS,
     constraints: {timeout: 50ms}}
  - {id: allow, condition: "env == 'dev' || env == 'safer'", decision: ALLOW}
"""


class Bench:
    """A guard on a bundle, and the breaches it reports."""

    def __init__(self, make: Make, store: Store, **options: Any) -> None:
        self.breaches: list[Breach] = []
        self.engine = make(BUNDLE)
        self.guard = Guard(self.engine, store, report=self.breaches.append, **options)

    def call(self, env: str | None, tool: Callable[[Any], Any] = dict, **more: Any) -> Any:
        return self.guard.call(event(0, env=env, **more), tool)


@pytest.fixture
def bench(make: Make, store: Store) -> Bench:
    return Bench(make, store)


def test_what_is_allowed_is_called_with_the_event(bench: Bench) -> None:
    assert bench.call("dev", lambda asked: asked["tool"]) == "x"


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ("no", "denied by rule `no`: never"),
        (None, "denied by rule `no`: evaluation_error; the event lacks `env`"),
        ("other", "denied by the default: no_rule"),
        ("hint", "denied by rule `hint`; use dev"),
        ("limits", "denied: a limit of rule `limits` does not let it go, `max_records`"),
    ],
)
def test_what_is_denied_is_not_called(bench: Bench, env: str | None, message: str) -> None:
    with pytest.raises(DeniedError) as refused:
        bench.call(env, pytest.fail)
    assert str(refused.value) == message
    assert refused.value.reservation is not None


def test_the_variant_is_what_is_called(bench: Bench) -> None:
    assert bench.call("safer", lambda asked: asked["args"], args='{"n": 10}') == '{"n":9}'
    assert bench.guard.call({**event(1), "env": "safer", "args": '{"n": 8}'},
                            lambda asked: asked["args"]) == '{"n": 8}'  # fmt: skip


def test_what_is_held_goes_on_with_an_approval(bench: Bench) -> None:
    with pytest.raises(HeldError, match="rule `person` asks for an approval") as held:
        bench.call("ask", pytest.fail)
    waiting, guard = held.value.reservation, replace(bench.guard, clock=lambda: NOON)
    given = approval_of(bench.engine, waiting.event)
    with pytest.raises(HeldError, match="`not_approved`"):
        guard.resume(waiting, replace(given, status="pending"), pytest.fail)
    assert guard.resume(waiting, given, lambda asked: asked["env"]) == "ask"
    with pytest.raises(HeldError, match="`consumed`"):
        guard.resume(waiting, given, pytest.fail)


def test_who_can_be_asked_is_asked(make: Make, store: Store) -> None:
    asked: list[Reservation] = []

    def ask(held: Reservation) -> Approval | None:
        asked.append(held)
        return approval_of(bench.engine, held.event) if held.event["event_id"] == "e0" else None

    bench = Bench(make, store, ask=ask, clock=lambda: NOON)
    assert bench.call("ask", lambda _: "done") == "done"
    with pytest.raises(HeldError):
        bench.guard.call(event(1, env="ask"), pytest.fail)
    assert [one.permitted for one in asked] == [None, None]


def test_limits_hold_while_a_call_runs_once_it_is_approved_too(bench: Bench) -> None:
    with pytest.raises(HeldError) as held:
        bench.call("ask")
    guard, waiting = replace(bench.guard, clock=lambda: NOON), held.value.reservation
    with pytest.raises(OverrunError, match="came to 10001"):
        guard.resume(waiting, approval_of(bench.engine, waiting.event),
                     lambda _: spend(cost_micro_usd=10_001))  # fmt: skip
    assert bench.breaches == [Breach("e0", "max_cost_micro_usd", 10_000, 10_001)]


@pytest.mark.parametrize(
    ("amounts", "broken"),
    [
        ([{"cost_micro_usd": 10_000}], None),
        ([{"cost_micro_usd": 9_999}, {"cost_micro_usd": 2}], "max_cost_micro_usd"),
        ([{"records_affected": 5}, {"records_affected": 0}], None),
        ([{"records_affected": 3, "cost_micro_usd": 1}, {"records_affected": 3}], "max_records"),
        ([{"lines_changed": 10**9}], None),
    ],
)
def test_a_meter_stops_the_call_that_spends_too_much(
    bench: Bench, amounts: list[dict[str, int]], broken: str | None
) -> None:
    def tool(_: Any) -> str:
        for each in amounts:
            spend(**each)
        return "done"

    if broken is None:
        assert bench.call("limits", tool, records_affected=1) == "done"
    else:
        with pytest.raises(OverrunError, match=broken):
            bench.call("limits", tool, records_affected=1)
    assert [breach.constraint for breach in bench.breaches] == ([broken] if broken else [])


def test_a_breach_is_reported_though_the_tool_hides_it(bench: Bench) -> None:
    def tool(_: Any) -> str:
        try:
            spend(cost_micro_usd=10**6)
        except OverrunError:
            return "hidden"
        return "none"

    assert bench.call("limits", tool, records_affected=1) == "hidden"
    assert len(bench.breaches) == 1


@pytest.mark.parametrize("amounts", [{"cost": 1}, {"cost_micro_usd": -1}, {"cost_micro_usd": 0.5},
                                     {"cost_micro_usd": True}])  # fmt: skip
def test_what_is_spent_is_a_whole_number_of_something_known(
    bench: Bench, amounts: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="what is spent is a whole number"):
        bench.call("dev", lambda _: spend(**amounts))


def test_masked_arguments_do_not_reach_the_tool(bench: Bench) -> None:
    got = bench.call("limits", lambda a: a["args"], records_affected=1, args='{"path": "/p"}')
    assert got == '{"path":"[redacted]"}'


class FlakyError(Exception):
    """Comes back."""


@pytest.mark.parametrize(
    ("retries", "attempt", "tried"), [(0, 1, 1), (1, 1, 2), (9, 1, 3), (9, 2, 2), (9, 3, 1)]
)
def test_a_call_is_tried_again_as_often_as_the_limit_lets_it(
    make: Make, store: Store, retries: int, attempt: int, tried: int
) -> None:
    bench, calls = Bench(make, store, retries=retries, again=(FlakyError,)), []

    def tool(asked: Any) -> None:
        calls.append(asked)
        raise FlakyError

    with pytest.raises(FlakyError):
        bench.call("limits", tool, records_affected=1, attempt=attempt)
    assert len(calls) == tried
    with pytest.raises(DeniedError, match="max_retries"):
        bench.call("limits", tool, records_affected=1, attempt=4)


def test_what_went_over_a_limit_is_not_tried_again(make: Make, store: Store) -> None:
    bench, calls = Bench(make, store, retries=2, again=(Exception,)), []

    def tool(asked: Any) -> None:
        calls.append(asked)
        spend(records_affected=6)

    async def waits(asked: Any) -> None:
        tool(asked)

    with pytest.raises(OverrunError, match="max_records"):
        bench.call("limits", tool, records_affected=1)
    with pytest.raises(OverrunError, match="max_records"):
        asyncio.run(bench.guard.acall(event(1, env="limits", records_affected=1), waits))
    assert len(calls) == 2


def test_where_no_time_is_left_nothing_is_called_again(make: Make, store: Store) -> None:
    times = iter([0.0, 0.0, 0.0, 0.06, 0.06])
    options: dict[str, Any] = {"again": (FlakyError,), "elapsed": lambda: next(times)}
    bench, calls = Bench(make, store, retries=2, **options), []

    def tool(asked: Any) -> None:
        calls.append(asked)
        raise FlakyError

    with pytest.raises(OverrunError, match="timeout_s"):
        bench.call("slow", tool)
    assert len(calls) == 1


def test_only_what_may_come_back_is_tried_again(make: Make, store: Store) -> None:
    bench, calls = Bench(make, store, retries=5, again=(FlakyError,)), []

    def tool(asked: Any) -> str:
        calls.append(asked)
        if len(calls) == 1:
            raise FlakyError
        raise KeyError("other")

    with pytest.raises(KeyError, match="other"):
        bench.call("dev", tool)
    assert len(calls) == 2


def test_a_call_that_takes_too_long_is_given_up(bench: Bench) -> None:
    ended = threading.Event()
    try:
        with pytest.raises(OverrunError, match="had not ended"):
            bench.call("slow", lambda _: ended.wait(30))
        assert bench.breaches == [Breach("e0", "timeout_s", 0.05, None)]
    finally:
        ended.set()


def test_a_call_in_time_gives_its_result_and_its_own_errors(make: Make, store: Store) -> None:
    bench = Bench(make, store, elapsed=lambda: 0.0)

    def late(_: Any) -> None:
        raise TimeoutError("of the tool")

    assert bench.call("slow", lambda _: "in time") == "in time"
    with pytest.raises(TimeoutError, match="of the tool"):
        bench.call("slow", late)
    assert bench.breaches == []


def test_coroutines_are_awaited_and_cancelled(bench: Bench) -> None:
    cancelled = []

    async def tool(asked: Any) -> str:
        try:
            await asyncio.sleep(30 if asked["env"] == "slow" else 0)
        except asyncio.CancelledError:
            cancelled.append(asked["event_id"])
            raise
        return "done"

    assert asyncio.run(bench.guard.acall(event(0, env="dev"), tool)) == "done"
    with pytest.raises(DeniedError):
        asyncio.run(bench.guard.acall(event(1, env="no"), tool))
    with pytest.raises(OverrunError, match="had not ended"):
        asyncio.run(bench.guard.acall(event(2, env="slow"), tool))
    assert cancelled == ["e2"]
    assert [breach.constraint for breach in bench.breaches] == ["timeout_s"]


def test_coroutines_are_tried_again(make: Make, store: Store) -> None:
    bench, calls = Bench(make, store, retries=2, again=(FlakyError,)), []

    async def tool(asked: Any) -> int:
        calls.append(asked)
        if len(calls) < 3:
            raise FlakyError
        return len(calls)

    assert asyncio.run(bench.guard.acall(event(0, env="dev"), tool)) == 3


def test_without_its_store_a_guard_lets_nothing_go(make: Make, tmp_path: Path) -> None:
    store = Store.in_file(tmp_path / "s.sqlite")

    def broken() -> Any:
        raise StoreError("the disk is full")

    guard = Guard(make(BUNDLE), replace(store, transaction=broken))
    with pytest.raises(DeniedError, match="denied: the disk is full"):
        guard.call(event(0, env="dev"), pytest.fail)


COUNTED = """
name: counted
history: {calls: {count: "true", per: [actor], within: 1h}}
rules:
  - {condition: "history.calls > 0", decision: DENY, reason: enough}
  - {decision: ALLOW}
"""


@pytest.mark.parametrize("year", [1999, 9999, None])
def test_no_time_that_an_event_names_moves_its_window(
    make: Make, store: Store, year: int | None
) -> None:
    guard = Guard(make(COUNTED), store, clock=lambda: NOON)
    asked = {**event(0), "ts": year and NOON.replace(year=year)}
    assert guard.call(asked, lambda given: given["ts"]) == NOON
    for number in (1, 2):
        with pytest.raises(DeniedError, match="enough"):
            guard.call({**asked, "event_id": f"again-{number}"}, pytest.fail)
