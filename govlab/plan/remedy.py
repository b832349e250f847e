"""The safer variant of an event (S6): values agreed by all remedies, set in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from govlab.plan.combine import Remediation
from govlab.plan.decision import Remedy
from govlab.runtime.arguments import digest, patch
from govlab.runtime.clock import write_timestamp
from govlab.runtime.values import Timestamp, kind

__all__ = ["agreed", "plain", "remedy", "variant"]


def plain(value: Any) -> Any:
    """`value` as JSON has it: a timestamp as RFC 3339 text, a list as a list."""
    match value:
        case Timestamp():
            return write_timestamp(value)
        case tuple() | list():
            return [plain(item) for item in value]
        case _:
            return value


def agreed(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """All values together, names sorted; None where two differ for one attribute."""
    together: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            known = together.setdefault(name, value)
            if (kind(known), known) != (kind(value), value):
                return None
    return dict(sorted(together.items()))


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


def remedy(
    remedies: tuple[Remediation, ...], values: Mapping[str, Any], changed: Mapping[str, Any]
) -> Remedy:
    """What the decision says of the variant `changed`; automatic only where every remedy is."""
    rules = [r.rule for r in remedies]
    return Remedy(
        set={name: plain(value) for name, value in values.items()},
        apply="automatic" if all(r.apply == "automatic" for r in rules) else "suggest",
        suggestion=tuple(dict.fromkeys(r.suggestion for r in rules if r.suggestion)),
        args_sha256=changed.get("args_sha256")
        if any(n.startswith("args.") for n in values)
        else None,
    )
