"""Of many series few are told: Benjamini-Hochberg, written again from its text."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from govlab.drifting.choosing import FALSE_SHARE, HOLD, SURE, chosen
from govlab.drifting.model import Key, Verdict

DAY = date(2026, 3, 2)


def verdict(p: float, *, at: str = "a", held: bool = True, weight: float = 1.0) -> Verdict:
    """A verdict of which only these matter."""
    return Verdict(
        Key("decisions.deny_rate", "workflow", at), "fell", "changed", "share", p, -3.0, DAY, DAY,
        DAY, 0.2, 0.1, -0.15, -0.05, 200, 1000, 10, 100, 1.0, held, weight=weight,
    )  # fmt: skip


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=60))
def test_as_the_paper_says(probabilities: list[float]) -> None:
    verdicts = [verdict(p, at=str(n)) for n, p in enumerate(probabilities)]
    ranked = sorted(probabilities)
    allowed = [
        p for rank, p in enumerate(ranked, 1) if p <= FALSE_SHARE * rank / len(probabilities)
    ]
    limit = min(max(allowed, default=0), SURE)
    assert [one.p for one in chosen(verdicts)] == [p for p in probabilities if p <= limit]


def test_one_series_alone_is_told_no_sooner() -> None:
    assert chosen([verdict(SURE * 1.1)]) == []
    assert len(chosen([verdict(SURE * 0.9)])) == 1


def test_small_changes_are_not_told_however_sure() -> None:
    assert chosen([verdict(1e-30, held=False)]) == []


def test_first_questions_count_more() -> None:
    others = [verdict(0.5, at=str(n)) for n in range(99)]
    p = 3 * FALSE_SHARE / 100
    assert chosen([verdict(p, at="x"), *others]) == []
    assert len(chosen([verdict(p, at="x", weight=8.0), *others])) == 1


def test_what_was_told_is_told_on_while_it_is_likely() -> None:
    likely, unlikely = verdict(HOLD), verdict(HOLD * 1.01, at="b")
    told = frozenset({likely.id, unlikely.id})
    assert chosen([likely, unlikely], told) == [likely]
    assert chosen([likely, unlikely]) == []
