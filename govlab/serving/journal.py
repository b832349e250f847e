"""The decision log as it is written: one chain, one write for each answer, before the answer.

What was appended is in the kernel's hands: it survives the death of the process. When it survives
that of the machine, too, is what `durable` says.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import convert

from govlab.entries import Head, seal
from govlab.errors import LogError
from govlab.serving.known import Known, Noted, keys_of
from govlab.serving.limits import SEGMENT
from govlab.serving.recovery import Recovered, recover

__all__ = ["Journal", "JournalError", "open_journal"]

_LOCK = ".lock"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class JournalError(Exception):
    """An entry that could not be written: nothing may be answered on the strength of it."""


@dataclass(slots=True)
class Journal:
    """A decision log open for writing; `size` is that of its newest file, in bytes."""

    folder: Path
    lock: int
    head: Head
    known: Known
    path: Path
    file: int
    size: int
    rotate: int
    recovered: Recovered
    broken: str = ""

    def append(self, entries: Sequence[Mapping[str, Any]]) -> Head:
        """Chains `entries` and hands them to the kernel in one write; the chain's new end.

        Raises JournalError where they are not all written: the file is then as before.
        """
        if self.broken:
            raise JournalError(self.broken)
        if self.size >= self.rotate:
            self._rotate()
        lines, head = [], self.head
        for entry in entries:
            sealed = seal(entry, head)
            lines.append(sealed.line)
            head = sealed.head
        self._write(b"".join(lines))
        self.head = head
        for entry in entries:
            self.known.active.update(keys_of(convert(entry, Noted)))
        return head

    def _write(self, text: bytes) -> None:
        left = memoryview(text)
        try:
            while left:
                left = left[os.write(self.file, left) :]
        except OSError as error:
            self._undo()
            raise JournalError(f"the decision log cannot be written: {error.strerror}") from error
        self.size += len(text)

    def _undo(self) -> None:
        """Takes half an entry away again; a log where that fails takes no more."""
        try:
            os.ftruncate(self.file, self.size)
        except OSError as error:
            self.broken = f"the decision log is broken: {error.strerror}"

    def _rotate(self) -> None:
        """The file is full: what comes next goes into a new one, and its keys to their place."""
        try:
            os.fsync(self.file)
            path = _named(self.folder, self.head.size)
            file = _opened(path)
        except OSError as error:
            raise JournalError(f"the decision log cannot be rotated: {error.strerror}") from error
        try:
            self.known.close(self.path)  # the last that may fail: it forgets nothing if it does
        except OSError as error:
            os.close(file)
            raise JournalError(f"the decision log cannot be rotated: {error.strerror}") from error
        os.close(self.file)
        self.path, self.file, self.size = path, file, 0

    def close(self) -> None:
        """Lets go of the log, which is then on the disk."""
        os.fsync(self.file)
        os.close(self.file)
        os.close(self.lock)


def open_journal(folder: Path, chain: str, *, rotate: int = SEGMENT) -> Journal:
    """The decision log in `folder`, its torn end cut off; `chain` names it where there is none.

    Raises LogError where another process writes it, or where its last entry is not what its hash
    says.
    """
    lock = _locked(folder)
    try:
        found = recover(folder, chain)
        path = found.path or _named(folder, found.head.size)
        known = Known(folder, found.keys)
        known.open(path)
    except LogError:
        os.close(lock)
        raise
    file = _opened(path)
    size = os.fstat(file).st_size
    return Journal(folder, lock, found.head, known, path, file, size, rotate, found)


def _locked(folder: Path) -> int:
    """The folder's lock, held by this process: one log has one writer."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LogError(f"`{folder}` cannot hold a decision log: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise LogError(
            f"`{folder}` is written by another `govlab serve`; one log has one writer"
        ) from None
    return lock


def _opened(path: Path) -> int:
    """The file, open to be added to; that it is there is on the disk too."""
    file = os.open(path, _FLAGS, 0o600)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)
    return file


def _named(folder: Path, first: int) -> Path:
    return folder / f"decisions-{first:012d}.ndjson"
