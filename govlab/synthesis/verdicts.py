"""What was decided and recorded: the policy in force, but for outages, gaps and a stale engine."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from govlab.backends.columnar import decide_frame, needed
from govlab.synthesis.draws import Bools, Floats, Ints, log_normal
from govlab.synthesis.limits import breaks_limits
from govlab.synthesis.rows import Rows, scope
from govlab.synthesis.runs import Runs
from govlab.synthesis.versions import Force
from govlab.synthesis.world import DAY_US, World, dictionary

__all__ = ["verdicts"]

_DECIDED = ("decision", "policy", "rule", "reason", "constraints", "approvals", "remediation",
            "evidence_required")  # fmt: skip
_GOES = ("ALLOW", "ALLOW_WITH_CONSTRAINTS")


def verdicts(world: World, force: Force | None, runs: Runs, rows: Rows, asked: pl.DataFrame,
             chance: Generator) -> pl.DataFrame:  # fmt: skip
    """For each row of `asked`: the recorded decision, and what it means for the call.

    Gives the decision columns, `_goes` (dispatched at once), `_waits` (a person is asked),
    `_limits` (what holds if it goes ahead) and, of the decision, `_approvals`, `_remediation`,
    `_evidence`.
    """
    governed = _governed(world, force, runs, rows)
    decided = _decided(force, asked, rows.ts, np.flatnonzero(governed))
    stale, bypass = _stale(world, runs, rows, decided, chance), chance.random(len(rows))
    silent = _silent(world, rows.ts) & governed
    latency = world.profile.decision_ms
    wait = log_normal(chance, latency.median, latency.sigma, len(rows))
    frame = _recorded(world, force, decided, governed, stale, silent)
    monitored = _monitored(world, rows.ts)
    at_once = _at_once(frame, asked, rows, decided)
    goes = at_once | monitored | ~governed
    goes |= (frame.get_column("decision") == "DENY").fill_null(value=False).to_numpy() & (
        bypass < world.profile.shares.bypass
    )
    goes = np.where(silent, asked.get_column("read_only").to_numpy(), goes)
    waits = (frame.get_column("decision") == "REQUIRE_APPROVAL").fill_null(value=False).to_numpy()
    mode = np.where(monitored, 1, 0)
    return frame.with_columns(
        decided_at=_when(rows.ts, wait, governed),
        decision_mode=_coded(["enforced", "monitor"], np.where(governed, mode, -1)),
        _goes=pl.Series(goes),
        _waits=pl.Series(waits & ~goes),
        _limits=decided.get_column("constraints"),
        _approvals=decided.get_column("approvals"),
        _remediation=decided.get_column("remediation"),
        _evidence=decided.get_column("evidence_required").fill_null(value=False),
    )


def _governed(world: World, force: Force | None, runs: Runs, rows: Rows) -> Bools:
    """Whether anything decides: from a day on, by workflow."""
    if force is None:
        return np.zeros(len(rows), dtype=np.bool_)
    never = world.profile.days + 3650
    since = [w.governed_from_day if w.governed else never for w in world.workflows]
    day = (rows.ts - world.start_us) // DAY_US
    return np.asarray(day >= np.array(since)[runs.workflow[rows.run]])


def _decided(force: Force | None, asked: pl.DataFrame, ts: Ints, places: Ints) -> pl.DataFrame:
    """The decision at each row, null where nothing decides; `_version` the place of the version."""
    if force is None or not len(places):
        empty = {name: pl.String() for name in _DECIDED} | {"evidence_required": pl.Boolean()}
        nothing = [pl.repeat(None, len(asked), dtype=kind, eager=True).alias(name)
                   for name, kind in empty.items()]  # fmt: skip
        return pl.DataFrame(
            [*nothing, pl.repeat(-1, len(asked), dtype=pl.Int64, eager=True).alias("_version")]
        )
    version = force.at(ts[places])
    parts, order = [], []
    for place in np.unique(version).tolist():
        chosen = places[version == place]
        plan = force.plans[place]
        read = [name for name in needed(plan) if name in asked.columns]
        decided = decide_frame(plan, asked.select(read)[chosen]).select(_DECIDED)
        parts.append(decided.with_columns(_version=pl.lit(place, pl.Int64)))
        order.append(chosen)
    back = np.full(len(asked), -1, dtype=np.int64)
    back[np.concatenate(order)] = np.arange(len(places))
    found = pl.concat(parts).select(pl.all().gather(pl.lit(_null_below_zero(back))))
    return found.with_columns(pl.col("_version").fill_null(-1))


def _null_below_zero(places: Ints) -> pl.Series:
    series = pl.Series(places)
    return series.set(series < 0, None)


def _stale(world: World, runs: Runs, rows: Rows, decided: pl.DataFrame, chance: Generator
           ) -> Bools:  # fmt: skip
    """Where an engine that is out of date answered instead: it allows."""
    stale = chance.random(len(rows)) < world.profile.shares.stale_engine
    denied = (decided.get_column("decision") == "DENY").fill_null(value=False).to_numpy()
    day = (rows.ts - world.start_us) // DAY_US
    for drift in world.profile.drifts:
        if drift.kind == "denials_drop":
            hit = denied & scope(world, drift, runs, rows.run, day)
            stale |= hit & (chance.random(len(rows)) < (drift.share or 0.0))
    return np.asarray(stale & (decided.get_column("_version").to_numpy() >= 0))


def _silent(world: World, ts: Ints) -> Bools:
    """Whether the policy service was out."""
    out = np.zeros(len(ts), dtype=np.bool_)
    for outage in world.profile.outages:
        since = world.start_us + outage.day * DAY_US + int(outage.hour * 3_600_000_000)
        out |= (ts >= since) & (ts < since + int(outage.hours * 3_600_000_000))
    return out


def _monitored(world: World, ts: Ints) -> Bools:
    policy = world.profile.policy
    until = policy.monitored_until_day if policy else 0
    return np.asarray(ts < world.start_us + until * DAY_US)


def _recorded(
    world: World,
    force: Force | None,
    decided: pl.DataFrame,
    governed: Bools,
    stale: Bools,
    silent: Bools,
) -> pl.DataFrame:
    """The decision as the log has it."""
    policy = world.profile.policy
    versions = force.names if force else ("none",)
    digests = [plan.digest for plan in force.plans] if force else ["none"]
    version = np.where(silent, -1, decided.get_column("_version").to_numpy())
    origin = np.where(stale, 0, 1 if policy is None or policy.origin == "out_of_process" else 0)
    said = pl.lit(pl.Series(~silent))
    ruled = pl.lit(pl.Series(~(silent | stale)))
    decision = pl.when(ruled).then(pl.col("decision")).otherwise(pl.when(said).then(
        pl.lit("ALLOW")).otherwise(pl.lit("UNAVAILABLE")))  # fmt: skip
    known = pl.lit(pl.Series(governed))
    said_why = pl.coalesce("reason", "rule") if policy and policy.rule_is_reason else "reason"
    reason = pl.when(ruled).then(said_why).when(~said & known).then(
        pl.lit("the policy service did not answer")
    )  # fmt: skip
    frame = decided.select(
        decision=pl.when(known).then(decision),
        policy=pl.when(said).then("policy"),
        rule=pl.when(ruled).then("rule"),
        reason=reason,
        constraints=pl.when(ruled).then("constraints"),
        remediation=pl.when(ruled).then("remediation"),
    )
    return frame.cast(pl.Categorical).with_columns(
        policy_version=_coded(versions, version),
        policy_digest=_coded(digests, version),
        decision_origin=_coded(["in_process", "out_of_process"], np.where(governed, origin, -1)),
        _version=pl.Series(version),
    )


def _coded(names: tuple[str, ...] | list[str], codes: Ints) -> pl.Series:
    return dictionary(names).gather(_null_below_zero(np.asarray(codes, dtype=np.int64)))


def _when(ts: Ints, wait_ms: Floats, governed: Bools) -> pl.Series:
    at = ts + (wait_ms * 1000).astype(np.int64)
    micros = pl.Series(at).set(pl.Series(~governed), None)
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _at_once(frame: pl.DataFrame, asked: pl.DataFrame, rows: Rows, decided: pl.DataFrame) -> Bools:
    """Whether the guard lets the call go: allowed, within what it can check, or made safer."""
    decision = frame.get_column("decision").cast(pl.String)
    allowed = decision.is_in(_GOES).fill_null(value=False).to_numpy()
    limited = (decision == "ALLOW_WITH_CONSTRAINTS").fill_null(value=False).to_numpy()
    broken = breaks_limits(decided.get_column("constraints"), asked, rows.attempt)
    told = decided.get_column("remediation").cast(pl.String)
    remedy = told.str.contains('"apply":"automatic"', literal=True)
    remedied = (decision == "REMEDIATE").fill_null(value=False) & remedy.fill_null(value=False)
    return np.asarray((allowed & ~(limited & broken)) | remedied.to_numpy())
