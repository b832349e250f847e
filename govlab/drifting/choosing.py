"""Which of many changes are told: so that at most a tenth of those told are none.

Benjamini and Hochberg 1995 over all series, with weights (Genovese, Roeder and Wasserman 2006): the
first questions about the whole log count more than one agent's timeouts. However few series there
are, none is told that chance alone would show in one of a hundred looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from govlab.drifting.model import Verdict

__all__ = ["FALSE_SHARE", "HOLD", "SURE", "chosen"]

FALSE_SHARE: Final = 0.1
"""The share of alerts that may be false."""
SURE: Final = 0.01
"""The greatest probability of an alert where nothing changed."""
HOLD: Final = 0.1
"""Up to this probability an alert that was told once is told on."""


def chosen(verdicts: Sequence[Verdict], told: frozenset[str] = frozenset()) -> list[Verdict]:
    """The verdicts that are alerts; `told` are the ids of those that an earlier run told.

    >>> chosen([])
    []
    """
    limit = _limit(verdicts)
    return [one for one in verdicts if one.held and (_is_told(one, limit) or _goes_on(one, told))]


def _is_told(one: Verdict, limit: float) -> bool:
    return one.p <= SURE and _own(one) <= limit


def _goes_on(one: Verdict, told: frozenset[str]) -> bool:
    return one.id in told and one.p <= HOLD


def _own(one: Verdict) -> float:
    return one.p / one.weight


def _limit(verdicts: Sequence[Verdict]) -> float:
    """The greatest of the weighted probabilities that is still small enough for its rank."""
    total = sum(one.weight for one in verdicts)
    ranked = sorted(map(_own, verdicts))
    passed = [p for rank, p in enumerate(ranked, 1) if p <= FALSE_SHARE * rank / total]
    return max(passed, default=-1.0)
