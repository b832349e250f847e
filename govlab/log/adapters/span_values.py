"""Attributes of a span as columns: arguments as JSON text, times in UTC, money in micro-USD."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

import msgspec

from govlab.log.adapters.words import verdict
from govlab.log.decode import argument_text
from govlab.log.literal import literal_json
from govlab.log.spanmap import SpanMap
from govlab.runtime import arguments
from govlab.schema import ACTIONS

__all__ = ["arguments_of", "first", "instant", "micro_usd", "of_columns", "said"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first(attributes: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first of `names` that is there."""
    return next((attributes[name] for name in names if attributes.get(name) is not None), None)


def of_columns(
    scopes: Sequence[Mapping[str, Any]],
    resource: Mapping[str, Any],
    known: SpanMap,
    words: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns that a map reads from a span (first of `scopes`), those above it, its resource.

    Beside them what goes to `extra`: the word of a decision that no table maps.
    """
    own = {name: _of((scopes[0], resource), of) for name, of in known.columns.items()}
    shared = {name: _of((*scopes, resource), of) for name, of in known.inherited.items()}
    cells = {name: value for name, value in {**shared, **own}.items() if value is not None}
    decided, notes = verdict(cells.pop("decision", None), words)
    columns = {name: _cell(name, value) for name, value in cells.items() if name != "cost"}
    if "cost" in cells:
        cost = micro_usd(cells["cost"])
        columns |= {"cost_micro_usd": cost, "actual_cost_micro_usd": cost}
    return {**decided, **columns}, notes


def _of(scopes: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    found = (said(first(scope, names)) for scope in scopes)
    return next((value for value in found if value is not None), None)


def said(value: Any) -> Any:
    """`value`, or None where it is what the OpenTelemetry SDK writes for a service without name."""
    unnamed = isinstance(value, str) and value.partition(":")[0] == "unknown_service"
    return None if unnamed else value


def _cell(name: str, value: Any) -> Any:
    if name == "args":
        return arguments_of(value)
    if ACTIONS[name].type.name == "timestamp":
        return arguments.timestamp(value) or instant(value)
    return value


def arguments_of(value: Any) -> str | None:
    """Arguments as JSON text: an object, JSON in a string, or a Python literal in one.

    Text that is none of these stays as it is: readers call it malformed.

    >>> arguments_of("{'path': 'a'}"), arguments_of({"path": "a"})
    ('{"path":"a"}', '{"path":"a"}')
    """
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if arguments.parse(text) is None:
            return literal_json(text) or value
        return argument_text(msgspec.Raw(text.encode()))
    if value is None:
        return None
    text = json.dumps(value, ensure_ascii=True)
    return argument_text(msgspec.Raw(text.encode())) if isinstance(value, dict) else text


def instant(nanos: Any) -> datetime | None:
    """Nanoseconds since 1970, a number or decimal text, cut to microseconds; None where neither.

    >>> instant("1700000000123456789")
    datetime.datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=datetime.timezone.utc)
    """
    if isinstance(nanos, str) and nanos.isascii() and nanos.isdigit() and len(nanos) < 20:
        nanos = int(nanos)
    if not isinstance(nanos, int) or isinstance(nanos, bool) or nanos <= 0:
        return None  # OTLP writes 0 where there is no time
    try:
        return _EPOCH + timedelta(microseconds=nanos // 1000)
    except OverflowError:
        return None


def micro_usd(cost: Any) -> int | None:
    """USD, a number or decimal text, as micro-USD, rounded half to even; None where it is none.

    >>> micro_usd("0.0011775")
    1178
    """
    if isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    try:
        exact = Decimal(str(cost)) * 1_000_000
        return int(exact.to_integral_value(ROUND_HALF_EVEN)) if exact.is_finite() else None
    except InvalidOperation:
        return None
