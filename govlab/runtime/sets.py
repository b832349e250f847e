"""Lists as sets: the sets library of cel-go, by CEL's equality. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from govlab.runtime.signatures import takes
from govlab.runtime.values import equals, kind

__all__ = ["SET_CALLS"]


def _has(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether `one` has all elements of `other`."""
    if _is_text(one) and _is_text(other):  # the common case, without comparing each with each
        return set(one) >= set(other)
    return all(any(equals(wanted, item) for item in one) for wanted in other)


def _meets(one: Sequence[Any], other: Sequence[Any]) -> bool:
    if _is_text(one) and _is_text(other):
        return not set(one).isdisjoint(other)
    return any(equals(item, wanted) for item in one for wanted in other)


def _is_text(items: Sequence[Any]) -> bool:
    return all(kind(item) == "string" for item in items)


SET_CALLS: dict[str, Callable[..., Any]] = {
    "sets.contains": takes("sets.contains", _has, "list list"),
    "sets.equivalent": takes(
        "sets.equivalent", lambda one, other: _has(one, other) and _has(other, one), "list list"
    ),
    "sets.intersects": takes("sets.intersects", _meets, "list list"),
}
