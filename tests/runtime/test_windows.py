"""Sums by key that leave when their time comes, in memory and in SQLite (S8)."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.enforcing.ledgers import SCHEMA, SqliteLedger
from govlab.runtime.values import INT_MAX, Timestamp
from govlab.runtime.windows import FOREVER, Ledger, Windows
from tests.work import steps


def sqlite_ledger() -> SqliteLedger:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    return SqliteLedger(connection)


LEDGERS = {"memory": Windows, "sqlite": sqlite_ledger}
KEYS: list[Any] = [("a",), ("b", 1), (Timestamp(0), ("x", "y")), (0.0,), (-0.0,), None]

amounts = st.integers(-3, 3) | st.sampled_from([INT_MAX, "error", "unknown"])
added = st.tuples(st.sampled_from(KEYS), st.integers(0, 20) | st.just(FOREVER), amounts)


@pytest.mark.parametrize("make", LEDGERS.values(), ids=LEDGERS)
@given(st.lists(st.tuples(st.integers(0, 3), added), max_size=30))
def test_a_total_is_what_has_not_left(make: Any, drawn: list[tuple[int, Any]]) -> None:
    """Whatever the order in which amounts come: those of answers come late."""
    ledger, now, all_of_them = make(), 0, []
    for waits, (key, until, amount) in drawn:
        now += waits
        for asked in KEYS:
            counting = [a for k, u, a in all_of_them if k == asked and u > now]
            wanted = next((m for m in ("unknown", "error") if m in counting), None)
            assert ledger.total("f", asked, now) == (sum(counting) if wanted is None else wanted)
            assert ledger.total("g", asked, now) == 0
        ledger.add("f", key, until, amount)
        all_of_them.append((key, until, amount))


@pytest.mark.parametrize("make", LEDGERS.values(), ids=LEDGERS)
def test_the_first_event_looked_at_is_the_beginning(make: Any) -> None:
    ledger: Ledger = make()
    assert ledger.began("f") is None
    ledger.begin("f", 5)
    ledger.begin("f", 9)
    assert (ledger.began("f"), ledger.began("g")) == (5, None)


def test_keys_of_which_nothing_is_left_are_forgotten() -> None:
    ledger = Windows()
    ledger.add("f", ("kept",), FOREVER, 1)
    for now in range(20_000):
        ledger.total("f", (now,), now)
        ledger.add("f", (now,), now + 10, 1)
    assert len(ledger) < 3_100
    assert ledger.total("f", ("kept",), 10**9) == 1


def test_the_work_of_an_event_does_not_grow_with_what_came_before() -> None:
    ledger = Windows()

    def some(first: int) -> None:
        for now in range(first, first + 500):
            ledger.total("f", ("a",), now)
            ledger.add("f", ("a",), now + 3_000, 1)

    # the window is full from the seventh on
    work = [steps(partial(some, first)) for first in range(0, 6_000, 500)]
    assert max(work[7:]) <= 1.5 * work[0]


def test_sqlite_forgets_what_has_left() -> None:
    ledger = sqlite_ledger()
    for now in range(50):
        ledger.add("f", (now,), now + 5, 1)
        ledger.forget(now)
    count = ledger._connection.execute(
        "SELECT (SELECT count(*) FROM windows), (SELECT count(*) FROM amounts)"
    )
    assert count.fetchone() == (5, 5)
