"""Where a series changed: the day, how sure that is, and what is no change at all."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.random import default_rng

from govlab.drifting.looks import chance_of, tail
from govlab.drifting.shifts import SETTLED, Daily, shift_between, shifts


def _series(of: list[float], among: list[float], **more: object) -> Daily:
    clusters = np.array(among)
    return Daily(np.array(of), np.array(among), clusters, 0, **more)  # type: ignore[arg-type]


def _steady(days: int, rate: float, of_each: float = 100) -> tuple[list[float], list[float]]:
    return [rate * of_each] * days, [of_each] * days


def test_the_day_of_a_change_is_found() -> None:
    before, after = _steady(40, 0.1), _steady(10, 0.2)
    found = shifts(_series(before[0] + after[0], before[1] + after[1]))[0]
    assert (found.day, found.first, found.last) == (40, 40, 40)
    assert found.before == pytest.approx(0.1)
    assert (found.after, found.of_after, found.among_after) == (0.2, 200, 1000)
    assert found.z > 0
    assert found.p < 1e-6


def test_changes_before_and_after_the_surest_are_found_too() -> None:
    parts = [_steady(30, 0.1), _steady(30, 0.4), _steady(30, 0.2)]
    of, among = ([one for part in parts for one in part[column]] for column in (0, 1))
    assert [one.day for one in shifts(_series(of, among), sure=0.01)] == [30, 60]
    assert len(shifts(_series(of, among), sure=0.0)) == 1


def test_a_weekly_rhythm_is_no_change() -> None:
    week = [0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.5]
    of = [100 * week[day % 7] for day in range(61)]  # ends within a weekend
    found = shifts(_series(of, [100.0] * 61))[0]
    assert found.p == 1
    assert abs(found.z) < 0.01


def test_after_a_weekend_the_weekend_is_what_is_expected() -> None:
    """Two days of change on a weekend are held against weekends."""
    week = [0.1, 0.1, 0.1, 0.1, 0.1, 0.4, 0.4]
    rates = [week[day % 7] * (0.5 if day >= 61 else 1) for day in range(63)]
    found = shifts(_series([200 * rate for rate in rates], [200.0] * 63))[0]
    assert (found.day, found.after) == (61, 0.2)
    assert found.before == pytest.approx(0.4)


def test_actions_of_one_run_say_it_once() -> None:
    of, among = _steady(30, 0.1), _steady(10, 0.15)
    columns = of[0] + among[0], of[1] + among[1]
    alone = shifts(_series(*columns))[0]
    together = shifts(_series(*columns, deff=10.0))[0]
    assert together.z == pytest.approx(alone.z / math.sqrt(10), rel=1e-6)
    assert together.p > alone.p


def test_days_that_differ_more_than_runs_tell_are_believed() -> None:
    chance = default_rng(5)
    rates = np.clip(chance.normal(0.2, 0.08, 60), 0, 1)
    series = Daily(np.round(1000 * rates), np.full(60, 1000.0), np.full(60, 900.0), 0)
    found = shifts(series)[0]
    assert found.spread > 10
    assert found.p > 0.05


@pytest.mark.parametrize("days", [0, 1, SETTLED])
def test_too_few_days_say_nothing(days: int) -> None:
    assert shifts(_series(*_steady(days, 0.1))) == ()


def test_too_few_runs_say_nothing() -> None:
    series = Daily(np.full(30, 1.0), np.full(30, 50.0), np.full(30, 0.3), 0)
    assert shifts(series) == ()


def test_silence_is_a_change_of_a_count() -> None:
    of = np.array([40.0] * 30 + [0.0] * 3)
    series = Daily(of, np.ones(33), of / 5, 0, 5.0, count=True)
    found = shifts(series)[0]
    assert (found.day, found.after, found.of_after) == (30, 0, 0)
    assert found.before == pytest.approx(40)
    assert found.p < 1e-4


def test_two_periods_are_held_against_each_other_with_one_look() -> None:
    before, after = _steady(28, 0.1), _steady(7, 0.14)
    series = _series(before[0] + after[0], before[1] + after[1])
    one, many = shift_between(series, 28), shifts(series)[0]
    assert one is not None
    assert one.z == many.z
    assert one.p < many.p
    assert one.p == pytest.approx(2 * NormalDist().cdf(-abs(one.z)), rel=1e-4)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), min_size=20, max_size=40),
    st.integers(0, 6),
)
def test_what_is_expected_is_what_plain_python_expects(
    days: list[tuple[int, int]], weekday: int
) -> None:
    """Sums over weekdays that stand on both sides, written from the text."""
    of = [float(min(n, d)) for n, d in days]
    among = [float(d) for _, d in days]
    series = Daily(np.array(of), np.array(among), np.array(among), weekday)
    place = len(days) - 4
    assume(min(sum(among[:place]), sum(among[place:])) >= 10)
    found = shift_between(series, place)
    assert found is not None
    expected = seen = size = 0.0
    for day in range(7):
        before = [n for n in range(place) if (n + weekday) % 7 == day]
        after = [n for n in range(place, len(days)) if (n + weekday) % 7 == day]
        if before and after:
            rate = sum(of[n] for n in before) / sum(among[n] for n in before)
            expected += rate * sum(among[n] for n in after)
            seen += sum(of[n] for n in after)
            size += sum(among[n] for n in after)
    assert found.of_after == seen
    assert found.among_after == size
    assert found.before == pytest.approx(expected / size)


def test_the_tail_is_that_of_the_normal() -> None:
    for z in (-3.0, 0.0, 0.5, 2.0, 5.0, 8.0):
        assert float(tail(np.array([z]))[0]) == pytest.approx(NormalDist().cdf(-z), rel=1e-6)


def test_the_bound_of_many_looks_holds_and_is_near() -> None:
    """Against 20,000 walks whose neighbours go together as 0.9 (seeded)."""
    chance, looks, r = default_rng(1), 30, 0.9
    walk = chance.standard_normal((20_000, looks))
    for at in range(1, looks):
        walk[:, at] = r * walk[:, at - 1] + math.sqrt(1 - r * r) * walk[:, at]
    for z, loose in ((2.0, 1.6), (2.5, 1.35), (3.0, 1.25)):
        seen = float((np.abs(walk).max(axis=1) >= z).mean())
        assert 0.95 * seen <= chance_of(z, np.full(looks - 1, r)) <= loose * seen
