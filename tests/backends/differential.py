"""The columnar engine beside the reference engine: every field of every decision."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from govlab.backends.columnar import decide_frame
from govlab.backends.reference import decide
from govlab.bundle import load_bundle
from govlab.plan import Decision, Plan, compile_plan
from govlab.runtime.arguments import canonical
from tests import generators

__all__ = ["as_row", "differences", "plan_of", "random_case"]

_OPTIONAL = sorted(set(generators.COLUMNS) - {"event_id", "unknown_columns", "malformed_columns"})


def plan_of(tree: dict[str, Any], folder: Path) -> Plan:
    """The plan of a bundle tree, loaded from files below `folder`."""
    return compile_plan(load_bundle(generators.write(tree, folder)))


def random_case(
    seed: str, folder: Path, count: int
) -> tuple[Plan, list[dict[str, Any]], frozenset[str]]:
    """A plan, events, and the columns that their log lacks."""
    rng = random.Random(seed)
    plan = plan_of(generators.bundle(rng), folder)
    lacking = frozenset(rng.sample(_OPTIONAL, rng.choice([0, 0, 1, 3])))
    rows = generators.rows(rng, count)
    events = [{n: v for n, v in row.items() if n not in lacking} for row in rows]
    return plan, events, lacking


def as_row(event: dict[str, Any], decision: Decision) -> dict[str, Any]:
    """A decision as a row of the decisions frame (S22)."""
    plain = decision.to_dict()
    for name in ("constraints", "approvals", "remediation"):
        plain[name] = canonical(plain[name]) if plain[name] else None
    return {"event_id": event.get("event_id"), **plain}


def differences(
    plan: Plan,
    events: Sequence[dict[str, Any]],
    lacking: frozenset[str] = frozenset(),
    frame: pl.DataFrame | None = None,
) -> list[tuple[int, str, Any, Any]]:
    """Where the engines differ: row, field, what the reference says, what the columns say."""
    given = generators.frame_of(events, lacking) if frame is None else frame
    wanted = [as_row(e, decide(plan, e, unknown=generators.unknown_of(e, lacking))) for e in events]
    found = []
    for tables in (True, False):
        rows = decide_frame(plan, given, tables=tables).to_dicts()
        assert len(rows) == len(wanted)
        found += [
            (at, name, want[name], value)
            for at, (want, row) in enumerate(zip(wanted, rows, strict=True))
            for name, value in row.items()
            if want[name] != value
        ]
    return found
