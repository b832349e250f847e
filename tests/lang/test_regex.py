"""The patterns we accept are RE2's, and polars finds with ours what RE2 finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import re2
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from govlab.lang import regex
from govlab.lang.codepoints import byte_weight, category, fold
from govlab.lang.regex_syntax import read
from tests.lang.regex_patterns import grammar, re2_accepts, re2_search, soup, texts

CASES = yaml.safe_load((Path(__file__).parents[1] / "conformance/regex.yaml").read_text("utf-8"))

# What RE2 takes and we refuse; README and the error message say so.
REFUSED_BY_US = (
    "no such Unicode class",
    "invalid escape `\\C`",
    "groups nest more than",
    "groups, options and repetitions nest too deeply",
    "the pattern is too large",
)


def polars_search(pattern: str, rows: list[str]) -> list[bool]:
    written = regex.rust(regex.parse(pattern))
    return pl.Series(rows, dtype=pl.String).str.contains(written, literal=False).to_list()


def refusal(pattern: str) -> str | None:
    try:
        regex.parse(pattern)
    except regex.RegexError as error:
        return error.message if 0 <= error.position <= len(pattern) else "no such place"
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['pattern'][:40]} {case['text']!r}")
def test_a_named_case_is_re2s_and_ours(case: dict[str, Any]) -> None:
    pattern, text, want = case["pattern"], case["text"], case["want"]
    if want == "refuse":
        assert refusal(pattern) is not None
        assert re2_accepts(pattern) == (case.get("re2") == "accepts")
    else:
        assert re2_search(pattern, text) is want
        assert polars_search(pattern, [text]) == [want]


def test_cases_have_no_unknown_keys() -> None:
    assert {key for case in CASES for key in case} <= {"pattern", "text", "want", "re2"}


@settings(max_examples=600, deadline=None)
@given(grammar, st.lists(texts, min_size=1, max_size=8))
def test_polars_finds_what_re2_finds(pattern: str, rows: list[str]) -> None:
    assume(refusal(pattern) is None)
    assert polars_search(pattern, rows) == [re2_search(pattern, row) for row in rows]


@settings(max_examples=1500, deadline=None)
@given(st.one_of(soup, grammar, st.text(max_size=6)))
@example("(" * 201 + ")" * 201)
@example("((((((((((a)))))))))){1000}" * 5)
def test_we_accept_what_re2_accepts_but_for_named_reasons(pattern: str) -> None:
    message = refusal(pattern)
    if re2_accepts(pattern):
        assert message is None or message.startswith(REFUSED_BY_US)
    else:
        assert message not in {None, "no such place"}


@settings(max_examples=200, deadline=None)
@given(grammar)
def test_our_estimate_is_not_below_re2s_program(pattern: str) -> None:
    assume(refusal(pattern) is None)
    # Up to 8 instructions frame any program: the loop for a search, the match and the failure.
    assert re2.compile(pattern).programsize <= read(pattern).weight + 8


@pytest.mark.parametrize(
    "pattern", ["\\pL{17}", ".{1000}.{500}", "(?:[^é]{0,10}|x){100}", "(a){1000}"]
)
def test_the_largest_patterns_compile_everywhere(pattern: str) -> None:
    assert re2_accepts(pattern)
    assert len(polars_search(pattern, ["a"])) == 1


@pytest.mark.parametrize(
    ("opening", "levels"), [("(?:a|b", 59), ("(?:ab", 79), ("(", 200), ("(a|", 79)]
)
def test_deep_patterns_are_accepted_by_polars_as_by_us(opening: str, levels: int) -> None:
    pattern = opening * levels + ")*" * levels
    assert polars_search(pattern, ["ab"]) == [re2_search(pattern, "ab")]


def test_deeper_patterns_are_refused_not_crashed_on() -> None:
    assert refusal("(a|b" * 200 + ")*" * 200) == ("groups, options and repetitions nest too deeply")
    assert refusal("(" * 100_000) == "groups nest more than 200 deep"


def test_an_error_says_place_cause_and_cure() -> None:
    with pytest.raises(regex.RegexError) as caught:
        regex.parse("ab(?=c)")
    assert caught.value.position == 2
    assert str(caught.value) == (
        "look-around is not supported; RE2 has none: use two conditions and `!`"
    )


def test_a_back_reference_is_called_one() -> None:
    with pytest.raises(regex.RegexError, match="RE2 has no back references") as caught:
        regex.parse("(a)\\1")
    assert caught.value.position == 3


def test_a_lone_surrogate_in_a_pattern_is_refused() -> None:
    assert refusal("a\ud800") == "lone surrogate U+D800 in the pattern"


def test_folding_is_re2s_for_every_code_point_with_case() -> None:
    codes = (code for code in range(0x20000) if not 0xD800 <= code <= 0xDFFF)
    cased = [chr(code) for code in codes if fold(((code, code),)) != ((code, code),)]
    assert len(cased) > 2500
    everything = "".join(cased)
    for char in cased[::7]:
        pattern = f"(?i)\\x{{{ord(char):x}}}"
        ranges = fold(((ord(char), ord(char)),))
        ours = {chr(code) for low, high in ranges for code in range(low, high + 1)}
        assert set(re2.compile(pattern).findall(everything)) == ours


@pytest.mark.parametrize("name", ["L", "Lu", "Ll", "Nd", "P", "Zs", "Cc", "Co", "Sm"])
def test_a_category_holds_nothing_that_is_not_in_re2s(name: str) -> None:
    # RE2 may know a newer Unicode, never an older one than the interpreters we support.
    members = category(name)
    assert members is not None
    pattern = re2.compile(f"^\\p{{{name}}}+$")
    for low, high in members:
        assert pattern.search(chr(low) + chr(high))


def test_weight_counts_bytes() -> None:
    assert byte_weight(((0, 0x7F),)) == 2
    assert byte_weight(((0x80, 0x7FF),)) == 3
