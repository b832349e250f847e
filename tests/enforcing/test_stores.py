"""Decided and reserved in one transaction; approvals used once; both stores alike (S8, S9)."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from govlab.backends.scalar.live import compile_live
from govlab.bundle import load_bundle
from govlab.enforcing import Store, StoreError
from govlab.errors import BundleError
from govlab.history import decide_each
from govlab.plan import compile_plan
from tests import generators, histories
from tests.enforcing.engines import NOON, Make, approval_of, engine_of, event

BUDGET = """
name: budget
history:
  calls: {count: "true", per: [actor], within: 1m, over: permitted}
  asked: {count: "true", per: [actor]}
  refused: {count: "true", per: [actor], over: denied}
rules:
  - {id: over, condition: "history.calls >= 1", decision: DENY, reason: enough}
  - {id: person, condition: "env == 'prod'", decision: REQUIRE_APPROVAL, approvers: [ann],
     expires_after: 1h, separation_of_duties: false}
  - {id: few, condition: "env == 'some'", decision: ALLOW_WITH_CONSTRAINTS,
     constraints: {max_files: 3, rate: 2/1m}}
  - {decision: ALLOW}
"""
FREE = BUDGET.replace("history.calls >= 1", "history.calls >= 100")


def test_a_budget_of_one_lets_one_through_and_again_when_it_has_left(
    make: Make, store: Store
) -> None:
    engine = make(BUDGET)
    made = [store.decide_and_reserve(engine, event(n, env="dev")) for n in (0, 1, 59, 60)]
    assert [one.permitted for one in made] == [True, False, False, True]
    assert [one.history["asked"] for one in made] == [0, 1, 2, 3]
    assert [one.history["refused"] for one in made] == [0, 0, 1, 2]
    assert made[1].decision.reason == "enough"


def test_windows_that_begin_before_the_store_does_are_warming(make: Make, store: Store) -> None:
    engine = make(BUDGET)
    made = [store.decide_and_reserve(engine, event(n, env="dev")) for n in (0, 59, 60)]
    endless = ("asked", "refused")
    assert [one.warming for one in made] == [("calls", *endless), ("calls", *endless), endless]


def test_an_approval_lets_what_was_held_go_and_is_used_once(make: Make, store: Store) -> None:
    engine = make(FREE)
    held = store.decide_and_reserve(engine, event(0, env="prod"))
    assert held.permitted is None
    given = approval_of(engine, held.event)
    first, again = (store.admit(engine, held, given, now=held.event["ts"]) for _ in range(2))
    assert (first.permitted, first.failed) == (True, ())
    assert (again.permitted, again.failed) == (None, ("consumed",))
    assert store.admit(engine, first, None, now=held.event["ts"]) is first


def test_an_approval_that_fails_names_why_and_may_be_mended(make: Make, store: Store) -> None:
    engine = make(FREE)
    held = store.decide_and_reserve(engine, event(0, env="prod"))
    for wrong, failed in (({"status": "pending"}, "not_approved"), ({"votes": ()}, "quorum")):
        bad = approval_of(engine, held.event, **wrong)
        assert store.admit(engine, held, bad, now=held.event["ts"]).failed == (failed,)
    assert store.admit(engine, held, None, now=held.event["ts"]).failed == ("missing",)
    given = approval_of(engine, held.event)
    assert store.admit(engine, held, given, now=held.event["ts"]).permitted


def test_an_answer_counts_once_and_from_the_events_own_place(make: Make, store: Store) -> None:
    """Held at 0 and let go later, it has left the window of a minute at 60."""
    engine = make(FREE)
    held = store.decide_and_reserve(engine, event(0, env="prod"))
    counts = [store.decide_and_reserve(engine, event(n, env="dev")).history for n in (10, 20)]
    assert [(h["calls"], h["asked"]) for h in counts] == [(0, 1), (1, 2)]
    given = approval_of(engine, held.event)
    assert store.admit(engine, held, given, now=event(30)["ts"]).permitted
    seen = [store.decide_and_reserve(engine, event(n, env="dev")).history for n in (40, 60)]
    assert [(h["calls"], h["asked"]) for h in seen] == [(3, 3), (3, 4)]


def test_what_was_refused_counts_as_denied_once(make: Make, store: Store) -> None:
    engine = make(FREE)
    held = store.decide_and_reserve(engine, event(0, env="prod"))
    assert store.settle(engine, held).permitted is False
    history = store.decide_and_reserve(engine, event(1, env="dev")).history
    assert (history["refused"], history["asked"], history["calls"]) == (1, 1, 0)


def test_an_answer_to_what_another_store_held_is_recorded_whole(make: Make, store: Store) -> None:
    engine = make(FREE)
    held = Store.in_memory().decide_and_reserve(engine, event(0, env="prod"))
    assert store.admit(engine, held, approval_of(engine, held.event), now=event(0)["ts"]).permitted
    history = store.decide_and_reserve(engine, event(1, env="dev")).history
    assert (history["asked"], history["calls"]) == (1, 1)


def test_limits_stop_what_breaks_them_and_what_does_not_say(make: Make, store: Store) -> None:
    engine = make(FREE)
    for number, (files, stops) in enumerate([(4, ("max_files",)), (None, ("max_files",)), (3, ())]):
        made = store.decide_and_reserve(engine, event(number, env="some", files_changed=files))
        assert (made.stopped, made.permitted) == (stops, not stops)


def test_a_rate_holds_for_what_was_let_through(make: Make, store: Store) -> None:
    engine, some = make(FREE), {"env": "some", "files_changed": 1}
    made = [store.decide_and_reserve(engine, event(n, **some)) for n in (0, 1, 2, 59, 60)]
    assert [one.permitted for one in made] == [True, True, False, False, True]
    assert made[2].stopped == ("rate",)
    other = store.decide_and_reserve(engine, event(61, actor="other", **some))
    timeless = store.decide_and_reserve(engine, {**event(62, **some), "ts": None})
    assert (other.permitted, timeless.permitted) == (True, False)


MONITORED = FREE.replace("rules:", "mode: monitor\nrules:")
VARIED = """
name: varied
history: {spent: {sum: cost, per: [actor], over: permitted}}
rules:
  - {condition: "cost > 1.0", decision: REMEDIATE, remediation: {set: {cost: "0.5"}, apply: APPLY,
     suggestion: ask for less}}
  - {decision: ALLOW}
