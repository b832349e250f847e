"""Calls of which both a transcript and hook records speak: one row with what either says.

Hook records are heeded before any transcript is read, and read after all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from govlab.log.adapters.claudecode_hook_rows import rank
from govlab.log.adapters.words import extra
from govlab.log.records import Options

__all__ = ["hear_later", "is_joined", "joined", "remember"]

_HEARD, _JOINED, _LATER = "claudecode heard", "claudecode joined", "claudecode hooks"
_DECIDED = (
    "decision", "decided_at", "policy", "reason", "decision_origin", "approval_requested_at",
    "approval_decided_at", "approval_status", "policy_version", "policy_digest", "rule",
    "constraints", "remediation", "decision_mode",
)  # fmt: skip
_Key = tuple[str | None, str]


def hear_later(options: Options, hear: Callable[[], None]) -> None:
    """Has `hear` remember what hooks say, once the first transcript is read."""
    options.memory.setdefault(_LATER, hear)


def remember(options: Options, values: Mapping[str, Any]) -> None:
    """Keeps what hooks were told and answered of a call; of two records the first holds."""
    if values.get("event_id"):
        options.memory.setdefault(_HEARD, {}).setdefault(_key(values), values)


def is_joined(options: Options, values: Mapping[str, Any]) -> bool:
    """Whether a transcript had the call too, so that its row says it all."""
    return _key(values) in options.memory.get(_JOINED, ())


def joined(options: Options, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A transcript's call with what hooks say of it.

    What decided is of the stricter of the two; where both say the same, of the hooks, who were
    asked. The rest is the transcript's where it knows it.
    """
    if hear := options.memory.pop(_LATER, None):
        hear()
    heard = options.memory.get(_HEARD, {}).get(_key(values))
    if heard is None:
        return values
    options.memory.setdefault(_JOINED, set()).add(_key(values))
    known = {name: value for name, value in values.items() if value is not None}
    if "ts" not in known:
        known.pop("time_source", None)
    decided, notes = _decided(heard, known)
    rest = {k: v for k, v in {**heard, **known}.items() if k not in (*_DECIDED, "extra", "step")}
    both = [json.loads(said.get("extra") or "{}") for said in (heard, known)]
    return {**rest, **decided, "extra": extra({**both[0], **both[1], **notes})}


def _key(values: Mapping[str, Any]) -> _Key:
    return values.get("run_id"), str(values.get("event_id"))


def _decided(
    heard: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of the decision, and what goes to `extra`: the other one, where they differ."""
    words = heard.get("decision"), known.get("decision")
    first, second = (known, heard) if rank(words[1]) < rank(words[0]) else (heard, known)
    same = words[0] == words[1] or second.get("decision") is None
    sides = (second, first) if same else (first,)
    found = {name: side[name] for side in sides for name in _DECIDED if side.get(name) is not None}
    return found, ({} if same else {"decided_too": second["decision"]})
