"""A failing event made as small as it can be, so that a person can read why it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from govlab.backends.reference import Asked
from govlab.runtime.arguments import canonical, parse

__all__ = ["shrunk"]

_LARGE = 1e300  # what is beyond, NaN among it, has nothing simpler


def shrunk(asked: Asked, fails: Callable[[Asked], bool]) -> Asked:
    """`asked` without what does not matter: it still `fails`, and nothing smaller tried does.

    >>> whole = Asked({"tool": "a", "env": "dev", "cost": 3})
    >>> dict(shrunk(whole, lambda given: "env" in given.event).event)
    {'env': ''}
    """
    while True:
        smaller = next((each for each in _smaller(asked) if fails(each)), None)
        if smaller is None:
            return asked
        asked = smaller


def _smaller(asked: Asked) -> Iterator[Asked]:
    """What is a step smaller: less unknown, an attribute less, a value simpler."""
    for name in sorted(asked.unknown):
        yield replace(asked, unknown=asked.unknown - {name})
    for name in sorted(asked.event):
        yield replace(asked, event={k: v for k, v in asked.event.items() if k != name})
    for name, value in sorted(asked.event.items()):
        for simpler in _simpler(value):
            yield replace(asked, event={**asked.event, name: simpler})


def _simpler(value: Any) -> Iterator[Any]:
    """Values that are simpler than `value`, each of which has simpler ones only finitely often."""
    match value:
        case str():
            arguments = parse(value)
            if arguments:
                rest = ({k: v for k, v in arguments.items() if k != name} for name in arguments)
                yield from map(canonical, rest)
            yield from ("", value[: len(value) // 2], value[1:]) if value else ()
        case list():
            yield from (value[:at] + value[at + 1 :] for at in range(len(value)))
        case bool():
            yield from (False,) if value else ()
        case int() | float():
            yield from (int(value / 2),) if 1 <= abs(value) < _LARGE else ()
        case _:
            return
