"""Of a decision, whatever class it is of, what tells whether the action goes ahead (S8, S9).

Standard library only: this module is inlined into exported engines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Ruled", "Varied", "goes"]


class Varied(Protocol):
    """A remediation: what it sets, whether the caller may dispatch the variant, and in words."""

    @property
    def set(self) -> Mapping[str, Any]: ...
    @property
    def apply(self) -> str: ...
    @property
    def suggestion(self) -> Sequence[str]: ...


class Ruled(Protocol):
    """What was decided, by which rule and why, under which limits, with which variant."""

    @property
    def decision(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def missing(self) -> Sequence[str]: ...
    @property
    def constraints(self) -> Mapping[str, Any]: ...
    @property
    def remediation(self) -> Varied | None: ...


def goes(decision: Ruled) -> bool | None:
    """Whether the action goes ahead, its constraints aside; None where a person is to be asked."""
    match decision.decision:
        case "ALLOW" | "ALLOW_WITH_CONSTRAINTS":
            return True
        case "REMEDIATE":
            return decision.remediation is not None and decision.remediation.apply == "automatic"
        case "REQUIRE_APPROVAL":
            return None
        case _:
            return False
