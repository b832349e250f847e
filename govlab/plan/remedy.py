"""What several remedies agree on, and what a decision says of them (S6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from govlab.plan.combine import Remediation
from govlab.plan.decision import Remedy
from govlab.runtime.values import kind
from govlab.runtime.variants import plain

__all__ = ["agreed", "remedy"]


def agreed(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """All values together, names sorted; None where two differ for one attribute."""
    together: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            known = together.setdefault(name, value)
            if (kind(known), known) != (kind(value), value):
                return None
    return dict(sorted(together.items()))


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
