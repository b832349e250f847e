"""`govlab replay` and `govlab check`: pinned keys, files, and a page that says coverage first."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import Command

ROWS = [
    {"event_id": "1", "ts": "2026-01-05T10:00:00Z", "tool": "aws-cli", "env": "production"},
    {"event_id": "2", "ts": "2026-01-05T11:00:00Z", "tool": "aws-cli", "env": "staging"},
    {"event_id": "3", "ts": "2026-01-06T10:00:00Z", "tool": "calculator", "env": "dev"},
    {"event_id": "4", "ts": "2026-01-06T12:00:00Z", "tool": "aws-cli", "env": None},
    {"event_id": "5", "ts": "2026-01-06T13:00:00Z", "tool": "\x1b[31mred", "env": "<b>dev</b>"},
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_json_has_the_pinned_keys_and_counts_that_add_up(
    govlab: Command, log: Path, seed: Path
) -> None:
    shown = govlab("replay", log, seed, "--by", "env", "--json")
    assert shown.code == 0, shown.err
    document = json.loads(shown.out)
    assert {"events", "bundle", "replayability", "decisions", "by", "rules", "seconds"} <= set(
        document
    )
    assert document["decisions"] == {
        "ALLOW": 0, "DENY": 0, "REQUIRE_APPROVAL": 1, "ALLOW_WITH_CONSTRAINTS": 1, "REMEDIATE": 0,
    }  # fmt: skip
    parts = (document["default"], document["error"], document["undecidable"])
    assert sum(document["decisions"].values()) + sum(p["events"] for p in parts) == 5
    assert document["default"] == {"decision": "DENY", "events": 2}
    assert document["error"] == {"events": 1}
    missing = document["replayability"]["missing"]
    assert missing == [{"attribute": "env", "absent": 1, "malformed": 0, "unknown": 0}]
    assert sum(group["events"] for group in document["by"]) == 5


def test_the_page_begins_with_coverage_and_cannot_be_spoofed(
    govlab: Command, log: Path, seed: Path
) -> None:
    shown = govlab("replay", log, seed)
    assert shown.out.startswith("coverage 40 %: 2 of 5 events decided by a rule")
    assert "\x1b" not in shown.out
    assert "no rule matched: 2 of 5 (40 %); the bundle's default is DENY" in shown.out
    assert "could not be evaluated, so denied: env" in shown.out
    assert "\n        within max_cost $50.00, timeout 5 min\n" in shown.out


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
def test_out_writes_the_decisions_frame(
    govlab: Command, log: Path, seed: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"decisions{suffix}"
    assert govlab("replay", log, seed, "--out", out).code == 0
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".ndjson": pl.read_ndjson}[suffix]
    frame = read(out)
    assert frame.get_column("decision").to_list() == [
        "REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "DENY", "DENY", "DENY",
    ]  # fmt: skip
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "envv"], "did you mean `env`?"),
        (["--show", "x"], "--show"),
        (["--out", "decisions.xyz"], ".parquet, .csv, .ndjson or .xlsx"),
        (["--out", "/dev/null/folder/d.csv"], "cannot be written"),
    ],
)
def test_wrong_arguments_are_exit_2(
    govlab: Command, log: Path, seed: Path, arguments: list[str], said: str
) -> None:
    shown = govlab("replay", log, seed, *arguments)
    assert shown.code == 2
    assert said in shown.err


@pytest.mark.parametrize("name", ["nothing-here", "empty"])
def test_no_log_is_exit_2_with_what_was_seen(
    govlab: Command, seed: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty").mkdir()
    shown = govlab("replay", tmp_path / name, seed)
    assert shown.code == 2
    assert name in shown.err


def test_a_bundle_with_history_runs_on_the_scalar_engine_and_says_so(
    govlab: Command, log: Path, tmp_path: Path
) -> None:
    path = tmp_path / "budget.yaml"
    path.write_text(
        "name: budget\n"
        'history: {calls: {count: "true", per: [tool], within: 24h}}\n'
        "rules:\n  - {condition: history.calls > 0, decision: DENY}\n  - {decision: ALLOW}\n",
        encoding="utf-8",
    )
    document = json.loads(govlab("replay", log, path, "--json").out)
    assert document["engine"] == "scalar"
    assert "scalar engine, in the order of `ts`" in document["notes"][0]
    assert document["decisions"]["DENY"] == 1  # the second aws-cli call within 24 hours
    explained = govlab("explain", path, "--log", log, "--id", "2")
    assert explained.code == 0, explained.err
    assert "history.calls  1" in explained.out


def test_check_counts_interruptions_a_day(govlab: Command, log: Path, seed: Path) -> None:
    shown = govlab("check", log, seed)
    assert shown.code == 0, shown.err
    assert "interruptions: 1.0 a day over 2 days with events" in shown.out
    assert "oldest event: 2026-01-05 10:00 UTC" in shown.out
    document = json.loads(govlab("check", log, seed, "--json").out)
    assert [day["held"] for day in document["per_day"]] == [1, 0]
    assert [day["stopped"] for day in document["per_day"]] == [0, 1]


def test_raw_logs_are_ingested_once(govlab: Command, log: Path, seed: Path) -> None:
    first, again = govlab("replay", log, seed), govlab("replay", log, seed)
    assert "5 events" in first.err
    assert again.err == ""
    assert first.out == again.out


def test_csv_cells_are_no_formulas(govlab: Command, tmp_path: Path) -> None:
    log, bundle, out = tmp_path / "l.ndjson", tmp_path / "b.yaml", tmp_path / "d.csv"
    log.write_text('{"event_id": "=1+1", "tool": "t"}\n', encoding="utf-8")
    bundle.write_text("name: b\nrules: [{decision: DENY, reason: '@SUM(A1)'}]\n", encoding="utf-8")
    assert govlab("replay", log, bundle, "--out", out).code == 0
    assert "'=1+1" in out.read_text(encoding="utf-8")
    assert "'@SUM(A1)" in out.read_text(encoding="utf-8")


GUARDED = """\
name: costs
on: [{tool: "*"}]
rules:
  - {condition: "has(event.cost) && cost > 50.0", decision: DENY}
  - {condition: "true", decision: ALLOW}
