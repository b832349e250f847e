"""Audit trails of the Agent Governance Toolkit: JSON and CSV of one trail are the same rows."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.log.ingestion import ingest
from govlab.log.scan import scan_log
from tests.log.fixtures import log_of, quarantine, write

AT = "2026-02-28T20:02:37.22594{}"


def row(
    at: int, event_type: str, decision: str | None, tool: str | None = "pay", **more: Any
) -> Any:
    found = {"agent_id": "a", "event_type": event_type, "decision": decision, "tool": tool,
             "timestamp": AT.format(at), **more}  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


TRAIL = [
    row(1, "ALLOWED", "allowed", call_count=1, role="clerk"),
    row(2, "TRANSACTION", "pending_approval", role="clerk", amount=500.0, recipient="x"),
    row(3, "BLOCKED", "blocked", reason="limit", role="clerk"),
    row(4, "CHECKPOINT", "checkpoint", None, call_count=1, checkpoint="cp"),
    row(5, "ALLOWED", "allowed", "read", call_count=2, role="clerk"),
    row(6, "TRANSACTION", "approved", amount=1.5, recipient="y", role="clerk"),
    row(7, "ALLOWED", "allowed", call_count=3, role="clerk"),
    row(8, "TRANSACTION", "approved", amount=2.5, recipient="y", role="clerk"),
]
"""The sixth row follows the ALLOWED of another tool: it is an action of its own."""


def as_json(path: Path, trail: list[Any] = TRAIL) -> Path:
    path.write_text(json.dumps(trail))
    return path


def as_csv(path: Path, trail: list[Any] = TRAIL) -> Path:
    names = list(dict.fromkeys(name for found in trail for name in found))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(trail)
    return path


def test_what_a_trail_says(tmp_path: Path) -> None:
    report, rows = log_of(as_json(tmp_path / "t.json"), out=tmp_path / "log", tz="UTC")
    assert report.skipped == {"CHECKPOINT": 1}
    assert report.unmapped == {"approved": 2}
    assert rows["tool"].to_list() == ["pay", "pay", "read", "pay", "pay"]
    assert rows["decision"].to_list() == ["REQUIRE_APPROVAL", "DENY", "ALLOW", None, "ALLOW"]
    assert rows["approval_status"].to_list() == ["pending", None, None, None, None]
    assert rows["executed"].to_list() == [None, False, None, None, None]
    assert rows["amount"].to_list() == [500.0, None, None, 1.5, 2.5]
    assert rows["resource"].to_list() == ["x", None, None, "y", "y"]
    assert rows["reason"].to_list() == [None, "limit", None, None, None]
    assert rows["step"].to_list() == [0, 2, 4, 5, 6]
    assert rows["ts"][0] == datetime(2026, 2, 28, 20, 2, 37, 225_941, tzinfo=UTC)
    notes = [json.loads(extra) for extra in rows["extra"]]
    assert [note.get("decision (source)") for note in notes] == [None] * 3 + ["approved"] * 2


def test_both_forms_are_the_same_rows(tmp_path: Path) -> None:
    _, one = log_of(as_json(tmp_path / "t.json"), out=tmp_path / "one")
    _, two = log_of(as_csv(tmp_path / "t.csv"), out=tmp_path / "two")
    assert one.drop("source_ref").equals(two.drop("source_ref"))
    report, both = log_of(tmp_path / "t.csv", tmp_path / "t.json", out=tmp_path / "both")
    assert (report.events, report.duplicates, report.quarantined) == (5, 5, 0)
    assert set(both["event_id"]) == set(one["event_id"])


def test_rows_that_say_the_same_are_two(tmp_path: Path) -> None:
    twice = [row(1, "BLOCKED", "blocked"), row(1, "BLOCKED", "blocked")]
    _, one = log_of(as_json(tmp_path / "t.json", twice), out=tmp_path / "one")
    _, two = log_of(as_csv(tmp_path / "t.csv", twice), out=tmp_path / "two")
    assert one["event_id"].to_list() == two["event_id"].to_list()
    assert one["event_id"].n_unique() == 2


def test_what_a_trail_lacks_is_unknown(tmp_path: Path) -> None:
    bare = [row(1, "ALLOWED", "allowed", call_count=1)]
    _, rows = log_of(as_json(tmp_path / "t.json", bare), out=tmp_path / "log")
    unknown = set(rows["unknown_columns"][0].split(","))
    assert {"ts", "amount", "agent_role", "resource", "args", "run_id"} <= unknown
    _, rows = log_of(as_csv(tmp_path / "t.csv"), out=tmp_path / "more", tz="UTC")
    assert not {"ts", "amount", "agent_role", "resource"} & set(
        rows["unknown_columns"][0].split(",")
    )


def test_users_words_and_cells_that_are_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("decision_map: {approved: ALLOW}")
    path = write(tmp_path / "t.csv", "agent_id,event_type,tool,timestamp,decision,amount",
                 "a,TRANSACTION,pay,2026-01-01T00:00:00,approved,much")  # fmt: skip
    report, rows = log_of(path, out=tmp_path / "log", map=tmp_path / "map.yaml")
    assert report.unmapped == {}
    assert rows["decision"].to_list() == ["ALLOW"]
    assert rows["malformed_columns"].to_list() == ["amount"]


@pytest.mark.parametrize("make", [as_csv, as_json])
def test_a_users_columns_make_it_a_table(tmp_path: Path, make: Any) -> None:
    (tmp_path / "map.yaml").write_text("columns: {actor: agent_id}\ntz: UTC")
    path = make(tmp_path / ("t.csv" if make is as_csv else "t.json"), TRAIL[:1])
    report, _ = log_of(path, out=tmp_path / "log", map=tmp_path / "map.yaml")
    assert next(iter(report.by_format)).startswith("table-")


@pytest.mark.parametrize("extension", ["json", "csv"])
def test_ms_agt_equals_an_independent_count(shared: Path, tmp_path: Path, extension: str) -> None:
    folder = shared / "data" / "native" / "ms_agt"
    counts = []
    for path in sorted(folder.glob("*_audit_trail.json")):
        if extension == "csv" and not path.with_suffix(".csv").exists():
            continue
        trail = json.loads(path.read_bytes())
        tools = [r for r in trail if r.get("tool")]
        same = sum(
            later["event_type"] == "TRANSACTION" and earlier["event_type"] == "ALLOWED"
            and (earlier["agent_id"], earlier["tool"]) == (later["agent_id"], later["tool"])
            for earlier, later in pairwise(trail)
            if earlier.get("tool") and later.get("tool")
        )  # fmt: skip
        counts.append((len(tools) - same, len(trail) - len(tools)))
    report = ingest([folder / f"*.{extension}"], tmp_path / "log")
    assert report.events == sum(actions for actions, _ in counts)
    assert report.skipped.get("CHECKPOINT") == sum(others for _, others in counts)
    assert not quarantine(tmp_path / "log")


def test_ms_agt_in_both_forms_is_one_log(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "native" / "ms_agt"
    csvs = ingest([folder / "*.csv"], tmp_path / "csv")
    jsons = ingest([folder / "*.json"], tmp_path / "json")
    both = ingest([folder], tmp_path / "both")
    assert (both.events, both.duplicates) == (jsons.events, csvs.events)
    log = scan_log(tmp_path / "both").collect()
    ids = scan_log(tmp_path / "json").select("event_id").collect()["event_id"]
    assert set(log["event_id"]) == set(ids)
    raw = [r for p in folder.glob("*.json") for r in json.loads(p.read_bytes())]
    blocked = sum(r.get("decision") == "blocked" for r in raw)
    assert log.filter(pl.col("decision") == "DENY").height == blocked
