"""What decides: a bundle's engine in this process, behind the functions an exported one has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from govlab.backends.scalar import compile_engine
from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError
from govlab.plan.admit import Admission, Approval, admit
from govlab.plan.compile import compile_plan
from govlab.plan.decision import Decision

__all__ = ["Decides", "Ruling", "of_bundle", "read_ruling"]


class Decides(Protocol):
    """`decide` of an engine: the event with its time in `ts`, the decision."""

    def __call__(self, event: Mapping[str, Any], /) -> Decision: ...


class Admits(Protocol):
    """`admit` of an engine: whether the action may go now."""

    def __call__(
        self,
        decision: Decision,
        event: Mapping[str, Any],
        approval: Approval | None,
        /,
        *,
        now: datetime,
    ) -> Admission: ...


@dataclass(frozen=True, slots=True)
class Ruling:
    """One version of what decides; `entities` are the ids of resources by their type."""

    name: str
    version: str
    digest: str
    declared: frozenset[str]
    decide: Decides
    admit: Admits
    entities: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_ruling(path: Path) -> Ruling:
    """What decides at `path`, a bundle; raises BundleError or UsageError where nothing can."""
    return of_bundle(load_bundle(path))


def of_bundle(bundle: Bundle) -> Ruling:
    """The engine of `bundle`; raises UsageError where its decisions depend on earlier events.

    >>> of_bundle(load_bundle("prod-safety")).decide({"tool": "aws-cli"}).decision
    'DENY'
    """
    if features := sorted(feature.name for feature in bundle.features()):
        named = ", ".join(f"`{name}`" for name in features)
        raise UsageError(
            f"the bundle `{bundle.name}` reads history ({named}), which `govlab serve` does not "
            "keep: serve a bundle without it"
        )
    plan = compile_plan(bundle)
    return Ruling(
        bundle.name,
        bundle.version,
        bundle.digest,
        frozenset(bundle.readable()),
        compile_engine(plan).decide,
        partial(admit, plan=plan),
        _entities(bundle),
    )


def _entities(bundle: Bundle) -> dict[str, tuple[str, ...]]:
    """The keys of each lookup that is declared as an entity; the nearest bundle's hold."""
    return {
        lookup.entity: tuple(sorted({row[0] for row in lookup.rows}))
        for member in bundle.chain()
        for lookup in member.lookups
        if lookup.entity
    }
