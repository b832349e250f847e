"""An exported engine keeps history as replay does, and works with stores (S8, S18)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from govlab.bundle import Bundle, load_bundle
from govlab.enforcing import Store
from govlab.errors import BundleError
from govlab.exporting import engine_source
from govlab.exporting.loading import open_engine
from govlab.exporting.source import REMEMBERING
from govlab.history import counterfactual, decide_in_order, in_order
from govlab.plan import compile_plan
from govlab.runtime.states import UNKNOWN, Mark
from tests import generators, histories


def bundles(folder: Path) -> list[Bundle]:
    found = []
    for seed in range(3):
        rng = random.Random(f"history-{seed}")
        try:
            found.append(load_bundle(generators.write(histories.bundle(rng), folder / str(seed))))
        except BundleError:  # what it made up does not check
            continue
    return found


def plain(features: Any) -> dict[str, Any]:
    """Features without their engine's own marks."""
    return {n: getattr(value, "value", value) for n, value in features.items()}


def test_features_and_decisions_are_those_of_replay(tmp_path: Path) -> None:
    compared = 0
    for number, bundle in enumerate(bundles(tmp_path)):
        rows = histories.rows(random.Random(number), 60)
        unknown = [generators.unknown_of(row, frozenset()) for row in rows]
        wanted = decide_in_order(
            compile_plan(bundle), rows, state="counterfactual", unknown=unknown
        )
        engine = open_engine(engine_source(bundle)).module
        state = engine.Windows()
        for place in in_order(rows):
            row, hidden, want = rows[place], unknown[place], wanted[place]
            history = engine.features(state, row, unknown=hidden)
            decision = engine.decide(row, history=history, unknown=hidden)
            assert plain(history) == plain(want.features)
            assert decision.to_dict() == want.decision.to_dict()
            fate = counterfactual(want.decision, row, "recorded")
            own = engine.UNKNOWN if fate is UNKNOWN else fate
            engine.record(state, row, decision, own, unknown=hidden)
            compared += any(isinstance(value, Mark) for value in want.features.values())
    assert compared > 20


BUDGET = """
name: budget
history: {calls: {count: "true", per: [actor], within: 1m, over: permitted}}
rules:
  - {id: over, condition: "history.calls >= 1", decision: DENY, reason: enough}
  - {decision: ALLOW}
"""


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_an_exported_engine_works_with_a_store(kind: str, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(BUDGET)
    engine = open_engine(engine_source(load_bundle(tmp_path / "b.yaml"))).module
    store = Store.in_memory() if kind == "memory" else Store.in_file(tmp_path / "s.sqlite")
    asked = [{"event_id": f"e{n}", "ts": f"2026-01-01T00:00:{n:02}Z"} for n in range(3)]
    made = [store.decide_and_reserve(engine, {**e, "actor": "a"}) for e in asked]
    assert [one.permitted for one in made] == [True, False, False]
    nobody = store.decide_and_reserve(engine, {"event_id": "x", "actor": 3})
    assert (nobody.permitted, nobody.decision.status) == (False, "error")


def test_a_bundle_without_history_carries_none_of_it() -> None:
    module = open_engine(engine_source(load_bundle("prod-safety"))).module
    assert not {*REMEMBERING} & vars(module).keys()
