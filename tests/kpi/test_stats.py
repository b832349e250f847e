"""Intervals against values from elsewhere."""

from __future__ import annotations

import pytest

from govlab.kpi.stats import Clusters, Ranked, design_effect, order_interval, quantile, wilson


@pytest.mark.parametrize(
    ("n", "d", "low", "high"),
    [  # R: prop.test(n, d, correct = FALSE)
        (0, 10, 0.0, 0.2775328),
        (1, 10, 0.0178762, 0.4041500),
        (15, 148, 0.0624247, 0.1605789),
        (81, 263, 0.2553285, 0.3662076),
        (10, 10, 0.7224672, 1.0),
    ],
)
def test_the_score_interval_is_that_of_the_books(n: int, d: int, low: float, high: float) -> None:
    assert wilson(n, d) == pytest.approx((low, high), abs=2e-4)


def clusters(*pairs: tuple[int, int]) -> Clusters:
    return Clusters(
        count=len(pairs),
        n=sum(n for n, _ in pairs),
        d=sum(d for _, d in pairs),
        nn=sum(n * n for n, _ in pairs),
        nd=sum(n * d for n, d in pairs),
        dd=sum(d * d for _, d in pairs),
    )


def test_runs_of_one_mind_count_once() -> None:
    """Twenty runs of ten actions, each all or nothing: 200 actions tell what 20 would."""
    found = design_effect(clusters(*[(10, 10)] * 10, *[(0, 10)] * 10))
    assert found == pytest.approx(10 * 20 / 19)


def test_actions_that_know_nothing_of_their_run_have_no_design_effect() -> None:
    assert design_effect(clusters(*[(5, 10)] * 20)) == 1.0


def test_single_actions_have_the_binomial_variance() -> None:
    found = design_effect(clusters(*[(1, 1)] * 30, *[(0, 1)] * 70))
    assert found == pytest.approx(100 / 99)


def test_the_design_effect_is_the_linearised_variance_of_a_ratio() -> None:
    pairs = [(1, 3), (0, 5), (4, 4), (2, 8), (3, 3), (0, 1), (1, 2), (6, 9), (0, 4), (2, 2)]
    n, d = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    rate, m = n / d, len(pairs)
    variance = m / (m - 1) * sum((a - rate * b) ** 2 for a, b in pairs) / d**2
    assert design_effect(clusters(*pairs)) == pytest.approx(variance / (rate * (1 - rate) / d))


def test_a_rate_of_nought_is_no_surer_than_its_runs() -> None:
    assert design_effect(clusters(*[(0, 10)] * 20)) == 10.0


@pytest.mark.parametrize(
    ("size", "low", "high"),
    # Conover, Practical Nonparametric Statistics: ranks around the median, 95 %
    [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (100, 40, 61)],
)
def test_the_median_lies_between_two_ranks(size: int, low: int, high: int) -> None:
    assert order_interval(Ranked.of(range(1, size + 1), [1] * size), 0.5) == (low, high)


def test_too_few_values_have_no_interval() -> None:
    assert order_interval(Ranked.of(range(5), [1] * 5), 0.5) is None


def test_quantiles_are_values_that_occur() -> None:
    table = Ranked.of([1, 7, 500], [90, 9, 1])
    assert [quantile(table, q) for q in (0.0, 0.5, 0.9, 0.91, 0.99, 1.0)] == [1, 1, 1, 7, 7, 500]