"""


def test_a_policy_in_monitor_mode_holds_nothing(make: Make, store: Store) -> None:
    made = store.decide_and_reserve(make(MONITORED + "\ndefault: ALLOW"), event(0, env="prod"))
    assert made.decision.decision == "REQUIRE_APPROVAL"
    assert (made.permitted, made.counted.decision) == (True, "ALLOW")


@pytest.mark.parametrize(("apply", "permitted", "spent"), [("automatic", True, 0.5),
                                                           ("suggest", False, 0.0)])  # fmt: skip
def test_what_counts_is_the_variant_that_was_let_through(
    make: Make, store: Store, apply: str, permitted: bool, spent: float
) -> None:
    engine = make(VARIED.replace("APPLY", apply))
    made = store.decide_and_reserve(engine, event(0, cost=5.0))
    assert (made.permitted, made.dispatch.get("cost")) == (permitted, 0.5)
    assert store.decide_and_reserve(engine, event(1)).history["spent"] == spent


def test_an_event_without_an_id_is_an_error_of_the_caller(make: Make, store: Store) -> None:
    with pytest.raises(ValueError, match="no `event_id`"):
        store.decide_and_reserve(make(BUDGET), {**event(0), "event_id": None})


def test_stores_count_as_a_replay_does(tmp_path: Path) -> None:
    """Generated bundles: what both stores say of events as they arrive is what a log would say."""
    compared = 0
    for seed in range(12):
        rng = random.Random(f"store-{seed}")
        try:
            path = generators.write(histories.bundle(rng), tmp_path / str(seed))
            plan = compile_plan(load_bundle(path))
        except BundleError:
            continue
        if any(r.constraints for p in plan.policies for r in p.rules):
            continue  # what cannot be told stops an action, where a replay leaves it unknown
        rows = [
            {**row, "event_id": f"{at:04}", "run_id": None, "step": None, "approval_status": None}
            for at, row in enumerate(histories.twins(rng, 40))
        ]
        wanted = decide_each(plan, rows, state="counterfactual")
        for store in (Store.in_memory(), Store.in_file(tmp_path / f"{seed}.sqlite")):
            engine = compile_live(plan)
            made = [store.decide_and_reserve(engine, row) for row in rows]
            assert [(m.decision, m.history) for m in made] == [
                (one.decision, one.features) for one in wanted
            ]
            compared += len(made)
    assert compared >= 240


# -- many at once ----------------------------------------------------------------------------------


def reserve_many(folder: Path, file: Path, barrier: Any, results: Any) -> None:
    """What one process does: as soon as all are there, it asks again and again."""
    engine, store = engine_of(folder, BUDGET), Store.in_file(file, wait_s=60)
    asked = [
        event(n, env="dev", actor=f"a{n}") | {"event_id": f"{folder.name}-{n}"} for n in range(25)
    ]
    barrier.wait()
    results.put([store.decide_and_reserve(engine, one).permitted for one in asked])


def approve_many(folder: Path, file: Path, barrier: Any, results: Any) -> None:
    """What one process does with approvals that every process has."""
    engine, store, mine = engine_of(folder, FREE), Store.in_file(file, wait_s=60), Store.in_memory()
    held = [
        mine.decide_and_reserve(engine, event(n, env="prod", resource=f"r{n}")) for n in range(25)
    ]
    given = [approval_of(engine, one.event) for one in held]
    barrier.wait()
    made = [
        store.admit(engine, one, approval, now=NOON)
        for one, approval in zip(held, given, strict=True)
    ]
    results.put([bool(one.permitted) for one in made])


@pytest.mark.slow
@pytest.mark.parametrize("work", [reserve_many, approve_many])
def test_of_several_processes_one_passes(work: Callable[..., None], tmp_path: Path) -> None:
    """A budget of one, and an approval for one use, in 25 races of three processes."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    file = tmp_path / "store.sqlite"
    found = [context.Process(target=work, args=(f, file, barrier, results))
             for f in folders]  # fmt: skip
    for process in found:
        process.start()
    passed = [results.get(timeout=120) for _ in found]
    for process in found:
        process.join(timeout=60)
    assert [process.exitcode for process in found] == [0, 0, 0]
    assert [sum(race) for race in zip(*passed, strict=True)] == [1] * 25


