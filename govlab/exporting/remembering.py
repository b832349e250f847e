"""What a caller of an exported engine uses where the bundle reads history (S8, S18).

State is a `Windows`, or anything with its methods, such as the stores of `govlab.enforcing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govlab.backends.scalar.deciding import Engine
from govlab.backends.scalar.recall import Seen, recalled, recorded, still_warming
from govlab.runtime.states import ERROR

# an exported file has it: it is its bundle's
ENGINE: Engine


def features(
    state: Any, event: Mapping[str, Any], *, unknown: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The `history` of `event` for `decide`: each feature over what `state` holds.

    It never raises: what cannot be read is an error, as which rules read it.
    """
    try:
        return recalled(ENGINE.scopes, state, Seen(event, unknown))
    except (AttributeError, TypeError, ValueError):
        return {feature.name: ERROR for scope in ENGINE.scopes for feature in scope.features}


def record(
    state: Any,
    event: Mapping[str, Any],
    decision: Any,
    permitted: Any,
    *,
    answered: bool = False,
    unknown: frozenset[str] = frozenset(),
) -> Any:
    """`state`, changed in place: to later events `event` is an earlier one.

    `permitted` is True, False, or None where it is held; `answered`, that it was held and this is
    the answer. `decision` tells the variant that was dispatched. What it raises, it raises before
    the action: then the action must not go.
    """
    return recorded(
        ENGINE.scopes, state, Seen(event, unknown), decision, permitted, answered=answered
    )


def warming(
    state: Any, event: Mapping[str, Any], *, unknown: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The features whose window at `event` begins before `state` does, or has no beginning."""
    return still_warming(ENGINE.scopes, state, Seen(event, unknown))
