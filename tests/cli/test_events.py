"""`govlab events`: the rows behind any printed number, and tables that spreadsheets may open."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from govlab.cli import workbook
from govlab.cli.tables import check_suffix, write_table
from govlab.errors import UsageError
from govlab.report import workbook as typed
from tests.cli.conftest import Command

ROWS = [
    {"event_id": "1", "ts": "2026-01-05T10:00:00Z", "actor": "bot", "tool": "aws-cli",
     "env": "production", "decision": "ALLOW", "rule": "old/1"},
    {"event_id": "2", "ts": "2026-01-05T11:00:00Z", "actor": "bot", "tool": "aws-cli",
     "env": "production", "decision": "DENY", "reason": "no"},
    {"event_id": "3", "ts": "2026-01-06T10:00:00Z", "actor": "bot", "tool": "calculator",
     "env": "dev"},
    {"event_id": "4", "ts": "2026-01-06T12:00:00Z", "actor": "=1+1", "tool": "aws-cli"},
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def test_the_events_behind_every_number_of_a_replay(govlab: Command, log: Path, seed: Path) -> None:
    numbers = json.loads(govlab("replay", log, seed, "--json").out)
    for decision, count in numbers["decisions"].items():
        given = ("--decision", decision, "--origin", "rule", "--json")
        found = json.loads(govlab("events", log, "--bundle", seed, *given).out)
        assert found["count"] == len(found["events"]) == count
    for origin in ("default", "error", "undecidable"):
        found = json.loads(
            govlab("events", log, "--bundle", seed, "--origin", origin, "--json").out
        )
        assert found["count"] == numbers[origin]["events"]
    for rule in numbers["rules"]:
        given = ("--rule", rule["id"], "--origin", "rule", "--json")
        found = json.loads(govlab("events", log, "--bundle", seed, *given).out)
        assert found["count"] == rule["decides"] - (rule["id"] == "prod-safety-gate/1")  # one errs
        assert all(event["rule"] == rule["id"] for event in found["events"])


def test_denials_by_default_and_error_are_told_from_those_of_rules(
    govlab: Command, log: Path, seed: Path
) -> None:
    page = govlab("events", log, "--bundle", seed, "--decision", "DENY").out
    said = json.loads(govlab("replay", log, seed, "--json").out)
    default, error = said["default"]["events"], said["error"]["events"]
    assert f"what they rest on (--origin chooses): default {default}, error {error}\n" in page
    one = govlab("events", log, "--bundle", seed, "--decision", "DENY", "--origin", "error").out
    assert "what they rest on" not in one


def test_what_is_behind_a_figure_is_not_all_of_the_log(govlab: Command, log: Path) -> None:
    given = ("events", log, "--figure", "decisions.decided_share")
    assert "scope: 2 of 4 events of the log" in govlab(*given).out
    assert json.loads(govlab(*given, "--json").out)["scope"]["log_events"] == 4


def test_an_event_has_its_time_and_what_the_rule_read(
    govlab: Command, log: Path, seed: Path
) -> None:
    given = ("--bundle", seed, "--id", "1", "--tz", "Europe/Berlin")
    (event,) = json.loads(govlab("events", log, *given, "--json").out)["events"]
    assert event["time"] == "2026-01-05T11:00:00+01:00"
    assert event["read"] == {"env": "production"}
    assert (event["decision"], event["rule"]) == ("REQUIRE_APPROVAL", "prod-safety-gate/1")
    page = govlab("events", log, *given).out
    assert "events: 1\n    2026-01-05 11:00  REQUIRE_APPROVAL  bot  aws-cli" in page
    assert "scope: all 4 events of the log" in page


def test_same_actions_stand_together_in_the_order_of_time(
    govlab: Command, log: Path, seed: Path
) -> None:
    page = govlab("events", log, "--bundle", seed).out.splitlines()
    assert page[0] == "events: 4"
    assert [line.split()[2] for line in page if line.startswith("    2026")] == [
        "REQUIRE_APPROVAL", "DENY", "DENY",
    ]  # fmt: skip
    assert "REQUIRE_APPROVAL x2" in page[1]
    short = govlab("events", log, "--bundle", seed, "--show", "1").out
    assert short.startswith("events: 4 (the first 1 of 3 kinds; --show all)")


def test_without_a_bundle_decisions_are_those_of_the_log(govlab: Command, log: Path) -> None:
    found = json.loads(govlab("events", log, "--json").out)
    assert [(e["decision"], e["origin"]) for e in found["events"]] == [
        ("ALLOW", "recorded"), ("DENY", "recorded"), (None, "none"), (None, "none"),
    ]  # fmt: skip
    assert found["bundle"] is None
    given = ("--where", "env == 'production'", "--decision", "DENY")
    page = govlab("events", log, *given).out
    assert page.startswith("events decided DENY: 1\n    2026-01-05 11:00  DENY  bot  aws-cli\n")
    assert '        env = "production"\n        no\n' in page  # what was asked for is shown
    assert "no decision  bot  calculator" in govlab("events", log).out


def test_a_rule_that_is_a_condition_decides(govlab: Command, log: Path) -> None:
    given = ("--rule", "env == 'dev'", "--decision", "REQUIRE_APPROVAL", "--json")
    found = json.loads(govlab("events", log, *given).out)
    assert [e["event_id"] for e in found["events"]] == ["3"]
    assert found["events"][0]["rule"] == found["bundle"]["name"] == "one-rule"
    assert len(found["assumptions"]) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--decision", "denied"], "did you mean `DENY`?"),
        (["--origin", "rule"], "there are recorded, none"),
        (["--bundle", "SEED", "--rule", "prod-safety-gate/11"], "mean `prod-safety-gate/1`?"),
        (["--bundle", "SEED", "--rule", "env == 'x'"], "there is none"),
        (["--tool", "x"], "belong to a `--rule` that is a condition"),
        (["--out", "events.ods"], "is no .parquet, .csv, .ndjson or .xlsx file"),
    ],
)
def test_wrong_arguments_are_exit_2(
    govlab: Command, log: Path, seed: Path, arguments: list[str], said: str
) -> None:
    shown = govlab("events", log, *(str(seed) if a == "SEED" else a for a in arguments))
    assert (shown.code, said in shown.err) == (2, True), shown.err


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson"])
def test_out_writes_one_row_an_event(
    govlab: Command, log: Path, seed: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"events{suffix}"
    shown = govlab("events", log, "--bundle", seed, "--tz", "Asia/Tokyo", "--out", out)
    assert shown.out.endswith(f"written to {out}: 4 events\n")
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".ndjson": pl.read_ndjson}[suffix]
    frame = read(out)
    assert frame.get_column("event_id").cast(pl.String).to_list() == ["1", "2", "3", "4"]
    assert frame.get_column("read")[0] == '{"env": "production"}'
    first = frame.get_column("time")[0]
    written = first if isinstance(first, str) else first.isoformat()
    assert written.startswith("2026-01-05T19:00:00")
    assert written.endswith("+09:00")
    cell = frame.get_column("actor")[3]
    assert cell == ("'=1+1" if suffix == ".csv" else "=1+1")


MARK = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(path: Path) -> dict[str, tuple[str | None, str | None]]:
    """Each cell of the sheet: its type and its text."""
    with zipfile.ZipFile(path) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  our own
    return {
        cell.attrib["r"]: (cell.attrib.get("t"), "".join(cell.itertext()))
        for cell in sheet.iter(f"{MARK}c")
        if cell.find(f"{MARK}f") is None
    }


def test_a_workbook_is_typed_and_runs_nothing(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter", reason="the extra `xlsx` is not installed")
    times = pl.Series(["2026-01-05T23:30:00Z", None]).str.to_datetime(time_zone="UTC")
    frame = pl.DataFrame(
        {
            "time": times.dt.convert_time_zone("Asia/Tokyo"),
            "text": ["=1+1", "https://example.org/" + "x" * 40_000],
            "whole": [2**53, 2**53 + 1],
            "share": [0.5, float("nan")],
            "flag": [True, None],
            "list": [["a", "b"], []],
        }
    )
    out = tmp_path / "t.xlsx"
    write_table(frame, out)
    found = cells(out)
    assert found["A1"] == ("inlineStr", "time (Asia/Tokyo)")
    assert found["A2"] == (None, "46028.35416666666")  # 2026-01-06 08:30 as spreadsheets count
    assert found["B2"] == ("inlineStr", "=1+1")
    assert found["B3"][0] == "inlineStr"
    assert len(found["B3"][1] or "") == 32_767
    assert (found["C2"], found["C3"]) == ((None, str(2**53)), ("inlineStr", str(2**53 + 1)))
    assert (found["D2"], found["D3"]) == ((None, "0.5"), ("inlineStr", "nan"))
    assert found["E2"] == ("b", "1")
    assert found["F2"] == ("inlineStr", "a; b")
    with zipfile.ZipFile(out) as book:
        assert not [name for name in book.namelist() if "rels/sheet" in name]  # no links


def test_more_rows_than_a_sheet_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xlsxwriter", reason="the extra `xlsx` is not installed")
    monkeypatch.setattr(workbook, "MOST_ROWS", 1)
    with pytest.raises(UsageError, match="a sheet has 1 rows and there are 2"):
        write_table(pl.DataFrame({"a": [1, 2]}), tmp_path / "t.xlsx")
    assert not list(tmp_path.iterdir())


def test_without_the_library_the_cure_is_said_before_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'govlab\[xlsx\]'"):
        check_suffix(Path("t.xlsx"))
