"""Plain text: nothing untrusted moves the cursor, no share claims more than it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from govlab.report.text import clean, clean_lines, cut, percent, share, table


@given(st.text())
def test_clean_text_is_one_printable_line(text: str) -> None:
    assert clean(text).isprintable()
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FF)))
def test_visible_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202e", "\\u202e"),
        ("\u2066", "\\u2066"),
        ("\u200b", "\\u200b"),
        ("\x07", "\\x07"),
        ("\ud800", "\\ud800"),
        ("\x9b", "\\x9b"),
        ("\u3164", "\\u3164"),
        ("\ufe0f", "\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("a\nb", "a\N{SYMBOL FOR NEWLINE}b"),
    ],
)
def test_what_is_not_seen_is_written_out(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_lines_stay_lines() -> None:
    assert clean_lines("p.yaml:1:2: a\x1b[2J\n\t^") == "p.yaml:1:2: a\\x1b[2J\n\t^"


def test_absent_is_a_dash() -> None:
    assert clean(None) == "-"


@given(st.text(max_size=30), st.integers(1, 30))
def test_cut_fits(text: str, cells: int) -> None:
    assert cell_len(cut(clean(text), cells)) <= cells


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_percent_never_claims_all_or_nothing_falsely(part: int, whole: int) -> None:
    part = min(part, whole)
    shown = percent(part, whole)
    assert (shown == "0 %") is (part == 0)
    assert (shown in ("100 %", "100.0 %")) is (part == whole)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(996, 1000, "99.6 %"), (1, 8, "12 %"), (1, 200, "0.5 %"), (1, 1, "100 %"), (0, 0, "-")],
)
def test_percent(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


def test_share() -> None:
    assert share(1200, 2400) == "1,200 of 2,400 (50 %)"


def test_table_is_aligned_and_cleaned() -> None:
    lines = table(["a", "n"], [["x\n", 1], ["日本", 100]], right=[1], most=40)
    assert [cell_len(line) for line in lines] == [cell_len(lines[0])] * 3
    assert lines[1].endswith("  1")
    assert not any("\n" in line for line in lines)


def test_a_table_without_rows_is_nothing() -> None:
    assert table(["a"], []) == []


def test_the_last_heading_stays_whole_where_no_room_is_left() -> None:
    found = table(("a", "approval_status"), [("x" * 44, "none")], most=50)
    assert found[0].endswith("  approval_status")
