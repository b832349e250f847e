"""Attributes of a span as columns: arguments as JSON text, times in UTC, money in micro-USD."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from govlab.log import plainjson
from govlab.log.decode import argument_text
from govlab.log.literal import literal_json
from govlab.log.plainlists import sealed_all
from govlab.log.records import OBJECT
from govlab.runtime import arguments
from govlab.schema import ACTIONS

__all__ = ["OF_THE_CALL", "all_micros", "arguments_of", "column", "first", "instant", "micro_usd",
           "micros", "micros_of", "said", "sealed", "stated"]  # fmt: skip

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_LATEST = 253_402_300_800 * 10**9  # the end of the year 9999, in nanoseconds
_NUMBERS = msgspec.json.Decoder(list[int]).decode
_DIGITS = 19
"""Of a text of nanoseconds, at most."""
OF_THE_CALL: Final = ("ts", "started_at", "ended_at")
"""Times that spans say themselves: microseconds since 1970 until they are columns of a table."""
_TIMES = frozenset(name for name, column in ACTIONS.items() if column.type.name == "timestamp")


def first(attributes: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The first of `names` that is there."""
    for name in names:
        value = attributes.get(name)
        if value is not None:
            return value
    return None


def said(value: Any) -> Any:
    """`value`, or None where it is what the OpenTelemetry SDK writes for a service without name."""
    if isinstance(value, str) and value.startswith("unknown_service"):
        return None if value.partition(":")[0] == "unknown_service" else value
    return value


def stated(attributes: Mapping[str, Any], names: Sequence[str]) -> Any:
    """What the first of `names` that is there says, if it says anything."""
    for name in names:
        value = attributes.get(name)
        if value is not None:
            return said(value) if type(value) is str and value[:8] == "unknown_" else value
    return None


def column(name: str, values: list[Any]) -> list[Any]:
    """Values of attributes as cells of the column `name`; times of the call are microseconds."""
    if name not in _TIMES:
        return values
    times = [arguments.timestamp(value) or instant(value) for value in values]
    return list(map(micros_of, times)) if name in OF_THE_CALL else times


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
        if plain := plainjson.compact(text):
            return plain
        if arguments.parse(text) is None:
            return literal_json(text) or value
        return argument_text(msgspec.Raw(text.encode()))
    if value is None:
        return None
    if isinstance(value, dict) and (plain := plainjson.encoded(value)):
        return plain
    text = json.dumps(value, ensure_ascii=True)
    return argument_text(msgspec.Raw(text.encode())) if isinstance(value, dict) else text


def sealed(values: Sequence[Any]) -> dict[str, list[Any]]:
    """Columns of arguments: as JSON texts, and their digests where they are known at once.

    >>> sealed(["echo hello", None])
    {'args': ['echo hello', None], 'args_sha256': [None, None], 'args_object': [None, None]}
    """
    quick = sealed_all(values)
    return {
        "args": [q[0] if q else arguments_of(v) for q, v in zip(quick, values, strict=True)],
        "args_sha256": [q and q[1] for q in quick],
        OBJECT: [q and "" for q in quick],
    }


def instant(nanos: Any) -> datetime | None:
    """Nanoseconds since 1970, a number or decimal text, cut to microseconds; None where neither.

    >>> instant("1700000000123456789")
    datetime.datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=datetime.timezone.utc)
    """
    found = micros(nanos)
    try:
        return None if found is None else _EPOCH + timedelta(microseconds=found)
    except OverflowError:
        return None


def micros(nanos: Any) -> int | None:
    """Nanoseconds since 1970, a number or decimal text, as whole microseconds; None where neither.

    >>> micros("1700000000123456789"), micros(0)
    (1700000000123456, None)
    """
    if type(nanos) is str and len(nanos) <= _DIGITS and nanos.isdigit() and nanos.isascii():
        nanos = int(nanos)
    if type(nanos) is not int:
        return None
    return nanos // 1000 if 0 < nanos < _LATEST else None  # OTLP writes 0 where there is no time


def all_micros(nanos: Sequence[Any]) -> list[int | None]:
    """`micros` of each, quickly where all are decimal text, as OTLP writes them.

    >>> all_micros(["1700000000123456789", 0])
    [1700000000123456, None]
    """
    try:
        digits = "".join(nanos)
        found = _NUMBERS(f"[{','.join(nanos)}]") if digits.isdigit() and digits.isascii() else []
    except (TypeError, msgspec.MsgspecError):
        found = []
    if found and min(found) > 0 and max(found) < 10**_DIGITS:
        return [number // 1000 for number in found]
    return list(map(micros, nanos))


def micros_of(at: datetime | None) -> int | None:
    """An aware time as microseconds since 1970."""
    return None if at is None else (at - _EPOCH) // _MICRO


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
