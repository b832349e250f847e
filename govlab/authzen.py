"""What an AuthZEN request says, in columns of the action log (S19): one table for both ways.

| column | from |
|---|---|
| principal, subject_type | `subject.id`, `subject.type` |
| actor | `context.agent`, else `subject.properties.act.sub`, else `subject.id` |
| action, args | `action.name`, `action.properties` |
| resource, resource_type | `resource.id`, `resource.type`; `tool` where the type is `tool` |
| any other request column | `context.<column>` |
"""

from __future__ import annotations

from typing import Final

from govlab.schema import ACTIONS

__all__ = ["OF_CONTEXT", "SPOKEN"]

SPOKEN: Final = frozenset({
    "event_id", "ts", "step", "actor", "principal", "subject_type", "tool", "action", "resource",
    "resource_type", "args", "args_sha256", "cost_micro_usd",
})  # fmt: skip
"""The request columns that have a place of their own in a request, or come from the server."""

OF_CONTEXT: Final = tuple(
    c.name for c in ACTIONS.values() if c.phase == "request" and c.name not in SPOKEN
)
"""The request columns that the context of a request may hold under their own names."""
