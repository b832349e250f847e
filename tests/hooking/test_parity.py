"""What the hook decides of real sessions is what a replay of their transcripts decides."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import govlab
from govlab.bundle import load_bundle
from govlab.hooking.caller import ruled
from govlab.hooking.terms import Terms
from govlab.hooking.writing import write_hook
from tests.exporting.engines import engine_of
from tests.hooking.fixtures import run_hook

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FIELDS = ["decision", "policy", "rule", "reason"]
_EACH = 40  # one of so many calls is asked of a process


def requests(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every tool use in the transcripts below `folder`, as Claude Code asked a hook about it."""
    for path in sorted(folder.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            content = (record.get("message") or {}).get("content")
            for block in content if isinstance(content, list) else []:
                if isinstance(block, dict) and block.get("type") == "tool_use":
                    yield block["id"], _request(record, block)


def _request(record: dict[str, Any], block: dict[str, Any]) -> bytes:
    agent = {"agent_id": record["agentId"]} if record.get("agentId") else {}
    return json.dumps({
        "session_id": record["sessionId"], "transcript_path": "/x.jsonl", "cwd": record["cwd"],
        "permission_mode": "default", "hook_event_name": "PreToolUse", "tool_name": block["name"],
        "tool_input": block["input"], "tool_use_id": block["id"], **agent,
    }, ensure_ascii=False, indent=1).encode()  # fmt: skip


def _decided(record: str) -> tuple[Any, ...]:
    said = json.loads(record)["govlab"]
    return tuple(said.get(name) for name in _FIELDS)


@pytest.mark.parametrize("starter", ["coding-agent", "mcp-gateway", "prod-safety"])
def test_every_call_of_a_real_session(shared: Path, tmp_path: Path, starter: str) -> None:
    folder = shared / "data" / "native" / "claudecode"
    govlab.ingest([folder], out=tmp_path / "log")
    found = govlab.replay(tmp_path / "log", starter).frame.collect()
    replayed = {row["event_id"]: tuple(row[n] for n in _FIELDS) for row in found.to_dicts()}
    engine, asked = engine_of(starter), dict(requests(folder))
    assert asked.keys() == replayed.keys()
    assert len(asked) > 100
    hooked = {i: _decided(ruled(r, engine, Terms(), NOW).record) for i, r in asked.items()}
    assert hooked == replayed
    write_hook(tmp_path / "hook", load_bundle(starter))
    some = list(asked)[::_EACH]
    for name in some:
        assert run_hook(tmp_path / "hook", asked[name]).returncode == 0
    lines = (tmp_path / "hook" / "decisions.ndjson").read_text(encoding="utf-8").splitlines()
    assert [_decided(line) for line in lines] == [replayed[name] for name in some]
