"""Whether a figure keeps to a bound, surely: by the worse end, all unknown counted against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from govlab.assess.sentences import amount
from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Value

__all__ = ["Bound", "Kept", "Side", "kept"]

Side = Literal["numerator", "rest", "unknown"]


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
        gap = f"the log cannot tell for {value.unknown:,} actions"
        return Kept(None, gap if value.unknown else "there is nothing to count", None, "unknown")
    end = value.low if bound.at_least else value.high
    if end is None:
        few = f"{amount(value.value, unit)}, of too few runs to be sure"
        return Kept(None, few, None, side)
    worse = _against(end, value, bound.at_least)
    holds = worse >= bound.bound if bound.at_least else worse <= bound.bound
    return Kept(holds, _reason(value, worse, unit), _short(bound, value), side)


def _against(end: float, value: Value, least: bool) -> float:
    """`end` if all that is unknown went the wrong way."""
    if not value.unknown or not value.denominator:
        return end
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
    wanted = bound.bound * value.denominator
    if bound.at_least:
        return max(math.ceil(wanted) - value.numerator, 0)
    return max(value.numerator - math.floor(wanted), 0)
