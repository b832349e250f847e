"""One run as it happened: asked, decided, approved, done, with the evidence and who delegated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from govlab.errors import UsageError, did_you_mean
from govlab.log.collect import collected

__all__ = ["KINDS", "Moment", "Timeline", "timeline"]

KINDS = ("requested", "decided", "approval requested", "approved", "rejected", "expired",
         "cancelled", "approval used", "started", "ended", "evidence")  # fmt: skip
"""What can happen to an action, in the order in which it does."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to one action; `at` is None where the log does not say when.

    `said` are the columns of the log that tell it, those that are filled.
    """

    at: datetime | None
    kind: str
    event_id: str | None
    step: int
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The moments of a run in order; `tenants` are those in which the run's id stands."""

    run_id: str
    tenants: tuple[str | None, ...]
    actions: int
    moments: tuple[Moment, ...]


_TOLD: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    ("requested", "ts", ("actor", "principal", "parent_agent", "delegation_chain", "tool",
                         "action", "resource", "env")),
    ("decided", "decided_at", ("decision", "policy", "rule", "reason", "policy_version",
                               "policy_digest", "constraints", "remediation", "decision_mode")),
    ("approval requested", "approval_requested_at", ("approval_id", "approval_expires_at")),
    ("approval used", "approval_consumed_at", ("approval_id", "approval_action_sha256")),
    ("started", "started_at", ("worker", "attempt")),
    ("ended", "ended_at", ("outcome", "error_class", "actual_cost_micro_usd",
                           "actual_records_affected")),
)  # fmt: skip
_ANSWER = ("approved_by", "approval_policy_digest")
_EVIDENCE = ("evidence_uri", "evidence_sha256", "seq", "record_hash")


def timeline(log: pl.LazyFrame, run_id: str) -> Timeline:
    """The run `run_id` of `log`, a log as `scan_log` gives it.

    Raises UsageError where the log has no such run.

    >>> rows = pl.LazyFrame({"run_id": ["r"], "tool": ["t"], "decision": ["DENY"]})
    >>> [moment.kind for moment in timeline(rows, "r").moments]
    ['requested', 'decided']
    """
    have = log.collect_schema().names()
    if "run_id" not in have:
        raise UsageError("the log has no column `run_id`, so that no action belongs to a run")
    rows = collected(log.filter(pl.col("run_id").cast(pl.String) == run_id))
    if not rows.height:
        raise _no_run(log, run_id)
    order = [name for name in ("ts", "step", "event_id") if name in have]
    if order:
        rows = rows.sort(order, nulls_last=False, maintain_order=True)
    moments = [m for at, row in enumerate(rows.iter_rows(named=True)) for m in _moments(at, row)]
    tenants = tuple(rows["tenant"].cast(pl.String).unique()) if "tenant" in have else ()
    return Timeline(run_id, tenants, rows.height, tuple(sorted(moments, key=_order)))


def _no_run(log: pl.LazyFrame, run_id: str) -> UsageError:
    known = collected(log.select(pl.col("run_id").cast(pl.String).unique()), in_pieces=True)
    near = did_you_mean(run_id, known.to_series().drop_nulls().sort().head(10_000).to_list())
    return UsageError(f"no run `{run_id}` in the log; {near or '`govlab events LOG` lists runs'}")


def _order(moment: Moment) -> tuple[bool, float, int, int]:
    """By time; what has none stands at its action's beginning, in the order of KINDS."""
    at = moment.at
    return at is None, at.timestamp() if at else 0.0, moment.step, KINDS.index(moment.kind)


def _moments(step: int, row: Mapping[str, Any]) -> Iterator[Moment]:
    asked = row.get("ts")
    for kind, time, names in _TOLD:
        at, said = row.get(time or ""), _filled(row, names)
        if kind == "started" and row.get("executed") and not at:
            yield Moment(asked, kind, row.get("event_id"), step, said)
        elif at is not None or (said and kind in ("requested", "decided", "ended")):
            yield Moment(at or asked, kind, row.get("event_id"), step, said)
    yield from _answers(step, row)
    if said := _filled(row, _EVIDENCE):
        yield Moment(row.get("ended_at") or asked, "evidence", row.get("event_id"), step, said)


def _answers(step: int, row: Mapping[str, Any]) -> Iterator[Moment]:
    status = row.get("approval_status")
    if status in KINDS:
        at = row.get("approval_decided_at")
        late = row.get("approval_expires_at") if status == "expired" else None
        said = _filled(row, ("approval_id", *_ANSWER))
        yield Moment(at or late or row.get("ts"), status, row.get("event_id"), step, said)


def _filled(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) not in (None, [])}
