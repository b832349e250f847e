"""A log of many agents in both states: replay, and an export that remembers, as the reference says.

`GOVLAB_PROFILE=deep` looks at 100,000 events.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from govlab.bundle import Bundle, load_bundle
from govlab.enforcing.ledgers import SCHEMA, SqliteLedger
from govlab.exporting import engine_source, open_engine
from govlab.history import counterfactual, decide_each, decide_in_order, factual, in_order
from govlab.plan import compile_plan
from govlab.plan.decision import RESTRICTIVENESS
from govlab.runtime.states import Mark
from tests import generators, histories

EVENTS = 100_000 if os.environ.get("GOVLAB_PROFILE") == "deep" else 800
RULES = """
history:
  total: {sum: tokens_in, per: [actor]}
  spend: {sum: cost, per: [actor], within: 1h, over: permitted}
  calls: {count: "env == 'prod'", per: [actor, tenant], within: 1h, over: permitted}
  refused: {count: "true", per: [actor], within: 20m, over: denied}
  asked: {count: "has(event.tool)", per: [actor], within: 1s}
name: p
rules:
  - {condition: "history.refused > 1", decision: DENY, reason: tries}
  - {condition: "history.spend > 50.0", decision: REQUIRE_APPROVAL, approvers: [ann]}
  - {condition: "history.calls > 0 && cost > 20.0", decision: REMEDIATE,
     remediation: {set: {cost: "0.5"}, apply: automatic}}
  - {condition: "history.total > 900000", decision: ALLOW_WITH_CONSTRAINTS,
     constraints: {max_files: 3}}
  - {condition: "has(event.destructive) && destructive", decision: DENY}
  - {condition: "history.asked >= 0", decision: ALLOW}
"""
Event = dict[str, Any]
Said = list[tuple[Any, dict[str, Any]]]  # decisions and features, without an engine's own marks


def events() -> tuple[list[Event], list[frozenset[str]]]:
    """Events of many agents within hours, and what the source of each cannot tell."""
    rng = random.Random("long history")
    rows = histories.rows(rng, EVENTS)
    for row in rows:
        row["actor"] = f"a{rng.randrange(EVENTS // 40)}" if rng.random() < 0.98 else None
        if rng.random() < 0.97:
            row |= {
                "tool": "x", "env": rng.choice(["prod", "dev"]), "executed": rng.random() < 0.9,
                "cost_micro_usd": rng.randrange(30_000_000), "tokens_in": rng.randrange(100_000),
                "destructive": rng.random() < 0.05, "malformed_columns": None,
            }  # fmt: skip
        if row["ts"] is not None and 2000 < row["ts"].year < 9000:
            row["ts"] += timedelta(seconds=rng.randrange(36_000))
        # one event of an agent nobody knows makes all sums unknown
        named = (row["unknown_columns"] or "").split(",") if rng.random() < 0.02 else []
        row["unknown_columns"] = ",".join({*named} - {"actor", "tenant"}) or None
    return rows, [generators.unknown_of(row, frozenset()) for row in rows]


def plain(decision: Any, features: Any) -> tuple[Any, dict[str, Any]]:
    return decision.to_dict(), {n: getattr(v, "value", v) for n, v in features.items()}


def remembered(
    bundle: Bundle, rows: list[Event], unknown: list[frozenset[str]], state: str, kept: Any
) -> Said:
    """What the exported engine says, which remembers in `kept`."""
    engine, found = open_engine(engine_source(bundle)).module, dict[int, Any]()
    ledger = engine.Windows() if kept is None else kept
    for at in in_order(rows):
        event, hidden = rows[at], unknown[at]
        history = engine.features(ledger, event, unknown=hidden)
        decision = engine.decide(event, history=history, unknown=hidden)
        found[at] = plain(decision, history)
        if state == "factual":
            ruled, known = None, factual(event)
        else:
            ruled, known = decision, counterfactual(decision, event, "recorded")
        fate = engine.Mark(known.value) if isinstance(known, Mark) else known
        engine.record(ledger, event, ruled, fate, unknown=hidden)
    return [found[at] for at in range(len(rows))]


@pytest.mark.slow
@pytest.mark.parametrize("state", ["factual", "counterfactual"])
def test_a_long_log_of_many_agents(tmp_path: Path, state: str) -> None:
    file = tmp_path / "b.yaml"
    file.write_text(RULES, encoding="utf-8")
    bundle, (rows, unknown) = load_bundle(file), events()
    plan = compile_plan(bundle)
    reference = decide_each(plan, rows, state=state, unknown=unknown)
    wanted = [plain(one.decision, one.features) for one in reference]
    replayed = decide_in_order(plan, rows, state=state, unknown=unknown)
    assert [plain(one.decision, one.features) for one in replayed] == wanted
    said = Counter(one["decision"] for one, _ in wanted)
    assert min(said[each] for each in RESTRICTIVENESS) > EVENTS / 200, said
    store = sqlite3.connect(":memory:", isolation_level=None)
    store.executescript(SCHEMA)
    store.execute("BEGIN")
    for kept in (None, SqliteLedger(store)):
        assert remembered(bundle, rows, unknown, state, kept) == wanted
    store.close()
