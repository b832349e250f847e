"""Reading logs and foreign tables."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from govlab.errors import LogError
from govlab.log import ingest, scan_log, scan_runs
from tests.log.fixtures import column, write

ROWS = pl.DataFrame(
    {"tool": ["a", "b"], "cost": ["0.5", "x"], "ts": [datetime(2026, 1, 1, tzinfo=UTC), None]}
)


@pytest.mark.parametrize("kind", ["parquet", "csv", "ndjson"])
def test_a_file_with_the_columns_is_a_log(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"t.{kind}"
    rows = ROWS.with_columns(pl.col("ts").dt.strftime("%+")) if kind != "parquet" else ROWS
    getattr(rows, f"write_{kind}")(path)
    frame = scan_log(path).collect()
    assert column(frame, "cost_micro_usd") == [500_000, None]
    assert column(frame, "malformed_columns") == [None, "cost,cost_micro_usd"]
    assert frame.schema["ts"] == pl.Datetime("us", "UTC")
    assert "unknown_columns" not in frame.columns


def test_frames_and_arrow_tables_are_logs() -> None:
    table = pa.table({"tool": ["a"]})
    assert scan_log(ROWS).collect().equals(scan_log(ROWS.lazy()).collect())
    assert column(scan_log(table).collect(), "tool") == ["a"]


def test_a_folder_is_read_in_name_order(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write(tmp_path / f"{name}.ndjson", {"tool": name})
    assert column(scan_log(tmp_path).collect(), "tool") == ["a", "b", "c"]
    assert column(scan_log(str(tmp_path / "[ab].ndjson")).collect(), "tool") == ["a", "b"]


def test_what_one_table_lacks_is_unknown_in_its_rows(tmp_path: Path) -> None:
    one = write(tmp_path / "a.ndjson", {"tool": "a", "env": "prod"})
    two = write(tmp_path / "b.ndjson", {"tool": "b", "executed": True})
    frame = scan_log([one, two]).collect()
    assert column(frame, "unknown_columns") == [None, "env"]
    assert column(frame, "env") == ["prod", None]


def test_a_log_and_a_table_together(tmp_path: Path) -> None:
    ingest([write(tmp_path / "a.ndjson", {"tool": "a"})], tmp_path / "log")
    other = write(tmp_path / "b.ndjson", {"tool": "b", "env": "prod"})
    first, second = scan_log([tmp_path / "log", other]).collect().to_dicts()
    assert "env" in first["unknown_columns"].split(",")
    assert "env" not in (second["unknown_columns"] or "").split(",")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "x,y\n1,2\n", "neither `tool` nor `action` among its columns (`x`, `y`"),
        ("t.csv", "tool,step\na,1,2\n", "t.csv:2: 3 cells where the header has 2"),
        ("t.ndjson", '{"tool": "a"}\n{\n', "t.ndjson:2: "),
        (
            "t.ndjson",
            '{"tool": "a", "ts": "2026-01-01T00:00:00"}\n',
            "`ts` holds times without offset",
        ),
        ("t.csv", "tool\n", "no rows"),
        ("t.txt", "x", "no rows"),
    ],
)
def test_what_cannot_be_scanned_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(LogError) as error:
        scan_log(tmp_path / name)
    assert said in str(error.value)


def test_a_zone_places_local_times(tmp_path: Path) -> None:
    path = write(tmp_path / "t.ndjson", {"tool": "a", "ts": "2026-07-01T12:00:00"})
    (ts,) = column(scan_log(path, tz="Europe/Berlin").collect(), "ts")
    assert ts == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_nothing_to_scan(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="holds no table"):
        scan_log(tmp_path)
    assert scan_runs(tmp_path) is None
