"""The commands of an auditor, as auditors run them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from govlab.audit.state import RESULT, chain_state
from govlab.bundled import shipped
from tests.audit.records import START, records

from .conftest import Command

SAMPLE = shipped("datasets") / "acme-ops"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    records(12, ("acme", None)).write_parquet(path)
    return path


def test_a_checkpoint_anchors_a_chain_until_it_is_changed(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    key, kept = tmp_path / "k.pem", tmp_path / "kept.txt"
    assert govlab("audit", "key", key).code == 0
    assert key.stat().st_mode & 0o077 == 0
    assert govlab("audit", "key", key).code == 2
    assert "unanchored" in govlab("audit", "verify", log).out
    assert govlab("audit", "verify", log, "--fail-on", "unanchored").code == 1
    assert govlab("audit", "checkpoint", log, "--key", key, "--out", kept).code == 0
    ran = govlab("audit", "verify", log, "--checkpoint", kept, "--key", key, "--json")
    assert (ran.code, json.loads(ran.out)["status"]) == (0, "ok")
    pl.read_parquet(log).with_columns(tool=pl.lit("x")).write_parquet(log)
    ran = govlab("audit", "verify", log, "--checkpoint", kept, "--key", key, "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["status"], len(said["gaps"])) == (1, "compromised", 12)
    assert said["gaps"][0]["kind"] == "changed"


def test_a_checkpoint_without_its_key_is_refused(govlab: Command, log: Path) -> None:
    ran = govlab("audit", "verify", log, "--checkpoint", log)
    assert (ran.code, "without its key" in ran.err) == (2, True)


def test_the_result_is_stored_and_says_when_the_log_changed(govlab: Command, log: Path) -> None:
    assert chain_state(log) is None
    govlab("audit", "verify", log)
    found = chain_state(log)
    assert found is not None
    assert (found.status, found.verified, found.fresh) == ("unanchored", 12, True)
    assert found.values()[RESULT].value == 1.0
    assert found.age(found.checked_at + timedelta(days=1)) == timedelta(days=1)
    pl.read_parquet(log).head(10).write_parquet(log)
    stale = chain_state(log)
    assert stale is not None
    assert (stale.fresh, stale.values()[RESULT].value) == (False, None)
    cut = json.loads(govlab("audit", "verify", log, "--json").out)
    assert {gap["kind"] for gap in cut["gaps"]} == {"missing"}


def test_a_proof_names_its_root(govlab: Command, log: Path) -> None:
    said = json.loads(govlab("audit", "prove", log, "--id", "e4", "--json").out)
    assert (said["index"], said["size"], said["tenant"]) == (2, 6, "acme")
    assert govlab("audit", "prove", log, "--id", "e99").code == 2


def test_raw_logs_are_ingested_before_their_chain_is_verified(
    govlab: Command, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "s.jsonl").write_text('{"type": "user", "sessionId": "s"}\n', encoding="utf-8")
    shown = govlab("audit", "verify", raw)
    assert shown.code == 2
    assert f"`govlab ingest {raw} --out log`" in shown.err


def test_a_run_is_told_in_order_without_people(govlab: Command, tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    after = [START + timedelta(seconds=s) for s in range(1, 6)]
    pl.DataFrame({
        "event_id": ["e"], "ts": [START], "run_id": ["r"], "actor": ["bot"], "tool": ["<b>"],
        "principal": ["ann"], "delegation_chain": [["ann-agent", "bot"]],
        "decision": ["REQUIRE_APPROVAL"], "decided_at": [after[0]],
        "constraints": ['{"max_cost_micro_usd":12500000,"timeout_s":900}'],
        "policy_digest": ["ab" * 32],
        "approval_requested_at": [after[1]], "approval_decided_at": [after[2]],
        "approval_status": ["approved"], "approved_by": [["bob"]], "executed": [True],
        "started_at": [after[3]], "ended_at": [after[4]], "outcome": ["success"],
        "record_hash": ["ab"],
    }).write_parquet(path)  # fmt: skip
    said = json.loads(govlab("audit", "run", path, "r", "--json").out)
    assert [m["kind"] for m in said["moments"]] == [
        "requested", "decided", "approval requested", "approved", "started", "ended", "evidence",
    ]  # fmt: skip
    text = govlab("audit", "run", path, "r").out
    assert "delegated ann-agent > bot" in text
    assert "bob" not in text
    assert "bob" in govlab("audit", "run", path, "r", "--show-people").out
    page = tmp_path / "run.html"
    govlab("audit", "run", path, "r", "--html", page)
    html = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "default-src &#x27;none&#x27;" in html
    assert "prefers-color-scheme: dark" in html
    assert f"snapshot {'ab' * 6}, limits max_cost $12.50, timeout 15 min" in html
    assert said["moments"][1]["said"]["policy_digest"] == "ab" * 32
    ran = govlab("audit", "run", path, "x")
    assert (ran.code, "no run `x`" in ran.err) == (2, True)


def test_questions_rank_the_fields_that_complete_runs(govlab: Command, tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    pl.DataFrame({
        "event_id": list("abc"), "run_id": ["r", "s", "t"], "actor": ["x", None, None],
        "principal": ["p", "p", None], "tool": ["t"] * 3, "resource": ["o"] * 3,
        "decision": ["ALLOW"] * 3, "rule": ["r1"] * 3, "policy_version": ["1"] * 3,
        "policy_digest": ["d"] * 3, "executed": [False] * 3,
    }).write_parquet(path)  # fmt: skip
    said = json.loads(govlab("audit", "questions", path, "--json").out)
    ranked = [(m["field"], m["runs"], m["alone"], m["together"]) for m in said["missing"]]
    assert ranked == [("actor", 2, 1, 2), ("principal", 1, 0, 3)]
    whole = said["questions"][-1]
    assert whole["runs"] == {"yes": 1, "no": 2, "open": 0}


def test_a_sample_is_drawn_again_and_never_a_formula(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    rows = pl.read_parquet(log).with_columns(tool=pl.lit("=cmd()"))
    rows.write_parquet(log)
    asked = ("audit", "sample", log, "--n", "5", "--seed", "7")
    one = json.loads(govlab(*asked, "--json").out)
    rows.reverse().write_parquet(log)
    assert json.loads(govlab(*asked, "--json").out)["event_ids"] == one["event_ids"]
    out = tmp_path / "w.xlsx"
    assert govlab(*asked, "--out", out).code == 0
    with zipfile.ZipFile(out) as book:
        sheets = [book.read(n) for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 2
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_of_a_long_sample_in_a_file_the_page_shows_the_first(
    govlab: Command, tmp_path: Path
) -> None:
    path, out = tmp_path / "l.parquet", tmp_path / "s.csv"
    ids = [f"e{n}" for n in range(40)]
    pl.DataFrame({"event_id": ids, "tool": ["t"] * 40}).write_parquet(path)
    shown = govlab("audit", "sample", path, "--n", "40", "--seed", "1", "--out", out).out
    assert "the first 25 of 40\n" in shown
    assert pl.read_csv(out).height == 40
    everything = govlab("audit", "sample", path, "--n", "40", "--seed", "1").out
    assert all(id_ in everything for id_ in ids)


@pytest.mark.parametrize(("n", "want"), [(4, [1, 1, 2]), (2, [1, 1, 1]), (99, [1, 2, 9])])
def test_strata_are_drawn_in_proportion(
    govlab: Command, tmp_path: Path, n: int, want: list[int]
) -> None:
    path = tmp_path / "l.parquet"
    envs = ["a"] + ["b"] * 2 + ["c"] * 9
    ids = [str(at) for at in range(12)]
    pl.DataFrame({"event_id": ids, "tool": ["t"] * 12, "env": envs}).write_parquet(path)
    asked = ("audit", "sample", path, "--n", n, "--seed", 1, "--strata", "env", "--json")
    told = json.loads(govlab(*map(str, asked)).out)["workpaper"]
    drawn = [int(v.split()[0]) for name, v in told.items() if name.startswith("stratum")]
    assert drawn == want


def test_reconciling_tells_both_sides_and_what_is_ambiguous(
    govlab: Command, tmp_path: Path
) -> None:
    times = [START + timedelta(seconds=s) for s in (0, 10, 20, 20.5)]
    tools = ["a", "b", "c", "c"]
    left, right = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pl.DataFrame({"event_id": list("1234"), "ts": times, "tool": tools}).write_parquet(left)
    later = [at + timedelta(seconds=1) for at in times]
    later[1] += timedelta(seconds=60)
    pl.DataFrame({"event_id": list("5678"), "ts": later, "tool": tools}).write_parquet(right)
    ran = govlab("audit", "reconcile", left, right, "--on", "tool", "--json")
    said = json.loads(ran.out)
    assert ran.code == 1
    assert [said[n] for n in ("matched", "ambiguous", "only_left", "only_right")] == [1, 2, 1, 1]
    same = govlab("audit", "reconcile", left, left, "--on", "event_id,tool")
    assert same.code == 0
    assert govlab("audit", "reconcile", left, right, "--on", "colour").code == 2


def test_a_query_lists_events_and_retention_the_days(govlab: Command, log: Path) -> None:
    said = json.loads(govlab("audit", "query", log, "--where", "step == 1", "--json").out)
    assert said["count"] == 4
    kept = json.loads(govlab("audit", "retention", log, "--json").out)["systems"]
    assert [(k["events"], k["days"], k["silent"]) for k in kept] == [(12, 1, [])]


def test_a_pack_has_the_digest_of_every_file_and_is_not_written_over(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pack"
    ran = govlab("audit", "pack", log, "--out", out, "--seed", "7")
    assert ran.code == 0, ran.err
    said = json.loads((out / "MANIFEST.json").read_text(encoding="utf-8"))
    found = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    assert found == {*said["files"], "MANIFEST.json"}
    for name, digest in said["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert {"figures.json", "exceptions.csv", "sample.csv", "chain.json", "methods.md"} <= found
    assert govlab("audit", "pack", log, "--out", out, "--seed", "7").code == 2


def test_a_mistyped_command_is_met_with_the_nearest(govlab: Command) -> None:
    ran = govlab("audit", "verfy", "x")
    assert (ran.code, "did you mean `verify`?" in ran.err) == (2, True)


@pytest.fixture
def registry(govlab: Command, tmp_path: Path) -> Path:
    """A version of the sample organisation's policy, never activated."""
    folder = tmp_path / "registry"
    assert govlab("registry", "add", folder, next((SAMPLE / "snapshots").iterdir())).code == 0
    return folder


