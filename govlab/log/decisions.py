"""The words sources use for decisions, and the five that govlab knows (S15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from govlab.schema import RECORDED_DECISIONS

__all__ = ["WORDS", "Recorded", "recorded"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision in govlab's words and, where the source's word says more, the reason."""

    decision: str
    reason: str | None = None


_BY_DECISION = {
    "ALLOW": ("allow", "allowed", "accept", "accepted", "permit", "permitted"),
    "DENY": ("deny", "denied", "block", "blocked", "reject", "accessdenied", "access_denied"),
    "REQUIRE_APPROVAL": (
        "escalate",
        "ask",
        "require_human",
        "require_approval",
        "pending_approval",
    ),
    "ALLOW_WITH_CONSTRAINTS": ("allow_with_constraints", "allow_with_limits"),
    "REMEDIATE": ("remediate", "transform", "updatedinput"),
    "UNAVAILABLE": ("unavailable",),
}

WORDS: Mapping[str, Recorded] = {
    **{name.lower(): Recorded(name) for name in RECORDED_DECISIONS},
    **{word: Recorded(name) for name, words in _BY_DECISION.items() for word in words},
    "throttle": Recorded("DENY", "throttle"),
    "warn": Recorded("ALLOW", "warn"),
    "checkpoint": Recorded("ALLOW", "warn"),
}
"""Lower-case word of a source to the decision it is (S15)."""


def recorded(word: str, own: Mapping[str, str] | None = None) -> Recorded | None:
    """The decision that `word` means, by a map's own words first; None where nobody knows.

    >>> recorded("throttle")
    Recorded(decision='DENY', reason='throttle')
    """
    if own and word in own:
        return Recorded(own[word])
    return WORDS.get(word.strip().lower())
