"""Attributes in OTLP/JSON: AnyValue trees, decoded only where a map names them."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import msgspec

from govlab.log.decode import decode

__all__ = ["Pair", "plain", "values_of"]


class Pair(msgspec.Struct, gc=False):
    """KeyValue, its value as it stands in the text."""

    key: str
    value: msgspec.Raw = msgspec.Raw(b"null")


class _Any(msgspec.Struct, rename="camel", gc=False):
    """AnyValue: one of these is there."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    array_value: _Array | None = None
    kvlist_value: _Pairs | None = None
    bytes_value: str | None = None


class _Array(msgspec.Struct, gc=False):
    values: list[_Any] = msgspec.field(default_factory=list)


class _Pair(msgspec.Struct, gc=False):
    key: str
    value: _Any | None = None


class _Pairs(msgspec.Struct, gc=False):
    values: list[_Pair] = msgspec.field(default_factory=list)


_decoded = msgspec.json.Decoder(_Any | None).decode


def values_of(pairs: Iterable[Pair], names: Container[str]) -> dict[str, Any]:
    """Those of `pairs` that have one of `names`, as Python's own.

    Raises `NotJsonError` for one of them that is no AnyValue.

    >>> values_of([Pair("a", msgspec.Raw(b'{"intValue": "3"}')), Pair("b")], {"a"})
    {'a': 3}
    """
    held: dict[str, Any] = {}
    for pair in pairs:
        if pair.key in names:
            raw = pair.value
            try:
                found = _decoded(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                found = _mended(raw)
            text = None if found is None else found.string_value  # most are
            held[pair.key] = _value(found) if text is None else text
    return held


def plain(raw: msgspec.Raw) -> Any:
    """An AnyValue as Python's own. Raises `NotJsonError` where it is none.

    >>> plain(msgspec.Raw(b'{"arrayValue": {"values": [{"boolValue": true}]}}'))
    [True]
    """
    return values_of([Pair("", raw)], ("",))[""]


def _mended(raw: msgspec.Raw) -> _Any | None:
    return decode(bytes(raw), _Any | None)  # type: ignore[arg-type]  # mends what can be mended


def _value(value: _Any | None) -> Any:
    if value is None:
        return None
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return _number(value.int_value, int)
    if value.double_value is not None:
        return _number(value.double_value, float)
    if value.array_value is not None:
        return [_value(element) for element in value.array_value.values]
    if value.kvlist_value is not None:
        return _object(value.kvlist_value.values)
    return value.bool_value if value.bool_value is not None else value.bytes_value


def _object(pairs: list[_Pair]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for pair in pairs:
        value = pair.value
        if value is not None:
            text = value.string_value  # most are
            held[pair.key] = _value(value) if text is None else text
    return held


def _number(value: int | float | str, kind: type[int] | type[float]) -> Any:
    """64-bit integers are decimal text in OTLP; text that is none stays text."""
    try:
        return kind(value)
    except ValueError:
        return value
