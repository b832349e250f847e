"""Organisation files and assumptions on the command line: never as if they were recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

ROWS = [
    {"event_id": "1", "tool": "aws-cli", "actor": "bot", "resource": "prod-1"},
    {"event_id": "2", "tool": "aws-cli", "actor": "bot", "resource": "dev-1"},
]
ORG = """\
derive:
  env: [{when: "resource.startsWith('prod-')", value: "'production'"}]
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.fixture
def org(tmp_path: Path) -> Path:
    path = tmp_path / "org.yaml"
    path.write_text(ORG, encoding="utf-8")
    return path


def test_inspect_counts_what_an_organisation_file_derives(
    govlab: Command, log: Path, org: Path
) -> None:
    plain = json.loads(govlab("inspect", log, "--json").out)
    found = json.loads(govlab("inspect", log, "--org", org, "--json").out)
    fill = {name: next(c for c in said["columns"] if c["column"] == "env")
            for name, said in (("plain", plain), ("found", found))}  # fmt: skip
    assert (fill["plain"]["status"], fill["plain"]["filled"]) == ("unknown", 0)
    assert (fill["found"]["filled"], fill["found"]["absent"]) == (1, 0)
    assert fill["found"]["unknown"] == 1, "where nothing is derived it is as unknown as before"
    assert found["scope"]["derived"] == ["env"]
    page = govlab("inspect", log, "--org", org).out
    assert "derived by the organisation file, not recorded: env" in page


def test_what_is_derived_is_no_record_to_a_level_either(
    govlab: Command, tmp_path: Path, org: Path
) -> None:
    log = tmp_path / "log.ndjson"
    rows = [ROWS[0] | {"event_id": str(n), "actor": f"bot-{n}@example.com"} for n in range(3)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    said = govlab("maturity", log, "--org", org, "--by", "env,actor", "--json")
    found = json.loads(said.out)
    assert found["scope"]["derived"] == ["env"]
    assert found["cuts"]["env"] == {"production": 0}
    assert len(found["cuts"]["actor"]) == 3
    assert "example.com" not in said.out


def test_events_are_filtered_by_what_is_derived_and_decided_with_it(
    govlab: Command, log: Path, org: Path, seed: Path
) -> None:
    where = ("--org", org, "--where", "env == 'production'", "--json")
    found = json.loads(govlab("events", log, *where).out)
    assert [event["event_id"] for event in found["events"]] == ["1"]
    given = ("--bundle", seed, "--org", org, "--decision", "REQUIRE_APPROVAL")
    decided = json.loads(govlab("events", log, *given, "--json").out)
    assert [event["event_id"] for event in decided["events"]] == ["1"]
    assert "not recorded: env" in govlab("events", log, *given).out


def test_events_of_an_assumption_say_so(govlab: Command, log: Path, seed: Path) -> None:
    given = ("--bundle", seed, "--assume", "env=production", "--default", "ALLOW")
    found = json.loads(govlab("events", log, *given, "--json").out)
    assert {event["decision"] for event in found["events"]} == {"REQUIRE_APPROVAL"}
    assert {"name": "env", "value": "production"} in found["assumed"]
    assert "ASSUMED, not recorded: env = production" in govlab("events", log, *given).out


def test_an_assumption_without_a_bundle_is_refused(govlab: Command, log: Path) -> None:
    ran = govlab("events", log, "--assume", "env=production")
    assert ran.code == 2
    assert "name a `--bundle` too" in ran.err


def test_an_organisation_file_that_decides_is_refused(
    govlab: Command, log: Path, seed: Path
) -> None:
    ran = govlab("inspect", log, "--org", seed)
    assert ran.code == 2
    assert "only derives attributes" in ran.err
