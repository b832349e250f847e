"""Where a decision log ends: found in its newest file alone, however large the log (S21)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from govlab.entries import Head, hash_of, segments
from govlab.errors import LogError
from govlab.serving.known import keys_of, noted

__all__ = ["Recovered", "recover"]


@dataclass(slots=True)
class Recovered:
    """The end of a log: its newest file (None: there is none), the chain's end, its keys.

    `torn` are the bytes of a last line that was never finished: it was never acknowledged, and
    is cut off.
    """

    path: Path | None
    head: Head
    keys: set[bytes] = field(default_factory=set)
    torn: int = 0


def recover(folder: Path, chain: str) -> Recovered:
    """The end of the log in `folder`, or the beginning of one that is named `chain`.

    Raises LogError where its last entry is not what it says.
    """
    files = list(segments(folder))
    if not files:
        return Recovered(None, Head(chain))
    newest = files[-1]
    torn = _cut(newest)
    keys: set[bytes] = set()
    last = _read(newest, keys)
    if last is None and len(files) > 1:  # it died as the file was made
        last = _read(files[-2], set())
    return Recovered(newest, _head(last, newest, chain), keys, torn)


def _cut(path: Path) -> int:
    """Takes a line without an end off the file, and says how many bytes that were."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        whole = _end_of_last_line(file.fileno(), size)
        if whole < size:
            file.truncate(whole)
            os.fsync(file.fileno())
    return size - whole


def _end_of_last_line(file: int, size: int, step: int = 1 << 16) -> int:
    for end in range(size, 0, -step):
        start = max(0, end - step)
        at = os.pread(file, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
    return 0


def _read(path: Path, keys: set[bytes]) -> bytes | None:
    """The last line of a file, and what all of them make known."""
    line = None
    with path.open("rb") as lines:
        try:
            for line in lines:  # the last one is what is wanted
                keys.update(keys_of(noted(line)))
        except msgspec.DecodeError as error:
            raise LogError(
                f"`{path}` holds a line that is no entry: {error}; move the log away to begin a "
                "new one, and keep it: `govlab audit verify` says what is wrong with it"
            ) from error
    return line


def _head(line: bytes | None, path: Path, chain: str) -> Head:
    if line is None:
        return Head(chain)
    entry = msgspec.json.decode(line)
    whole = {"chain", "seq", "record_hash"} <= entry.keys()
    if not whole or hash_of(entry) != entry["record_hash"]:
        raise LogError(
            f"`{path}`: the last entry is not what its hash says; move the log away to begin a new "
            "one, and keep it: `govlab audit verify` says what is wrong with it"
        )
    return Head(entry["chain"], int(entry["seq"]) + 1, entry["record_hash"])
