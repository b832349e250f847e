"""What every store promises, and how a folder is held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govlab.errors import UsageError
from govlab.scheduled import open_history
from govlab.scheduled.folder import LOCK, Folder
from govlab.scheduled.store import Store, open_store
from tests.scheduled.bucket import serving
from tests.scheduled.stores import KINDS, opening

Open = Callable[[], Store]


@pytest.fixture(params=KINDS)
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    with opening(request.param, tmp_path, monkeypatch) as (_, open_):
        yield open_


def test_what_was_put_is_there_for_whoever_opens_it(opened: Open) -> None:
    opened().put("parts/a", b"one")
    opened().put("parts/a", b"two")
    found = opened().get("parts/a")
    assert found is not None
    assert found.content == b"two"
    assert opened().get("parts/b") is None


def test_names_are_those_of_one_folder_sorted(opened: Open) -> None:
    for name in ("parts/b", "parts/a", "editions/c"):
        opened().put(name, b"")
    assert opened().names("parts") == ["parts/a", "parts/b"]
    assert opened().names("none") == []


def test_what_is_dropped_is_gone_and_may_be_dropped_again(opened: Open) -> None:
    opened().put("parts/a", b"one")
    for _ in range(2):
        opened().drop("parts/a")
    assert opened().names("parts") == []


def test_of_two_who_saw_the_same_one_swaps(opened: Open) -> None:
    assert opened().swap("e", b"0", None)
    first, second = opened(), opened()
    one, two = first.get("e"), second.get("e")
    assert one is not None
    assert two is not None
    assert first.swap("e", b"1", one.tag)
    assert not second.swap("e", b"2", two.tag)
    last = opened().get("e")
    assert last is not None
    assert last.content == b"1"


def test_nothing_is_swapped_for_what_was_made_meanwhile(opened: Open) -> None:
    opened().put("e", b"1")
    assert not opened().swap("e", b"2", None)


def test_a_swap_whose_answer_was_lost_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client sends such a put again, and finds what it wrote itself."""
    with opening("bucket", tmp_path, monkeypatch) as (_, open_):
        assert open_().swap("e", b"1", None)
        assert open_().swap("e", b"1", None)


def test_a_put_is_conditional_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("obstore")
    with serving() as bucket:
        for name, value in {"ENDPOINT": bucket.address, "ALLOW_HTTP": "true"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
        store = open_store("s3://bucket")
        store.swap("e", b"1", None)
        kept = store.get("e")
        assert kept is not None
        store.swap("e", b"2", kept.tag)
        (_, first, _), (_, none, second) = bucket.puts
        assert (first, none) == ("*", None)
        assert second is not None


def test_a_second_run_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with Folder(tmp_path).held():
        held = f"is held by process {os.getpid()} on "
        with pytest.raises(UsageError, match=held) as refused, Folder(tmp_path).held():
            pass
        assert refused.value.exit_code == 2
    with Folder(tmp_path).held():
        pass


_HOLD = """
import sys, time
from pathlib import Path
from govlab.scheduled.folder import Folder
with Folder(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_lock_of_a_process_that_was_killed_is_gone_with_it(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    with other.stdout:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match=f"process {other.pid} "), Folder(tmp_path).held():
            pass
        other.kill()
        other.wait()
    assert f"process {other.pid} " in (tmp_path / LOCK).read_text(encoding="utf-8")
    with Folder(tmp_path).held():
        assert f"process {os.getpid()} " in (tmp_path / LOCK).read_text(encoding="utf-8")


def test_what_was_half_written_when_a_run_was_killed_is_swept(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / ".a.part").write_bytes(b"ha")
    assert Folder(tmp_path).names("parts") == []
    with Folder(tmp_path).held():
        assert not list((tmp_path / "parts").iterdir())


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """A history may be kept where other things are."""
    others = [tmp_path / name for name in ("film.part", "deep/film.part", "parts/wheel.stl")]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    with open_history(tmp_path, {"log": "a"}) as history:
        history.part("2026-01-01", "0" * 32, dict, dict)
        history.finish({})
    with open_history(tmp_path, {"log": "a"}) as history:
        history.finish({})  # of no part: the one above is dropped
    assert [path.read_bytes() for path in others] == [b"mine"] * 3
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["wheel.stl"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere://x/y", "is no object store"),
        ("file:///tmp/x", "name the folder itself"),
    ],
)
def test_a_place_that_is_none_is_refused(place: str, said: str) -> None:
    pytest.importorskip("obstore")
    with pytest.raises(UsageError, match=said):
        open_store(place)


def test_a_url_without_its_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(UsageError, match=r"pip install 'govlab\[objects\]'"):
        open_store("s3://bucket/nightly")


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"), Folder(tmp_path / "file").held():
        pass
