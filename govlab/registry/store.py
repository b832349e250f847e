"""A registry on disk: records by their content, and one append-only chain of activations.

    DIR/versions/<digest>/...   the bundle's files
    DIR/records/<sha256>.json   what was done to a version; branches merge, names cannot clash
    DIR/ledger.ndjson           activations, rollbacks and retirements; each line has the hash of
                                the one before

The chain shows a change, a gap or another order *inside* it; not a cut tail, nor a rewrite by
someone who may write it all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import rfc8785

from govlab.errors import RegistryError
from govlab.placing import place_bytes
from govlab.registry.model import FORMAT, Entry, Registry, Version

__all__ = ["append", "instant", "keep_record", "locked", "open_registry", "told"]

_LEDGER: Final = "ledger.ndjson"
_RECORDS: Final = "records"
_LOCK: Final = ".lock"
_KINDS: Final = ("activate", "rollback", "retire")


def open_registry(folder: str | Path) -> Registry:
    """The registry in `folder`.

    Raises RegistryError where there is none, a line or record is damaged, or the chain is broken.
    """
    path = Path(folder).expanduser()
    if not (path / _RECORDS).is_dir():
        raise RegistryError(
            f"`{path}` is no registry; `govlab registry add {path} BUNDLE` begins one"
        )
    entries = tuple(_entries(path / _LEDGER))
    versions = sorted(
        _versions(path / _RECORDS, entries), key=lambda v: (v.at, v.bundle, v.version)
    )
    return Registry(path, tuple(versions), entries)


def _versions(folder: Path, entries: tuple[Entry, ...]) -> Iterator[Version]:
    """What was added, with the state that the ledger gives it."""
    last = {(e.bundle, e.tenant): e for e in entries}
    active = {(e.bundle, e.digest) for e in last.values() if e.kind != "retire"}
    entered = {(e.bundle, e.digest) for e in entries}
    for path in sorted(folder.glob("*.json")):
        said = _record(path)
        if said.get("type") != "added":
            continue
        key = (said["bundle"], said["digest"])
        state = "active" if key in active else "retired" if key in entered else "draft"
        yield Version(
            said["digest"], said["bundle"], said["version"], said["path"], state,
            instant(said["at"]), said["by"], said["rationale"],
        )  # fmt: skip


def _record(path: Path) -> dict[str, Any]:
    said = _json(path.read_text(encoding="utf-8"), str(path))
    if _hash(said) != path.stem:
        raise RegistryError(f"{path}: the record was changed; restore it from its backup")
    return said


def _entries(path: Path) -> Iterator[Entry]:
    """The lines of the ledger; each must name the hash of the one before."""
    before = ""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        place = f"{path}:{number}"
        said = _json(line, place)
        content = {key: value for key, value in said.items() if key != "hash"}
        if said.get("prev") != before or said.get("seq") != number:
            raise RegistryError(f"{place}: the chain is broken: a line is missing or moved")
        if said.get("hash") != _hash(content):
            raise RegistryError(f"{place}: the chain is broken: the line was changed")
        before = said["hash"]
        yield _entry(said, place)


def _entry(said: Mapping[str, Any], place: str) -> Entry:
    if said.get("format") != FORMAT or said.get("type") not in _KINDS:
        raise RegistryError(f"{place}: written by a later version of govlab; update govlab")
    return Entry(
        said["seq"], said["type"], said["bundle"], said["version"], said["digest"],
        said["scope"].get("tenant"), instant(said["at"]), instant(said["recorded_at"]),
        said["by"], said["rationale"], said["hash"], said,
    )  # fmt: skip


def _json(text: str, place: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise RegistryError(f"{place}: no JSON object; restore the registry from its backup")
    return said


def _hash(content: Mapping[str, Any]) -> str:
    return sha256(rfc8785.dumps(dict(content))).hexdigest()


def append(folder: Path, content: Mapping[str, Any]) -> None:
    """Enters `content` as the ledger's next line; the caller holds the lock.

    The file is written anew beside the old one and takes its place: a reader sees all or nothing.
    """
    entries = list(_entries(folder / _LEDGER))
    said = {"format": FORMAT, "seq": len(entries) + 1, **content,
            "prev": entries[-1].hash if entries else ""}  # fmt: skip
    line = _line({**said, "hash": _hash(said)})
    path = folder / _LEDGER
    before = path.read_bytes() if path.exists() else b""
    _write(path, before + line.encode())


def keep_record(folder: Path, content: Mapping[str, Any]) -> None:
    """Keeps `content` under its own digest; the same content is kept once."""
    said = {"format": FORMAT, **content}
    _write(folder / _RECORDS / f"{_hash(said)}.json", _line(said).encode())


def _line(said: Mapping[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"


def _write(path: Path, content: bytes) -> None:
    try:
        place_bytes(path, content, durable=True)
    except OSError as error:
        raise RegistryError(f"`{path}` cannot be written: {error.strerror}") from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time; the lock goes with the process that holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK).open("ab+")
    except OSError as error:
        raise RegistryError(f"`{folder}` cannot be written: {error.strerror}") from None
    with file:
        _lock(file.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def instant(text: str) -> datetime:
    """A time of the registry, which `told` wrote."""
    return datetime.fromisoformat(text)


def told(at: datetime) -> str:
    """An instant as RFC 3339 in UTC, to the microsecond.

    >>> told(datetime(2026, 2, 24, 9, tzinfo=UTC))
    '2026-02-24T09:00:00Z'
    """
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
