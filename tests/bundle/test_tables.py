"""Lookup tables: what a cell may be, and every way a table can be wrong (S7)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govlab.bundle.tables import CELL_TYPES, Declared, read_rows
from govlab.types import BOOL, DOUBLE, INT, STRING, Type, list_of

TEXTS = list_of(STRING)
ONE = Declared("k", (("v", STRING),), "exact", None)
VALID = Declared("k", (), "exact", ("from", "to"))


def read(
    folder: Path, text: str | bytes, declared: Declared = ONE, name: str = "t.csv"
) -> tuple[Any, list[str]]:
    """The rows, and `line: code message` of each problem."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    rows, problems = read_rows(file, name, declared)
    return rows, [f"{p.place.line}: {p.code} {p.message}" for p in problems]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (STRING, "x", "x"),
        (STRING, " x ", " x "),
        (STRING, "", None),
        (BOOL, "true", True),
        (BOOL, "false", False),
        (BOOL, "", None),
        (INT, "-12", -12),
        (INT, "9223372036854775807", 2**63 - 1),
        (DOUBLE, "1.5", 1.5),
        (DOUBLE, "-1e3", -1000.0),
        (DOUBLE, "3", 3.0),
        (TEXTS, "a;b", ("a", "b")),
        (TEXTS, "a", ("a",)),
        (TEXTS, "a;", ("a", "")),
    ],
)
def test_csv_cell(kind: Type, text: str, value: Any, tmp_path: Path) -> None:
    rows, problems = read(
        tmp_path, f"k,v\na,{text}\n", Declared("k", (("v", kind),), "exact", None)
    )
    assert (rows, problems) == ((("a", None, None, (value,)),), [])
    assert type(rows[0][3][0]) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (BOOL, "True"),
        (BOOL, "1"),
        (INT, "1.0"),
        (INT, "1_0"),
        (INT, "9223372036854775808"),
        (INT, " 1"),
        (INT, "１"),
        (DOUBLE, "nan"),
        (DOUBLE, "inf"),
        (DOUBLE, "1e999"),
        (DOUBLE, "1_0"),
        (DOUBLE, " 1"),
        (DOUBLE, "１"),
        (DOUBLE, "0x10"),
    ],
)
def test_csv_cell_that_is_none(kind: Type, text: str, tmp_path: Path) -> None:
    declared = Declared("k", (("v", kind),), "exact", None)
    _, problems = read(tmp_path, f"k,v\na,{text}\n", declared)
    assert problems == [f"2: GL203 `{text}` in column `v` is no {kind}"]


@pytest.mark.parametrize(
    ("kind", "cell", "fits"),
    [
        (BOOL, "true", True),
        (BOOL, '"true"', False),
        (INT, "1", True),
        (INT, '"1"', False),
        (INT, "true", False),
        (DOUBLE, "1", True),
        (DOUBLE, '"1"', False),
        (STRING, '"a"', True),
        (STRING, "1", False),
        (TEXTS, '["a"]', True),
        (TEXTS, '"a"', False),
        (TEXTS, "[1]", False),
    ],
)
@pytest.mark.parametrize("name", ["t.json", "t.yaml"])
def test_typed_cells_are_not_coerced(
    name: str, kind: Type, cell: str, fits: bool, tmp_path: Path
) -> None:
    declared = Declared("k", (("v", kind),), "exact", None)
    _, problems = read(tmp_path, f'[{{"k": "a", "v": {cell}}}]', declared, name)
    assert (not problems) is fits


def test_all_formats_read_alike(tmp_path: Path) -> None:
    declared = Declared("k", (("n", INT), ("v", TEXTS)), "exact", None)
    csv, _ = read(tmp_path, 'k,n,v\n"a,b",1,x;y\nc,,\n', declared)
    json, _ = read(
        tmp_path, '[{"k": "a,b", "n": 1, "v": ["x", "y"]}, {"k": "c"}]', declared, "t.json"
    )
    yaml, _ = read(tmp_path, "- {k: 'a,b', n: 1, v: [x, y]}\n- {k: c}\n", declared, "t.yaml")
    assert (
        csv
        == json
        == yaml
        == (("a,b", None, None, (1, ("x", "y"))), ("c", None, None, (None, None)))
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("k,v\na\n", "2: GL201 this row has 1 cells, the header 2"),
        ("k,v,v\n", "1: GL201 two columns have one name"),
        ('k,v\n"a', "2: GL201 not CSV: unexpected end of data"),
        (b"k,v\n\xff,a\n", "1: GL201 the table is not UTF-8 at byte 4"),
        ("", "1: GL202 the table has no column `k`"),
        ("k,v\n,a\n", "2: GL205 the key `k` is empty or no text"),
        ("k,v\na,b\n,c\na,d\n", "4: GL204 a second row for the key `a`"),
        ('k,v\n"a\nb",x\n"a\nb",y\n', "5: GL204 a second row for the key `a\\nb`"),
    ],
)
def test_wrong_csv(text: str | bytes, problem: str, tmp_path: Path) -> None:
    _, problems = read(tmp_path, text)
    assert problem in problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ('{"k": "a"}', "must be a list of mappings"),
        ("[1]", "must be a list of mappings"),
        ('[{"k": "a", "k": "b", "v": "c"}]', "a key stands twice"),
        ('[{"k": "\\ud800", "v": "c"}]', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('[{"k": 1, "v": "c"}]', "is empty or no text"),
    ],
)
def test_wrong_json(text: str, problem: str, tmp_path: Path) -> None:
    _, problems = read(tmp_path, text, name="t.json")
    assert len(problems) == 1
    assert problem in problems[0]


