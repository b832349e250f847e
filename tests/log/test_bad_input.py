"""Bad input: good rows kept, bad ones in quarantine with source and reason, counts that add up."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from govlab.errors import LogError
from govlab.log import sources
from govlab.log.ingestion import ingest
from tests.log.fixtures import (
    ROW,
    asks,
    call,
    column,
    counts_add_up,
    log_of,
    manifest,
    quarantine,
    run,
    write,
)


def bad_inputs() -> dict[str, bytes]:
    """Files nobody can read whole, by name."""
    good = json.dumps(run("good", "x"))
    return {
        "truncated.json": good[:200].encode(),
        "utf16.json": good.encode("utf-16"),
        "bytes.jsonl": b"\xff\xfe\x00garbage\n",
        "torn.json.gz": gzip.compress(good.encode())[:60],
        "nogzip.json.gz": b"plain",
        "nozstd.jsonl.zst": b"plain",
        "fake.parquet": b"PAR1 not really",
        "number.json": b"3",
    }


@pytest.mark.parametrize("name", bad_inputs())
def test_a_file_nobody_can_read_is_one_row_of_quarantine(tmp_path: Path, name: str) -> None:
    write(tmp_path / "src" / "good.jsonl", run("good", "x"))
    (tmp_path / "src" / name).write_bytes(bad_inputs()[name])
    report, frame = log_of(tmp_path / "src", out=tmp_path / "log")
    assert (report.events, report.quarantined, frame.height) == (1, 1, 1)
    (bad,) = quarantine(tmp_path / "log")
    assert bad["source"] == name
    assert bad["reason"]
    assert counts_add_up(tmp_path / "log")


def test_bad_lines_among_good_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_LINE", 2000)
    lines = [ROW, '{"tool": "x", ', b'{"tool": "\xff"}', "[1]", '"text"', {"note": "no tool"},
             {"tool": "a" * 3000}, {"tool": ""},
             '{"tool": "b", "args": ' + "[" * 100 + "]" * 100 + "}",
             {**ROW, "event_id": "e2"}]  # fmt: skip
    report, frame = log_of(write(tmp_path / "a.ndjson", *lines), out=tmp_path / "log")
    assert column(frame, "tool") == ["a", "a", "b"]  # the day first, then no day
    reasons = {row["line"]: row["reason"] for row in quarantine(tmp_path / "log")}
    assert sorted(reasons) == [2, 3, 4, 5, 6, 7, 8]
    assert "too early" in reasons[2]
    assert reasons[3].startswith("not UTF-8")
    assert "64 MiB" in reasons[7]
    assert reasons[6] == reasons[8] == "neither tool nor action"
    assert report.read == 10
    assert counts_add_up(tmp_path / "log")


def test_a_folder_of_mixed_garbage(tmp_path: Path) -> None:
    source = tmp_path / "src"
    write(source / "a" / "dojo.json", run("t1", "x"))
    write(source / "b" / "rows.csv", "tool,step", "y,1", "y,x", "y,1,2")
    write(source / "c" / "chat.json", {"messages": [asks(call("z", {}, "1"))]})
    (source / "LICENSE").write_text("free")
    (source / "empty.json").write_text("")
    (source / "picture.png").write_bytes(b"\x89PNG\r\n")
    (source / "package.json").write_text('{"name": "x", "version": "1"}')
    (source / ".hidden.json").write_text("{")
    report, frame = log_of(source, out=tmp_path / "log")
    assert sorted(column(frame, "tool")) == ["x", "y", "y", "z"]
    assert report.skipped == {
        "file: empty file": 1,
        "file: no log file": 2,
        "file: unknown format": 1,
    }
    unread = {
        f["path"]: f["not_read"] for f in manifest(tmp_path / "log")["sources"] if "not_read" in f
    }
    assert unread == {"LICENSE": "no log file", "empty.json": "empty file",
                      "picture.png": "no log file",
                      "package.json": "unknown format"}  # fmt: skip
    assert [row["line"] for row in quarantine(tmp_path / "log")] == [4]
    assert counts_add_up(tmp_path / "log")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.json",
            '{"messages_": [], "model": "m"}',
            "unknown format|records begin with `messages_`",
        ),
        ("a.jsonl", '{"sessionId": 1, "kind": 2}', "nearest format `claudecode`"),
        ("a.txt", "hello", "1 .txt"),
        ("a.xlsx", "PK", "save the sheet of a workbook as CSV"),
        ("a.json", "{", "unreadable: 1 JSON ends too early"),
        ("a.csv", "x,y\n1,2\n", "1 file: 1 .csv; not read: 1 table without `tool` or `action`"),
        ("a.csv", "x,y\n1,2\n", "a column map: `govlab inspect .*a.csv --write-map map.yaml`"),
        ("a.json", '{"x": 1}', "formats are agentdojo, "),
        ("a.json", "", "1 file: 1 .json; not read: 1 empty file"),
        ("a.json", '[{"tool": "a', "unreadable: 1 JSON ends too early"),
        ("a.jsonl", "x\ny\n", "unreadable: 1 JSON is malformed"),
        ("a.csv", "tool,tool\na,b\n", "two columns are named `tool`; rename one"),
    ],
)
def test_zero_events_say_what_was_seen(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(LogError, match=said) as error:
        ingest([tmp_path / name], tmp_path / "log")
    assert error.value.exit_code == 2
    assert not (tmp_path / "log").exists()


def test_too_many_bad_rows_write_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", ROW, "{", "{")
    assert ingest([path], tmp_path / "log", max_bad=2).quarantined == 2
    with pytest.raises(LogError, match="2 bad rows where at most 1 are allowed"):
        ingest([path], tmp_path / "other", max_bad=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.ndjson", "log"]


def test_a_list_that_breaks_off_keeps_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"event_id": "1", "tool": "a"}, {"event_id": "2", "tool": "b"}, {"event')
    report = ingest([path], tmp_path / "log")
    assert (report.events, report.quarantined) == (2, 1)
    (entry,) = quarantine(tmp_path / "log")
    assert (entry["line"], entry["reason"][:20]) == (3, "JSON ends too early ")
    assert counts_add_up(tmp_path / "log")


def test_what_may_not_be_read_is_in_quarantine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, whom no mode stops: the refusals are made here."""
    (tmp_path / "in" / "locked").mkdir(parents=True)
    write(tmp_path / "in" / "a.ndjson", ROW)
    write(tmp_path / "in" / "b.ndjson", {"tool": "b"})
    opened, listed = Path.open, os.scandir

    def open_path(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name in ("b.ndjson", "locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    def list_folder(path: Any) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "open", open_path)
    monkeypatch.setattr("os.scandir", list_folder)
    report = ingest([tmp_path / "in"], tmp_path / "log")
    assert report.events == 1
    assert report.quarantine_reasons == {"cannot be read: Permission denied": 2}
    assert [e["source"] for e in quarantine(tmp_path / "log")] == ["b.ndjson", "locked"]
