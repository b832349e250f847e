"""`govlab export` and `govlab verify`: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from govlab.bundled import shipped
from govlab.exporting import making, open_engine
from tests.cli.conftest import Command

LOG = '{"event_id": "1", "tool": "aws-cli", "env": "production"}\n{"event_id": "2", "tool": "x"}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_it_says_what_was_compared_and_that_it_is_unsigned(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    shown = govlab("export", "prod-safety", "--out", tmp_path / "e", "--log", log)
    assert shown.code == 0
    assert "2 events decided by replay and by this engine, 0 differences" in shown.out
    assert "signature: unsigned" in shown.out
    checked = govlab("verify", tmp_path / "e")
    assert (checked.code, checked.out.partition(":")[0]) == (0, "unsigned")


def test_without_a_log_parity_is_not_claimed(govlab: Command, tmp_path: Path) -> None:
    shown = govlab("export", "prod-safety", "-o", tmp_path / "e")
    assert "parity: not measured" in shown.out


def test_json_has_digest_files_and_parity(govlab: Command, log: Path, tmp_path: Path) -> None:
    shown = govlab("export", "prod-safety", "--out", tmp_path / "e", "--log", log, "--json")
    said = json.loads(shown.out)
    assert said["parity"]["events"] == 2
    assert said["parity"]["differences"] == 0
    assert set(said["files"]) == {"engine.py", "bundle.json", "vectors.jsonl", "MANIFEST.json"}
    assert len(said["digest"]) == 64


def test_signed_and_verified(govlab: Command, tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    govlab("audit", "key", key)
    assert govlab("export", "prod-safety", "--out", tmp_path / "e", "--key", key).code == 0
    shown = govlab("verify", tmp_path / "e", "--key", key, "--json")
    assert (shown.code, json.loads(shown.out)["status"]) == (0, "ok")
    (tmp_path / "e" / "engine.py").write_text("decide = print\n")
    shown = govlab("verify", tmp_path / "e", "--key", key)
    assert shown.code == 1
    assert "`engine.py` was changed" in shown.out


def test_a_difference_is_exit_1_with_the_event(
    govlab: Command, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        making, "open_engine", lambda text: open_engine(text.replace("'ALLOW'", "'DENY'"))
    )
    shown = govlab("export", "prod-safety", "--out", tmp_path / "e", "--log", log)
    assert shown.code == 1
    assert "nothing was written" in shown.err
    assert not (tmp_path / "e").exists()
    shown = govlab("export", "prod-safety", "--out", tmp_path / "e", "--log", log, "--json")
    assert (shown.code, json.loads(shown.out)["parity"]["differences"]) == (1, 1)
    assert "event" in json.loads(shown.out)["parity"]["first"]


def test_features_that_must_be_given_are_named(govlab: Command, tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(
        "name: b\nhistory:\n  seen: {count: 'true', per: [actor], within: 1h}\n"
        "policies:\n- name: p\n  rules:\n  - {condition: history.seen > 3, decision: DENY}\n"
    )
    (tmp_path / "b").mkdir()
    (tmp_path / "b.yaml").rename(tmp_path / "b" / "bundle.yaml")
    shown = govlab("export", tmp_path / "b", "--out", tmp_path / "e")
    assert shown.code == 0
    assert "history: reads seen; `features(state, event)` gives" in shown.out


def test_what_is_no_export(govlab: Command, tmp_path: Path) -> None:
    shown = govlab("verify", tmp_path)
    assert shown.code == 2
    assert "`govlab export` makes an export" in shown.err


def test_a_log_is_no_broken_export(govlab: Command) -> None:
    shown = govlab("verify", shipped("datasets") / "acme-ops")
    assert (shown.code, "is no export, but what `govlab ingest`" in shown.err) == (2, True)
