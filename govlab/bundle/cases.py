"""Decision cases of a bundle as written: an event, what else is known, and what is to come out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from govlab.bundle.fields import Text, Texts
from govlab.bundle.shape import Document

__all__ = ["CaseDocument", "WantDocument"]


def _thawed(value: Any) -> Any:
    """Lists instead of the tuples that strict models take."""
    match value:
        case tuple():
            return [_thawed(item) for item in value]
        case dict():
            return {key: _thawed(item) for key, item in value.items()}
        case _:
            return value


Event = Annotated[dict[str, Any], BeforeValidator(_thawed)]
Anything = Annotated[Any, BeforeValidator(_thawed)]


class WantDocument(Document):
    """What is compared; a key left out is not, so a misspelt one is refused (S1)."""

    decision: Text | None = None
    policy: Text | None = None
    rule: Text | None = None
    reason: str | None = None
    status: Literal["decided", "error", "undecidable"] | None = None
    risk: Text | None = None
    missing: Anything = None
    matched: Anything = None
    constraints: Anything = None
    approvals: Anything = None
    evidence_required: bool | None = None
    remediation: Anything = None
    gate: Text | None = None


class CaseDocument(Document):
    """One case of `cases/*.yaml`; `history` gives features, `events` what happened before."""

    title: str = ""
    event: Event
    unknown: Texts = ()
    history: Event = Field(default_factory=dict)
    events: tuple[Event, ...] = ()
    state: Literal["factual", "counterfactual"] = "counterfactual"
    held: Literal["recorded", "granted", "refused"] = "recorded"
    want: WantDocument
