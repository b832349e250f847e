"""The loop closed: what was served, approved and done is ingested, proved, figured and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.bundle import load_bundle
from govlab.cli.main import run
from govlab.exporting import export_engine
from govlab.keys import new_key
from govlab.log.scan import scan_log
from govlab.replays import replay
from govlab.replays.find import find_event
from tests.log.fixtures import log_of
from tests.serving.inside import Inside, later, of_rules
from tests.serving.running import entries, make_bundle

RULES = """
name: gate
rules:
  - {condition: "env == 'test'", decision: ALLOW}
  - condition: "env == 'staging'"
    decision: ALLOW_WITH_CONSTRAINTS
    constraints: {max_cost: 1.00, timeout: 60s}
  - condition: "env == 'production' && args.size > 10"
    decision: DENY
    reason: too large
  - condition: "env == 'production'"
    decision: REQUIRE_APPROVAL
    approvers: [ops]
    expires_after: 1h
    evidence_required: true
    reason: changes production
  - {condition: "env == 'lab'", decision: REMEDIATE, remediation: {set: {env: "'test'"}}}
"""
MANIFEST = "{name: loop, version: 1.2.3, attributes: {args.size: int}, groups: {ops: [bob, eve]}}"


def asked(env: str, size: int, **context: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": "ann"},
        "action": {"name": "deploy", "properties": {"size": size}},
        "resource": {"type": "tool", "id": "deployer"},
        "context": {"env": env, "agent": "bot", "run_id": f"run-{env}", "cost": 0.25,
                    "supported_obligations": ["max_cost_micro_usd", "timeout_s"], **context},
    }  # fmt: skip


def one_day(server: Inside) -> Iterator[tuple[str, bool]]:
    """Ids and answers of decisions, with what became of each told to the server."""
    for place, (env, size) in enumerate(
        [("test", 1), ("staging", 2), ("production", 50), ("lab", 3), ("nowhere", 4)] * 3
    ):
        server.clock.at = later(60 * place)
        answer = server.evaluate(asked(env, size)).body
        name = answer["context"]["event_id"]
        _ended(server, name, answer["decision"])
        yield name, answer["decision"]
    yield from _approved(server)


def _ended(server: Inside, name: str, permitted: bool) -> None:
    if not permitted:
        assert server.report(name, "ended", {"outcome": "blocked"}).status == 200
        return
    assert server.report(name, "started", {"attempt": 1, "worker": "w1"}).status == 200
    server.clock.at = server.clock.at.replace(second=20)
    ended = {"outcome": "success", "actual_cost_micro_usd": 240_000, "actual_records_affected": 1}
    proof = {"evidence_uri": "file:///proof", "evidence_sha256": "ab" * 32}
    assert server.report(name, "ended", {**ended, **proof}).status == 200


def _approved(server: Inside) -> Iterator[tuple[str, bool]]:
    server.clock.at = later(3600)
    held = server.evaluate(asked("production", 5)).body
    name, wanted = held["context"]["event_id"], held["context"]
    yield name, held["decision"]
    pending = {"id": "ap1", "status": "pending", "requested_at": later(3601).isoformat()}
    assert server.report(name, "approval", pending).status == 200
    _ended(server, name, False)
    vote = {"approver": "bob", "vote": "approve", "at": later(3700).isoformat()}
    approval = {
        **pending, "status": "approved", "votes": [vote], "expires_at": later(7200).isoformat(),
        "policy_digest": wanted["policy_digest"], "action_sha256": wanted["action_sha256"],
    }  # fmt: skip
    assert server.report(name, "approval", approval).status == 200
    server.clock.at = later(3720)
    again = server.evaluate(asked("production", 5, approval=approval)).body
    yield again["context"]["event_id"], again["decision"]
    _ended(server, again["context"]["event_id"], again["decision"])


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bool]]:
    """A folder with `log`, the decision log of a day, and the answers that were given."""
    folder = tmp_path_factory.mktemp("loop")
    server = of_rules(folder, RULES, MANIFEST)
    answers = dict(one_day(server))
    server.journal.close()
    return folder, answers


@pytest.fixture(scope="module")
def rows(day: tuple[Path, dict[str, bool]]) -> pl.DataFrame:
    """The decision log, ingested."""
    folder, _ = day
    report, rows = log_of(folder / "log", out=folder / "actions")
    assert report.quarantined == 0
    assert report.by_format == {"govlab_decisions": rows.height}
    return rows


def test_every_decision_is_a_row_with_what_became_of_it(
    day: tuple[Path, dict[str, bool]], rows: pl.DataFrame
) -> None:
    _, answers = day
    assert rows["event_id"].to_list() == list(answers)
    assert rows["executed"].to_list() == list(answers.values())
    counts = dict(rows.group_by("decision").len().iter_rows())
    assert counts == {
        "ALLOW": 3, "ALLOW_WITH_CONSTRAINTS": 3, "DENY": 6, "REMEDIATE": 3, "REQUIRE_APPROVAL": 2,
    }  # fmt: skip
    held, used = rows.filter(decision="REQUIRE_APPROVAL").to_dicts()
    assert held["approval_status"] == used["approval_status"] == "approved"
    assert held["approved_by"] == used["approved_by"] == ["bob"]
    assert (held["approval_consumed_at"], used["approval_consumed_at"]) == (None, later(3720))
    assert set(rows["policy_version"]) == {"1.2.3"}
    assert rows["emitter"].unique().to_list() == ["control_plane"]
    assert rows["seq"].is_sorted()


def status(
    capsys: pytest.CaptureFixture[str], log: Path, *options: str
) -> tuple[int, dict[str, Any]]:
    code = run(["audit", "verify", str(log), "--no-store", "--json", *options])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("rows")
def test_the_chain_is_proved_on_the_log_and_on_its_rows(
    day: tuple[Path, dict[str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = day
    key, note = folder / "key.pem", folder / "note.txt"
    key.write_bytes(new_key())
    written = len(entries(folder / "log"))
    signing = ["audit", "checkpoint", str(folder / "log"), "--key", str(key), "--out", str(note)]
    assert run(signing) == 0
    capsys.readouterr()
    for log in (folder / "log", folder / "actions"):
        assert status(capsys, log)[1]["status"] == "unanchored"
        code, found = status(capsys, log, "--checkpoint", str(note), "--key", str(key))
        assert (code, found["status"]) == (0, "ok")
        assert found["chains"][0]["records"] == written


CHANGES: dict[str, pl.Expr] = {
    "decision": pl.lit("ALLOW"),
    "approved_by": pl.lit(["eve"]),
    "approval_status": pl.lit("rejected"),
    "outcome": pl.lit("error"),
    "started_at": pl.lit(later(9)),
    "args": pl.lit('{"size":1}'),
    "env": pl.lit("test"),
    "cost_micro_usd": pl.lit(1),
    "policy_digest": pl.lit("ab" * 32),
    "evidence_uri": pl.lit("file:///other"),
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_row_that_was_changed_is_found(
    rows: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str
) -> None:
    place = rows.height - 1  # the approved one: it has a cell in every column
    other = CHANGES[column].cast(rows[column].dtype)
    changed = pl.when(pl.int_range(pl.len()) == place).then(other)
    forged = tmp_path / "forged.parquet"
    rows.with_columns(changed.otherwise(pl.col(column)).alias(column)).write_parquet(forged)
    code, found = status(capsys, forged)
    assert (code, found["status"]) == (1, "compromised")
    assert {gap["row"] for gap in found["gaps"] if gap["kind"] == "changed"} == {place}
    rows.filter(pl.int_range(pl.len()) != 4).write_parquet(forged)
    assert status(capsys, forged)[1]["status"] == "compromised"


def test_lines_that_were_changed_or_taken_out_are_found(
    day: tuple[Path, dict[str, bool]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = day
    lines = next((folder / "log").glob("*.ndjson")).read_text().splitlines()
    other = tmp_path / "decisions-000000000000.ndjson"
    for place in range(len(lines)):
        before, after = lines[:place], lines[place + 1 :]
        forged = lines[place].replace('"event_id":"', '"event_id":"x')
        for kept in ([*before, forged, *after], before + after):
            other.write_text("\n".join(kept) + "\n")
            wanted = "unanchored" if len(kept) == place else "compromised"  # a tail nobody signed
            assert status(capsys, tmp_path)[1]["status"] == wanted


def test_its_scorecard_is_complete(
    day: tuple[Path, dict[str, bool]], rows: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = day
    assert rows.height
    log = str(folder / "actions")
    assert run(["audit", "verify", log]) == 0
    capsys.readouterr()
    bundle = str(folder / "bundle")
    assert run(["scorecard", log, "--bundle", bundle, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    found = {one["id"]: one for one in card["figures"]}
    for name in (
        "audit.who_actions", "audit.what_actions", "audit.where_actions", "audit.evidence_actions",
        "audit.approval_actions", "audit.complete_runs", "audit.chained_share",
        "audit.chain_verified", "audit.outcome_share", "audit.digest_share",
    ):  # fmt: skip
        assert found[name]["value"] == 1, name
    # which versions were tested, and which action was part of an incident, others know
    assert [one["column"] for one in card["unknown"]["columns"]] == [
        "digest_registered",
        "incident",
    ]


@pytest.mark.usefixtures("rows")
def test_a_replay_decides_what_was_decided(
    day: tuple[Path, dict[str, bool]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = day
    out = folder / "decisions.parquet"
    log, bundle = folder / "actions", folder / "bundle"
    assert run(["replay", str(log), str(bundle), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    again, recorded = pl.read_parquet(out), scan_log(log).collect()
    for name in ("decision", "rule", "policy", "reason"):
        assert again[name].cast(pl.String).to_list() == recorded[name].cast(pl.String).to_list()
    assert told["replayability"]["undecidable"] == 0


PROPERTIES = {
    "subject.dept": "string", "object.size": "int", "context.rate": "double", "object.tags":
    "list(string)", "context.since": "timestamp", "subject.admin": "bool",
}  # fmt: skip
SAID: list[dict[str, dict[str, Any]]] = [
    {"subject": {"dept": "ops", "admin": True}, "object": {"size": 3, "tags": ["x"]},
     "context": {"rate": 0.5, "since": "2026-01-01T00:00:00Z"}},
    {"subject": {"dept": 7}, "object": {"size": 3.5, "tags": "x"}, "context": {"rate": 2}},
    {"subject": {"dept": "\u00e9", "admin": None}, "object": {}, "context": {"since": "no"}},
    {"subject": {"later": "x"}, "object": {}, "context": {}},
    {"subject": {f"p{place}": place for place in range(60)}, "object": {}, "context": {}},
    {"subject": {}, "object": {}, "context": {}},
]  # fmt: skip
READING = """
name: props
rules:
  - {condition: "has(event.object.size) && object.size > 2", decision: REQUIRE_APPROVAL,
     approvers: [ops]}
  - {condition: "has(event.subject.admin) && subject.admin && subject.dept == 'ops'",
     decision: ALLOW}
  - {condition: "has(event.context.rate) && context.rate < 3.0 && 'x' in object.tags",
     decision: ALLOW}
  - {condition: "has(event.context.since) && context.since.getFullYear() > 2000", decision: ALLOW}
