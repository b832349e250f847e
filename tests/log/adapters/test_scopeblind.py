"""Decision receipts: flat, in envelopes, inside in-toto; requests alone are no decisions."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from govlab.log.ingestion import ingest
from govlab.log.scan import scan_log
from govlab.runtime import arguments
from tests.log.fixtures import log_of, quarantine, write

HASH = "ab" * 32
APS = {
    "v": 2, "type": "decision_receipt", "kid": "k", "issued_at": "2026-01-01T00:00:00Z",
    "payload": {"decision": "deny", "request_id": "r1", "agent_id": "bot", "tool": "http.get",
                "params_hash": f"sha256:{HASH}", "policy_id": "p", "reason_code": "no"},
    "signature": "s",
}  # fmt: skip
STATEMENT = {"_type": "t", "predicateType": "x", "predicate": APS}


def envelope(statement: Any = STATEMENT) -> dict[str, Any]:
    text = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"payloadType": "application/vnd.in-toto+json", "payload": text, "signatures": []}


@pytest.mark.parametrize("document", [APS, STATEMENT, envelope()])
def test_one_receipt_in_three_wrappings(tmp_path: Path, document: Any) -> None:
    report, rows = log_of(write(tmp_path / "r.jsonl", document), out=tmp_path / "log")
    assert report.by_format == {"scopeblind": 1}
    (row,) = rows.to_dicts()
    assert (row["event_id"], row["actor"], row["tool"]) == ("r1", "bot", "http.get")
    assert (row["decision"], row["policy"], row["reason"]) == ("DENY", "p", "no")
    assert row["args_sha256"] == HASH
    assert "args" in row["unknown_columns"].split(",")


def test_flat_receipts_have_arguments(tmp_path: Path) -> None:
    flat = {"receipt_id": "rec_1", "tool_name": "Bash", "tool_input": {"command": "ls"},
            "decision": "allow", "policy_id": "p", "timestamp": "2026-01-01T00:00:00Z",
            "sequence": 1, "parent_receipt_hash": None}  # fmt: skip
    report, rows = log_of(write(tmp_path / "r.jsonl", flat), out=tmp_path / "log")
    assert report.by_format == {"scopeblind_flat": 1}
    assert (rows["args"][0], rows["seq"][0]) == ('{"command":"ls"}', 1)
    assert rows["args_sha256"][0] == arguments.digest('{"command":"ls"}')
    assert "args" not in rows["unknown_columns"][0].split(",")


def test_envelopes_name_an_action(tmp_path: Path) -> None:
    payload = {
        "type": "scopeblind.receipt.v1",
        "decision": "perhaps",
        "sequence": 0,
        "action": {"kind": "exec", "target": "/bin/ls"},
        "timestamp": "2026-01-01T00:00:00Z",
    }
    document = {"payload": payload, "signature": "s", "pubkey": "p"}
    report, rows = log_of(write(tmp_path / "r.jsonl", document), out=tmp_path / "log")
    assert (rows["action"][0], rows["resource"][0]) == ("exec", "/bin/ls")
    assert report.unmapped == {"perhaps": 1}
    assert rows["decision"].to_list() == [None]


def test_what_is_no_receipt_is_counted_or_quarantined(tmp_path: Path) -> None:
    request = {"request_id": "r2", "agent_id": "bot", "tool": "http.get", "params": {}}
    audit = {"audit_log_entry_id": "a", "request_id": "r3", "tool": "t", "tool_invoked": False,
             "policy_decision": "allow", "signing_error": "no key"}  # fmt: skip
    broken = envelope() | {"payload": "%%%"}
    path = write(tmp_path / "r.jsonl", APS, request, audit, broken)
    report, rows = log_of(path, out=tmp_path / "log")
    assert report.skipped == {"request without a decision": 1}
    assert [found["line"] for found in quarantine(tmp_path / "log")] == [4]
    assert rows.filter(event_id="r3").select("decision", "executed", "outcome").row(0) == (
        "ALLOW", False, "blocked",
    )  # fmt: skip


def test_scopeblind_equals_an_independent_count(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "native" / "scopeblind"
    chain = (folder / "expected" / "chain.jsonl").read_text().split("\n")
    decided = [json.loads(line) for line in chain if line]
    requests = 0
    for path in sorted(folder.rglob("*.json")):
        found = json.loads(path.read_bytes())
        if found.get("type") == "decision_receipt":
            decided.append(found["payload"])
        elif "audit_log_entry_id" in found:
            decided.append(found)
        requests += "params" in found or "tool_input" in found
    report = ingest([folder], tmp_path / "log")
    assert report.events == len(decided)
    assert report.duplicates == 2  # one receipt lies there in three wrappings
    assert report.skipped["request without a decision"] == requests
    assert not quarantine(tmp_path / "log")
    log = scan_log(tmp_path / "log").collect()
    denied = [r for r in decided if "deny" in (r.get("decision"), r.get("policy_decision"))]
    assert (log["decision"] == "DENY").sum() == len(denied)
    # the digest that receipts hold is the one this log computes from arguments
    for path in folder.rglob("input.json"):
        asked = json.loads(path.read_bytes())
        stated = log.filter(event_id=asked["request_id"])["args_sha256"].drop_nulls().to_list()
        assert set(stated) <= {arguments.digest(json.dumps(asked["params"]))}
