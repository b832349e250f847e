"""An organisation of level 4, action by action, and what spoils one thing of it.

900 runs of ten actions; nine of ten decisions go their way, the tenth is a denial that held.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from govlab.assess.maturity import Maturity, assess, shipped_criteria
from govlab.assess.reading import read
from govlab.assess.telling import told_by
from govlab.kpi.catalog import spec_of
from govlab.kpi.finish import finish
from govlab.kpi.model import Value
from govlab.plan.admit import action_sha256
from govlab.registry.model import Entry, Registry

__all__ = ["RUNS", "Spoil", "first", "maturity", "one_a_run", "organisation", "stored"]

Spoil = Callable[[pl.DataFrame], pl.DataFrame]
RUNS = 900
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DIGEST = "a" * 64
_HELD, _LIMITED = "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS"
_DECISIONS = (*["ALLOW"] * 5, _LIMITED, _LIMITED, "DENY", _HELD, _HELD)
_TEXTS = (
    "decision", "policy_version", "policy_digest", "rule", "reason", "constraints", "emitter",
    "decision_origin", "decision_mode", "approval_id", "approval_status",
    "approval_policy_digest", "approval_action_sha256", "outcome", "record_hash", "evidence_uri",
    "evidence_sha256", "env", "resource", "principal", "actor", "error_class", "trace_id",
)  # fmt: skip


@cache
def organisation() -> pl.DataFrame:
    """The actions of the organisation of level 4."""
    rows = [_action(run, step) for run in range(RUNS) for step in range(len(_DECISIONS))]
    kinds = {name: pl.String() for name in _TEXTS} | {"approved_by": pl.List(pl.String())}
    return pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None)


def _action(run: int, step: int) -> dict[str, Any]:
    decision, at = _DECISIONS[step], START + timedelta(minutes=60 * run + step)
    asked = {"tenant": "acme", "actor": f"agent-{run % 7}", "principal": "ann@example.com",
             "tool": f"tool-{step}", "action": "infrastructure:mutation",
             "resource": f"svc/{run}", "env": "production",
             "args_sha256": f"{run:032x}{step:032x}"}  # fmt: skip
    ran = decision != "DENY"
    return {
        **asked,
        "event_id": f"{run}/{step}", "run_id": f"run-{run}", "step": step, "ts": at,
        "system": "ops", "workflow": "release", "trace_id": f"trace-{run}", "attempt": 1,
        "decision": decision, "decided_at": at + timedelta(milliseconds=5),
        "policy_version": "1.0.0", "policy_digest": DIGEST, "rule": "gate/1", "reason": "as ruled",
        "decision_origin": "out_of_process", "decision_mode": "enforced",
        "constraints": '{"max_cost_micro_usd":50000000}' if decision == _LIMITED else None,
        "emitter": "control_plane", "record_hash": f"{run:032x}{step:032x}",
        "evidence_uri": None, "evidence_sha256": None,
        "executed": ran, "started_at": at + timedelta(seconds=30) if ran else None,
        "ended_at": at + timedelta(seconds=40) if ran else None,
        "outcome": "success" if ran else "blocked", "error_class": None,
        "actual_cost_micro_usd": 1_000_000 if ran else None,
        **_approval(decision, asked, f"ap-{run}-{step}", at),
    }  # fmt: skip


def _approval(
    decision: str, asked: dict[str, Any], approval_id: str, at: datetime
) -> dict[str, Any]:
    held = decision == _HELD
    told = {
        "approval_id": approval_id,
        "approval_requested_at": at + timedelta(seconds=1),
        "approval_decided_at": at + timedelta(seconds=20),
        "approval_status": "approved",
        "approved_by": ["lead@example.com"],
        "approval_expires_at": at + timedelta(hours=4),
        "approval_policy_digest": DIGEST,
        "approval_action_sha256": action_sha256(asked) if held else None,
    }
    return told if held else dict.fromkeys(told)


def _registry() -> Registry:
    said = {"kind": "activate", "bundle": "gate", "version": "1.0.0", "digest": DIGEST}
    first_ = Entry(
        seq=0, tenant=None, at=START - timedelta(days=1), recorded_at=START, by=None,
        rationale="", hash="0" * 64, **said,
    )  # fmt: skip
    return Registry(Path("registry"), (), (first_,))


def stored(name: str, part: int, of: int) -> Value:
    """A stored result of a check: exactly `part` of `of`."""
    share = part / of
    return Value(name, None, None, share, part, of, 0, share, share)


_CHECKS = {
    "fidelity": stored("fidelity", 0, 4000),
    "chain_anchored": stored("chain_anchored", 1, 1),
}


def maturity(frame: pl.DataFrame, **checks: Value | None) -> Maturity:
    """The maturity of what `frame` logs; `checks` other than those of level 4, None: not made."""
    rows, told = told_by(_registry(), frame.lazy())
    spec = spec_of(cuts=())
    whole, _ = read(rows, spec, told=told)
    made = {name: found for name, found in {**_CHECKS, **checks}.items() if found is not None}
    return assess(finish(whole, spec, stored=made), shipped_criteria(), cuts=())


def first(share: float, where: pl.Expr | None = None) -> pl.Expr:
    """The rows of the first `share` of the runs, or of those among `where`."""
    chosen = pl.int_range(pl.len()) < share * pl.len()
    if where is None:
        return chosen
    place = where.cum_sum() - 1
    return where & (place < share * where.sum())


def one_a_run(share: float, step: int = 0) -> pl.Expr:
    """The action `step` of each of the first `share` of the runs."""
    return (pl.col("step") == step) & first(share)
