"""Which column of the log a foreign column is, by its name: words people use, and near misses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import product
from typing import Final

from govlab.schema import ACTIONS

__all__ = ["guessed", "plain_name", "unit_of"]

# column of the log -> other names it is known by, the most telling first; `cost` is in USD
_ALSO: Final[Mapping[str, str]] = {
    "event_id": "id uuid event_uuid call_id tool_call_id request_id record_id entry_id log_id",
    "ts": "timestamp time event_time datetime occurred_at created_at logged_at at date "
          "start_time called_at event_timestamp created when",
    "tenant": "tenant_id customer customer_id organisation organization org org_id",
    "run_id": "run session session_id conversation conversation_id task_id thread_id job_id "
              "episode_id chat_id",
    "step": "step_number turn index position seq_no call_index",
    "system": "application app product platform service",
    "workflow": "workflow_id workflow_name process process_name use_case task task_type flow "
                "pipeline business_process",
    "trace_id": "trace correlation_id",
    "span_id": "span",
    "actor": "agent agent_id agent_name assistant bot bot_id bot_name actor_id agent_did caller",
    "agent_role": "role agent_type",
    "team": "team_name owner_team department group squad",
    "model": "model_name llm llm_model model_id",
    "principal": "user user_id username user_name user_email email on_behalf_of subject requester "
                 "requested_by initiated_by employee owner customer_email",
    "parent_agent": "parent delegated_by parent_agent_id",
    "delegation_depth": "depth",
    "account": "account_id aws_account subscription project_id billing_account cloud_account",
    "permission_mode": "mode",
    "tool": "tool_name tool_id function function_name fn method tool_called plugin skill "
            "tool_call api called call name",
    "action": "action_name operation operation_name event_name verb event_type activity command "
              "action_type",
    "server": "mcp_server server_name host tool_server",
    "resource": "resource_id resource_name target target_resource object object_id path arn uri "
                "url entity",
    "resource_type": "target_type object_type entity_type",
    "env": "environment stage deployment_environment env_name",
    "region": "aws_region location zone",
    "data_class": "data_classification classification sensitivity data_sensitivity",
    "risk_tags": "tags labels risks risk_labels",
    "args": "arguments parameters params input tool_input payload request tool_args inputs body",
    "read_only": "readonly is_read_only",
    "destructive": "is_destructive",
    "amount": "value total payment_amount transaction_amount sum",
    "currency": "ccy currency_code",
    "cost": "cost_usd estimated_cost price usd estimated_cost_usd total_cost",
    "tokens_in": "input_tokens prompt_tokens",
    "tokens_out": "output_tokens completion_tokens",
    "lines_changed": "lines loc_changed",
    "files_changed": "files num_files",
    "records_affected": "rows records row_count rows_affected records_changed",
    "decision": "verdict effect policy_decision result_decision authorization outcome_decision "
                "allow_deny disposition",
    "decided_at": "decision_time decision_at",
    "policy": "policy_name policy_id",
    "policy_version": "version",
    "policy_digest": "policy_hash policy_sha256 snapshot",
    "rule": "rule_id rule_name matched_rule",
    "reason": "decision_reason justification explanation message why",
    "constraints": "limits obligations",
    "approval_id": "approval ticket approval_request_id",
    "approval_requested_at": "requested_at approval_time_requested",
    "approval_decided_at": "approved_at approval_time reviewed_at",
    "approval_status": "approval_state review_status",
    "approved_by": "approver approvers reviewer reviewed_by approver_id approver_email",
    "approval_expires_at": "approval_expiry expires_at",
    "executed": "was_executed ran",
    "started_at": "start begin begin_time",
    "ended_at": "end end_time finished_at completed_at stop_time",
    "outcome": "status result state success_status",
    "error_class": "error_type error_code failure_type",
    "attempt": "retry retries attempt_number try",
    "idempotency_key": "dedup_key",
    "worker": "worker_id executor",
    "evidence_uri": "evidence evidence_url",
    "incident": "incident_id",
    "harmful": "is_harmful malicious label_harmful",
}  # fmt: skip

_KNOWN: Final[Mapping[str, str]] = {
    **{name: name for name in ACTIONS},
    **{
        other: name
        for name, others in reversed(list(_ALSO.items()))
        for other in others.split()
        if other not in ACTIONS
    },
    "cost": "cost",
}
"""Every name known for a column of the log; of two columns with one name the first has it."""

_NEAR: Final = 0.86
_LONGEST: Final = 60
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNITS = (("ns", 1e17), ("us", 1e14), ("ms", 1e11), ("s", 1e8))


def plain_name(name: str) -> str:
    """A name in lower case with its words joined by `_`.

    >>> plain_name("eventTime"), plain_name("Agent ID"), plain_name("@timestamp")
    ('event_time', 'agent_id', 'timestamp')
    """
    words = re.sub(r"[^0-9a-z]+", "_", _CAPITAL.sub("_", name[:_LONGEST]).lower())
    return words.strip("_")


def guessed(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """For the source columns that suggest one: the column of the log, and how it was found.

    Each column of the log is given to one source column: to one of its name, else to a name it
    is known by, else to the nearest.

    >>> guessed(["Agent ID", "tool_nmae", "colour"])
    {'Agent ID': ('actor', 'also called so'), 'tool_nmae': ('tool', 'near `tool_name`')}
    """
    found: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    for find in (_same, _known, _near):
        for _, source, target, how in sorted(find([n for n in names if n not in found])):
            if source not in found and target not in taken:
                found[source] = (target, how)
                taken.add(target)
    return {name: found[name] for name in names if name in found}


_Found = Iterator[tuple[float, str, str, str]]  # rank, source, target, how


def _same(names: Sequence[str]) -> _Found:
    for name in names:
        if plain_name(name) in ACTIONS or plain_name(name) == "cost":
            yield 0.0, name, plain_name(name), "the same name"


def _known(names: Sequence[str]) -> _Found:
    for name in names:
        plain = plain_name(name)
        if plain in _KNOWN:
            target = _KNOWN[plain]
            others = _ALSO.get(target, "").split()
            yield float(others.index(plain) if plain in others else 0), name, target, _ALIAS


_ALIAS: Final = "also called so"


def _near(names: Sequence[str]) -> _Found:
    for name, known in product(names, _KNOWN):
        plain = plain_name(name)
        if len(plain) < 4 or len(known) < 4:
            continue  # of short words everything is near
        matcher = SequenceMatcher(None, plain, known, autojunk=False)
        if matcher.real_quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR:
            yield -matcher.ratio(), name, _KNOWN[known], f"near `{known}`"


def unit_of(numbers: Sequence[float]) -> str | None:
    """The unit of times given as numbers since 1970: `s`, `ms`, `us` or `ns`; None for others.

    >>> unit_of([1767225600, 1767225601]), unit_of([1767225600000.0]), unit_of([3, 4])
    ('s', 'ms', None)
    """
    least, most = min(numbers, default=0), max(numbers, default=0)
    return next((unit for unit, from_ in _UNITS if from_ <= least and most < from_ * 100), None)
