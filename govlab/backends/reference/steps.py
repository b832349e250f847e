"""Derived attributes and lookups of one event (S7, J5)."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from govlab.backends.reference.walker import evaluate
from govlab.bundle.model import Derivation, Lookup
from govlab.runtime import globs
from govlab.runtime.states import ABSENT, ERROR, MALFORMED, UNKNOWN, Mark
from govlab.runtime.values import Timestamp

__all__ = ["fill", "join"]


def fill(derivation: Derivation, states: Mapping[str, Any], *, keeps: bool) -> Any:
    """The derived attribute's state; with `keeps`, a value that is there stays.

    Absent and unknown are filled, malformed never; an erring `when` or `value` gives malformed.
    """
    recorded = states[derivation.attribute]
    if recorded is MALFORMED or (keeps and not isinstance(recorded, Mark)):
        return recorded
    for when, value in derivation.rules:
        holds = evaluate(when.node, states)
        if holds is False:
            continue
        result = evaluate(value.node, states) if holds is True else holds
        return result if _is_storable(result) else MALFORMED
    return recorded


def _is_storable(result: Any) -> bool:
    """Whether a log could hold it: no error, no NaN or infinity, a time in whole microseconds."""
    match result:
        case float():
            return isfinite(result)
        case Timestamp(ns=ns):
            return ns % 1000 == 0
        case _:
            return result is not ERROR


def join(lookup: Lookup, states: Mapping[str, Any]) -> dict[str, Any]:
    """The states of the lookup's columns, `<lookup>.<column>`, and of its row, `<lookup>`."""
    row = _row(lookup, states)
    if isinstance(row, Mark):
        return dict.fromkeys((lookup.name, *(f"{lookup.name}.{c}" for c, _ in lookup.columns)), row)
    cells = {
        f"{lookup.name}.{c}": ABSENT if cell is None else cell
        for (c, _), cell in zip(lookup.columns, row, strict=True)
    }
    return {lookup.name: True, **cells}


def _row(lookup: Lookup, states: Mapping[str, Any]) -> tuple[Any, ...] | Mark:
    """The first row whose key matches at the event's time, or the mark that stands for it."""
    key = states[lookup.on]
    if isinstance(key, Mark):
        return key
    timed = any(r[1] is not None or r[2] is not None for r in lookup.rows)
    at = states["ts"] if timed else None
    if isinstance(at, Mark):
        return UNKNOWN if at is UNKNOWN else MALFORMED  # without a time no validity can be told
    return next(
        (
            cells
            for wanted, start, end, cells in lookup.rows
            if _matches(lookup, key, wanted) and _valid(at, start, end)
        ),
        ABSENT,
    )


def _matches(lookup: Lookup, key: str, wanted: str) -> bool:
    return key == wanted if lookup.match == "exact" else globs.matches(key, wanted)


def _valid(at: Timestamp | None, start: int | None, end: int | None) -> bool:
    return at is None or ((start is None or at.ns >= start) and (end is None or at.ns < end))