"""


def of_properties(said: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": "ann", "properties": said["subject"]},
        "action": {"name": "read"},
        "resource": {"type": "file", "id": "f", "properties": said["object"]},
        "context": said["context"],
    }


@pytest.fixture
def told(tmp_path: Path) -> tuple[Path, pl.DataFrame]:
    """The ingested log of a server that was asked with properties, and its rows."""
    server = of_rules(tmp_path, READING, f"{{name: props, attributes: {json.dumps(PROPERTIES)}}}")
    for said in SAID:
        assert server.evaluate(of_properties(said)).status == 200
    server.journal.close()
    return tmp_path, log_of(tmp_path / "log", out=tmp_path / "actions")[1]


def test_properties_that_were_declared_decide_again_as_they_did(
    told: tuple[Path, pl.DataFrame],
) -> None:
    folder, rows = told
    found = replay(folder / "actions", folder / "bundle")
    for name in ("decision", "rule", "reason"):
        assert found.decided[name].cast(pl.String).to_list() == (
            rows[name].cast(pl.String).to_list()
        )
    # one said more names than are kept: what it did not say cannot be told
    assert found.decided["status"].to_list() == [
        "decided", "error", "error", "decided", "undecidable", "decided",
    ]  # fmt: skip
    made = export_engine(folder / "bundle", folder / "engine", log=folder / "actions")
    assert (made.parity.events, made.parity.differences) == (len(SAID), 0)
    for number, name in enumerate(rows["event_id"]):
        event = find_event(load_bundle(folder / "bundle"), scan_log(folder / "actions"), name)
        given = {f"{head}.{k}" for head, some in SAID[number].items() for k in some}
        assert {n for n in event.event if n in PROPERTIES} <= given


def test_properties_that_were_not_kept_are_unknown(told: tuple[Path, pl.DataFrame]) -> None:
    """One that was said, and may have been: of sixty names fifty are kept."""
    folder, _ = told
    later = make_bundle(
        folder / "later",
        "{name: props, attributes: {subject.later: string, subject.p59: int}}",
        "name: p\nrules: [{condition: 'has(event.subject.later) || has(event.subject.p59)', "
        "decision: ALLOW}]",
    )
    found = replay(folder / "actions", later).decided
    assert found["status"].to_list() == [*["decided"] * 3, *["undecidable"] * 2, "decided"]
    assert found["decision"].cast(pl.String).to_list()[0] == "DENY"
