"""A file or folder is what it was or what it is to be, and nothing is left beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from govlab.placing import place_bytes, placing, placing_folder


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_takes_its_place_whole(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "new" / "state.json"
    place_bytes(path, b"one", durable=durable)
    place_bytes(path, b"two", durable=durable)
    assert path.read_bytes() == b"two"
    assert _names(path.parent) == ["state.json"]


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    place_bytes(path, b"one")
    with pytest.raises(ZeroDivisionError), placing(path) as part:
        part.write_bytes(bytes([1 // 0]))
    assert (path.read_bytes(), _names(tmp_path)) == (b"one", ["state.json"])


def test_what_fails_leaves_the_folder_that_was_there(tmp_path: Path) -> None:
    out = tmp_path / "log"
    with placing_folder(out) as fresh:
        (fresh / "a").touch()
    with pytest.raises(ZeroDivisionError), placing_folder(out) as fresh:
        (fresh / f"{1 // 0}").touch()
    assert (_names(out), _names(tmp_path)) == (["a"], ["log"])


def test_a_folder_takes_the_place_of_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "log"
    out.mkdir()
    (out / "old").touch()
    monkeypatch.chdir(out)
    with placing_folder(Path()) as fresh:  # `.` has no name of its own
        (fresh / "new").touch()
    assert (_names(out), _names(tmp_path)) == (["new"], ["log"])


def test_a_folder_made_for_its_owner_alone_is_so_from_the_first_byte(tmp_path: Path) -> None:
    with placing_folder(tmp_path / "frozen", mode=0o700) as fresh:
        assert fresh.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "frozen").stat().st_mode & 0o777 == 0o700
