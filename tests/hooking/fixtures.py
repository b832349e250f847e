"""Requests as Claude Code sends them, hooks to ask, and the real calls to ask about."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["GATE", "asked", "bundle", "run_hook", "said"]

GATE = """
name: gate
version: 2.0.0
default: {default}
attributes: {{args.command: string, args.file_path: string, args.lines: int}}
groups: {{owners: [kim@example.com]}}
"""


def bundle(folder: Path, *rules: str, default: str = "DENY") -> Path:
    """A bundle of `rules`, each as YAML in braces, written below `folder`."""
    place = folder / "gate"
    (place / "policies").mkdir(parents=True)
    (place / "bundle.yaml").write_text(GATE.format(default=default), encoding="utf-8")
    lines = "".join(f"  - {rule}\n" for rule in rules)
    (place / "policies" / "gate.yaml").write_text(f"name: gate\nrules:\n{lines}", encoding="utf-8")
    return place


def asked(tool: str = "Bash", given: Any = None, **more: Any) -> bytes:
    """A PreToolUse request as Claude Code writes it to the hook's standard input."""
    return json.dumps({
        "session_id": "s", "transcript_path": "/home/kim/x.jsonl", "cwd": "/repo",
        "permission_mode": "default", "hook_event_name": "PreToolUse", "tool_name": tool,
        "tool_input": {"command": "ls"} if given is None else given, "tool_use_id": "t1", **more,
    }).encode()  # fmt: skip


def run_hook(folder: Path, request: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The hook in `folder` as Claude Code starts it, asked `request`."""
    command = [sys.executable, "-I", "-S", str(folder / "hook.py"), *arguments]
    return subprocess.run(command, input=request, capture_output=True, check=False)


def said(done: subprocess.CompletedProcess[bytes]) -> tuple[str, str]:
    """The decision of an answer and its reason."""
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)["hookSpecificOutput"]
    assert answer["hookEventName"] == "PreToolUse"
    return answer["permissionDecision"], answer["permissionDecisionReason"]
