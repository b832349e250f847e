"""History features of one event read from a ledger, and what the event adds to them (S8).

An exported engine carries this module too; standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from govlab.runtime.states import ERROR, UNKNOWN, Mark, read
from govlab.runtime.values import INT_MAX, INT_MIN
from govlab.runtime.windows import FOREVER, Ledger

__all__ = ["Feature", "add_to", "is_warming", "read_from"]

_COUNTED = {"permitted": True, "denied": False}  # the fate that a feature `over` one counts

States = Mapping[str, Any]


class Feature(NamedTuple):
    """A feature as generated code has it: `adds` gives what an event with given states adds.

    `id` names its meaning, so that a stored sum is never read as one of something else; `money`
    is kept in micro-USD and read in USD.
    """

    name: str
    id: str
    per: tuple[str, ...]
    adds: Callable[[States], Any]
    within_us: int | None
    over: str
    money: bool


def read_from(ledger: Ledger, feature: Feature, states: States) -> Any:
    """The value of `feature` at an event with `states`, or ERROR or UNKNOWN."""
    key = _key(feature, states)
    if type(key) is Mark:
        return key
    # what is never left is as it was at the beginning of time: no window is over because of it
    now = INT_MIN if feature.within_us is None else _moment(states)
    if type(now) is Mark:
        return now
    total = ledger.total(feature.id, key, now)
    # an event whose key the source cannot tell may belong here: what it adds is unknown
    if ledger.total(feature.id, None, now) == "unknown":
        return UNKNOWN
    if isinstance(total, str):
        return Mark(total)
    if feature.money:
        return total / 10**6  # of the exact int: rounded once
    return total if INT_MIN <= total <= INT_MAX else ERROR


def is_warming(ledger: Ledger, feature: Feature, states: States) -> bool:
    """Whether the window at an event with `states` begins before `ledger` does, or never."""
    now, began = _moment(states), ledger.began(feature.id)
    if feature.within_us is None or type(now) is Mark or began is None:
        return True
    return bool(now - feature.within_us < began)


def add_to(ledger: Ledger, feature: Feature, states: States, dispatched: States, fate: Any) -> None:
    """Adds an event with `states` whose fate is `fate`.

    What was permitted is what was `dispatched`, the variant if there is one.
    """
    now = _moment(states)
    if type(now) is not Mark:
        ledger.begin(feature.id, now)
    counted = _COUNTED.get(feature.over)
    if counted is not None and fate is not counted and fate is not UNKNOWN:
        return
    key = _key(feature, states)
    amount = _amount(feature, dispatched if feature.over == "permitted" else states)
    if key is ERROR or amount == 0:  # adds nowhere, or nothing
        return
    until = FOREVER
    if feature.within_us is not None:
        # without a time it may always be in the window
        amount, until = (now, FOREVER) if type(now) is Mark else (amount, now + feature.within_us)
    if counted is not None and fate is UNKNOWN:
        amount = UNKNOWN
    if key is UNKNOWN:
        key, amount = None, UNKNOWN
    ledger.add(feature.id, key, min(until, FOREVER), _plain(amount))


def _key(feature: Feature, states: States) -> Any:
    """The values of `per`; a part that is no value is no key."""
    parts = tuple([read(states[name]) for name in feature.per])
    return parts if Mark not in map(type, parts) else UNKNOWN if UNKNOWN in parts else ERROR


def _amount(feature: Feature, states: States) -> Any:
    found = feature.adds(states)
    return int(found) if type(found) is bool else found


def _plain(amount: Any) -> int | str:
    """An amount as ledgers have it: a mark is its text."""
    return str(amount.value) if type(amount) is Mark else int(amount)


def _moment(states: States) -> Any:
    """The event's time in microseconds, or the mark of what it lacks."""
    at = read(states["ts"])
    return at if type(at) is Mark else at.ns // 1000
