"""The four states of an attribute, and how results absorb one another (S2)."""

from __future__ import annotations

from itertools import product

import pytest

from govlab.runtime.states import (
    ABSENT,
    ERROR,
    MALFORMED,
    UNKNOWN,
    both,
    either,
    present,
    read,
    worst,
)


@pytest.mark.parametrize(
    ("state", "value", "there"),
    [(1, 1, True), (None, None, True), (False, False, True), (0.0, 0.0, True),
     (ABSENT, ERROR, False), (MALFORMED, ERROR, True), (UNKNOWN, UNKNOWN, UNKNOWN)],
)  # fmt: skip
def test_reading_and_has(state, value, there):
    assert read(state) is value
    assert present(state) is there


@pytest.mark.parametrize(
    ("results", "found"),
    [((), None), ((1, "a"), None), ((1, ERROR), ERROR), ((UNKNOWN, 1), UNKNOWN),
     ((ERROR, UNKNOWN), UNKNOWN), ((UNKNOWN, ERROR), UNKNOWN), ((ERROR, ERROR), ERROR)],
)  # fmt: skip
def test_worst(results, found):
    assert worst(results) is found


RANK = {False: 0, UNKNOWN: 1, ERROR: 2, True: 3}  # `&&` is the least of its sides


@pytest.mark.parametrize(("left", "right"), list(product(RANK, RANK)))
def test_and_is_the_least_of_both(left, right):
    assert both(left, right) is min(left, right, key=RANK.__getitem__)


@pytest.mark.parametrize(("left", "right"), list(product(RANK, RANK)))
def test_or_is_and_of_the_negations(left, right):
    negated = {False: True, True: False, UNKNOWN: UNKNOWN, ERROR: ERROR}
    assert either(left, right) is negated[both(negated[left], negated[right])]


@pytest.mark.parametrize("other", [1, "true", None, (), 0, 1.0])
def test_what_is_no_bool_is_an_error_that_is_absorbed(other):
    assert both(other, True) is ERROR
    assert both(False, other) is False
    assert both(other, UNKNOWN) is UNKNOWN
    assert either(other, False) is ERROR
    assert either(True, other) is True
