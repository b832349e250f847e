"""Equality, order and maps, as the language definition has them and Python has not."""

from __future__ import annotations

import math

import pytest

from govlab.runtime.values import (
    CelError,
    Duration,
    Map,
    Timestamp,
    TypeValue,
    Uint,
    compare,
    equals,
    kind,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "bool"), (1, "int"), (Uint(1), "uint"), (1.0, "double"), ("", "string"),
        (b"", "bytes"), (None, "null"), ((), "list"), ([], "list"), (Map(()), "map"),
        (Timestamp(0), "timestamp"), (Duration(0), "duration"), (TypeValue("int"), "type"),
    ],
)  # fmt: skip
def test_kind(value, name):
    assert kind(value) == name


EQUAL = [
    (1, 1.0, True), (1, Uint(1), True), (Uint(1), 1.0, True), (0.0, -0.0, True), (NAN, NAN, False),
    (True, 1, False), (False, 0, False), (True, 1.0, False), (1, "1", False), ("a", b"a", False),
    (None, None, True), (None, 0, False), (None, "", False),
    # an int beside a double is made a double first
    (2**63 - 1, 2.0**63, True), (2**53 + 1, 2.0**53, True), (Uint(2**64 - 1), 2.0**64, True),
    (2**63 - 1, Uint(2**63), False),
    ((1, 2), (1.0, Uint(2)), True), ((1,), (True,), False), ((), (), True), ((1,), (1, 2), False),
    ((NAN,), (NAN,), False), ((1,), Map([(0, 1)]), False),
    (Map([(1, "a")]), Map([(Uint(1), "a")]), True), (Map([(1, 1)]), Map([(1, 1.0)]), True),
    (Map([("a", 1)]), Map([("a", 2)]), False), (Map([("a", 1)]), Map([("b", 1)]), False),
    (Map([("a", 1)]), Map([("a", 1), ("b", 1)]), False), (Map([(True, 1)]), Map([(1, 1)]), False),
    (Timestamp(1), Timestamp(1), True), (Timestamp(1), Duration(1), False),
    (TypeValue("int"), TypeValue("int"), True), (TypeValue("int"), TypeValue("uint"), False),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "same"), EQUAL)
def test_equals_in_both_directions(left, right, same):
    assert equals(left, right) is same
    assert equals(right, left) is same


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        (1, 2, -1), (1, 1.5, -1), (Uint(2), 1, 1), (-1, Uint(0), -1), (Uint(2**63), -(2**63), 1),
        (2**63 - 1, 2.0**63, 0), (NAN, 1, None), (1.0, NAN, None), (NAN, NAN, None),
        (-math.inf, -(2**63), -1), (False, True, -1), ("a", "b", -1), ("Z", "a", -1), ("", "a", -1),
        # by code point, which is also the order of the UTF-8
        ("\uffff", "\U00010000", -1), (b"\xff", b"a", 1), (b"", b"\x00", -1),
        (Timestamp(1), Timestamp(2), -1), (Duration(-1), Duration(0), -1),
    ],
)  # fmt: skip
def test_compare(left, right, order):
    assert compare(left, right) == order
    assert compare(right, left) == (None if order is None else -order)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, "1"), (True, 1), (None, None), ((1,), (2,)), (Map(()), Map(())), ("a", b"a"),
     (Timestamp(0), Duration(0)), (TypeValue("int"), TypeValue("int"))],
)  # fmt: skip
def test_what_has_no_order_is_an_error(left, right):
    with pytest.raises(CelError, match="no such overload"):
        compare(left, right)


def test_map_keys_are_equal_where_the_language_says_so():
    entries = Map([(1, "one"), (True, "yes"), ("1", "text"), (Uint(2), "two")])
    assert [entries[k] for k in (1, Uint(1), 1.0)] == ["one"] * 3
    assert (entries[True], entries["1"], entries[2], len(entries)) == ("yes", "text", "two", 4)
    assert [k in entries for k in (False, 1.5, NAN, "2", b"1", None, ())] == [False] * 7
    assert list(entries) == [1, True, "1", Uint(2)]


@pytest.mark.parametrize("key", [3, "a", False, 1.5, NAN, math.inf, None, (), b""])
def test_a_key_that_is_not_there_is_an_error(key):
    with pytest.raises(CelError, match="no such key"):
        Map([(1, "a"), (True, "b")])[key]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([(1, 2), (1, 3)], "duplicate map key `1`"),
        ([(1, 2), (Uint(1), 3)], "duplicate map key"),
        ([(1.0, 2)], "cannot be a double"),
        ([(None, 2)], "cannot be a null"),
        ([((), 2)], "cannot be a list"),
        ([(b"a", 2)], "cannot be a bytes"),
    ],
)
def test_keys_that_no_map_has(entries, message):
    with pytest.raises(CelError, match=message):
        Map(entries)
