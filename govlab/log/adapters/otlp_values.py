"""Attributes in OTLP/JSON: AnyValue trees, decoded only where a map names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from govlab.log.decode import decode

__all__ = ["Pair", "Wanted", "attributes", "plain"]

_TEXT, _END = b'{"stringValue":"', b'"}'
_SHORT = 80
"""Bytes of a text that may come again: names of models, tools and agents."""
_MANY = 4096
"""Such texts that are remembered at a time."""


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


_VALUE = msgspec.json.Decoder(_Any | None)


Wanted = Mapping[str, bool]
"""The attributes that are read: True for those of every span, False for those that only an action's
own row has."""


def attributes(pairs: Iterable[Pair], wanted: Wanted) -> tuple[dict[str, Any], list[Pair]]:
    """Those of `pairs` that are wanted of every span, and those that are of an action.

    Raises `NotJsonError` for one of the first that is no AnyValue.

    >>> attributes([Pair("a", msgspec.Raw(b'{"intValue": "3"}'))], {"a": True})
    ({'a': 3}, [])
    """
    held: dict[str, Any] = {}
    later: list[Pair] = []
    known = wanted.get
    for pair in pairs:
        of_all = known(pair.key)
        if of_all:
            data = bytes(pair.value)
            text = _known.get(data)  # as `plain`, without a call for each
            held[pair.key] = _read(data) if text is None else text
        elif of_all is not None:
            later.append(pair)
    return held, later


def plain(raw: msgspec.Raw) -> Any:
    """An AnyValue as Python's own. Raises `NotJsonError` where it is none.

    >>> plain(msgspec.Raw(b'{"arrayValue": {"values": [{"boolValue": true}]}}'))
    [True]
    """
    data = bytes(raw)
    text = _known.get(data)
    return _read(data) if text is None else text


_known: dict[bytes, str] = {}  # texts that came before


def _read(data: bytes) -> Any:
    if (
        data.startswith(_TEXT)
        and b"\\" not in data
        and data.endswith(_END)
        and data.count(b'"') == 4
        and data.isascii()
    ):
        text = data[len(_TEXT) : -len(_END)].decode()
        if len(data) < _SHORT:
            if len(_known) == _MANY:
                _known.clear()
            _known[data] = text
        return text
    try:
        found = _VALUE.decode(data)
    except msgspec.MsgspecError:
        found = decode(data, _Any | None)  # type: ignore[arg-type]  # mends what can be mended
    return None if found is None else _value(found)


def _value(value: _Any) -> Any:
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
