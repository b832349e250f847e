"""Limits of an action as a person says them: money in dollars, time in its largest whole unit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from govlab.runtime import arguments

__all__ = ["dollars", "limits_text", "recorded_limits", "span"]

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
_WHOLE: Final = 10_000  # micro-USD of a cent


def limits_text(limits: Mapping[str, Any]) -> str:
    """Constraints by their canonical names, with units in place of the names' endings.

    >>> limits_text({"max_cost_micro_usd": 12_500_000, "timeout_s": 900, "read_only": True})
    'max_cost $12.50, timeout 15 min, read_only'
    >>> limits_text({"allow_paths": [["src/**"], ["*.py"]], "rate": [{"n": 10, "per_s": 60}]})
    'allow_paths ["src/**"] and ["*.py"], rate 10 per 1 min'
    """
    return ", ".join(_limit(name, value) for name, value in limits.items())


def recorded_limits(recorded: Any) -> str:
    """Constraints as a log records them, a mapping or its JSON; what is neither stays as it is.

    >>> recorded_limits('{"timeout_s": 900}'), recorded_limits("ask first")
    ('timeout 15 min', 'ask first')
    """
    limits = arguments.parse(recorded) if isinstance(recorded, str) else recorded
    return limits_text(limits) if isinstance(limits, Mapping) else str(recorded)


def _limit(name: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is True:
        return name
    if name.endswith("_micro_usd") and number and isinstance(value, int):
        return f"{name.removesuffix('_micro_usd')} {dollars(value)}"
    if name.endswith("_s") and number:
        return f"{name.removesuffix('_s')} {span(value)}"
    return f"{name} {_value(value)}"


def _value(value: Any) -> str:
    match value:
        case [list() | dict(), *_]:  # each of them must hold
            return " and ".join(map(_value, value))
        case {"n": int(number), "per_s": int(seconds) | float(seconds), **rest} if not rest:
            return f"{number:,} per {span(seconds)}"
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def dollars(micro_usd: int) -> str:
    """Micro-USD as dollars, to the cent or as far as it goes.

    >>> dollars(12_500_000), dollars(1_234_000_000), dollars(1_500), dollars(-20_000)
    ('$12.50', '$1,234.00', '$0.0015', '-$0.02')
    """
    whole, rest = divmod(abs(micro_usd), 1_000_000)
    digits = f"{rest:06d}"[:2] if rest % _WHOLE == 0 else f"{rest:06d}".rstrip("0")
    return f"{'-' if micro_usd < 0 else ''}${whole:,}.{digits}"


def span(seconds: float) -> str:
    """Seconds in the largest unit that they are a whole number of.

    >>> span(900), span(14_400), span(90), span(0.25), span(172_800), span(0)
    ('15 min', '4 h', '90 s', '0.25 s', '2 d', '0 s')
    """
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds / size:,g} {unit}"
    return f"{seconds:,g} s"
