"""A receipt out of its envelopes, and its fields as columns."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from govlab.log.adapters.span_values import arguments_of
from govlab.log.adapters.words import stripped
from govlab.log.decode import NotJsonError, decode
from govlab.runtime import arguments

__all__ = ["columns", "unwrapped"]

_IN_TOTO = "application/vnd.in-toto+json"
_NAMES: Mapping[str, tuple[str, ...]] = {
    "event_id": ("request_id", "receipt_id"),
    "run_id": ("session_id",),
    "actor": ("agent_id",),
    "tool": ("tool", "tool_name"),
    "policy": ("policy_id",),
    "policy_digest": ("policy_digest",),
    "seq": ("sequence",),
}
"""Columns and the fields of a payload they are read from, the first that is there."""

_TIMES = ("timestamp", "issued_at")
_NOTED = ("tier", "trust_tier", "delegation_id", "kid", "issuer", "issuer_id", "signing_outcome",
          "enforcement_outcome", "parent_receipt_id")  # fmt: skip


def unwrapped(data: bytes) -> dict[str, Any]:
    """The receipt's fields, those of its envelope beside them. Raises `NotJsonError`."""
    found = decode(data, dict[str, Any])
    if found.get("payloadType") == _IN_TOTO:
        found = decode(_payload(found.get("payload")), dict[str, Any])
    if isinstance(found.get("predicate"), dict):
        found = found["predicate"]
    inner = found.get("payload")
    return {**found, **inner} if isinstance(inner, dict) else found


def _payload(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError) as error:
        raise NotJsonError("the envelope's payload is not base64") from error


def columns(found: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of one receipt and what no column holds."""
    named = {
        name: next((found[of] for of in fields if found.get(of) is not None), None)
        for name, fields in _NAMES.items()
    }
    said = next((found[name] for name in _TIMES if found.get(name) is not None), None)
    ts = arguments.timestamp(said)
    values = {
        **named,
        **_what(found),
        **_execution(found),
        "ts": ts,
        "decided_at": ts,
        "time_source": "event" if ts else "none",
        "reason": found.get("reason_code") or found.get("signing_error"),
        "prev_hash": found.get("parent_receipt_hash") or found.get("prev_hash"),
        "decision_origin": "out_of_process",
        "emitter": "control_plane",
    }
    return values, {name: found.get(name) for name in _NOTED}


def _what(found: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments where they are there, else the digest that receipts have in their stead."""
    action = found.get("action")
    target = action if isinstance(action, dict) else {}
    args = arguments_of(found.get("tool_input"))
    digest = stripped(found.get("params_hash") or found.get("input_hash"))
    return {
        "action": target.get("kind"),
        "resource": target.get("target"),
        "args": args,
        "args_sha256": None if args else digest,
    }


def _execution(found: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the tool was called is said by a gateway's audit entry only."""
    called = found.get("tool_invoked")
    if not isinstance(called, bool):
        return {}
    return {"executed": called} if called else {"executed": False, "outcome": "blocked"}
