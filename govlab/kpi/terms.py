"""What may be said of one action: the words that figures are made of, as SQL over the log (S23).

A term is true, false or NULL (unknown). A cell that is empty although its source can fill it says
no: no decision, no approval. A cell that its source cannot fill says nothing.
"""

from __future__ import annotations

from govlab.kpi.model import KeyTable, Quantity, Term

__all__ = ["FIELDS", "KEY_TABLES", "LIMITS", "QUANTITIES", "TERMS", "TOLERANCE"]

TOLERANCE = "INTERVAL '2 seconds'"
"""Clocks of two machines may differ by so much before one time stands before another (J17)."""


def _is(name: str, column: str, *words: str) -> Term:
    """`column` is one of `words`; an empty cell is none of them."""
    listed = ", ".join(f"'{word}'" for word in words)
    return Term(name, f"COALESCE({column} IN ({listed}), FALSE)", (column,))


_DECIDED = (
    Term("decided", "decision IS NOT NULL AND decision <> 'UNAVAILABLE'", ("decision",)),
    _is("allowed", "decision", "ALLOW"),
    _is("denied", "decision", "DENY"),
    _is("held", "decision", "REQUIRE_APPROVAL"),
    _is("limited", "decision", "ALLOW_WITH_CONSTRAINTS"),
    _is("remedied", "decision", "REMEDIATE"),
    _is("unavailable", "decision", "UNAVAILABLE"),
    Term("monitored", "COALESCE(decision_mode = 'monitor', FALSE)", ("decision_mode",), "FALSE"),
    _is("by_default", "reason", "no_policy", "no_rule"),
    _is("ungoverned", "reason", "no_policy"),
    _is("erred", "reason", "evaluation_error", "engine_error"),
    Term("out_of_process", "decision_origin = 'out_of_process'", ("decision_origin",)),
    Term("by_control_plane", "emitter = 'control_plane'", ("emitter",)),
    Term("registered", "digest_registered", ("digest_registered",)),
)

_HAPPENED = (
    Term("any", "TRUE", ()),
    Term("executed", "executed", ("executed",)),
    Term("before_start", f"decided_at <= started_at + {TOLERANCE}", ("decided_at", "started_at")),
    _is("succeeded", "outcome", "success"),
    _is("timed_out", "outcome", "timeout"),
    _is("failed", "outcome", "error", "timeout", "dlq"),
    _is("dead", "outcome", "dlq"),
    _is("transient", "error_class", "transient"),
    _is("poison", "error_class", "poison"),
    _is("unknown_commit", "error_class", "unknown_commit"),
    Term("retried", "COALESCE(attempt > 1, FALSE)", ("attempt",)),
    Term("destructive", "destructive", ("destructive",)),
    Term("in_production", "env = 'production'", ("env",)),
    Term("in_incident", "incident IS NOT NULL", ("incident",)),
    Term("costed", "cost_micro_usd IS NOT NULL", ("cost_micro_usd",)),
    Term("spent", "actual_cost_micro_usd IS NOT NULL", ("actual_cost_micro_usd",)),
)

_APPROVED = (
    _is("approved", "approval_status", "approved"),
    _is("rejected", "approval_status", "rejected"),
    _is("lapsed", "approval_status", "expired"),
    _is("pending", "approval_status", "pending"),
    _is("answered", "approval_status", "approved", "rejected"),
    Term("asked", "approval_id IS NOT NULL OR approval_status IS NOT NULL",
         ("approval_id", "approval_status")),
    Term(
        "approved_in_time",
        "CASE WHEN COALESCE(approval_status = 'approved', FALSE) "
        f"THEN approval_decided_at <= started_at + {TOLERANCE} ELSE FALSE END",
        ("approval_status", "approval_decided_at", "started_at"),
    ),
    Term("windowed", "approval_expires_at IS NOT NULL", ("approval_expires_at",)),
    Term("used_late", "started_at >= approval_expires_at", ("started_at", "approval_expires_at")),
    Term("snapshot_bound", "approval_policy_digest IS NOT NULL", ("approval_policy_digest",)),
    Term("snapshot_differs", "approval_base <> digest_in_force",
         ("approval_base", "digest_in_force")),
    Term("action_bound", "approval_action_sha256 IS NOT NULL", ("approval_action_sha256",)),
    Term("action_differs", "approval_action_sha256 <> action_sha256",
         ("approval_action_sha256", "action_sha256")),
    Term("self_approved", "self_approved", ("self_approved",)),
    Term("quorum_short", "approvers < required_quorum", ("approvers", "required_quorum")),
    Term("ineligible", "approver_ineligible", ("approver_ineligible",)),
    Term("quick", "wait_s < 10", ("wait_s",)),
    Term("proof_due", "evidence_required", ("evidence_required",)),
)  # fmt: skip

