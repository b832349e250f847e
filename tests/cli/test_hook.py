"""`govlab hook`: the change is shown first, nothing else in the settings is touched."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from govlab.bundled import shipped
from tests.cli.conftest import Command
from tests.hooking.fixtures import asked, bundle, said

OTHERS = {
    "model": "x",
    "hooks": {
        "PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "lint 'a b'"}]},
            {"matcher": "*", "hooks": [{"type": "command", "command": "un'closed"}]},
        ],
        "Stop": [],
    },
    "permissions": {"deny": ["Read(./.env)", "ä"]},
}
RULE = "{id: all, decision: ALLOW}"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "project" / ".claude" / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(OTHERS, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    path.chmod(0o640)
    return path


def _command(settings: Path) -> str:
    groups = json.loads(settings.read_text(encoding="utf-8"))["hooks"]["PreToolUse"]
    command: str = groups[-1]["hooks"][0]["command"]
    return command


def test_installed_it_decides_and_uninstalled_the_settings_are_as_before(
    govlab: Command, settings: Path, tmp_path: Path
) -> None:
    before = settings.read_text(encoding="utf-8")
    place = ("claude-code", "--settings", settings)
    shown = govlab("hook", "install", *place, bundle(tmp_path, RULE), "--yes")
    assert shown.code == 0
    assert "+          }" in shown.out
    assert "enforced: what is denied" in shown.out
    after = json.loads(settings.read_text(encoding="utf-8"))
    assert after["hooks"]["PreToolUse"][:2] == OTHERS["hooks"]["PreToolUse"]  # type: ignore[index]
    assert settings.stat().st_mode & 0o777 == 0o640
    done = subprocess.run(["sh", "-c", _command(settings)], input=asked(), capture_output=True,
                          check=True, env={})  # fmt: skip
    assert said(done) == ("allow", "allowed by rule `all`")
    looked = json.loads(govlab("hook", "status", *place, "--json").out)
    assert (looked["installed"], looked["mode"], looked["works"]) == (True, "enforce", True)
    assert govlab("verify", settings.parent / "govlab" / "engine").code == 0
    gone = govlab("hook", "uninstall", *place, "--yes")
    assert gone.code == 0
    assert settings.read_text(encoding="utf-8") == before
    assert (settings.parent / "govlab" / "decisions.ndjson").exists()
    assert govlab("hook", "status", *place).out.startswith("not installed in ")
    again = govlab("hook", "uninstall", *place)
    assert (again.code, again.out[:15]) == (0, "nothing changes")


def test_a_starter_that_only_watches_says_how_it_is_made_to_act(
    govlab: Command, settings: Path
) -> None:
    shown = govlab("hook", "install", "claude-code", "coding-agent", "--settings", settings, "-y")
    folder = shipped("policies") / "coding-agent"
    assert f"say `mode: enforce` in a copy of {folder}, and install that" in shown.out
    assert govlab("hook", "status", "--settings", settings).out.startswith("installed in ")
    assert govlab("hook", "uninstall", "--settings", settings, "-y").code == 0


def test_installing_again_replaces_it(govlab: Command, settings: Path, tmp_path: Path) -> None:
    place, gate = ("claude-code", "--settings", settings), bundle(tmp_path, RULE)
    govlab("hook", "install", *place, gate, "--yes", "--monitor")
    assert shlex.split(_command(settings))[-1] == "--monitor"
    govlab("hook", "install", *place, gate, "--yes")
    groups = json.loads(settings.read_text(encoding="utf-8"))["hooks"]["PreToolUse"]
    assert len(groups) == 3
    assert "--monitor" not in _command(settings)
    shown = govlab("hook", "install", *place, gate, "--yes")
    assert "nothing changes in" in shown.out


def test_without_a_yes_nothing_is_written(
    govlab: Command, settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.confirm", lambda _: False)
    before = settings.read_text(encoding="utf-8")
    gate = bundle(tmp_path, RULE)
    shown = govlab("hook", "install", "claude-code", gate, "--settings", settings)
    assert (shown.code, shown.out.splitlines()[-1]) == (1, "nothing was written")
    assert settings.read_text(encoding="utf-8") == before
    assert not (settings.parent / "govlab").exists()


def test_a_hook_that_does_not_start_is_exit_1(
    govlab: Command, settings: Path, tmp_path: Path
) -> None:
    place = ("claude-code", "--settings", settings)
    govlab("hook", "install", *place, bundle(tmp_path, RULE), "--yes")
    (settings.parent / "govlab" / "engine" / "engine.py").write_text("DIGEST = 1\n")
    shown = govlab("hook", "status", *place)
    assert shown.code == 1
    assert "does not start: every call is blocked" in shown.out


REFUSED = {
    "{": "is not JSON as settings have it",
    '{"a": 1, "a": 2}': "a key is there twice",
    "[]": "has no `hooks` as Claude Code has them",
    '{"hooks": {"PreToolUse": {}}}': "has no `hooks` as Claude Code has them",
}


@pytest.mark.parametrize("text", REFUSED)
def test_settings_that_cannot_be_read_are_left_alone(
    govlab: Command, settings: Path, tmp_path: Path, text: str
) -> None:
    settings.write_text(text, encoding="utf-8")
    gate = bundle(tmp_path, RULE)
    shown = govlab("hook", "install", "claude-code", gate, "--settings", settings, "--yes")
    assert shown.code == 2
    assert REFUSED[text] in shown.err
    assert settings.read_text(encoding="utf-8") == text


def test_a_bundle_that_reads_history_is_refused(
    govlab: Command, settings: Path, tmp_path: Path
) -> None:
    gate = bundle(tmp_path, "{id: few, condition: history.calls < 3, decision: ALLOW}")
    with (gate / "bundle.yaml").open("a", encoding="utf-8") as file:
        file.write('history: {calls: {count: "true", per: [run_id]}}\n')
    shown = govlab("hook", "install", "claude-code", gate, "--settings", settings, "--yes")
    assert shown.code == 2
    assert "reads history (`calls`)" in shown.err


def test_what_claude_code_does_not_tell_is_named(
    govlab: Command, settings: Path, tmp_path: Path
) -> None:
    gate = bundle(tmp_path, "{id: env, condition: env == 'dev', decision: ALLOW}")
    place = ("--settings", settings, "--yes", "--monitor")
    shown = govlab("hook", "install", "claude-code", gate, *place)
    assert "rules read `env`, which Claude Code does not tell" in shown.out
    assert "monitor: every call goes ahead" in shown.out
