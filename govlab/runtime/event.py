"""An event's attributes and their states (S2), from a mapping of JSON-like values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException
from typing import Any

from govlab.runtime import arguments
from govlab.runtime.states import ABSENT, MALFORMED, UNKNOWN, Mark
from govlab.runtime.values import INT_MAX, Timestamp
from govlab.runtime.withheld import is_withheld, reads_absent
from govlab.types import DOUBLE, INT, Type

__all__ = ["argument_state", "argument_values", "attribute_states", "instant", "micro_usd"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# attributes that may not be negative; a copy of the schema's, which an exported engine lacks
COUNTS = frozenset(
    {
        "step",
        "delegation_depth",
        "amount",
        "cost",
        "cost_micro_usd",
        "tokens_in",
        "tokens_out",
        "lines_changed",
        "files_changed",
        "records_affected",
    }
)


def instant(moment: datetime) -> Timestamp:
    """The aware datetime `moment` as a CEL timestamp.

    >>> instant(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    Timestamp(ns=1000000000)
    """
    return Timestamp((moment - _EPOCH) // timedelta(microseconds=1) * 1000)


def micro_usd(value: Any) -> int | None:
    """USD as exact micro-USD, half to even; None where it is no finite number in int64.

    >>> micro_usd("0.0000005"), micro_usd(12.5), micro_usd("free")
    (0, 12500000, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        exact = (Decimal(str(value)) * 10**6).quantize(Decimal(1), ROUND_HALF_EVEN)
    except (DecimalException, ValueError):  # no number, or one of more digits than can be read
        return None
    return int(exact) if exact.is_finite() and abs(exact) <= INT_MAX else None


def attribute_states(
    event: Mapping[str, Any], reads: Mapping[str, Type], unknown: frozenset[str]
) -> dict[str, Any]:
    """The state of every attribute of `reads`: its value, ABSENT, MALFORMED or UNKNOWN.

    `unknown` are the columns the event's source cannot tell, and what ingest left out of its
    arguments (`runtime.withheld`); `malformed_columns` of the event names cells that ingest found
    to be no value of their type.
    """
    marked = frozenset((event.get("malformed_columns") or "").split(","))
    parsed = argument_values(event) if any(n.startswith("args.") for n in reads) else ABSENT
    return {
        name: _state(name, kind, event, unknown, marked, parsed) for name, kind in reads.items()
    }


def argument_values(event: Mapping[str, Any]) -> Any:
    """The arguments of `event`, parsed where they are text: a mapping, ABSENT, or MALFORMED.

    >>> argument_values({"args": '{"n": 3}'}), argument_values({}), argument_values({"args": "n"})
    ({'n': 3}, <Mark.ABSENT: 'absent'>, <Mark.MALFORMED: 'malformed'>)
    """
    raw = event.get("args")
    if raw is None:
        return ABSENT
    if isinstance(raw, Mapping):
        return raw
    parsed = arguments.parse(raw) if isinstance(raw, str) else None
    return MALFORMED if parsed is None else parsed


def _state(
    name: str,
    kind: Type,
    event: Mapping[str, Any],
    unknown: frozenset[str],
    marked: frozenset[str],
    parsed: Any,
) -> Any:
    column = "args" if name.startswith("args.") else "cost_micro_usd" if name == "cost" else name
    if name in marked or column in marked:
        return MALFORMED
    state = _raw_state(name, kind, event, parsed)
    if is_withheld(name, unknown) and _is_left_out(name, state, event, parsed):
        return ABSENT if reads_absent(unknown) else UNKNOWN
    hidden = (
        name in unknown or column in unknown or (name == "cost_micro_usd" and "cost" in unknown)
    )
    return UNKNOWN if state is ABSENT and hidden else state


def _is_left_out(name: str, state: Any, event: Mapping[str, Any], parsed: Any) -> bool:
    """Whether there are arguments that can be read, so that there may be more than was kept."""
    if name == "args":
        return not isinstance(state, Mark)
    return name not in event and isinstance(parsed, Mapping)


def _raw_state(name: str, kind: Type, event: Mapping[str, Any], parsed: Any) -> Any:
    if name.startswith("args.") and name not in event:
        return argument_state(name, kind, parsed)
    if name in ("cost", "cost_micro_usd"):
        return _money(name, event)
    raw = event.get(name)
    head, _, tail = name.partition(".")
    if raw is None and tail and isinstance(event.get(head), Mapping):
        raw = event[head].get(tail)
    if name == "args" and isinstance(raw, Mapping):
        raw = arguments.patch(None, {(k,): v for k, v in raw.items()})
    return _typed(*arguments.value_state(raw, kind, name in COUNTS))


def argument_state(name: str, kind: Type, parsed: Any) -> Any:
    """The state of the attribute `name`, a path into the arguments `parsed`.

    >>> from govlab.types import INT
    >>> argument_state("args.n", INT, {"n": 3}), argument_state("args.m", INT, {"n": 3})
    (3, <Mark.ABSENT: 'absent'>)
    """
    if not isinstance(parsed, Mapping):
        return parsed
    return _typed(*arguments.read(parsed, tuple(name.split(".")[1:]), kind))


def _typed(state: str, value: Any) -> Any:
    if state != "present":
        return ABSENT if state == "absent" else MALFORMED
    if isinstance(value, datetime):
        return instant(value)
    return tuple(value) if isinstance(value, list) else value


def _money(name: str, event: Mapping[str, Any]) -> Any:
    """Cost in the unit of `name`; micro-USD is what counts, USD follows from it (S13)."""
    micro = event.get("cost_micro_usd")
    if micro is None and event.get("cost") is not None:
        usable, _ = arguments.value_state(event["cost"], DOUBLE, True)
        micro = micro_usd(event["cost"]) if usable == "present" else None
        if micro is None:
            return MALFORMED
    state = _typed(*arguments.value_state(micro, INT, True))
    return state / 1e6 if name == "cost" and isinstance(state, int) else state
