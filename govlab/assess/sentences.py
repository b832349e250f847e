"""Figures in words: each number with its unit, as a person would say it (J15)."""

from __future__ import annotations

from govlab.kpi.model import Figure, Stored, Value

__all__ = ["actions", "amount", "sentence"]

_UNTOLD = {"price": "Nobody has said what an answer costs"}
_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_FLOOR = 0.0005


def amount(value: float | None, unit: str) -> str:
    """`value` in `unit` for people.

    >>> amount(0.05, "share"), amount(7322, "s"), amount(1_500_000, "micro-USD"), amount(None, "s")
    ('5.0 %', '2 h 2 min', '1.50 USD', 'unknown')
    """
    if value is None:
        return "unknown"
    if unit == "share":
        return _percent(value)
    if unit == "s":
        return _duration(int(value))
    if unit == "micro-USD":
        return _money(int(value))
    return f"{value:,} {unit}" if unit in ("min", "people") else f"{value:,}"


def _percent(share: float) -> str:
    """Neither 0 nor 100 % where it is not: a rare event is not none."""
    if 0 < share < _FLOOR:
        return "under 0.05 %"
    if 1 - _FLOOR < share < 1:
        return "over 99.95 %"
    return f"{share * 100:.1f} %"


def _money(micro: int) -> str:
    cents, rest = divmod(abs(micro), 10_000)
    cents += rest >= 5_000  # half a cent goes up; exact money is in the JSON
    return f"{'-' if micro < 0 else ''}{cents // 100:,}.{cents % 100:02d} USD"


def _duration(seconds: int) -> str:
    """The two largest units."""
    for place, (size, name) in enumerate(_STEPS):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            below = _STEPS[place + 1 : place + 2]
            more = [f"{rest // s} {n}" for s, n in below if rest // s]
            return " ".join([f"{count:,} {name}", *more])
    return "0 s"


def sentence(figure: Figure, value: Value) -> str:
    """The figure's plain sentence with its numbers; what is unknown is said."""
    if value.value is None:
        return f"{figure.question} {_silence(figure, value)}."
    said = figure.says.format(
        value=amount(value.value, figure.unit),
        numerator=_count(value.numerator),
        denominator=_count(value.denominator),
    )
    return f"{said} For {value.unknown:,} more it is unknown." if value.unknown else said


def _silence(figure: Figure, value: Value) -> str:
    """Nothing to count is no gap in the log, and what nobody checked is no gap either."""
    if not value.unknown:
        return "There was nothing to count"
    if isinstance(figure.measure, Stored):
        return _UNTOLD.get(figure.measure.result, "Nobody has checked yet")
    known = f", and can for {value.denominator:,}" if value.denominator else ""
    return f"The log cannot tell for {actions(value.unknown)}{known}"


def actions(number: int) -> str:
    """A number of them.

    >>> actions(1), actions(1_200)
    ('1 action', '1,200 actions')
    """
    return "1 action" if number == 1 else f"{number:,} actions"


def _count(number: int | None) -> str:
    return "no" if number is None else f"{number:,}"
