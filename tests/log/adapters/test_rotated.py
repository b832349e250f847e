"""Logs that were turned over: what one file begins and another ends is one call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from govlab.log.adapters.rotated import enlist, turned
from govlab.log.records import Options
from govlab.log.sources import Source
from tests.log.adapters.test_claudecode_hook import at, hook, lines, says
from tests.log.adapters.test_mcp import DOWN, SESSION, UP, call, done, message, wrapped
from tests.log.fixtures import column, counts_add_up, log_of, write

CALLS = [*SESSION[:8], {**SESSION[8], "timestamp": "2026-01-01T00:00:03.500Z"}, *SESSION[9:]]
"""No two of them at the same time."""
HOOKS = [
    at(1, hook(id="a")),
    at(2, hook("PostToolUse", id="a")),
    at(3, hook(id="b")),
    at(4, hook("PostToolUseFailure", id="b")),
]
NUMBERED = ("calls.jsonl.2", "calls.jsonl.1", "calls.jsonl")
NAMES = [
    NUMBERED,
    ("calls.jsonl-20260101", "calls.jsonl-20260102", "calls.jsonl"),
    ("calls-2026-01-01T00-00-00.000.jsonl", "calls-2026-01-02T00-00-00.000.jsonl", "calls.jsonl"),
    ("calls.jsonl.1", "calls.jsonl.2", "calls.jsonl.3"),  # where times tell the order
]


def cut(records: list[Any], at: int, folder: Path, names: tuple[str, ...] = NUMBERED) -> Path:
    """The records in a file up to the place `at`, the next one in a second, the rest in a third."""
    folder.mkdir()
    parts = records[:at], records[at : at + 1], records[at + 1 :]
    for name, part in zip(names, parts, strict=True):
        if part:
            write(folder / name, *part)
    return folder


def bare(rows: pl.DataFrame) -> list[dict[str, Any]]:
    shown = rows.drop("source_ref").with_columns(pl.col(pl.Categorical).cast(pl.String))
    return sorted(shown.to_dicts(), key=lambda row: str(row["event_id"]))


@pytest.mark.parametrize("records", [CALLS, HOOKS], ids=["mcp", "hooks"])
@pytest.mark.parametrize("names", NAMES, ids=lambda names: names[0])
def test_a_log_in_files_is_the_log(
    records: list[Any], names: tuple[str, ...], tmp_path: Path
) -> None:
    whole, rows = log_of(write(tmp_path / "whole.jsonl", *records), out=tmp_path / "whole")
    for place in range(1, len(records)):
        folder = cut(records, place, tmp_path / f"cut-{place}", names)
        report, found = log_of(folder, out=tmp_path / f"log-{place}")
        assert bare(found) == bare(rows)
        assert report.skipped == whole.skipped
        assert (report.runs, report.quarantined) == (whole.runs, 0)
        assert counts_add_up(tmp_path / f"log-{place}")


def test_each_row_names_the_file_and_line_of_its_request(tmp_path: Path) -> None:
    folder = cut(SESSION, 8, tmp_path / "cut")
    _, rows = log_of(folder, out=tmp_path / "log")
    found = dict(zip(column(rows, "tool"), column(rows, "source_ref"), strict=True))
    assert found == {
        "read": "calls.jsonl.2:5", "write": "calls.jsonl.2:8", "gone": "calls.jsonl.1:1",
    }  # fmt: skip


def test_a_transcript_has_what_hooks_said_in_several_files(tmp_path: Path) -> None:
    hooks = [at(1, hook(id="t1"), **says("allow")), at(9, hook("PostToolUse", id="t1"))]
    folder = tmp_path / "all"
    cut(hooks, 1, folder, ("hooks.jsonl.1", "hooks.jsonl", "none"))
    write(folder / "session.jsonl", *lines(("t1", None)))
    report, rows = log_of(folder, out=tmp_path / "log")
    assert rows.height == 1
    assert column(rows, "decision") == ["ALLOW"]
    assert report.skipped["hook record of a transcript's call"] == 1


@pytest.mark.parametrize("names", [("c.jsonl.1", "c.jsonl"), ("c.jsonl.1", "c.jsonl.2")])
def test_without_times_one_answer_fits_one_request_in_any_order(
    names: tuple[str, str], tmp_path: Path
) -> None:
    write(tmp_path / "in" / names[0], call(1, "t"), call(2, "u"))
    write(tmp_path / "in" / names[1], done(2), done(1, isError=True))
    report, rows = log_of(tmp_path / "in", out=tmp_path / "log")
    assert dict(zip(column(rows, "tool"), column(rows, "outcome"), strict=True)) == {
        "t": "error", "u": "success",
    }  # fmt: skip
    assert not report.skipped


def test_ids_that_come_again_are_answered_where_they_stand(tmp_path: Path) -> None:
    """A process that began anew counts from 1: nobody answers what the one before it asked."""
    old, new = tmp_path / "in" / "c.jsonl.1", tmp_path / "in" / "c.jsonl"
    write(old, call(1, "lost"), call(2, "gone"))
    write(new, message(0, "initialize", params={}), done(0), call(1, "made"), done(1), done(2))
    report, rows = log_of(tmp_path / "in", out=tmp_path / "log")
    assert dict(zip(column(rows, "tool"), column(rows, "outcome"), strict=True)) == {
        "lost": None, "gone": None, "made": "success",
    }  # fmt: skip
    assert report.skipped["response to no request"] == 1


def test_an_answer_is_no_older_than_its_request(tmp_path: Path) -> None:
    write(tmp_path / "in" / "c.jsonl.1", wrapped(DOWN, 1, done(1)))
    write(tmp_path / "in" / "c.jsonl", wrapped(UP, 5, call(1, "t")))
    report, rows = log_of(tmp_path / "in", out=tmp_path / "log")
    assert column(rows, "tool") == ["t"]
    assert report.skipped == {"response to no request": 1}


def test_captures_of_other_names_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jsonl", call(1, "t"))
    write(tmp_path / "in" / "b.jsonl", message(method="notifications/x"), done(1))
    report, rows = log_of(tmp_path / "in", out=tmp_path / "log")
    assert column(rows, "tool") == ["t"]
    assert report.skipped["response to no request"] == 1


def test_files_of_a_log_from_the_oldest(tmp_path: Path) -> None:
    names = ["a/c.jsonl", "a/c.jsonl.1", "a/c.jsonl.10.gz", "a/c.jsonl.2.gz", "b/c.jsonl.1"]
    options = Options()
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with pa.output_stream(str(path), compression="gzip" if name.endswith("gz") else None) as f:
            f.write(b"{}")
        enlist(Source(path, name), options, "x")
    found = turned(Source(tmp_path / names[0], names[0]), options, "x", lambda _: None)
    assert [file.name for file in found] == [names[2], names[3], names[1], names[0]]