"""
REMEMBERS = """\
name: remembers
default: DENY
history: {calls: {per: [actor], count: "true"}}
policies:
"""


@pytest.mark.parametrize("history", [False, True])
def test_what_an_undecidable_event_hangs_on_is_named(
    govlab: Command, tmp_path: Path, history: bool
) -> None:
    """The rule that decides once unknown is read as absent may not even mention it (J1)."""
    policy, log = tmp_path / "p.yaml", tmp_path / "log.ndjson"
    inside = "  - " + GUARDED.rstrip().replace("\n", "\n    ") + "\n"
    policy.write_text(REMEMBERS + inside if history else GUARDED)
    log.write_text('{"event_id": "1", "tool": "x", "actor": "a"}\n')
    document = json.loads(govlab("replay", log, policy, "--json").out)
    gap = {"attribute": "cost", "absent": 0, "malformed": 0, "unknown": 1}
    assert document["undecidable"] == {"events": 1, "missing": [gap]}
    assert document["replayability"]["missing"] == [gap]
    assert [(r["hits"], r["decides"]) for r in document["rules"]] == [(0, 0), (1, 0)]
    page = govlab("replay", log, policy).out
    assert "cannot be decided from this log: 1 of 1 (100 %); unknown to it: cost" in page
    assert "add it to the log, or derive it" in page


def test_a_table_that_is_no_parquet_is_an_error_of_the_input(
    govlab: Command, tmp_path: Path, seed: Path
) -> None:
    path = tmp_path / "log.parquet"
    path.write_bytes(b"PAR1 nothing PAR1")
    shown = govlab("replay", path, seed)
    assert shown.code == 2
    assert "no Parquet table that can be read" in shown.err
    assert "Traceback" not in shown.err


def test_what_ingest_left_out_is_said_each_time(
    govlab: Command, tmp_path: Path, seed: Path
) -> None:
    log = tmp_path / "log.ndjson"
    log.write_text('{"event_id": "1", "tool": "x"}\n{"event')
    first, second = (govlab("replay", log, seed).err for _ in range(2))
    assert "1 in quarantine" in first
    assert second == first


def test_each_value_that_a_rule_read_is_shown(govlab: Command, tmp_path: Path) -> None:
    policy, log = tmp_path / "p.yaml", tmp_path / "log.ndjson"
    policy.write_text(
        "name: p\nattributes: {args.a: string, args.b: string}\npolicies:\n  - name: q\n"
        "    on: [{tool: x}]\n    rules: [{condition: 'args.a != args.b', decision: DENY}]\n"
    )
    row = {"event_id": "1", "tool": "x", "args": {"a": "recipient", "b": "prompt " * 40}}
    log.write_text(json.dumps(row))
    page = govlab("replay", log, policy).out
    assert 'args.a = "recipient", args.b = "prompt' in page


def test_a_wrong_name_for_the_decisions_is_said_before_the_log_is_read(govlab: Command) -> None:
    shown = govlab("replay", "nowhere", "nothing", "--out", "d.ods")
    assert shown.code == 2
    assert "`d.ods` is no .parquet, .csv, .ndjson or .xlsx file" in shown.err


def test_copies_and_contradictions_in_a_table_are_kept_apart(
    govlab: Command, tmp_path: Path, seed: Path
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("event_id,tool,env\n1,aws-cli,production\n1,aws-cli,staging\n2,x,a\n2,x,a\n")
    shown = govlab("replay", log, seed, "--json")
    assert json.loads(shown.out)["events"] == 2
    assert "1 identical duplicates dropped, 1 in quarantine" in shown.err


def test_a_damaged_log_is_an_error_of_the_input(
    govlab: Command, tmp_path: Path, log: Path, seed: Path
) -> None:
    out = tmp_path / "out"
    govlab("ingest", log, "--out", out)
    (part, *_) = sorted(out.glob("actions/*/*.parquet"))
    part.write_bytes(b"")
    assert govlab("replay", out, seed).code == 2
    shutil.rmtree(out / "actions")
    shown = govlab("replay", out, seed)
    assert (shown.code, "has lost its `actions`" in shown.err) == (2, True)


def test_a_table_damaged_behind_its_schema_is_an_error_of_the_input(
    govlab: Command, tmp_path: Path, seed: Path
) -> None:
    path = tmp_path / "log.parquet"
    rows = pl.DataFrame({"tool": [f"tool {n}" for n in range(5000)]})
    rows.write_parquet(path, compression="uncompressed")
    content = bytearray(path.read_bytes())
    content[2000:3000] = b"\xff" * 1000
    path.write_bytes(content)
    for filters in ((), ("--where", "tool == 'x'"), ("--where", "true", "--last", "3d")):
        shown = govlab("replay", path, seed, *filters)
        assert (shown.code, "the log cannot be read" in shown.err) == (2, True)


@pytest.mark.parametrize("command", ["replay", "check"])
def test_assumptions_are_printed_and_counted_apart(
    govlab: Command, log: Path, seed: Path, command: str
) -> None:
    explored = ("--assume", "env=production", "--default", "ALLOW")
    shown = govlab(command, log, seed, *explored)
    assert shown.code == 0, shown.err
    assert shown.out.startswith("coverage 60 %"), "coverage first"
    assert "ASSUMED, not recorded: env = production, default = ALLOW" in shown.out
    document = json.loads(govlab(command, log, seed, *explored, "--json").out)
    assert document["assumptions"] == [
        {"name": "env", "value": "production"}, {"name": "default", "value": "ALLOW"}
    ]  # fmt: skip
    counts = document["replayability"]
    assert (counts["exact"], counts["assumed"], counts["by_error"]) == (2, 3, 0)
    assert document["default"] == {"decision": "ALLOW", "events": 2}
    (env,) = (a for a in counts["attributes"] if a["attribute"] == "env")
    assert (env["recorded"], env["assumed"]) == (4, 1)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("env", "has no value"), ("=x", "has no value"), ("envv=x", "did you mean `env`"),
        ("args.command=x", "cannot be assumed"),
    ],
)  # fmt: skip
def test_an_assumption_that_is_none_is_refused(
    govlab: Command, log: Path, seed: Path, option: str, said: str
) -> None:
    shown = govlab("replay", log, seed, "--assume", option)
    assert (shown.code, said in shown.err) == (2, True), shown.err


def test_one_attribute_is_assumed_once(govlab: Command, log: Path, seed: Path) -> None:
    shown = govlab("replay", log, seed, "--assume", "env=a", "--assume", "env=b")
    assert (shown.code, "is there twice" in shown.err) == (2, True)
