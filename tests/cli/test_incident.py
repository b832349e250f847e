"""`govlab incident`, `fidelity` and `registry`, as their users run them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from govlab.fidelity import Fidelity
from govlab.registry import Registry
from tests.cli.conftest import Command

LOG = Path(__file__).parents[2] / "datasets" / "acme-ops"
SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"  # noqa: S105  # made up


@pytest.fixture
def registry(govlab: Command, tmp_path: Path) -> Path:
    folder = tmp_path / "registry"
    for version, since in (("0.8.0", "2026-02-02"), ("0.9.0", "2026-02-24T09:00:00Z")):
        snapshot = LOG / "snapshots" / f"prod-safety-{version}"
        assert govlab("registry", "add", folder, snapshot, "--by", "ann").code == 0
        assert govlab("registry", "activate", folder, version, "--at", since).code == 0
    return folder


def test_the_registry_shows_what_was_in_force(govlab: Command, registry: Path) -> None:
    shown = govlab("registry", "show", registry)
    assert "the chain holds" in shown.out
    said = json.loads(govlab("registry", "show", registry, "--json").out)
    assert [v["state"] for v in said["versions"]] == ["retired", "active"]
    assert [w["end"] for w in said["windows"]] == ["2026-02-24T09:00:00+00:00", None]
    assert len(said["ledger"]) == 2
    back = govlab("registry", "rollback", registry, "--rationale", "too tight")
    assert "prod-safety 0.8.0" in back.out
    assert govlab("registry", "retire", registry, "0.9.0").code == 2


def test_fidelity_says_what_differs_and_then_what_is_stored(
    govlab: Command, registry: Path, compared: tuple[Registry, Fidelity]
) -> None:
    asked = ("fidelity", LOG, "--registry", registry)
    assert json.loads(govlab(*asked, "--stored", "--json").out)["figure"]["value"] is None
    shutil.copytree(compared[0].folder / "fidelity", registry / "fidelity")
    for part in sorted((registry / "fidelity").rglob("*.json"))[:3]:
        part.unlink()  # these are replayed now
    page = govlab(*asked)
    assert page.code == 0
    assert "recorded decisions are not what their own snapshot decides" in page.out
    stored = json.loads(govlab(*asked, "--stored", "--json").out)
    assert stored["pieces"]["replayed_now"] == 0
    assert stored["figure"]["numerator"] == sum(m["events"] for m in stored["mismatches"])


def test_a_frozen_incident_holds_what_its_digests_say(
    govlab: Command, registry: Path, tmp_path: Path
) -> None:
    kept, page = tmp_path / "kept", tmp_path / "page.md"
    asked = ("incident", LOG, "--where", "incident == 'INC-0226-stack'", "--registry", registry)
    assert govlab(*asked, "--freeze", kept, "--md", page).code == 0
    for line in (kept / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        assert hashlib.sha256((kept / name).read_bytes()).hexdigest() == digest
    assert (kept / "incident.md").read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    assert pl.read_parquet(kept / "events.parquet").height == 2
    assert (kept.stat().st_mode & 0o077) == 0
    assert "is there already" in govlab(*asked, "--freeze", kept).err


def test_of_a_bundle_in_a_file_only_the_file_is_frozen(govlab: Command, tmp_path: Path) -> None:
    policy = tmp_path / "home" / "gate.yaml"
    policy.parent.mkdir()
    text = 'name: gate\nrules: [{condition: "true", decision: DENY}]\n'
    policy.write_text(text, encoding="utf-8")
    (policy.parent / "private.txt").write_text("of nobody's concern", encoding="utf-8")
    kept = tmp_path / "kept"
    asked = ("incident", LOG, "--where", "incident == 'INC-0226-stack'", "--bundle", policy)
    assert govlab(*asked, "--freeze", kept).code == 0
    (rules,) = (kept / "rules").iterdir()
    assert sorted(path.name for path in rules.iterdir()) == ["bundle.json", "gate.yaml"]
    assert json.loads((rules / "bundle.json").read_bytes())["digest"] == rules.name


def test_what_the_page_may_not_show_is_in_none_of_its_forms(
    govlab: Command, tmp_path: Path
) -> None:
    row = {
        "event_id": "1", "ts": "2026-01-05T10:00:00Z", "actor": "bot\x1b[31m|<b>",
        "principal": "ann@example.com", "tool": f"curl {SECRET}", "run_id": "ann@example.com",
        "resource": "[x](https://evil.example/)", "reason": f"key {SECRET} @all",
        "decision": "DENY", "rule": "`r`", "executed": True, "outcome": f"ok {SECRET}",
    }  # fmt: skip
    log, page = tmp_path / "log.ndjson", tmp_path / "page.md"
    log.write_text(json.dumps(row) + "\n", encoding="utf-8")
    text = govlab("incident", log, "--where", "true", "--md", page)
    document = govlab("incident", log, "--where", "true", "--json")
    markdown = page.read_text(encoding="utf-8")
    for shown in (text.out, document.out, markdown):
        assert SECRET not in shown
        assert "ann@example.com" not in shown
        assert "\x1b" not in shown
    assert "](https://" not in markdown
    assert "<b>" not in markdown.replace("\\<b\\>", "")
    people = govlab("incident", log, "--where", "true", "--show-people")
    assert "ann@example.com" in people.out
    assert SECRET not in people.out


def test_recorded_limits_are_said_as_a_person_says_them(govlab: Command, tmp_path: Path) -> None:
    row = {
        "event_id": "1", "tool": "aws-cli", "decision": "ALLOW_WITH_CONSTRAINTS",
        "constraints": '{"max_cost_micro_usd": 50000000, "read_only": true, "timeout_s": 300}',
    }  # fmt: skip
    log = tmp_path / "log.ndjson"
    log.write_text(json.dumps(row) + "\n", encoding="utf-8")
    shown = govlab("incident", log, "--id", "1")
    assert "limits set: max_cost $50.00, read_only, timeout 5 min\n" in shown.out


def test_an_incident_needs_a_question(govlab: Command) -> None:
    assert "say which action" in govlab("incident", LOG).err
    assert "is no span" in govlab("incident", LOG, "--id", "x", "--window", "soon").err