LIMITS = (
    # limit, what happened, word in terms
    ("limit_max_cost_micro_usd", "actual_cost_micro_usd", "cost"),
    ("limit_timeout_s", "duration_s", "time"),
    ("limit_max_records", "actual_records_affected", "records"),
    ("limit_max_lines_changed", "actual_lines_changed", "lines"),
    ("limit_max_files", "actual_files_changed", "files"),
    ("limit_max_retries", "retries", "retries"),
)
"""Limits in numbers, what happened against them, and the word that their terms have."""

_BOUND = tuple(
    term
    for limit, actual, word in LIMITS
    for term in (
        Term(f"bounds_{word}", f"{limit} IS NOT NULL", (limit,)),
        Term(f"breaks_{word}", f"{actual} > {limit}", (limit, actual)),
        Term(f"nears_{word}", f"{actual} > CAST(0.8 AS DOUBLE) * {limit} AND {actual} <= {limit}",
             (limit, actual)),
        Term(f"far_{word}", f"{actual} < CAST(0.1 AS DOUBLE) * {limit}", (limit, actual)),
    )
)  # fmt: skip

_SAID = tuple(
    # a column that the source cannot fill leaves an auditor's question without an answer: that is
    # no unknown but a gap, whoever is to blame for it
    Term(f"has_{name}", f"{name} IS NOT NULL", (name,), "FALSE")
    for name in (
        "ts", "actor", "principal", "decision", "rule", "reason", "policy_version", "policy_digest",
        "approval_id", "approval_requested_at", "approval_status", "approval_decided_at",
        "approved_by", "approval_expires_at", "approval_policy_digest",
        "approval_action_sha256", "env", "resource", "outcome", "constraints", "record_hash",
        "evidence_uri",
        "evidence_sha256", "executed",
    )
)  # fmt: skip

FIELDS = (
    # field, question, when it applies, what answers it
    ("actor", "who", "any", "has_actor"),
    ("principal", "who", "any", "has_principal"),
    ("decision", "what", "any", "has_decision"),
    ("rule", "what", "decided", "has_rule"),
    ("reason", "what", "denied", "has_reason"),
    ("policy_version", "what", "decided", "has_policy_version"),
    ("policy_digest", "what", "decided", "has_policy_digest"),
    ("approval_id", "approval", "held", "has_approval_id"),
    ("approval_requested_at", "approval", "held", "has_approval_requested_at"),
    ("approval_status", "approval", "held", "has_approval_status"),
    ("approved_by", "approval", "held AND approved", "has_approved_by"),
    ("approval_decided_at", "approval", "held AND approved", "has_approval_decided_at"),
    ("env or resource", "where", "any", "has_env OR has_resource"),
    ("outcome", "where", "executed", "has_outcome"),
    ("constraints", "where", "limited", "has_constraints"),
    ("record_hash, or evidence_uri and evidence_sha256", "evidence", "executed",
     "has_record_hash OR (has_evidence_uri AND has_evidence_sha256)"),
)  # fmt: skip
"""The fields that answer the five audit questions, each required only where it applies."""

TERMS = {t.name: t for t in (*_DECIDED, *_HAPPENED, *_APPROVED, *_BOUND, *_SAID)}
"""The terms by name."""

QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("approval_wait", "approval_requested_at", "approval_decided_at", "answered"),
        Quantity("approval_age", "approval_requested_at", None, "pending"),
        Quantity("decision_age", "decided_at", "started_at", "executed AND decided"),
        Quantity("duration", "started_at", "ended_at", "executed"),
    )
}
"""Durations by name."""

_ANSWERED = "held AND answered"
KEY_TABLES = {
    table.name: table
    for table in (
        KeyTable("uses", ("tenant", "approval_id"), "executed AND approved"),
        KeyTable("same_action", ("tenant", "run_id", "tool", "args_sha256"), "any"),
        KeyTable("denied_tools", ("tenant", "run_id", "tool"), "any", ("denied",),
                 (("ts", "denied"), ("ts", "any")), bears="denied", only="denied"),
        KeyTable("traced_actions", ("tenant", "trace_id", "tool", "args_sha256"), "any",
                 ("denied", "executed"),
                 (("ts", "denied"), ("ts", "executed"),
                  ("actor", "denied"), ("actor", "executed")), bears="denied", only="denied"),
        KeyTable("open_minutes", ("tenant", "minute"), "unavailable AND executed"),
        KeyTable("capabilities", ("tenant", "tool", "action"), "limited", (),
                 (("constraints", "limited"),), optional=("tenant", "tool", "action")),
        KeyTable("approvers", ("tenant", "voters"), _ANSWERED, ("rejected", "quick"),
                 exploded="voters"),
        KeyTable("bursts", ("tenant", "voters", "answered_minute"), _ANSWERED, exploded="voters"),
    )
}  # fmt: skip
"""Tables of keys by name."""
