"""Decision logs of `govlab serve`: entries joined to rows, whichever file they stand in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.audit.entries import links_of_rows
from govlab.entries import Head, seal
from govlab.errors import LogError
from govlab.runtime.arguments import digest
from tests.log.fixtures import column, log_of, write

DECIDED: Mapping[str, Any] = {
    "type": "decided", "event_id": "e-1", "ts": "2026-01-01T00:00:00.000000Z", "actor": "bot",
    "principal": "ann", "action": "deploy", "tool": "deployer", "resource": "deployer",
    "resource_type": "tool", "args": '{"size":1}', "env": "test",
    "args_sha256": digest('{"size":1}'),
    "cost_micro_usd": 250_000, "amount": 1.5, "risk_tags": ["x"], "read_only": True,
    "decision": "ALLOW_WITH_CONSTRAINTS", "decided_at": "2026-01-01T00:00:00.000000Z",
    "policy": "p", "policy_version": "1.0.0", "policy_digest": "cd" * 32, "rule": "p/1",
    "constraints": '{"timeout_s":60}', "decision_mode": "enforced", "answer": True,
    "status": "decided", "matched": ["p/1"],
}  # fmt: skip


def chained(*entries: Mapping[str, Any], chain: str = "c") -> Iterator[dict[str, Any]]:
    """`entries` as the lines of a log."""
    head = Head(chain)
    for entry in entries:
        sealed = seal(entry, head)
        head = sealed.head
        yield json.loads(sealed.line)


LOG = list(chained(
    DECIDED,
    {**DECIDED, "event_id": "e-2", "malformed_columns": "env,cost,cost_micro_usd", "env": None,
     "cost_micro_usd": None, "ts": "2026-01-01T00:00:01.000000Z"},
    {"type": "approval", "event_id": "e-1", "told": "a", "approval_status": "pending",
     "approval_requested_at": "2026-01-01T00:00:01.000000Z"},
    {"type": "approval", "event_id": "e-1", "told": "b", "approval_status": "approved",
     "approved_by": ["bob"], "beyond": '{"note":"x"}'},
    {"type": "started", "event_id": "e-1", "told": "c", "started_at": "2026-01-01T00:00:02.000000Z",
     "executed": True, "attempt": 2},
    {"type": "ended", "event_id": "e-1", "told": "d", "outcome": "success", "executed": True,
     "actual_tokens_in": 7},
))  # fmt: skip


def test_what_was_told_stands_in_the_row_of_its_decision(tmp_path: Path) -> None:
    report, rows = log_of(write(tmp_path / "a.ndjson", *LOG), out=tmp_path / "log")
    row, other = rows.to_dicts()
    said = {
        "event_id": "e-1", "approval_status": "approved", "approved_by": ["bob"], "executed": True,
        "outcome": "success", "attempt": 2, "actual_tokens_in": 7, "cost_micro_usd": 250_000,
        "amount": 1.5, "risk_tags": ["x"], "read_only": True, "decision_origin": "out_of_process",
        "seq": 0, "prev_hash": None, "record_hash": LOG[0]["record_hash"],
    }  # fmt: skip
    assert {name: row[name] for name in said} == said
    assert row["approval_requested_at"].isoformat() == "2026-01-01T00:00:01+00:00"
    assert (other["env"], other["executed"]) == (None, None)
    assert other["malformed_columns"] == "env,cost,cost_micro_usd"
    assert report.skipped == {"entry approval": 2, "entry started": 1, "entry ended": 1}


def test_what_one_server_was_told_is_not_told_of_the_event_of_another(tmp_path: Path) -> None:
    write(tmp_path / "src" / "a" / "decisions-0.ndjson", *LOG)
    told = {"type": "started", "event_id": "e-1", "told": "x", "worker": "w", "executed": True}
    write(tmp_path / "src" / "b" / "decisions-0.ndjson", *chained(told, chain="d"))
    _, rows = log_of(tmp_path / "src", out=tmp_path / "log")
    assert rows.select("event_id", "worker", "outcome").rows() == [
        ("e-1", None, "success"), ("e-2", None, None)
    ]  # fmt: skip


def test_entries_that_name_no_action_are_none(tmp_path: Path) -> None:
    entry = {"type": "decided", "event_id": "e", "chain": "c", "seq": "9" * 5000, "ts": "x"}
    report, rows = log_of(write(tmp_path / "a.ndjson", entry, LOG[0]), out=tmp_path / "log")
    assert (rows["event_id"].to_list(), report.quarantined) == (["e-1"], 1)
    with pytest.raises(LogError, match="unreadable: 1 neither tool nor action"):
        log_of(write(tmp_path / "b.ndjson", entry), out=tmp_path / "no", format="govlab_decisions")


def test_entries_of_one_event_may_stand_in_several_files(tmp_path: Path) -> None:
    for place, entry in enumerate(reversed(LOG)):
        write(tmp_path / "src" / f"decisions-{place}.ndjson", entry)
    _, rows = log_of(tmp_path / "src", out=tmp_path / "log")
    assert sorted(column(rows, "event_id")) == ["e-1", "e-2"]
    row = rows.filter(event_id="e-1").to_dicts()[0]
    assert (row["approval_status"], row["outcome"]) == ("approved", "success")


def test_what_nobody_told_is_unknown(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", LOG[0])
    _, rows = log_of(tmp_path / "a.ndjson", out=tmp_path / "log")
    manifest = json.loads((tmp_path / "log" / "MANIFEST.json").read_text())
    known = manifest["formats"]["govlab_decisions"]
    assert {"executed", "outcome", "started_at", "ended_at"} <= set(known["partly"])
    assert rows["executed"].to_list() == [None]
    assert "step" in rows["unknown_columns"][0].split(",")


TOLD = {"type": "approval", "event_id": "e-1", "told": "x", "approval_status": "approved"}


def test_one_name_at_two_servers_is_two_events(tmp_path: Path) -> None:
    named = {**DECIDED, "request_id": "e-1"}
    for chain in ("c", "d"):
        folder = tmp_path / "src" / chain
        write(folder / "decisions-0.ndjson", *chained(named, TOLD, chain=chain))
    report, rows = log_of(tmp_path / "src", out=tmp_path / "log")
    assert report.quarantined == report.duplicates == 0
    assert rows.select("event_id", "approval_status").rows() == [
        ("e-1@c", "approved"), ("e-1@d", "approved"),
    ]  # fmt: skip
    links = links_of_rows(rows, 0)
    assert links["event_id"].to_list() == ["e-1"] * 4
    assert links.filter(pl.col("stated").ne_missing(pl.col("found"))).height == 0
    forged = rows.with_columns(event_id=pl.col("event_id").cast(pl.String).str.replace("@.", ""))
    assert set(links_of_rows(forged, 0)["event_id"].to_list()) == {None}
