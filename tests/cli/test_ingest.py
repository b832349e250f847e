"""`govlab ingest`: the counts add up on the page and in JSON; the rest is tests/log's matter."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command


def test_counts_and_quarantine(govlab: Command, tmp_path: Path) -> None:
    source = tmp_path / "log.ndjson"
    source.write_text(
        '{"event_id": "1", "tool": "a"}\n{"event_id": "1", "tool": "a"}\nnot json\n', "utf-8"
    )
    shown = govlab("ingest", source, "--out", tmp_path / "log", "--json")
    assert shown.code == 0, shown.err
    counts = json.loads(shown.out)
    assert (counts["events"], counts["duplicates"], counts["quarantined"]) == (1, 1, 1)
    assert counts["read"] == 3
    page = govlab("ingest", source, "--out", tmp_path / "log")
    assert "3 rows read: 1 kept, 1 identical duplicates dropped, 1 in quarantine" in page.out


def test_too_many_bad_rows_write_nothing(govlab: Command, tmp_path: Path) -> None:
    source = tmp_path / "log.ndjson"
    source.write_text('{"event_id": "1", "tool": "a"}\nnot json\n', "utf-8")
    shown = govlab("ingest", source, "--out", tmp_path / "log", "--max-bad", "0")
    assert shown.code == 2
    assert not (tmp_path / "log").exists()


def test_nothing_to_read_says_what_was_seen(govlab: Command, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "notes.txt").write_text("hello", "utf-8")
    shown = govlab("ingest", tmp_path / "src", "--out", tmp_path / "log")
    assert shown.code == 2
    assert shown.err.startswith("govlab: ")
