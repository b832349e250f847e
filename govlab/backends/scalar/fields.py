"""Reading one attribute of an event without marks: the usual value at once, the rest with care.

`runtime.event.attribute_states` is the meaning; a function here answers only what it is sure of.
They are written out, not composed, because one runs for every attribute of every event. An
exported engine carries this module too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from govlab.runtime.event import COUNTS, argument_state, attribute_states, instant
from govlab.runtime.states import ABSENT
from govlab.runtime.values import INT_MAX, INT_MIN
from govlab.types import Type

__all__ = ["argument", "field"]

_ZERO = timedelta(0)
_SURE = 1 << 62  # what is nearer to zero is in int64, and finite
Read = Callable[[Mapping[str, Any]], Any]


def field(name: str, kind: Type) -> Read:
    """A function from an event to the state of its attribute `name` of type `kind`.

    >>> field("env", Type("string"))({"env": "dev"})
    'dev'
    """
    alone = {name: kind}
    head, _, tail = name.partition(".")

    def careful(event: Mapping[str, Any]) -> Any:
        # what is before a dot may be an object that holds the attribute
        held = tail and isinstance(event.get(head), Mapping)
        if event.get(name) is None and name not in _MONEY and not held:
            return ABSENT
        return attribute_states(event, alone, frozenset())[name]

    if name in _MONEY:
        return _MONEY[name](careful)
    usual = _USUAL.get(str(kind))
    return careful if usual is None else usual(name, careful)


def argument(name: str, kind: Type) -> Callable[[Mapping[str, Any], Any], Any]:
    """A function from an event and its `argument_values` to the state of the attribute `name`.

    >>> argument("args.n", Type("int"))({}, {"n": 3})
    3
    """
    alone, keys = {name: kind}, tuple(name.split(".")[1:])
    inside: Any = {"string": str, "int": int, "bool": bool, "double": float}.get(str(kind))

    def read(event: Mapping[str, Any], values: Any) -> Any:
        if name in event:  # as a column of its own
            return attribute_states(event, alone, frozenset())[name]
        found = values
        for key in keys:
            if type(found) is not dict:
                return argument_state(name, kind, values)
            found = found.get(key)
        if type(found) is inside and (found.isascii() if inside is str else -_SURE < found < _SURE):
            return found
        return argument_state(name, kind, values)

    return read


def _string(name: str, careful: Read) -> Read:
    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        # every ASCII text can be encoded: a lone surrogate makes a text malformed
        return raw if type(raw) is str and raw.isascii() else careful(event)

    return read


def _strings(name: str, careful: Read) -> Read:
    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        if type(raw) is not list and type(raw) is not tuple:
            return careful(event)
        for each in raw:
            if type(each) is not str or not each.isascii():
                return careful(event)
        return tuple(raw)

    return read


def _bool(name: str, careful: Read) -> Read:
    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        return raw if raw is True or raw is False else careful(event)

    return read


def _int(name: str, careful: Read) -> Read:
    least = 0 if name in COUNTS else INT_MIN

    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        return raw if type(raw) is int and least <= raw <= INT_MAX else careful(event)

    return read


def _double(name: str, careful: Read) -> Read:
    least = 0.0 if name in COUNTS else float("-inf")

    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        # the difference of an infinity, or of NaN, with itself is NaN
        sure = type(raw) is float and raw - raw == 0.0 and raw >= least
        return raw if sure else careful(event)

    return read


def _timestamp(name: str, careful: Read) -> Read:
    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        if type(raw) is datetime and (raw.tzinfo is UTC or raw.utcoffset() == _ZERO):
            return instant(raw)
        return careful(event)

    return read


def _usd(careful: Read) -> Read:
    def read(event: Mapping[str, Any]) -> Any:
        micro = event.get("cost_micro_usd")
        return micro / 1e6 if type(micro) is int and 0 <= micro <= INT_MAX else careful(event)

    return read


def _micro_usd(careful: Read) -> Read:
    return _int("cost_micro_usd", careful)


_USUAL: dict[str, Callable[[str, Read], Read]] = {
    "string": _string,
    "list(string)": _strings,
    "bool": _bool,
    "int": _int,
    "double": _double,
    "timestamp": _timestamp,
}
_MONEY: dict[str, Callable[[Read], Read]] = {"cost": _usd, "cost_micro_usd": _micro_usd}
