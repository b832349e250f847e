"""The action log's columns: name, CEL type, phase, origin; shared by log, checker and engines.

One row of a log is one attempted action (design: S12-S14). `request` columns are what a policy
can see before dispatch; `after` columns are known only once it decided or the action ran.
Origin says who wrote the value: `control` (the platform or the PDP) or `agent` (the agent
itself); an adapter may say otherwise for its source. No polars here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from govlab.types import BOOL, DOUBLE, INT, STRING, TIMESTAMP, Type, list_of

__all__ = [
    "ACTIONS",
    "DECISIONS",
    "DERIVED",
    "LIST_TEXT",
    "MARKS",
    "RECORDED_DECISIONS",
    "RUNS",
    "RUN_REQUEST",
    "Column",
    "Phase",
    "by_control",
    "request_columns",
]

Phase = Literal["request", "after"]
Origin = Literal["agent", "control"]

DECISIONS = ("ALLOW", "DENY", "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "REMEDIATE")
RECORDED_DECISIONS = (*DECISIONS, "UNAVAILABLE")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its CEL type, when it is known, who says it; `counts` may not be negative."""

    name: str
    type: Type
    group: str
    phase: Phase
    origin: Origin
    counts: bool
    doc: str


_STRINGS = list_of(STRING)
# name, type, who says it (a agent, c control; + for a count or money: never negative), meaning
_GROUPS: dict[tuple[str, Phase], tuple[tuple[str, Type, str, str], ...]] = {
    ("identity", "request"): (
        ("event_id", STRING, "c", "unique per tenant; made by ingest where the source has none"),
        ("ts", TIMESTAMP, "c", "decision time, UTC, microseconds"),
        ("tenant", STRING, "c", "customer or organisation"),
        ("run_id", STRING, "c", "the task, session or conversation the action belongs to"),
        ("step", INT, "c+", "place of the action in its run, from 0"),
        ("system", STRING, "c", "the product or platform the agent runs in"),
        ("workflow", STRING, "c", "the business process or task type"),
        ("trace_id", STRING, "c", "distributed trace"),
        ("span_id", STRING, "c", "span of the action in its trace"),
    ),
    ("who", "request"): (
        ("actor", STRING, "c", "agent id"),
        ("agent_role", STRING, "c", "role of the agent"),
        ("team", STRING, "c", "owning team"),
        ("model", STRING, "c", "language model behind the agent"),
        ("principal", STRING, "c", "the person or service on whose behalf the agent acts"),
        ("subject_type", STRING, "c", "kind of principal"),
        ("parent_agent", STRING, "c", "the agent that delegated"),
        ("delegation_depth", INT, "c+", "delegations between principal and actor"),
        ("delegation_chain", _STRINGS, "c", "the agents from principal to actor"),
        ("account", STRING, "c", "cloud or billing account"),
        ("permission_mode", STRING, "c", "mode the agent's host was in, e.g. bypassPermissions"),
        ("capabilities", _STRINGS, "c", "what the agent is allowed to do in principle"),
    ),
    ("what", "request"): (
        ("tool", STRING, "a", "tool called"),
        ("action", STRING, "a", "action name, e.g. infrastructure:mutation"),
        ("server", STRING, "c", "server that offers the tool, e.g. an MCP server"),
        ("resource", STRING, "a", "what is acted on"),
        ("resource_type", STRING, "a", "kind of resource"),
        ("env", STRING, "a", "environment, e.g. production"),
        ("region", STRING, "a", "region"),
        ("data_class", STRING, "a", "classification of the data touched"),
        ("risk_tags", _STRINGS, "a", "risk labels"),
        ("args", STRING, "a", "arguments as JSON text"),
        ("args_sha256", STRING, "c", "SHA-256 of the arguments in RFC 8785 form, hex (S9)"),
        ("read_only", BOOL, "c", "declared not to change anything"),
        ("destructive", BOOL, "c", "declared able to destroy"),
        ("amount", DOUBLE, "a+", "money the action moves, in `currency`"),
        ("currency", STRING, "a", "ISO 4217 code of `amount`"),
    ),
    ("size", "request"): (
        ("cost_micro_usd", INT, "c+", "estimated cost of the action, micro-USD"),
        ("tokens_in", INT, "c+", "prompt tokens"),
        ("tokens_out", INT, "c+", "completion tokens"),
        ("lines_changed", INT, "a+", "lines to change"),
        ("files_changed", INT, "a+", "files to change"),
        ("records_affected", INT, "a+", "records to change"),
    ),
    ("decision", "after"): (
        ("decision", STRING, "c", "recorded decision: one of the five, or UNAVAILABLE"),
        ("decided_at", TIMESTAMP, "c", "when it was decided"),
        ("policy", STRING, "c", "policy that decided"),
        ("policy_version", STRING, "c", "its version"),
        ("policy_digest", STRING, "c", "its digest: the policy snapshot"),
        ("rule", STRING, "c", "rule that decided"),
        ("reason", STRING, "c", "why"),
        ("constraints", STRING, "c", "limits set, JSON"),
        ("remediation", STRING, "c", "the safer variant: JSON {set, apply, args_sha256}"),
        ("decision_origin", STRING, "c", "in_process or out_of_process"),
        ("decision_mode", STRING, "c", "enforced or monitor"),
    ),
    ("approval", "after"): (
        ("approval_id", STRING, "c", "approval record"),
        ("approval_requested_at", TIMESTAMP, "c", "asked"),
        ("approval_decided_at", TIMESTAMP, "c", "answered"),
        ("approval_status", STRING, "c", "approved, rejected, expired, cancelled or pending"),
        ("approval_votes", STRING, "c", "JSON list of {approver, vote, at}"),
        ("approved_by", _STRINGS, "c", "who approved"),
        ("approval_expires_at", TIMESTAMP, "c", "end of the window"),
        ("approval_policy_digest", STRING, "c", "snapshot the approval is bound to"),
        ("approval_action_sha256", STRING, "c", "action the approval is bound to"),
        ("approval_consumed_at", TIMESTAMP, "c", "when it was used"),
    ),
    ("execution", "after"): (
        ("executed", BOOL, "c", "the tool was called, whatever came of it"),
        ("started_at", TIMESTAMP, "c", "start of the call"),
        ("ended_at", TIMESTAMP, "c", "end of the call"),
        ("outcome", STRING, "c", "success, error, timeout, blocked or dlq"),
        ("error_class", STRING, "c", "transient, poison, policy or unknown_commit"),
        ("attempt", INT, "c+", "how often the action was tried, from 1"),
        ("idempotency_key", STRING, "c", "key that makes retries one"),
        ("worker", STRING, "c", "who ran it"),
        ("actual_cost_micro_usd", INT, "c+", "cost as it came out, micro-USD"),
        ("actual_tokens_in", INT, "c+", "prompt tokens used"),
        ("actual_tokens_out", INT, "c+", "completion tokens used"),
        ("actual_lines_changed", INT, "c+", "lines changed"),
        ("actual_files_changed", INT, "c+", "files changed"),
        ("actual_records_affected", INT, "c+", "records changed"),
    ),
    ("evidence", "after"): (
        ("evidence_uri", STRING, "c", "where the evidence is"),
        ("evidence_sha256", STRING, "c", "its digest"),
        ("prev_hash", STRING, "c", "record hash before this one in the chain"),
        ("record_hash", STRING, "c", "hash of this record"),
        ("emitter", STRING, "c", "agent or control_plane"),
        ("seq", INT, "c+", "place in its chain"),
    ),
    ("labels", "after"): (
        ("incident", STRING, "c", "id of the incident this action was part of"),
        ("harmful", BOOL, "c", "labelled harmful"),
    ),
    ("provenance", "after"): (
        ("time_source", STRING, "c", "event, derived or none"),
        ("weight", DOUBLE, "c+", "sampling weight"),
        ("source_format", STRING, "c", "adapter and map that read it"),
        ("source_ref", STRING, "c", "file and line or offset"),
        ("extra", STRING, "c", "JSON: whatever the source had beyond this"),
    ),
}

