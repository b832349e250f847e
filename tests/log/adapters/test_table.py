"""Tables with the canonical columns, or a map to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.errors import LogError
from govlab.log.ingestion import ingest
from tests.log.fixtures import column, log_of, manifest, quarantine, write


def csv(tmp_path: Path, *lines: str) -> Path:
    """A CSV file."""
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def mapped(tmp_path: Path, text: str) -> Path:
    """A map file."""
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_cells_are_typed_and_empty_ones_absent(tmp_path: Path) -> None:
    path = csv(tmp_path, "tool,step,read_only,cost,risk_tags,args",
               'a,1,true,0.25,"[""x"",""y""]","{""n"": 1}"', "b,,,,,",
               "c,one,maybe,-1,x,")  # fmt: skip
    _, frame = log_of(path, out=tmp_path / "log")
    first, second, third = frame.to_dicts()
    assert (first["step"], first["read_only"], first["cost_micro_usd"]) == (1, True, 250_000)
    assert (first["risk_tags"], first["args"]) == (["x", "y"], '{"n": 1}')
    assert {
        second[n] for n in ("step", "read_only", "cost_micro_usd", "args", "malformed_columns")
    } == {None}
    assert set(third["malformed_columns"].split(",")) == {
        "step", "read_only", "cost", "cost_micro_usd", "risk_tags",
    }  # fmt: skip


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, mark: str) -> None:
    path = csv(tmp_path, mark.join(("tool", "run_id")), mark.join(("a", "r")))
    assert log_of(path, out=tmp_path / "log")[1].select("tool", "run_id").rows() == [("a", "r")]


def test_bad_csv_rows_are_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbftool,step\na,1\nb,2,3\n\xff,4\n"c\nd",5\n\ne,6\n')
    report, frame = log_of(path, out=tmp_path / "log")
    assert column(frame, "tool") == ["a", "c\nd", "e"]
    assert [(row["line"], row["reason"]) for row in quarantine(tmp_path / "log")] == [
        (3, "3 cells where the header has 2"), (4, "not UTF-8"),
    ]  # fmt: skip
    assert report.read == 5


@pytest.mark.parametrize(
    ("cell", "want", "bad"),
    [
        (1, 1, None),
        (1.0, None, "step"),
        (True, None, "step"),
        ("1", None, "step"),
        (None, None, None),
    ],
)
def test_json_cells_are_not_coerced(tmp_path: Path, cell: Any, want: Any, bad: str | None) -> None:
    path = write(tmp_path / "t.ndjson", {"tool": "a", "step": cell}, {"tool": "b", "step": 5})
    _, frame = log_of(path, out=tmp_path / "log")
    assert frame.select("step", "malformed_columns").row(0) == (want, bad)
    assert frame.select("step", "malformed_columns").row(1) == (5, None)


def test_a_list_of_objects_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(
        json.dumps([{"tool": "a"}, {"tool": "b", "step": 1}], indent=1)
    )
    _, frame = log_of(tmp_path / "t.json", out=tmp_path / "log")
    assert frame.select("tool", "step").rows() == [("a", None), ("b", 1)]


def test_integers_beyond_int64_are_malformed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.ndjson", {"tool": "a", "step": 2**63}, {"tool": "b", "step": 2**63 - 1}
    )
    _, frame = log_of(path, out=tmp_path / "log")
    assert frame.select("step", "malformed_columns").rows() == [(None, "step"), (2**63 - 1, None)]


def test_json_arguments_keep_their_text(tmp_path: Path) -> None:
    path = write(tmp_path / "t.ndjson", '{"tool": "a", "args": {"n": 1, "n": 2}}',
                 {"tool": "b", "args": {"n": 1}}, {"tool": "c", "args": '{"n": 1}'},
                 {"tool": "d"})  # fmt: skip
    _, frame = log_of(path, out=tmp_path / "log")
    assert column(frame, "args") == ['{"n": 1, "n": 2}', '{"n":1}', '{"n": 1}', None]
    digests = column(frame, "args_sha256")
    assert digests[1] == digests[2] != digests[0]
    assert digests[3] is None


def test_what_is_not_canonical_is_kept_in_extra(tmp_path: Path) -> None:
    path = write(tmp_path / "t.ndjson", {"tool": "a", "ticket": "T-1", "tags": {"x": [1]}})
    _, frame = log_of(path, out=tmp_path / "log")
    assert json.loads(frame["extra"].to_list()[0]) == {"ticket": "T-1", "tags": '{"x":[1]}'}


def test_parquet_of_any_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({
        "tool": pl.Series(["a", "b"], dtype=pl.Categorical), "run_id": [7, 8], "cost": [0.5, None],
        "ts": [datetime(2026, 1, 1, tzinfo=UTC), None], "risk_tags": [["x"], []], "mine": [1, 2],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "t.parquet")
    _, found = log_of(tmp_path / "t.parquet", out=tmp_path / "log")
    assert found.select("tool", "run_id", "cost_micro_usd", "risk_tags").rows() == [
        ("a", "7", 500_000, ["x"]), ("b", "8", None, []),
    ]  # fmt: skip


def test_arguments_may_be_a_struct(tmp_path: Path) -> None:
    pl.DataFrame({"tool": ["a"], "args": [{"n": 1, "s": "x"}]}).write_parquet(
        tmp_path / "t.parquet"
    )
    _, frame = log_of(tmp_path / "t.parquet", out=tmp_path / "log")
    assert frame.select("args", "malformed_columns").row(0) == ('{"n":1,"s":"x"}', None)


def test_what_a_table_can_fill_is_its_own_columns(tmp_path: Path) -> None:
    write(tmp_path / "src" / "a.ndjson", {"tool": "a", "env": "prod"})
    write(tmp_path / "src" / "b.ndjson", {"tool": "b"}, {"tool": "c"})
    _, frame = log_of(tmp_path / "src", out=tmp_path / "log")
    unknown = {row["tool"]: row["unknown_columns"].split(",") for row in frame.to_dicts()}
    assert "env" not in unknown["a"]
    assert "env" in unknown["b"]
    assert unknown["b"] == unknown["c"]
    assert len(manifest(tmp_path / "log")["formats"]) == 2


@pytest.mark.parametrize("cell", ["2026-07-01T12:00:00", "2026-07-01 12:00", "2026-07-01"])
def test_times_without_offset_are_kept_aside_unless_the_zone_is_named(
    tmp_path: Path, cell: str
) -> None:
    path = write(
        tmp_path / "t.ndjson",
        {"tool": "a", "ts": cell},
        {"tool": "b", "ts": "2026-07-01T12:00:00Z"},
    )
    _, frame = log_of(path, out=tmp_path / "log")
    assert column(frame, "tool") == ["b"]
    (bad,) = quarantine(tmp_path / "log")
    assert bad["reason"] == "time without offset (ts); name its zone: `govlab ingest --tz ZONE`"
    _, frame = log_of(path, out=tmp_path / "log", tz="Europe/Berlin")
    assert frame.filter(pl.col("tool") == "a")["ts"].to_list()[0].hour == (
        22 if len(cell) == 10 else 10
    )
    assert manifest(tmp_path / "log")["assumptions"] == {"tz": "Europe/Berlin"}


def test_parquet_times_without_offset(tmp_path: Path) -> None:
    naive = datetime(2026, 7, 1, 12)  # noqa: DTZ001  that is the case
    pl.DataFrame({"tool": ["a", "b"], "ts": [naive, None]}).write_parquet(tmp_path / "t.parquet")
    report, frame = log_of(tmp_path / "t.parquet", out=tmp_path / "log")
    assert (column(frame, "tool"), report.quarantined) == (["b"], 1)
    _, frame = log_of(tmp_path / "t.parquet", out=tmp_path / "log", tz="Europe/Berlin")
    assert frame["ts"].min() == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_decisions_are_translated_and_unknown_words_counted(tmp_path: Path) -> None:
    words = ("Allow", "DENY", "throttle", "escalate", "shrug", "ok", None)
    path = write(
        tmp_path / "t.ndjson", *({"tool": str(i), "decision": w} for i, w in enumerate(words))
    )
    given = mapped(tmp_path, "decision_map: {ok: ALLOW}")
    report, frame = log_of(path, out=tmp_path / "log", map=given)
    assert column(frame, "decision") == [
        "ALLOW",
        "DENY",
        "DENY",
        "REQUIRE_APPROVAL",
        None,
        "ALLOW",
        None,
    ]
    assert column(frame, "reason")[2] == "throttle"
    assert report.unmapped == {"shrug": 1}
    assert json.loads(column(frame, "extra")[4]) == {"decision (source)": "shrug"}


def test_a_map_renames_with_units(tmp_path: Path) -> None:
    given = mapped(tmp_path, """
