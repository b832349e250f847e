"""Fetching public runs: only the runs leave the archive, and nothing leaves the folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from govlab.errors import LogError
from govlab.log import fetch


def archive(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "agentdojo-0.1.29.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 2
            tar.addfile(entry, io.BytesIO(b"{}"))
    return path


def test_only_the_runs_are_unpacked(tmp_path: Path) -> None:
    packed = archive(
        tmp_path,
        "agentdojo-0.1.29/runs/m/a.json",
        "agentdojo-0.1.29/src/x.py",
        "agentdojo-0.1.29/runs/x.sh",
    )
    into = fetch.extract_runs(packed, tmp_path / "out")
    assert [p.relative_to(into).as_posix() for p in into.rglob("*") if p.is_file()] == [
        "runs/m/a.json"
    ]


def test_names_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path, "agentdojo-0.1.29/runs/../../../evil.json")
    with pytest.raises(LogError, match="cannot be unpacked"):
        fetch.extract_runs(packed, tmp_path / "out")
    assert not list(tmp_path.rglob("evil.json"))


def test_archives_without_runs_or_broken(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no folder `runs` in it"):
        fetch.extract_runs(archive(tmp_path, "agentdojo-0.1.29/src/x.py"), tmp_path / "out")
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(b"no archive")
    with pytest.raises(LogError, match="cannot be unpacked"):
        fetch.extract_runs(broken, tmp_path / "out")


def test_the_fetched_folder_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = archive(tmp_path, "agentdojo-0.1.29/runs/m/a.json")
    asked: list[Path] = []

    def download(into: Path) -> Path:
        asked.append(into)
        return packed

    monkeypatch.setattr(fetch, "_download", download)
    first = fetch.fetch_agentdojo(tmp_path / "cache")
    assert fetch.fetch_agentdojo(tmp_path / "cache") == first
    assert (first / "runs" / "m" / "a.json").exists()
    assert len(asked) == 1


def test_what_pip_said_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: x\nERROR: No matching distribution")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(
        LogError, match=r"pip cannot download `agentdojo==0\.1\.29`: ERROR: No matching"
    ):
        fetch.fetch_agentdojo(tmp_path / "cache")
    assert not (tmp_path / "cache" / "agentdojo-0.1.29").exists()