def test_a_pack_counts_by_the_registry_that_is_named(
    govlab: Command, registry: Path, tmp_path: Path
) -> None:
    packs = {}
    for name, more in (("alone", ()), ("told", ("--registry", registry))):
        out = tmp_path / name
        ran = govlab("audit", "pack", SAMPLE, "--out", out, "--seed", "7", *more, "--json")
        figures = json.loads((out / "figures.json").read_text())["figures"]
        packs[name] = (json.loads(ran.out)["snapshot_in_force"],
                       {f["id"]: f["value"] for f in figures})  # fmt: skip
    assert (packs["alone"][0], packs["told"][0]) == ("self-reported", "registry")
    registered = "decisions.unregistered_digest_rate"
    assert packs["alone"][1][registered] is None
    assert packs["told"][1][registered] == 1.0  # nothing was ever activated


def test_the_events_behind_a_figure_that_a_registry_tells(govlab: Command, registry: Path) -> None:
    asked = ("events", SAMPLE, "--figure", "decisions.unregistered_digest_rate", "--json")
    assert json.loads(govlab(*asked).out)["count"] == 0
    assert json.loads(govlab(*asked, "--registry", registry).out)["count"] > 0
    wrong = govlab("events", SAMPLE, "--registry", registry)
    assert (wrong.code, "`--figure`" in wrong.err) == (2, True)
