"""The hook as Claude Code starts it: a process that needs Python alone, and fails closed."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import polars as pl
import pytest

from govlab.bundle import load_bundle
from govlab.hooking.writing import approvers, write_hook
from tests.hooking.fixtures import asked, bundle, run_hook, said
from tests.log.fixtures import column, log_of

RULES = (
    "{id: push, condition: \"args.command.contains('push')\", decision: REQUIRE_APPROVAL, "
    "approvers: [owners], separation_of_duties: false, expires_after: 15m}",
    "{id: deploy, condition: \"args.command == 'deploy'\", decision: REQUIRE_APPROVAL, "
    "approvers: [owners], expires_after: 15m}",
    "{id: secret, condition: \"args.command.contains('passwd')\", decision: DENY, "
    "reason: no secrets}",
    "{id: dry, condition: \"args.command == 'apply'\", decision: REMEDIATE, "
    "remediation: {set: {args.command: \"'apply --dry-run'\"}, apply: automatic}}",
    "{id: hint, condition: \"args.command == 'rm x'\", decision: REMEDIATE, "
    "remediation: {set: {args.command: \"'trash x'\"}, suggestion: use trash}}",
    "{id: elsewhere, condition: \"args.command == 'prod' && !has(event.env)\", "
    "decision: REMEDIATE, remediation: {set: {env: \"'staging'\"}, apply: automatic}}",
    "{id: limited, condition: \"tool == 'Write'\", decision: ALLOW_WITH_CONSTRAINTS, "
    "constraints: {deny_paths: [/etc/**]}}",
    "{id: slow, condition: \"args.command == 'sleep'\", decision: ALLOW_WITH_CONSTRAINTS, "
    "constraints: {timeout: 5s}}",
    "{id: ordinary, decision: ALLOW, "
    "condition: \"args.command in ['ls', 'apply --dry-run', 'trash x', 'prod']\"}",
)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hooks of the same bundle: of nobody in particular, of the owner, with limits assumed."""
    folder = tmp_path_factory.mktemp("hooks")
    loaded = load_bundle(bundle(folder, *RULES))
    owner = approvers(loaded, "kim@example.com")
    write_hook(folder / "plain", loaded)
    write_hook(folder / "owner", loaded, names=owner)
    write_hook(folder / "assumes", loaded, assumes=True)
    return folder


ANSWERS = [
    ("plain", "ls", "allow", "allowed by rule `ordinary`"),
    ("plain", "cat /etc/passwd", "deny", "denied by rule `secret`: no secrets"),
    ("plain", "other", "deny", "denied by the default: no_rule"),
    ("plain", "git push", "deny", "request the approval of 1 of owners within 900 s, outside"),
    ("owner", "git push", "ask", "approval required by rule `push`"),
    ("owner", "deploy", "deny", "who did not ask for it"),
    ("plain", "rm x", "deny", "; instead: use trash"),
    ("plain", "prod", "deny", "cannot make the safer variant"),
    ("plain", "sleep", "deny", "obligations_unsupported: timeout_s"),
    ("assumes", "sleep", "allow", "allowed by rule `slow`"),
]


@pytest.mark.parametrize(("hook", "command", "word", "reason"), ANSWERS)
def test_each_decision_has_its_answer(
    hooks: Path, hook: str, command: str, word: str, reason: str
) -> None:
    done = run_hook(hooks / hook, asked(given={"command": command}))
    found = said(done)
    assert found[0] == word
    assert reason in found[1]


def test_a_remedy_replaces_the_input(hooks: Path) -> None:
    done = run_hook(hooks / "plain", asked(given={"command": "apply", "timeout": 3}))
    assert said(done)[0] == "allow"
    answer = json.loads(done.stdout)["hookSpecificOutput"]
    assert answer["updatedInput"] == {"command": "apply --dry-run", "timeout": 3}


@pytest.mark.parametrize(("path", "word"), [("/srv/a", "allow"), ("/srv/../etc/a", "deny")])
def test_limits_are_checked_on_the_request(hooks: Path, path: str, word: str) -> None:
    request = asked("Write", {"file_path": path, "command": "-"})
    assert said(run_hook(hooks / "plain", request))[0] == word