def test_of_several_threads_one_passes(make: Make, store: Store) -> None:
    engine = make(BUDGET)
    asked = [event(0, env="dev") | {"event_id": f"e{n}"} for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda one: store.decide_and_reserve(engine, one).permitted, asked)
    assert sum(made) == 1


def test_a_store_in_a_file_remembers(make: Make, tmp_path: Path) -> None:
    engine, file = make(FREE), tmp_path / "s.sqlite"
    held = Store.in_file(file).decide_and_reserve(engine, event(0, env="prod"))
    given = approval_of(engine, held.event)
    assert Store.in_file(file).admit(engine, held, given, now=event(1)["ts"]).permitted
    again = Store.in_file(file).admit(engine, held, given, now=event(1)["ts"])
    assert again.failed == ("consumed",)
    history = Store.in_file(file).decide_and_reserve(engine, event(2, env="dev")).history
    assert (history["calls"], history["asked"]) == (1, 1)


def test_a_store_that_is_in_use_too_long_reserves_nothing(make: Make, tmp_path: Path) -> None:
    engine, file = make(BUDGET), tmp_path / "s.sqlite"
    store = Store.in_file(file, wait_s=0.01)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="nothing was reserved"):
        store.decide_and_reserve(engine, event(0, env="dev"))
    other.execute("ROLLBACK")
    other.close()
    assert store.decide_and_reserve(engine, event(1, env="dev")).permitted


def test_what_goes_wrong_within_a_transaction_leaves_no_trace(make: Make, tmp_path: Path) -> None:
    engine, store = make(BUDGET), Store.in_file(tmp_path / "s.sqlite")

    def broken(_constraints: Any, _event: Any) -> tuple[str, ...]:
        raise RuntimeError("the check")

    with pytest.raises(RuntimeError, match="the check"):
        store.decide_and_reserve(engine, event(0, env="dev"), check=broken)
    assert store.decide_and_reserve(engine, event(1, env="dev")).history["asked"] == 0


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_bytes(b"no database, but long enough to be looked at" * 40)
    with pytest.raises(StoreError, match=r"s\.sqlite.*not a database"):
        Store.in_file(tmp_path / "s.sqlite")


def test_a_feature_of_another_meaning_begins_anew(make: Make, store: Store) -> None:
    store.decide_and_reserve(make(FREE), event(0, env="dev"))
    wider = make(FREE.replace("within: 1m", "within: 1d"))
    made = store.decide_and_reserve(wider, event(1, env="dev"))
    assert (made.history["calls"], made.history["asked"]) == (0, 1)
    assert "calls" in made.warming


def test_who_is_told_of_an_answer_counts_it_once(make: Make, store: Store) -> None:
    engine = make(FREE)
    for number, (permitted, heard) in enumerate([(False, True), (False, False), (True, False)]):
        if not number:
            store.decide_and_reserve(engine, event(0, env="prod"))
        assert store.hear(engine, "e0", permitted=permitted) is heard
    assert not store.hear(engine, "e1", permitted=False)
    history = store.decide_and_reserve(engine, event(1, env="dev")).history
    assert (history["refused"], history["asked"], history["calls"]) == (1, 1, 0)


def test_each_tenant_waits_for_its_own(make: Make, store: Store) -> None:
    engine = make(FREE)
    for tenant in ("a", "b"):
        store.decide_and_reserve(engine, event(0, env="prod", tenant=tenant))
    assert store.hear(engine, "e0", permitted=True)
    assert store.decide_and_reserve(engine, event(1, env="dev")).history["calls"] == 2


def test_nobody_waits_for_ever(make: Make, store: Store) -> None:
    engine, month = make(FREE), 30 * 86_400
    for number in (0, 1):
        store.decide_and_reserve(engine, event(number, env="prod"))
    store.decide_and_reserve(engine, event(month + 1, env="dev"))
    assert [bool(store.waiting.known(name)) for name in ("e0", "e1")] == [False, True]


def test_looking_counts_for_nothing(make: Make, store: Store) -> None:
    engine = make(BUDGET)
    assert [store.look(engine, event(n, env="dev")).permitted for n in (0, 1)] == [True, True]
    assert store.decide_and_reserve(engine, event(2, env="dev")).history["asked"] == 0