def test_yaml_is_one_document(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "- {k: a, v: b}\n---\n- {k: c, v: d}\n", name="t.yaml")
    assert problems == ["1: GL201 a table is one document"]


def test_yaml_problems_keep_their_line(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "- {k: a, v: b}\n- {k: c, v: [}\n", name="t.yaml")
    assert [p[:8] for p in problems] == ["2: GL001"]


def test_other_formats_are_refused(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "k\n", name="t.xlsx")
    assert problems == ["1: GL201 a table cannot be a `.xlsx` file"]


def test_windows_that_touch_are_two_rows(tmp_path: Path) -> None:
    text = "k,from,to\na,2026-01-01,2026-02-01\na,2026-02-01T00:00:00Z,\na,,2026-01-01\n"
    rows, problems = read(tmp_path, text, VALID)
    assert problems == []
    assert [row[1:3] for row in rows] == [
        (1767225600 * 10**9, 1769904000 * 10**9),
        (1769904000 * 10**9, None),
        (None, 1767225600 * 10**9),
    ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("a,2026-01-01,2026-03-01\na,2026-02-01,\n", "3: GL204 a second row for the key `a`"),
        ("a,,\na,2026-02-01,2026-02-02\n", "3: GL204 a second row for the key `a`"),
        ("a,2026-02-01,2026-02-02\na,,\n", "2: GL204 a second row for the key `a`"),
        (
            "a,2026-02-01,2026-01-01\n",
            "2: GL203 this row is never valid: its end is not after its start",
        ),
        ("a,2026-02-30,\n", "2: GL203 `2026-02-30` in column `from` is no instant"),
        (
            "a,2026-02-01T00:00:00,\n",
            "2: GL203 `2026-02-01T00:00:00` in column `from` is no instant",
        ),
    ],
)
def test_wrong_windows(rows: str, problem: str, tmp_path: Path) -> None:
    assert read(tmp_path, "k,from,to\n" + rows, VALID)[1] == [problem]


def test_a_glob_written_twice_is_an_error_too(tmp_path: Path) -> None:
    declared = Declared("k", (("v", STRING),), "glob", None)
    assert read(tmp_path, "k,v\na*,x\na*,y\n", declared)[1] == [
        "3: GL204 a second row for the key `a*`"
    ]


def test_problems_stand_in_their_own_line_behind_a_broken_row(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "k,v\n,x\nb,y\nc,z\nb,w\n")
    assert problems == [
        "2: GL205 the key `k` is empty or no text",
        "5: GL204 a second row for the key `b`",
    ]


def test_a_hostile_table_is_read_in_bounded_time_and_told_briefly(tmp_path: Path) -> None:
    """One key in every row, all overlapping: comparing each with each would take an hour."""
    text = "k,from,to\n" + "a,2026-01-01,2026-02-01\n" * 50_000
    began = time.process_time()
    _, problems = read(tmp_path, text, VALID)
    assert len(problems) == 1_000
    assert time.process_time() - began < 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60) | st.text(alphabet='kv,;"\n\r[]{}:-ab1. \ufeff', max_size=60),
    st.sampled_from(["t.csv", "t.json", "t.yaml"]),
    st.sampled_from(sorted(CELL_TYPES, key=str)),
)
def test_no_content_escapes(tmp_path: Path, content: str | bytes, name: str, kind: Type) -> None:
    rows, problems = read(tmp_path, content, Declared("k", (("v", kind),), "exact", None), name)
    assert problems or all(isinstance(row[0], str) for row in rows)
