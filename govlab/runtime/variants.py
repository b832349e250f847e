"""The safer variant of an event (S6): values set in place of what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govlab.runtime.arguments import digest, patch
from govlab.runtime.clock import write_timestamp
from govlab.runtime.values import Timestamp

__all__ = ["plain", "variant"]


def plain(value: Any) -> Any:
    """`value` as JSON has it: a timestamp as RFC 3339 text, a list as a list."""
    match value:
        case Timestamp():
            return write_timestamp(value)
        case tuple() | list():
            return [plain(item) for item in value]
        case _:
            return value


def variant(event: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`event` with `values` set; changed arguments are written anew, with their digest (S9)."""
    changed = {**event, **{name: plain(value) for name, value in values.items()}}
    if "cost" in values:
        changed.pop("cost_micro_usd", None)
    paths = {
        tuple(name.split(".")[1:]): plain(value)
        for name, value in values.items()
        if name.startswith("args.")
    }
    if paths:
        changed["args"] = patch(event.get("args"), paths)
        changed["args_sha256"] = digest(changed["args"])
    marks = event.get("malformed_columns")
    if marks:
        changed["malformed_columns"] = ",".join(sorted({*marks.split(",")} - _columns(values)))
    return changed


def _columns(values: Mapping[str, Any]) -> set[str]:
    """The columns that `values` replace: what was malformed in them is gone."""
    whole = {"args"} if any(name.startswith("args.") for name in values) else set()
    return {*values, *whole, *({"cost_micro_usd"} if "cost" in values else ())}
