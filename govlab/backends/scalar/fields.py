"""Reading one attribute of an event without marks: the usual value at once, the rest with care.

`runtime.event.attribute_states` is the meaning; a function here answers only what it is sure of.
An exported engine carries this module too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from govlab.runtime.event import COUNTS, attribute_states
from govlab.runtime.states import ABSENT
from govlab.runtime.values import INT_MAX, INT_MIN
from govlab.types import Type

__all__ = ["field"]

Read = Callable[[Mapping[str, Any]], Any]


def field(name: str, kind: Type) -> Read:
    """A function from an event to the state of its attribute `name` of type `kind`.

    >>> field("env", Type("string"))({"env": "dev"})
    'dev'
    """
    alone = {name: kind}

    def careful(event: Mapping[str, Any]) -> Any:
        return attribute_states(event, alone, frozenset())[name]

    if name in ("cost", "cost_micro_usd"):
        return _money(name, careful)
    usual = _USUAL.get(str(kind))
    if usual is None:
        return careful
    return _by(name, usual(name), careful)


def _by(name: str, usual: Callable[[Any], Any], careful: Read) -> Read:
    """`usual` gives the state of a raw value, or None where it takes care."""
    dotted = "." in name  # may also stand inside the object before the dot

    def read(event: Mapping[str, Any]) -> Any:
        raw = event.get(name)
        if raw is None and not dotted:
            return ABSENT
        state = usual(raw)
        return careful(event) if state is None else state

    return read


def _money(name: str, careful: Read) -> Read:
    divisor = 1e6 if name == "cost" else None

    def read(event: Mapping[str, Any]) -> Any:
        micro = event.get("cost_micro_usd")
        if type(micro) is int and 0 <= micro <= INT_MAX:
            return micro / divisor if divisor else micro
        return careful(event)

    return read


def _string(_: str) -> Callable[[Any], Any]:
    # every character of an ASCII text can be encoded: a lone surrogate makes a text malformed
    return lambda raw: raw if type(raw) is str and raw.isascii() else None


def _strings(_: str) -> Callable[[Any], Any]:
    def usual(raw: Any) -> Any:
        if type(raw) not in (list, tuple):
            return None
        for each in raw:
            if type(each) is not str or not each.isascii():
                return None
        return tuple(raw)

    return usual


def _bool(_: str) -> Callable[[Any], Any]:
    return lambda raw: raw if raw is True or raw is False else None


def _int(name: str) -> Callable[[Any], Any]:
    least = 0 if name in COUNTS else INT_MIN
    return lambda raw: raw if type(raw) is int and least <= raw <= INT_MAX else None


def _double(name: str) -> Callable[[Any], Any]:
    least = 0.0 if name in COUNTS else float("-inf")

    def usual(raw: Any) -> Any:
        # the difference of an infinity, or of NaN, with itself is NaN
        return raw if type(raw) is float and raw - raw == 0.0 and raw >= least else None

    return usual


_USUAL: dict[str, Callable[[str], Callable[[Any], Any]]] = {
    "string": _string,
    "list(string)": _strings,
    "bool": _bool,
    "int": _int,
    "double": _double,
}
