"""The decision log on disk: chained, found again after a death, never half an entry."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from govlab.audit.chain import Verification, judge
from govlab.audit.entries import decision_log, links_of_files
from govlab.entries import Head, hash_of, seal
from govlab.errors import LogError, UsageError
from govlab.serving import known, recovery
from govlab.serving.durable import Durable, Policy, read_policy
from govlab.serving.journal import Journal, JournalError, open_journal
from govlab.serving.known import key
from tests.serving.running import entries


def entry(place: int, **more: Any) -> dict[str, Any]:
    return {"type": "decided", "event_id": f"e{place}", "decision": "ALLOW", **more}


def filled(folder: Path, count: int = 10, **options: Any) -> Journal:
    journal = open_journal(folder, "c", **options)
    for place in range(count):
        journal.append([entry(place)])
    return journal


def verified(folder: Path) -> Verification:
    return judge(links_of_files(decision_log(folder)))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.one_of(texts, st.booleans(), st.lists(texts, max_size=3))


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), values, max_size=5))
def test_what_is_hashed_is_the_form_of_rfc_8785(members: Mapping[str, Any]) -> None:
    known = {name: value for name, value in members.items() if name != "args"}
    line = seal({**known, "args": "{}"}, Head("c", 3, "ab")).line
    found = msgspec.json.decode(line)
    covered = {n: v for n, v in found.items() if n not in ("record_hash", "args")}
    assert line.startswith(rfc8785.dumps(covered)[:-1])
    assert hash_of(found) == found["record_hash"]


def test_a_chain_goes_on_where_it_ended(tmp_path: Path) -> None:
    filled(tmp_path).close()
    journal = open_journal(tmp_path, "another")
    assert (journal.head.size, journal.head.chain) == (10, "c")
    journal.append([entry(10), entry(11)])
    journal.close()
    found = verified(tmp_path)
    assert (found.status, found.records) == ("unanchored", 12)


@pytest.mark.parametrize("torn", [b"{", b'{"type":"decided"', b"\x00" * 4096, b"x" * 200_000])
def test_a_torn_end_is_cut_and_told(tmp_path: Path, torn: bytes) -> None:
    filled(tmp_path).close()
    path = next(tmp_path.glob("decisions-*"))
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    journal = open_journal(tmp_path, "c")
    assert journal.recovered.torn == len(torn)
    assert path.read_bytes() == whole
    journal.append([entry(10)])
    assert verified(tmp_path).records == 11


@pytest.mark.parametrize(
    "changed", [b'{"type":"decided"}\n', b"\x00\n", b'{"event_id":"e9","seq":"9","type":"x"}\n']
)
def test_a_last_entry_that_is_none_is_refused(tmp_path: Path, changed: bytes) -> None:
    filled(tmp_path).close()
    path = next(tmp_path.glob("decisions-*"))
    path.write_bytes(path.read_bytes() + changed)
    with pytest.raises(LogError, match="move the log away"):
        open_journal(tmp_path, "c")


def test_a_last_entry_that_was_changed_is_refused(tmp_path: Path) -> None:
    filled(tmp_path).close()
    path = next(tmp_path.glob("decisions-*"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], lines[-1].replace(b"ALLOW", b"DENY")]))
    with pytest.raises(LogError, match="not what its hash says"):
        open_journal(tmp_path, "c")


def test_one_log_has_one_writer(tmp_path: Path) -> None:
    journal = filled(tmp_path, 1)
    with pytest.raises(LogError, match="one log has one writer"):
        open_journal(tmp_path, "c")
    journal.close()
    open_journal(tmp_path, "c").close()


def test_full_files_are_closed_and_never_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, 50, rotate=1000).close()
    files = sorted(tmp_path.glob("decisions-*"))
    assert len(files) > 5
    read: list[Path] = []
    real = recovery._read
    monkeypatch.setattr(recovery, "_read", lambda path, keys: read.append(path) or real(path, keys))
    journal = open_journal(tmp_path, "c", rotate=1000)
    assert read == files[-1:]
    assert all(key("decided", f"e{place}") in journal.known for place in range(50))
    assert key("decided", "e50") not in journal.known
    assert verified(tmp_path).status == "unanchored"


def test_what_was_known_is_found_again_without_its_files_of_keys(tmp_path: Path) -> None:
    used = {"approval_id": "a", "consumes": "a"}
    journal = filled(tmp_path, 20, rotate=1000)
    journal.append([{**entry(20), **used}, {**entry(0), "type": "ended", "told": "t"}])
    for place in range(21, 40):
        journal.append([entry(place)])
    journal.close()
    for keys in tmp_path.glob(".*.keys"):
        keys.unlink()
    found = open_journal(tmp_path, "c").known
    assert key("consumed", "a") in found
    assert key("ended", "e0", "t") in found
    assert key("consumed", "b") not in found


def test_it_dies_as_a_file_is_made(tmp_path: Path) -> None:
    journal = filled(tmp_path)
    journal.close()
    (tmp_path / "decisions-000000000010.ndjson").touch()
    journal = open_journal(tmp_path, "c")
    assert journal.head.size == 10
    journal.append([entry(10)])
    assert verified(tmp_path).records == 11


def test_half_an_entry_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = filled(tmp_path)
    before, head = journal.path.read_bytes(), journal.head
    real = os.write

    def full(file: int, text: bytes) -> int:
        real(file, bytes(text[:7]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(JournalError, match="No space left"):
        journal.append([entry(10), entry(11)])
    monkeypatch.undo()
    assert journal.path.read_bytes() == before
    assert journal.head == head
    assert key("decided", "e10") not in journal.known
    journal.append([entry(10)])
    assert verified(tmp_path).records == 11


def test_a_file_that_cannot_be_closed_forgets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path, 1, rotate=300)
    journal.append([{**entry(1), "approval_id": "a", "consumes": "b"}])
    with monkeypatch.context() as disk:
        disk.setattr(known, "_stored", _full)
        for _ in range(2):
            with pytest.raises(JournalError, match="cannot be rotated: No space left"):
                journal.append([entry(2)])
    journal.append([entry(2)])
    assert [one["event_id"] for one in entries(tmp_path)] == ["e0", "e1", "e2"]
    assert len(list(tmp_path.glob("decisions-*"))) == 2
    for name in ("a", "b"):
        assert key("consumed", name) in journal.known


def _full(*_args: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_writes_that_are_cut_short_are_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, real = filled(tmp_path, 0), os.write
    monkeypatch.setattr(os, "write", lambda file, text: real(file, bytes(text[:5])))
    journal.append([entry(0), entry(1)])
    assert [one["event_id"] for one in entries(tmp_path)] == ["e0", "e1"]


def test_those_who_wait_together_wait_for_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, synced = filled(tmp_path, 0), []
    monkeypatch.setattr(os, "fdatasync", synced.append)

    async def all_at_once() -> None:
        durable = Durable(journal, Policy(record=True))
        for place in range(20):
            journal.append([entry(place)])
        await asyncio.gather(*(durable.wait() for _ in range(20)))

    asyncio.run(all_at_once())
    assert len(synced) == 1


def test_a_disk_that_loses_what_it_took_ends_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path)

    def lost(file: int) -> None:  # noqa: ARG001  as `fdatasync` has it
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", lost)
    with pytest.raises(JournalError, match="Input/output"):
        asyncio.run(Durable(journal, Policy(record=True)).wait())
    with pytest.raises(JournalError, match="Input/output"):
        journal.append([entry(10)])


def test_policies_have_names() -> None:
    assert read_policy("record") == Policy(record=True)
    assert read_policy("5 ms") == Policy(every_s=0.005)
    assert read_policy("off") == Policy()
    for text in ("0ms", "always", "-1ms", "1s"):
        with pytest.raises(UsageError, match="none of `record`, `off` and `100ms`"):
            read_policy(text)
