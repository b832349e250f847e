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


CALL = '{"event_id": "1", "tool": "Bash", "args": {"command": "ls", "token": "hunter2"}}\n'


def test_arguments_that_no_starter_for_the_log_reads_are_left_out_and_the_page_says_so(
    govlab: Command, tmp_path: Path
) -> None:
    source, log = tmp_path / "log.ndjson", tmp_path / "log"
    source.write_text(CALL, "utf-8")
    shown = govlab("ingest", source, "--out", log)
    assert "none, because no `--bundle` that reads any was named" in shown.out
    assert "`--bundle BUNDLE`" in shown.out
    assert "results of tools: dropped" in shown.out
    rule = tmp_path / "p.yaml"
    rule.write_text(
        "attributes: {args.token: string}\n"
        "rules: [{condition: \"has(args.token) && args.token == 'x'\", decision: DENY}]\n",
        "utf-8",
    )
    lost = json.loads(govlab("replay", log, rule, "--json").out)
    assert lost["undecidable"]["events"] == 1
    assert govlab("ingest", source, "--out", log, "--bundle", rule).code == 0
    kept = json.loads(govlab("replay", log, rule, "--json").out)
    assert kept["undecidable"]["events"] == 0


def test_what_is_kept_is_named_in_json(govlab: Command, tmp_path: Path) -> None:
    source, key = tmp_path / "log.ndjson", tmp_path / "key"
    source.write_text(CALL, "utf-8")
    key.write_text("0123456789abcdef\n", "utf-8")
    options = ("--args", "hash", "--keep-results", "--pseudonyms", key, "--json")
    shown = json.loads(govlab("ingest", source, "--out", tmp_path / "log", *options).out)
    assert (shown["privacy"]["args"], shown["privacy"]["results"]) == ("hash", "kept")
    assert len(shown["privacy"]["pseudonyms"]["key_id"]) == 12
    assert "0123456789abcdef" not in json.dumps(shown)
    page = govlab("ingest", source, "--out", tmp_path / "log", *options[:-1]).out
    assert "people: pseudonyms of key" in page