@pytest.mark.parametrize("mode", ["bypassPermissions", "dontAsk", None])
def test_nobody_is_asked_where_nobody_may_answer(hooks: Path, mode: str | None) -> None:
    request = asked(given={"command": "git push"}, permission_mode=mode)
    assert said(run_hook(hooks / "owner", request))[0] == "deny"


MALFORMED = {
    b"": "no JSON object",
    b"[]": "no JSON object",
    b'{"a": 1': "no JSON object",
    b'{"a": 1} x': "goes on behind",
    b"\xff\xfe": "not UTF-8",
    b"[" * 100_000: "no JSON object",
    b'{"a": ' + b"[" * 100_000: "too deep",
    asked()[:-1] + b', "tool_name": "Read"}': "a key twice",
    asked(hook_event_name="Stop"): "not about a tool use",
    asked(tool=""): "not about a tool use",
    asked(session_id=3): "`session_id` is no text",
    asked().replace(b"tool_input", b"tool_inpu"): "no `tool_input`",
}


@pytest.mark.parametrize("request_", MALFORMED, ids=range(len(MALFORMED)))
def test_what_cannot_be_read_is_denied_and_in_monitor_mode_let_go(
    hooks: Path, request_: bytes
) -> None:
    word, reason = said(run_hook(hooks / "plain", request_))
    assert word == "deny"
    assert MALFORMED[request_] in reason
    watched = run_hook(hooks / "plain", request_, "--monitor")
    assert (watched.returncode, watched.stdout) == (0, b"")


def test_a_key_of_the_input_that_stands_there_twice_is_malformed(hooks: Path) -> None:
    request = asked().replace(b'{"command": "ls"}', b'{"command": "ls", "command": "rm"}')
    assert said(run_hook(hooks / "plain", request))[0] == "deny"


@pytest.mark.parametrize("spoilt", ["engine/engine.py", "caller.py"])
def test_a_hook_that_was_changed_blocks_and_in_monitor_mode_lets_go(
    hooks: Path, tmp_path: Path, spoilt: str
) -> None:
    folder = Path(shutil.copytree(hooks / "plain", tmp_path / "hook"))
    with (folder / spoilt).open("a", encoding="utf-8") as file:
        file.write("\nraise SystemError('secret')\n")
    done = run_hook(folder, asked())
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"the hook failed" in done.stderr
    assert b"secret" not in done.stderr
    assert run_hook(folder, asked(), "--monitor").returncode == 0


def test_a_decision_that_cannot_be_recorded_is_none(hooks: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(hooks / "plain", tmp_path / "hook"))
    (folder / "decisions.ndjson").unlink(missing_ok=True)
    (folder / "decisions.ndjson").mkdir()
    done = run_hook(folder, asked())
    assert (done.returncode, done.stdout) == (2, b"")


def test_what_was_decided_is_ingested(hooks: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(hooks / "plain", tmp_path / "hook"))
    records = folder / "decisions.ndjson"
    records.unlink(missing_ok=True)
    for number, command in enumerate(["ls", "git push", "apply", "cat /etc/passwd", "sleep"]):
        run_hook(folder, asked(given={"command": command}, tool_use_id=f"t{number}"))
    run_hook(folder, b"{")
    watched = asked(given={"command": "cat /etc/passwd"}, tool_use_id="t9")
    assert run_hook(folder, watched, "--monitor").stdout == b""
    assert stat.S_IMODE(records.stat().st_mode) == 0o600
    report, rows = log_of(records, out=tmp_path / "log")
    assert report.by_format == {"claudecode_hook": 6}
    assert report.skipped == {"no hook record": 1}
    rows = rows.sort("event_id")
    assert column(rows, "decision") == [
        "ALLOW", "REQUIRE_APPROVAL", "REMEDIATE", "DENY", "ALLOW_WITH_CONSTRAINTS", "DENY",
    ]  # fmt: skip
    assert column(rows, "rule") == ["ordinary", "push", "dry", "secret", "slow", "secret"]
    assert column(rows, "decision_mode") == ["enforced"] * 5 + ["monitor"]
    assert column(rows, "executed") == [None, False, None, False, False, None]
    assert column(rows, "policy_version") == ["2.0.0"] * 6
    assert rows["ts"].is_not_null().all()
    assert rows.select(pl.col("policy_digest").n_unique()).item() == 1
