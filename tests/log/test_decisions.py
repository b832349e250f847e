"""The words of sources for decisions (S15)."""

from __future__ import annotations

import pytest

from govlab.log.decisions import WORDS, recorded
from govlab.schema import RECORDED_DECISIONS


@pytest.mark.parametrize(
    ("word", "decision", "reason"),
    [
        ("allow", "ALLOW", None), ("accept", "ALLOW", None), ("permit", "ALLOW", None),
        ("deny", "DENY", None), ("block", "DENY", None), ("AccessDenied", "DENY", None),
        ("escalate", "REQUIRE_APPROVAL", None), ("ask", "REQUIRE_APPROVAL", None),
        ("require_human", "REQUIRE_APPROVAL", None), ("pending_approval", "REQUIRE_APPROVAL", None),
        ("allow_with_constraints", "ALLOW_WITH_CONSTRAINTS", None),
        ("transform", "REMEDIATE", None),
        ("updatedInput", "REMEDIATE", None), ("throttle", "DENY", "throttle"),
        ("warn", "ALLOW", "warn"),
        ("checkpoint", "ALLOW", "warn"), ("UNAVAILABLE", "UNAVAILABLE", None),
    ],
)  # fmt: skip
def test_words(word: str, decision: str, reason: str | None) -> None:
    found = recorded(word)
    assert found is not None
    assert (found.decision, found.reason) == (decision, reason)


def test_unknown_words_are_unknown_and_maps_go_first() -> None:
    assert recorded("maybe") is None
    assert recorded("NONE") is None
    mapped = recorded("allow", {"allow": "DENY"})
    assert mapped is not None
    assert mapped.decision == "DENY"


def test_every_word_means_a_decision() -> None:
    assert {found.decision for found in WORDS.values()} == set(RECORDED_DECISIONS)
