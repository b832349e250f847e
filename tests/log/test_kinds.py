"""Kinds of rows beside a large log: what the rows say, and nothing that a user sees."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import polars as pl
import pytest

import govlab
from govlab.log import kinds
from govlab.log.kinds import read_kinds, write_kinds
from govlab.log.scan import stored
from govlab.log.whole import whole_log
from govlab.synthesis import synth


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of a few thousand rows have kinds."""
    monkeypatch.setattr(kinds, "LEAST", 1)
    monkeypatch.setattr(kinds, "SPARSE", 4)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with kinds, to be copied."""
    log = tmp_path_factory.mktemp("made") / "log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kinds, "LEAST", 1)
        patch.setattr(kinds, "SPARSE", 4)
        synth(log, events=2_000, seed=3)
    return log


def files(log: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (log / "kinds").iterdir()}


def test_kinds_are_the_rows_they_stand_for(tmp_path: Path) -> None:
    synth(tmp_path / "log", events=3_000, seed=7)
    log = govlab.scan_log(tmp_path / "log")
    whole = whole_log(log)
    assert whole.kinds is not None
    table, of_row = whole.kinds.table, whole.kinds.of_rows(0, whole.kinds.count)
    rows = whole.frame.select(table.columns).collect()
    assert whole.kinds.count == rows.height
    assert table[of_row.cast(pl.UInt32)].equals(rows)
    assert table.unique().height == table.height < rows.height / 4
    assert {"tool", "action", "unknown_columns", "malformed_columns"} <= set(table.columns)
    part = whole.kinds.of_rows(1_000, 500)
    assert part.equals(of_row[1_000:1_500])


def test_equal_logs_have_equal_kinds_byte_by_byte(made: Path, tmp_path: Path) -> None:
    synth(tmp_path / "log", events=2_000, seed=3)
    assert files(tmp_path / "log") == files(made)


def test_kinds_are_no_column_of_the_log(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "log")
    log = govlab.scan_log(tmp_path / "log")
    before = log.collect()
    assert not any("kind" in name or "#" in name for name in before.columns)
    for path in (tmp_path / "log" / "kinds").iterdir():
        path.unlink()
    again = govlab.scan_log(tmp_path / "log")
    known = stored(again)
    assert known is not None
    assert known.kinds() is None
    assert again.collect().equals(before)


@pytest.mark.parametrize("what", ["gone", "other", "damaged", "halved", "same size"])
def test_a_log_whose_parts_or_kinds_changed_has_none(made: Path, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "log"
    shutil.copytree(made, folder)
    parts = sorted(folder.glob("actions/*/*.parquet"))
    schema = pl.read_parquet_schema(parts[0])
    assert read_kinds(folder, parts, pl.Schema(schema)) is not None
    match what:
        case "gone":
            parts[0].unlink()
        case "other":
            pl.read_parquet(parts[0], hive_partitioning=False)[:-1].write_parquet(parts[0])
        case "same size":  # cells of it may be others
            later = (folder / "kinds" / "table.parquet").stat().st_mtime_ns + 1_000_000_000
            os.utime(parts[0], ns=(later, later))
        case "halved":
            rows = folder / "kinds" / "rows.parquet"
            pl.read_parquet(rows)[::2].write_parquet(rows)
        case _:
            (folder / "kinds" / "table.parquet").write_bytes(b"PAR1")
    left = sorted(folder.glob("actions/*/*.parquet"))
    assert read_kinds(folder, left, pl.Schema(schema)) is None


def test_rows_of_too_many_kinds_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "MOST", 3)
    synth(tmp_path / "log", events=2_000, seed=3)
    assert not (tmp_path / "log" / "kinds").exists()
    write_kinds(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
