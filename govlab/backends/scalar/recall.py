"""What the bundles of a chain know of earlier events: read before a decision, added to behind it.

An exported engine carries this module too; standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from govlab.backends.scalar.attributes import Attributes, Scope
from govlab.backends.scalar.features import add_to, is_warming, read_from
from govlab.runtime.rulings import Ruled
from govlab.runtime.variants import variant
from govlab.runtime.windows import Ledger
from govlab.runtime.withheld import revealed

__all__ = ["Seen", "recalled", "recorded", "still_warming"]

L = TypeVar("L", bound=Ledger)
_NONE: frozenset[str] = frozenset()


class Seen(NamedTuple):
    """An event, and what of it its source cannot tell."""

    event: Mapping[str, Any]
    unknown: frozenset[str] = frozenset()

    def states(self, scope: Scope) -> Attributes:
        """What the features of `scope` read of it."""
        return Attributes(scope, self.event, self.unknown, _NONE)

    def dispatched(self, scope: Scope, decision: Ruled | None) -> Attributes:
        """What they read of the variant, if `decision` has one."""
        if decision is None or decision.remediation is None:
            return self.states(scope)
        values = decision.remediation.set
        changed, names = variant(self.event, values), frozenset(values)
        return Attributes(scope, changed, revealed(self.unknown, names), names)


def recalled(scopes: Sequence[Scope], ledger: Ledger, seen: Seen) -> dict[str, Any]:
    """Each feature's value at the event, or ERROR or UNKNOWN, by name."""
    found = {}
    for scope in scopes:
        if scope.features:
            states = seen.states(scope)
            for feature in scope.features:
                found[feature.name] = read_from(ledger, feature, states)
    return found


def recorded(
    scopes: Sequence[Scope],
    ledger: L,
    seen: Seen,
    decision: Ruled | None,
    fate: Any,
    *,
    answered: bool = False,
) -> L:
    """`ledger`, to which the event was added; what a remediation set was dispatched.

    With `answered` it was added when it was held, and what it attempted counts already.
    """
    for scope in scopes:
        if scope.features:
            states, late = seen.states(scope), seen.dispatched(scope, decision)
            for feature in scope.features:
                if not (answered and feature.over == "attempted"):
                    add_to(ledger, feature, states, late, fate)
    return ledger


def still_warming(scopes: Sequence[Scope], ledger: Ledger, seen: Seen) -> tuple[str, ...]:
    """The features whose window at the event begins before `ledger` does, or has no beginning."""
    return tuple(
        feature.name
        for scope in scopes
        for feature in scope.features
        if is_warming(ledger, feature, seen.states(scope))
    )
