"""The figures by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from tests.kpi.brute.keys import (
    after_deny,
    answer,
    approvers,
    bursts,
    busiest,
    consistent,
    habit,
    hasty,
    laundering,
    never_no,
    open_minutes,
    storms,
    uses,
)
from tests.kpi.brute.measures import count, quantile, rate, runs, total
from tests.kpi.brute.rows import CLOCKS, UNKNOWN, Found, Row, Truth, compare, either, no, said
from tests.kpi.brute.saying import (
    APPLIES,
    LIMITS,
    QUESTIONS,
    action_differs,
    against,
    allowed,
    answered,
    any_row,
    approved,
    asked,
    base,
    bound,
    bypass,
    complete,
    decided,
    denied,
    enforced,
    every,
    executed,
    failed,
    far,
    has,
    held,
    lapsed,
    limited,
    monitored,
    near,
    over,
    pending,
    quick,
    quorum_short,
    rejected,
    remedied,
    says,
    seconds,
    self_approved,
    some,
    some_bound,
    unavailable,
    where,
)


def newest(rows: list[Row]) -> datetime | None:
    return max((r.cells["ts"] for r in rows if r.cells.get("ts") is not None), default=None)


def waited(q: float) -> Callable[[list[Row]], Found]:
    return lambda rows: quantile(rows, "approval_requested_at", "approval_decided_at", answered, q)


def share_of(of: Callable[[Row], Truth],
             among: Callable[[Row], Truth] = any_row) -> Callable[[list[Row]], Found]:  # fmt: skip
    return lambda rows: rate(rows, of, among)


def of_runs(of: Callable[[Row], Truth],
            among: Callable[[Row], Truth] = any_row) -> Callable[[list[Row]], Found]:  # fmt: skip
    return lambda rows: runs(rows, of, among)


_used = every(executed, approved)
_held_live = every(held, lambda r: no(monitored(r)))
_late = lambda r: compare(r, lambda at, end: at >= end, "started_at", "approval_expires_at")  # noqa: E731
_stale = lambda r: compare(  # noqa: E731
    r, lambda a, b: base(a) != base(b), "approval_policy_digest", "policy_digest"
)
_there = lambda name: lambda r: None if r[name] is UNKNOWN else r[name] is not None  # noqa: E731
_structured = every(
    has("approval_id", "approval_requested_at", "approval_expires_at"),
    where(approved, has("approved_by", "approval_decided_at")),
)
_money = lambda name: lambda r: r.cells.get(name)  # noqa: E731
_wait = lambda r: (  # noqa: E731
    None if quick(r) is None
    else seconds(r.cells["approval_requested_at"], r.cells["approval_decided_at"])
)  # fmt: skip
_destructive = every(
    says("destructive"), lambda r: either(limited(r), denied(r)), lambda r: no(monitored(r))
)
_bound_run = every(executed, some_bound)

FIGURES: dict[str, Callable[[list[Row]], Found]] = {
    "decisions.decided_share": share_of(decided),
    "decisions.allow_rate": share_of(allowed, enforced),
    "decisions.deny_rate": share_of(denied, enforced),
    "decisions.approval_rate": share_of(held, enforced),
    "decisions.constraint_rate": share_of(limited, enforced),
    "decisions.remediation_rate": share_of(remedied, enforced),
    "decisions.unavailable_rate": share_of(unavailable),
    "decisions.monitor_share": share_of(monitored, decided),
    "decisions.bypass_rate": share_of(bypass, every(executed, lambda r: no(monitored(r)))),
    "decisions.decided_before_start": share_of(
        lambda r: compare(r, lambda a, b: a <= b + CLOCKS, "decided_at", "started_at"),
        every(executed, decided),
    ),
    "decisions.default_share": share_of(
        lambda r: said(r, "reason", "no_policy", "no_rule"), enforced
    ),
    "decisions.ungoverned_share": share_of(lambda r: said(r, "reason", "no_policy"), enforced),
    "decisions.error_share": share_of(
        lambda r: said(r, "reason", "evaluation_error", "engine_error"), enforced
    ),
    "decisions.control_plane_share": share_of(
        lambda r: compare(r, lambda e: e == "control_plane", "emitter")
    ),
    "decisions.unregistered_digest_rate": share_of(
        lambda r: no(says("digest_registered")(r)), decided
    ),
    "decisions.intervention_rate": share_of(
        lambda r: either(denied(r), held(r), limited(r), remedied(r)), enforced
    ),
    "approvals.missing_rate": share_of(lambda r: no(approved(r)), every(executed, _held_live)),
    "approvals.wait_p50": waited(0.5),
    "approvals.wait_p90": waited(0.9),
    "approvals.wait_p95": waited(0.95),
    "approvals.wait_p99": waited(0.99),
    "approvals.wait_max": waited(1.0),
    "approvals.pending": lambda rows: count(rows, every(held, pending)),
    "approvals.pending_age_max": lambda rows: quantile(
        rows, "approval_requested_at", newest(rows), pending, 1.0
    ),
    "approvals.expired_rate": share_of(lapsed, every(held, asked, lambda r: no(pending(r)))),
    "approvals.used_late_rate": share_of(_late, every(_used, _there("approval_expires_at"))),
    "approvals.snapshot_mismatch_rate": share_of(
        _stale, every(_used, _there("approval_policy_digest"))
    ),
    "approvals.action_mismatch_rate": share_of(
        action_differs, every(_used, _there("approval_action_sha256"))
    ),
    "approvals.reused_rate": uses,
    "approvals.self_approval_rate": share_of(self_approved, every(held, approved)),
    "approvals.quorum_short_rate": share_of(quorum_short, every(held, approved)),
    "approvals.ineligible_rate": share_of(says("approver_ineligible"), every(held, approved)),
    "approvals.reject_rate": share_of(rejected, answer),
    "approvals.quick_rate": share_of(quick, answer),
    "approvals.wait_total": lambda rows: total(rows, _wait, answer),
    "approvals.recorded_rate": share_of(asked, _held_live),
    "approvals.structured_rate": share_of(_structured, _held_live),
    "approvals.bound_rate": share_of(
        has("approval_policy_digest", "approval_action_sha256"), every(held, approved)
    ),
    "approvals.answers": lambda rows: count(rows, answer),
    "approvals.approvers": approvers,
    "approvals.busiest_share": busiest,
    "approvals.never_no_rate": habit(never_no),
    "approvals.hasty_rate": habit(hasty),
    "approvals.burst_rate": bursts,
    "constraints.mitigated_share": share_of(limited, _destructive),
    "constraints.bound_share": share_of(some_bound, limited),
    "constraints.breach_rate": share_of(some(over), _bound_run),
    "constraints.near_miss_rate": share_of(some(near), _bound_run),
    "constraints.loose_rate": share_of(some(far), _bound_run),
    "constraints.consistent_rate": consistent,
    **{
        f"constraints.{word}_breach_rate": share_of(
            against(word, over), every(executed, bound(word))
        )
        for word in LIMITS
    },
    **{f"constraints.{word}_use_share": share_of(bound(word), limited) for word in LIMITS},
    "audit.complete_runs": of_runs(complete),
    "audit.complete_actions": share_of(complete),
    **{
        f"audit.{name}_runs": of_runs(of, APPLIES.get(name, any_row))
        for name, of in QUESTIONS.items()
    },
    **{
        f"audit.{name}_actions": share_of(of, APPLIES.get(name, any_row))
        for name, of in QUESTIONS.items()
    },
    "audit.actor_share": share_of(has("actor")),
    "audit.time_share": share_of(has("ts")),
    "audit.outcome_share": share_of(every(has("executed"), where(executed, has("outcome")))),
    "audit.chained_share": share_of(has("record_hash")),
    "audit.versioned_share": share_of(has("policy_version"), decided),
    "audit.digest_share": share_of(has("policy_digest"), decided),
    "audit.evidence_missing_rate": share_of(
        lambda r: not has("evidence_uri", "evidence_sha256")(r),
        every(executed, says("evidence_required")),
    ),
    "operations.failure_rate": share_of(failed, executed),
    "operations.timeout_rate": share_of(lambda r: said(r, "outcome", "timeout"), executed),
    "operations.dead_letter_rate": share_of(lambda r: said(r, "outcome", "dlq")),
    "operations.transient_share": share_of(lambda r: said(r, "error_class", "transient"), failed),
    "operations.poison_share": share_of(lambda r: said(r, "error_class", "poison"), failed),
    "operations.unknown_commit_share": share_of(
        lambda r: said(r, "error_class", "unknown_commit"), failed
    ),
    "operations.retry_share": share_of(
        lambda r: None if r["attempt"] is UNKNOWN else (r["attempt"] or 0) > 1
    ),
    "operations.retry_storm_rate": storms,
    "operations.retry_after_deny_rate": after_deny,
    "operations.laundering_rate": laundering,
    "operations.fail_open_rate": share_of(executed, unavailable),
    "operations.fail_open_minutes": open_minutes,
    "operations.incident_share": share_of(_there("incident")),
    "operations.estimated_cost": lambda rows: total(
        rows, _money("cost_micro_usd"), _there("cost_micro_usd")
    ),
    "operations.actual_cost": lambda rows: total(
        rows, _money("actual_cost_micro_usd"), _there("actual_cost_micro_usd")
    ),
    "operations.fail_open_share": share_of(unavailable, executed),
}


def figure(name: str, rows: Iterable[Row]) -> Found:
    """The figure `name` of `rows`."""
    return FIGURES[name](list(rows))
