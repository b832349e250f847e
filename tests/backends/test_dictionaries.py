"""Equal cells have equal codes in every batch, whatever the column holds them as."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.backends.columnar.dictionaries import ABSENT, FIRST, MALFORMED, Dictionary
from govlab.backends.columnar.packed import pack, unpack

TEXTS = pl.List(pl.String)
FEW = st.sampled_from(["", "a", "b", "pii", "a,b"])
LISTS = st.lists(st.none() | st.lists(st.none() | FEW, max_size=4), max_size=12)
MANY = [[f"tag-{n}"] for n in range(300)]
FULL = [*([f"e{n}"] for n in range(252)), ["e251"] * 8, ["e250"] * 8]
LONG = [["x"] * 9, ["x"] * 8, ["x"] * 300]


def meaning(known: Dictionary, code: int) -> object:
    """What a code stands for."""
    return known.values[code - FIRST] if code >= FIRST else code


def wanted(cell: list[str | None] | None) -> object:
    """What a cell is coded as."""
    if cell is None:
        return ABSENT
    return MALFORMED if None in cell else tuple(cell)


def check(known: Dictionary, cells: list[list[str | None] | None]) -> None:
    series = pl.Series(cells, dtype=TEXTS)
    codes = known.encode(series)
    assert [meaning(known, c) for c in codes] == list(map(wanted, cells))
    again = known.seen(series)
    if again is not None:  # lists that are no words are always encoded
        assert again.to_list() == codes.to_list()


@given(st.lists(LISTS, min_size=1, max_size=3))
def test_lists_are_what_their_codes_stand_for(batches: list[list[list[str | None] | None]]) -> None:
    known = Dictionary("risk_tags")
    for cells in batches:
        check(known, cells)
    assert len(set(known.values)) == len(known.values)


@pytest.mark.parametrize(
    "cells", [MANY, LONG, FULL], ids=["many elements", "long lists", "as many as can be"]
)
def test_lists_that_are_no_words_have_the_codes_of_their_like(cells: list[list[str]]) -> None:
    known = Dictionary("risk_tags")
    check(known, [["x"], ["tag-7"], []])
    check(known, [*cells, ["x"], None, [None], ["tag-7"], []])
    check(known, [["x"], [], ["tag-7"]])
    assert len(set(known.values)) == len(known.values)


def test_what_is_not_known_yet_is_not_seen() -> None:
    known, first = Dictionary("risk_tags"), pl.Series([["a"], ["b", "a"]], dtype=TEXTS)
    assert known.seen(first) is None
    known.encode(first)
    assert known.seen(first) is not None
    assert known.seen(pl.Series([["c"]], dtype=TEXTS)) is None, "an element is new"
    assert known.seen(pl.Series([["a", "b"]], dtype=TEXTS)) is None, "the list is new"
    check(known, [None, ["a"]])
    assert known.seen(pl.Series([["a"], None], dtype=TEXTS)).to_list() == [FIRST, ABSENT]


def test_texts_are_seen_as_categories_or_as_they_are() -> None:
    known, cells = Dictionary("env"), pl.Series(["dev", None, "prod", "dev"])
    codes = known.encode(cells)
    assert codes.to_list() == [FIRST, ABSENT, FIRST + 1, FIRST]
    assert known.seen(cells).to_list() == codes.to_list()
    assert known.seen(pl.Series(["staging"])) is None
    other = pl.Series(["prod"], dtype=pl.Categorical(pl.Categories.random()))
    assert known.seen(other) is None, "another numbering of the same texts"
    assert known.encode(other).to_list() == [FIRST + 1]


@given(st.lists(st.lists(st.integers(0, 253), max_size=8), min_size=1, max_size=20))
def test_a_word_is_one_list(lists: list[list[int]]) -> None:
    codes = pl.Series([c for one in lists for c in one], dtype=pl.UInt32)
    words = pack(codes, pl.Series([len(one) for one in lists]))
    assert words is not None
    assert [unpack(word) for word in words.tolist()] == lists


@pytest.mark.parametrize(("codes", "lengths"), [([254], [1]), ([1] * 9, [9])])
def test_what_fits_no_word_is_refused(codes: list[int], lengths: list[int]) -> None:
    assert pack(pl.Series(codes, dtype=pl.UInt32), pl.Series(lengths)) is None
