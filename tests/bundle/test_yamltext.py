"""YAML 1.2 values, places of what is wrong, and files made to break the reader."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govlab.bundle.tree import Mapping, Scalar, Source, plain
from govlab.bundle.yamltext import carefully, decode, quickly, read
from tests.work import steps

# plain scalar -> value by the core schema
_VALUES = [
    ("on", "on"), ("off", "off"), ("yes", "yes"), ("NO", "NO"), ("y", "y"),
    ("true", True), ("True", True), ("TRUE", True), ("tRUE", "tRUE"), ("false", False),
    ("null", None), ("~", None), ("Null", None), ("nULL", "nULL"),
    ("1:30", "1:30"), ("0o17", 15), ("017", 17), ("0x1F", 31), ("-0x1F", "-0x1F"),
    ("1_000", "1_000"), ("+12", 12), ("-12", -12), ("0b1", "0b1"), ("0o8", "0o8"),
    ("1.", 1.0), (".5", 0.5), ("50.00", 50.0), ("1e3", 1000.0), ("1e", "1e"), (".", "."),
    (".inf", math.inf), ("-.INF", -math.inf), ("inf", "inf"), ("nan", "nan"),
    ("2026-12-31", "2026-12-31"), ("300s", "300s"), ("=", "="), ("٣", "٣"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "value"), _VALUES, ids=[w for w, _ in _VALUES])
def test_plain_scalars_follow_the_core_schema(written: str, value: object) -> None:
    documents, problems = read(f"key: {written}\n", "p.yaml")
    found = plain(documents[0])["key"]
    assert (found, type(found), problems) == (value, type(value), [])


def test_not_a_number() -> None:
    (document,), _ = read("[.nan, .NaN]", "p.yaml")
    assert [math.isnan(value) for value in plain(document)] == [True, True]


def test_quoted_scalars_stay_text() -> None:
    (document,), _ = read("['1', \"true\", '']", "p.yaml")
    assert plain(document) == ["1", "true", ""]


def test_a_number_keeps_its_text() -> None:
    (document,), _ = read("max_cost: 50.00", "p.yaml")
    assert isinstance(document, Mapping)
    cost = document.get("max_cost")
    assert isinstance(cost, Scalar)
    assert (cost.value, cost.text, str(cost.place)) == (50.0, "50.00", "p.yaml:1:11")


def test_documents_of_one_file() -> None:
    documents, problems = read("---\na: 1\n---\nb: 2\n...\n", "p.yaml")
    assert ([plain(d) for d in documents], problems) == ([{"a": 1}, {"b": 2}], [])


def test_an_alias_is_the_node_it_names() -> None:
    (document,), problems = read("a: &x [1, 2]\nb: *x\n", "p.yaml")
    assert (plain(document), problems) == ({"a": [1, 2], "b": [1, 2]}, [])


# text, code, line, column, a part of the message or the hint
_WRONG = {
    "quote not closed": ("a: 'b\n", "GL001", 2, 1, "not closed"),
    "bracket not closed": ("a: [b\n", "GL001", 2, 1, "not closed"),
    "colon in a value": ("a: b: c\n", "GL001", 1, 5, "in quotes"),
    "tab as indentation": ("a:\n\tb: c\n", "GL001", 2, 1, "spaces"),
    "indentation": ("a:\n  - b\n c: d\n", "GL001", 3, 2, "same column"),
    "percent sign": ("a: %b\n", "GL001", 1, 4, "in quotes"),
    "unknown escape": ('a: "\\d"\n', "GL001", 1, 6, "single quotes"),
    "escape beyond Unicode": ('a: "\\UFFFFFFFF"\n', "GL001", 1, 7, "out of range"),
    "version of YAML": ("%YAML 1.1\n---\na: 1\n", "GL001", 1, 1, "1.2"),
    "version with many digits": ("%YAML " + "9" * 5000 + ".1\n---\n", "GL001", 1, 7, "range"),
    "duplicate key": ("a: 1\nb: 2\n'a': 3\n", "GL002", 3, 1, "line 1"),
    "tag": ("a: !!python/object/apply:os.system [x]\n", "GL003", 1, 4, "!!python/object"),
    "harmless tag": ("a: !!str 5\n", "GL003", 1, 4, "quotes"),
    "tag directive": ("%TAG ! tag:x,2000:\n---\na: 1\n", "GL003", 1, 1, "%TAG"),
    "aliases add too much": (
        "a: &a [" + "x," * 200 + "]\nb: &b [" + "*a," * 60 + "]\n", "GL004", 2, 155, "10,000",
    ),
    "too deep": ("a: " + "[" * 40 + "]" * 40, "GL005", 1, 35, "32"),
    "too deep by an alias": ("- &a " + "[" * 20 + "]" * 20 + "\n- " + "[" * 20 + "*a" + "]" * 20,
                             "GL005", 2, 23, "32"),
    "too large": ("# " + "x" * (1 << 20), "GL006", 1, 1, "1,048,576"),
    "byte order mark": ("\ufeffa: 1\n", "GL007", 1, 1, "byte order mark"),
    "NUL": ("a: b\0c\n", "GL007", 1, 5, "U+0000"),
    "control character": ("a: 1\nb: \x07\n", "GL007", 2, 4, "`\\x07`"),
    "next line": ("a: b\x85c\n", "GL007", 1, 5, "U+0085"),
    "line separator": ("a: b\u2028c\n", "GL007", 1, 5, "\\u2028"),
    "text turned around": ("a: b\u202ec\n", "GL007", 1, 5, "U+202E"),
    "surrogate": ("a: b\ud800c\n", "GL007", 1, 5, "U+D800"),
    "surrogate escape": ('a: "\\uD83D\\uDE00"\n', "GL007", 1, 4, "surrogate"),
    "number as key": ("a: 1\n2: b\n", "GL008", 2, 1, "quotes"),
    "boolean as key": ("true: b\n", "GL008", 1, 1, "quotes"),
    "no key": ("{~: b}\n", "GL008", 1, 2, "quotes"),
    "list as key": ("? [a]\n: b\n", "GL008", 1, 3, "text"),
    "merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", "GL009", 3, 3, "merge"),
    "alias of nothing": ("a: *b\n", "GL015", 1, 4, "no anchor"),
    "alias of what contains it": ("a: &a [*a]\n", "GL015", 1, 8, "contains it"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "column", "part"), _WRONG.values(), ids=_WRONG)
def test_what_is_wrong_has_its_place(
    text: str, code: str, line: int, column: int, part: str
) -> None:
    _, problems = read(text, "p.yaml")
    found = problems[0]
    assert (found.code, found.place.line, found.place.column) == (code, line, column)
    assert part in found.message + " " + found.hint
    assert len(problems) == 1


def test_all_problems_of_a_file_at_once() -> None:
    text = "a: !x 1\na: 2\n1: b\n<<: c\nd: *e\nf: 'g\n"
    documents, problems = read("ok: 1\n---\n" + text, "p.yaml")
    codes = ["GL003", "GL002", "GL008", "GL009", "GL015", "GL001"]
    assert [found.code for found in problems] == codes
    assert [plain(document) for document in documents] == [{"ok": 1}]


def test_reading_ends_after_a_thousand_problems() -> None:
    _, problems = read("[" + "!x a," * 2_000 + "]", "p.yaml")
    assert len(problems) == 1_000


def test_the_line_of_a_problem() -> None:
    _, problems = read("a: 1\r\nb: *x\r\n", "p.yaml")
    assert str(problems[0]).splitlines()[1:] == ["  b: *x", "     ^"]


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"a: 1\nb: \xff\n", "GL007", 2, 4),
        ("a: é".encode("latin-1"), "GL007", 1, 4),
        ("a: 1".encode("utf-16"), "GL007", 1, 1),
        (b"x" * ((1 << 20) + 1), "GL006", 1, 1),
    ],
    ids=["stray byte", "Latin-1", "UTF-16", "too large"],
)
def test_bytes_that_are_no_text(content: bytes, code: str, line: int, column: int) -> None:
    text, (found,) = decode(content, "p.yaml")
    assert (text, found.code, found.place.line, found.place.column) == ("", code, line, column)


def test_bytes_that_are_text() -> None:
    assert decode("é".encode(), "p.yaml") == ("é", [])


_HOSTILE = {
    "brackets": "[" * 100_000,
    "braces": "{" * 100_000,
    "dashes": "- " * 100_000,
    "question marks": "? " * 100_000,
    "keys in keys": "a: " * 100_000,
    "indentation": "\n".join(" " * level + "a:" for level in range(400)),
    "anchors": "&a " * 100_000,
    "quoted spaces": "a: '" + " " * 200_000 + "'",
    "one long line of keys": "{" + ", ".join(f"k{n}: v" for n in range(8_000)) + "}",
    "one long line of duplicates": "{" + "a: b, " * 8_000 + "}",
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij",
                                                                         strict=True)),
}  # fmt: skip


@pytest.mark.parametrize("text", _HOSTILE.values(), ids=_HOSTILE)
def test_hostile_files_are_read_or_refused_in_linear_time(text: str) -> None:
    whole, half = read(text, "p.yaml")[1], text[: len(text) // 2]
    assert sum(len(str(found)) for found in whole) < 30_000_000
    done, before = steps(lambda: read(text, "p.yaml")), steps(lambda: read(half, "p.yaml"))
    assert done < 3 * before + 10_000


@settings(deadline=None)  # the machine may be busy
@given(st.text(st.sampled_from("ab1:-?[]{},&*!|>'\"%@`#\\ \n\t\r~<=.xuU0é\ud800\0"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    _, problems = read(text, "p.yaml")
    assert all(found.place.file == "p.yaml" and found.code.startswith("GL0") for found in problems)
    for found in problems:
        assert 1 <= found.place.column <= len(found.line) + 1


_PIECES = [
    "a", "b c", "key", ": ", ":", ", ", "[", "]", "{", "}", "- ", "? ", "?", "\n", "\n  ",
    "\n    ", " ", "# c", '"', "'", '"x"', "'y'", "&a ", "*a", "|\n", ">-\n", "|2\n", "|", ">#",
    "!", "!!str ", "%", "@", "---\n", "...\n", "\\", "\\n", "é", "𝄞", "~", '""', "\r\n",
    '"\\u00e9"', "<<", "\t", '"a\\\n b"', "a: 1\n", "- b\n", "  - c\n", '"q": ', "[a, b]", "{x: y}",
    "\xa0", "x:y", ":a", "-a",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map("".join))
def test_what_is_read_quickly_is_what_is_read_carefully(text: str) -> None:
    source = Source("p.yaml", text)
    found = quickly(source)
    if found is not None:
        documents, problems = carefully(source)
        assert (repr(found), []) == (repr(documents), problems)


@pytest.mark.parametrize("text", ["a: 1\n", "- {b: 'c'}\n", "a: |\n  b\n"])
def test_a_file_without_problems_is_read_quickly(text: str) -> None:
    assert quickly(Source("p.yaml", text)) is not None
