"""Invented traffic of a known kind: a weekly rhythm, days that differ, actions that come in runs.

Light, so that hundreds of logs can be made: numpy draws runs, and what is true of a run's actions
goes together (beta-binomial). What changes, and on which day, is said; all else is stationary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

__all__ = ["START", "Traffic", "traffic"]

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
_WEEK = np.array([1.1, 1.05, 1.0, 1.0, 0.85, 0.4, 0.4])
_DAY_US = 86_400_000_000
_WORKFLOWS = ("billing", "release", "support")
_TOOLS = ("search", "read", "write", "send", "deploy", "refund")
_ENVS = ("production", "staging", "test")
_CLASSES = ("public", "internal", "secret")


@dataclass(frozen=True)
class Traffic:
    """How much, how often what, how much the actions of one run go together.

    `factors` are what a share is multiplied by from `day` on: of `denied`, `held`, `missing`,
    `failed`. On weekends `denied` is `weekend` times as frequent: a rhythm of the rate itself.
    """

    days: int = 56
    per_day: float = 500
    run_length: float = 6.8
    alike: float = 0.05
    denied: float = 0.1
    held: float = 0.08
    missing: float = 0.05
    failed: float = 0.04
    weekend: float = 1.3
    day_sigma: float = 0.08
    day: int | None = None
    factors: Mapping[str, float] = field(default_factory=dict)


def traffic(kind: Traffic, chance: Generator) -> pl.DataFrame:
    """The log of that traffic, a row an action, in the order of time."""
    run_day, length = _runs(kind, chance)
    run = np.repeat(np.arange(len(length)), length)
    day = run_day[run]
    denied = _marks(kind, "denied", run_day, run, chance)
    held = _marks(kind, "held", run_day, run, chance) & ~denied
    missing = _marks(kind, "missing", run_day, run, chance)
    failed = _marks(kind, "failed", run_day, run, chance) & ~denied & ~held
    times = _times(run_day, run, chance)
    asked = START_US + times
    waited = (chance.lognormal(8, 1.5, len(run)) * 1e6).astype(np.int64)
    workflow = chance.integers(0, len(_WORKFLOWS), len(length))[run]
    tool = _of(_TOOLS, chance.geometric(0.35, len(run)) % len(_TOOLS))
    frame = pl.DataFrame({
        "ts": pl.Series(asked).cast(pl.Datetime("us", "UTC")),
        "run_id": pl.Series([f"r{number}" for number in range(len(length))]).gather(run),
        "workflow": _of(_WORKFLOWS, workflow),
        "actor": _of([f"{name}-agent" for name in _WORKFLOWS], workflow),
        "tool": tool,
        "env": _of(_ENVS, chance.integers(0, 3, len(length))[run]),
        "data_class": pl.select(pl.when(pl.lit(pl.Series(~missing))).then(
            pl.lit(_of(_CLASSES, chance.integers(0, 3, len(run)))))).to_series(),
        "cost_micro_usd": chance.lognormal(9, 1, len(run)).astype(np.int64),
        "decision": _of(("ALLOW", "DENY", "REQUIRE_APPROVAL"), denied + 2 * held),
        "executed": ~denied & ~held,
        "outcome": _of(("blocked", "success", "error"), np.where(denied | held, 0, 1 + failed)),
        "approval_status": pl.select(pl.when(pl.lit(pl.Series(held))).then(
            pl.lit("approved"))).to_series(),
        "day": day,
    })  # fmt: skip
    answers = {"approval_requested_at": asked, "approval_decided_at": asked + waited}
    clocks = [
        pl.when(pl.lit(pl.Series(held))).then(pl.lit(pl.Series(at)).cast(pl.Datetime("us", "UTC")))
        .alias(name)
        for name, at in answers.items()
    ]  # fmt: skip
    ids = pl.int_range(pl.len()).cast(pl.String).alias("event_id")
    return frame.with_columns(*clocks, ids).drop("day").sort("ts")


START_US = int(START.timestamp() * 1e6)


def _runs(kind: Traffic, chance: Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The day of each run, and how many actions it has."""
    days = np.arange(kind.days)
    noise = np.exp(kind.day_sigma * chance.standard_normal(kind.days))
    mean = kind.per_day * _WEEK[days % 7] / _WEEK.mean() * noise / kind.run_length
    run_day = np.repeat(days, chance.poisson(mean))
    return run_day, chance.geometric(1 / kind.run_length, len(run_day))


def _marks(
    kind: Traffic, name: str, run_day: NDArray[np.int64], run: NDArray[np.int64], chance: Generator
) -> NDArray[np.bool_]:
    """Of which actions something is true: each run has a share of its own."""
    share = np.full(len(run_day), getattr(kind, name))
    if name == "denied":
        share = np.where(run_day % 7 >= 5, share * kind.weekend, share)
    if kind.day is not None:
        share = np.where(run_day >= kind.day, share * kind.factors.get(name, 1.0), share)
    size = (1 - kind.alike) / kind.alike
    own = chance.beta(np.maximum(share * size, 1e-9), (1 - share) * size)
    return np.asarray(chance.random(len(run)) < own[run])


def _times(
    run_day: NDArray[np.int64], run: NDArray[np.int64], chance: Generator
) -> NDArray[np.int64]:
    """Microseconds since START: the actions of a run within minutes of its begin, the same day."""
    begun = chance.random(len(run_day)) * 0.98
    within = begun[run] + chance.random(len(run)) * 0.01
    return np.asarray((run_day[run] + within) * _DAY_US, dtype=np.int64)


def _of(names: tuple[str, ...] | list[str], places: NDArray[np.int64]) -> pl.Series:
    return pl.Series(names).gather(places)
