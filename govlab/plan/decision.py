"""What a decision is: the same fields in every engine, frame and file (S18, S22)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["RESTRICTIVENESS", "Decision", "Remedy", "Requirement"]

RESTRICTIVENESS = {
    "ALLOW": 0,
    "ALLOW_WITH_CONSTRAINTS": 1,
    "REMEDIATE": 2,
    "REQUIRE_APPROVAL": 3,
    "DENY": 4,
}
"""The five decisions, from the loosest to the most restrictive (S4.2e)."""


class Requirement(NamedTuple):
    """One approval that must be met (S4.4); `policy` is None for the default's."""

    policy: str | None
    rule: str
    approvers: tuple[str, ...]
    quorum: int
    expires_after_s: float | None
    separation_of_duties: bool


class Remedy(NamedTuple):
    """The safer variant (S6): attributes set, the variant's new arguments digest, the texts."""

    set: Mapping[str, Any]
    apply: str
    suggestion: tuple[str, ...] = ()
    args_sha256: str | None = None


class Decision(NamedTuple):
    """The answer for one event; `status` is decided, error or undecidable (S4.2, S14)."""

    decision: str
    status: str
    policy: str | None = None
    rule: str = "default"
    gate: str | None = None
    reason: str | None = None
    risk: str | None = None
    constraints: Mapping[str, Any] = {}  # shared, as decisions are: not to be changed
    approvals: tuple[Requirement, ...] = ()
    evidence_required: bool = False
    remediation: Remedy | None = None
    missing: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()
    digest: str = ""
    enforced: Decision | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: lists for tuples, no key left out but `enforced` where it is the same."""
        plain = {key: _plain(value) for key, value in self._asdict().items()}
        if self.enforced is None:
            del plain["enforced"]
        return plain


def _plain(value: Any) -> Any:
    match value:
        case Decision():
            return value.to_dict()
        case Requirement() | Remedy():
            return _plain(value._asdict())
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case _:
            return value
