"""Arguments that must not reach a tool, masked before it is called (S10, `redact`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from govlab.enforcing.engines import Event
from govlab.runtime.arguments import canonical, digest, parse

__all__ = ["MASK", "redacted"]

MASK = "[redacted]"


def redacted(event: Event, paths: Iterable[str]) -> Event:
    """`event` with the arguments at `paths` masked; what cannot be read is masked whole.

    >>> redacted({"args": '{"to": {"name": "Ann"}, "n": 1}'}, ["args.to.name"])["args"]
    '{"n":1,"to":{"name":"[redacted]"}}'
    >>> redacted({"args": '{"n": 1}'}, ["args"])["args"]
    '"[redacted]"'
    """
    wanted = [[] if path == "args" else path.removeprefix("args.").split(".") for path in paths]
    if not wanted or event.get("args") is None:
        return event
    parsed = parse(event["args"]) if isinstance(event["args"], str) else None
    masked = MASK if parsed is None else canonical(_masked(parsed, wanted))
    return {**event, "args": masked, "args_sha256": digest(masked)}


def _masked(value: Any, paths: list[list[str]]) -> Any:
    """`value` without what is at `paths`; lists on the way are looked through."""
    if [] in paths:
        return MASK
    if isinstance(value, list):
        return [_masked(each, paths) for each in value]
    if not isinstance(value, dict):
        return value
    below = {key: [rest for first, *rest in paths if first == key] for key in value}
    return {key: _masked(each, below[key]) if below[key] else each for key, each in value.items()}