columns:
  tool: fn
  ts: {column: at, unit: ms}
  cost: {column: price, unit: cents}
  risk_tags: {column: tags, split: ";"}
  run.prompt: asked
""")  # fmt: skip
    path = csv(tmp_path, "fn,at,price,tags,asked", "a,1782907200123,50,x;y,why", "b,soon,many,,")
    _, frame = log_of(path, out=tmp_path / "log", map=given)
    first, second = frame.to_dicts()
    assert first["ts"] == datetime(2026, 7, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    assert (first["cost_micro_usd"], first["risk_tags"], first["run.prompt"]) == (
        500_000,
        ["x", "y"],
        "why",
    )
    assert (second["tool"], second["ts"], second["risk_tags"]) == ("b", None, None)
    assert set(second["malformed_columns"].split(",")) == {"ts", "cost", "cost_micro_usd"}
    assert len(manifest(tmp_path / "log")["map"]["sha256"]) == 64


def test_a_table_without_tool_or_action_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no action found"):
        ingest([csv(tmp_path, "fn,at", "a,1")], tmp_path / "log")


def test_real_tables_are_read_by_a_map(shared: Path, tmp_path: Path) -> None:
    given = mapped(tmp_path, """
columns:
  run_id: session_id
  ts: timestamp
  args: args_json
  event_id: tool_use_id
  decision: recorded_decision
""")  # fmt: skip
    source = shared / "data" / "parquet" / "claudecode_calls.parquet"
    report, frame = log_of(source, out=tmp_path / "log", map=given)
    assert report.events == pl.read_parquet(source).height
    assert frame["ts"].null_count() == 0
    assert report.unmapped == {"DENY_BY_HOOK": 8, "DENY_BY_USER": 1}
