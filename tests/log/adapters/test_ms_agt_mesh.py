"""Audit entries of the Agent Governance Toolkit's mesh."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.log.fixtures import log_of, quarantine, write

HASH = "ab" * 32


def entry(id: str, **more: Any) -> dict[str, Any]:
    return {
        "entry_id": id, "timestamp": "2026-01-01T00:00:00+00:00", "event_type": "tool_invocation",
        "agent_did": "did:a", "action": "mail.send", "resource": "inbox", "outcome": "success",
        "previous_hash": "", "entry_hash": HASH, "session_id": "s", **more,
    }  # fmt: skip


def test_entries_as_rows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "audit.jsonl",
        entry("1", policy_decision="allow", matched_rule="r", data={"to": "x"}),
        entry("2", policy_decision="deny", outcome="denied", arguments_hash="sha256:" + HASH),
        entry("3", policy_decision="escalate", approver_did="did:boss", outcome="odd"),
        entry("4", policy_decision="maybe"),
        entry("5", action=""),
        {"entry_id": 6, "agent_did": "x"},
    )
    report, rows = log_of(path, out=tmp_path / "log")
    assert report.by_format == {"ms_agt_mesh": 4}
    assert (report.unmapped, report.skipped) == ({"maybe": 1}, {"tool_invocation": 1})
    assert len(quarantine(tmp_path / "log")) == 1
    assert rows["decision"].to_list() == ["ALLOW", "DENY", "REQUIRE_APPROVAL", None]
    assert rows["executed"].to_list() == [True, False, None, True]
    assert rows["outcome"].to_list() == ["success", "blocked", None, "success"]
    assert rows["approval_status"].to_list() == [None, None, "approved", None]
    assert rows["args"].to_list() == ['{"to":"x"}', None, None, None]
    assert rows["args_sha256"][1] == HASH
    assert rows["record_hash"].to_list() == [HASH] * 4
    assert json.loads(rows["extra"][2])["outcome"] == "odd"
    assert rows["ts"].null_count() == 0


def test_entries_of_an_export(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({"entries": [entry("1"), entry("2")]}))
    report, rows = log_of(path, out=tmp_path / "log", format="ms_agt_mesh")
    assert report.events == 2
    assert rows["source_ref"].to_list() == ["audit.json:1", "audit.json:2"]