_RUN: tuple[tuple[str, Type, Phase, str], ...] = (
    ("run_id", STRING, "request", "task, session or conversation"),
    ("started", TIMESTAMP, "request", "start"),
    ("system", STRING, "request", "product or platform"),
    ("workflow", STRING, "request", "process or task type"),
    ("principal", STRING, "request", "on whose behalf"),
    ("model", STRING, "request", "language model"),
    ("agent_version", STRING, "request", "version of the agent or pipeline"),
    ("prompt", STRING, "request", "what the person asked for, first message"),
    ("ended", TIMESTAMP, "after", "end"),
    ("outcome", STRING, "after", "how it ended, in the source's words"),
    ("utility", BOOL, "after", "the task was done"),
    ("reward", DOUBLE, "after", "score the source gave"),
    ("attack", STRING, "after", "attack type; null without an injection"),
    ("attack_succeeded", BOOL, "after", "the injected goal was reached; null without one"),
    ("labels", STRING, "after", "JSON: further labels of the source"),
    ("source_format", STRING, "after", "adapter that read it"),
    ("source_ref", STRING, "after", "file"),
)


def _column(name: str, kind: Type, group: str, phase: Phase, flags: str, doc: str) -> Column:
    origin: Origin = "agent" if "a" in flags else "control"
    return Column(name, kind, group, phase, origin, "+" in flags, doc)


ACTIONS = {
    row[0]: _column(row[0], row[1], group, phase, row[2], row[3])
    for (group, phase), rows in _GROUPS.items()
    for row in rows
}
"""The stored columns of the actions table, in order."""

RUNS = {name: _column(name, kind, "run", phase, "c", doc) for name, kind, phase, doc in _RUN}
"""The columns of the runs table (J6); a run without actions is a row."""

RUN_REQUEST = {
    f"run.{c.name}": Column(f"run.{c.name}", c.type, "run", "request", "control", False, c.doc)
    for c in RUNS.values()
    if c.phase == "request"
}
"""What a rule may read of the run: ingest writes these beside each action as `run.<name>`."""

DERIVED = {
    "cost": Column(
        "cost",
        DOUBLE,
        "size",
        "request",
        "control",
        True,
        "cost_micro_usd / 1e6: estimated cost in USD; only micro-USD is stored (S13)",
    ),
}
"""Attributes that are computed from stored columns when read."""

MARKS = ("unknown_columns", "malformed_columns", "hindsight_columns")
"""Comma-separated column names beside each row: what its source cannot tell (S14), what was
there but not of its type (S2), what was filled from what happened afterwards (S12)."""


LIST_TEXT = "#json"
"""Ends the name of the column that has a list column's cells once more, as a dictionary of their
JSON texts (S16): what a log on disk has for replay, and no table that is given to a user."""


def request_columns() -> dict[str, Column]:
    """The attributes a rule may read, by name: stored, derived and of the run."""
    stored = {c.name: c for c in ACTIONS.values() if c.phase == "request"}
    return {**stored, **DERIVED, **RUN_REQUEST}


def by_control(attribute: str) -> bool:
    """Whether a recorded value of `attribute` was set by the platform: it then wins over a derived
    one (journeys J5). What a bundle declares is said by the agent.

    >>> by_control("workflow"), by_control("env"), by_control("args.path")
    (True, False, False)
    """
    column = ACTIONS.get(attribute) or DERIVED.get(attribute)
    return column is not None and column.origin == "control"
