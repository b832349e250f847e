"""Whether a figure keeps to a bound, surely: by the worse end, all unknown counted against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from govlab.assess.sentences import actions, amount
from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Value

__all__ = ["Bound", "Kept", "Side", "is_number", "kept", "meets", "worst"]

Side = Literal["numerator", "rest", "unknown"]


def is_number(given: Any) -> bool:
    """Whether `given`, of a YAML file, is a number that a figure can be held against.

    >>> is_number(0.95), is_number(float("nan")), is_number(True)
    (True, False, False)
    """
    return type(given) in (int, float) and math.isfinite(given)


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure and what it must reach, in its unit."""

    figure: str
    bound: float
    at_least: bool

    @property
    def asks(self) -> str:
        """The bound in words, e.g. `at least 95.0 %`."""
        word = "at least" if self.at_least else "at most"
        return f"{word} {amount(self.bound, FIGURES[self.figure].unit)}"


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether a bound holds, and why; None where nobody can tell.

    `short` are events that would have to be otherwise; `against` the side of the figure that
    speaks against the bound: its counter-examples.
    """

    holds: bool | None
    reason: str
    short: int | None
    against: Side


def kept(bound: Bound, value: Value) -> Kept:
    """What `value` bears out of `bound`.

    >>> half = Value("audit.actor_share", None, None, 0.5, 5, 10, 0, 0.3, 0.7)
    >>> kept(Bound("audit.actor_share", 0.9, True), half).reason
    '50.0 % (5 of 10), at worst 30.0 %'
    """
    unit = FIGURES[bound.figure].unit
    side: Side = "rest" if bound.at_least else "numerator"
    if value.value is None:
        gap = f"the log cannot tell for {actions(value.unknown)}"
        return Kept(None, gap if value.unknown else "there is nothing to count", None, "unknown")
    end = value.low if bound.at_least else value.high
    if end is None:
        few = f"{amount(value.value, unit)}, of too few runs to be sure"
        return Kept(None, few, None, side)
    worse = worst(end, value, least=bound.at_least)
    if worse is None:
        gap = f"{amount(value.value, unit)}, and the log cannot tell for {actions(value.unknown)}"
        return Kept(None, gap, None, "unknown")
    holds = meets(bound, worse)
    if not holds and meets(bound, end):
        side = "unknown"
    return Kept(holds, _reason(value, worse, unit), _short(bound, value), side)


def meets(bound: Bound, value: float) -> bool:
    """Whether `value` keeps to `bound`."""
    return value >= bound.bound if bound.at_least else value <= bound.bound


def worst(end: float, value: Value, *, least: bool) -> float | None:
    """`end` of the interval of `value` if all that is unknown went the wrong way.

    None where nobody can tell how far that would go: of a share each unknown action is one more or
    one less, but a time or an amount has no worst.

    >>> share = Value("audit.actor_share", None, None, 0.8, 40, 50, 50)
    >>> worst(0.8, share, least=True), worst(0.8, share, least=False)
    (0.4, 0.9)
    >>> worst(60, Value("approvals.wait_p50", None, None, 60, None, 50, 50), least=False) is None
    True
    """
    if not value.unknown:
        return end
    if value.numerator is None or not value.denominator:
        return None
    known, every = value.denominator, value.denominator + value.unknown
    return end * known / every if least else (end * known + value.unknown) / every


def _reason(value: Value, worse: float, unit: str) -> str:
    counted = "" if value.numerator is None else f" ({value.numerator:,} of {value.denominator:,})"
    unknown = f", {value.unknown:,} unknown" if value.unknown else ""
    return f"{amount(value.value, unit)}{counted}{unknown}, at worst {amount(worse, unit)}"


def _short(bound: Bound, value: Value) -> int | None:
    """How many counted events would have to be otherwise for the value to reach the bound."""
    if value.numerator is None or not value.denominator:
        return None
    wanted = Fraction(str(bound.bound)) * value.denominator
    if bound.at_least:
        return max(math.ceil(wanted) - value.numerator, 0)
    return max(value.numerator - math.floor(wanted), 0)
