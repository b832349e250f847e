"""What moved between two scorecards, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govlab.assess.sentences import amount
from govlab.report.scorecard.sheet import Sheet
from govlab.report.text import counted

__all__ = ["HEADER", "Move", "moves", "moves_line"]

HEADER = ("Figure", "Before", "Now", "Change", "Of which rates", "Of which mix", "Verdict")
"""The columns of a table of moves."""
_UNTOLD = {
    (False, False): "the same",
    (True, True): "unknown, before and now",
    (True, False): "unknown before",
    (False, True): "unknown now",
}  # by whether the value before is unknown, and that now
_ORDER = ("worse", "unknown", "better", "changed", "same")


@dataclass(frozen=True, slots=True)
class Move:
    """One figure before and now, as a comparison gives it."""

    id: str
    unit: str
    before: float | None
    after: float | None
    direction: str
    clear: bool | None
    rate: float | None
    mix: float | None

    @property
    def verdict(self) -> str:
        """The direction in words, and whether it is more than chance."""
        if self.direction in ("same", "unknown"):
            return _UNTOLD[self.before is None, self.after is None]
        if self.clear is None:
            return f"{self.direction}, no interval"
        return self.direction if self.clear else f"perhaps {self.direction}"

    def cells(self) -> tuple[str, ...]:
        """The cells of the table, but for the first."""
        change = None if None in (self.before, self.after) else _less(self.after, self.before)
        moved = (_moved(number, self.unit) for number in (change, self.rate, self.mix))
        return (amount(self.before, self.unit), amount(self.after, self.unit), *moved, self.verdict)


def moves(comparison: Mapping[str, Any]) -> tuple[Move, ...]:
    """The moves of a comparison: what is clearly worse first, what is the same last."""
    names = Move.__dataclass_fields__
    found = [Move(**{name: entry.get(name) for name in names}) for entry in comparison["figures"]]
    return tuple(sorted(found, key=_rank))


def _rank(move: Move) -> tuple[bool, bool, int]:
    return move.direction == "same", not move.clear, _ORDER.index(move.direction)


def moves_line(comparison: Mapping[str, Any], sheet: Sheet) -> str:
    """How many figures moved beyond their intervals, and the first that got worse."""
    found = moves(comparison)
    sure = Counter(move.direction for move in found if move.clear)
    worst = next((m for m in found if m.clear and m.direction == "worse"), None)
    told = f"{sure['worse']} worse and {sure['better']} better beyond their intervals"
    first = f"Of {counted(len(found), 'figure')} compared with {sheet.other_period}, {told}"
    row = sheet.row(worst.id) if worst else None
    if worst is None or row is None:
        return f"{first}."
    ends = f"{amount(worst.before, worst.unit)} before, {amount(worst.after, worst.unit)} now"
    return f"{first}; the first: {row.question} {ends}."


def _less(after: float | None, before: float | None) -> float:
    return (after or 0) - (before or 0)


def _moved(change: float | None, unit: str) -> str:
    """A change with its sign; shares move by points."""
    if change is None:
        return "-"
    sign = "-" if change < 0 else "+" if change > 0 else ""
    if unit != "share":
        return f"{sign}{amount(abs(change), unit)}"
    points = f"{abs(change) * 100:.1f}"
    return f"{sign}{'<0.1' if change and points == '0.0' else points} points"
