"""A history in a folder: a file beside each that takes its place, and a lock for the whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from govlab.errors import UsageError
from govlab.placing import lock, place_bytes
from govlab.scheduled.store import Kept, this_process

__all__ = ["LOCK", "Folder"]

LOCK: Final = ".lock"
"""Who holds the folder. What it says is only told: the lock is the system's, and ends with the
process that holds it, however that ends."""

_PART: Final = "*/.*.part"
"""What `put` writes first; of other files in a folder nothing is known, and none is removed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder `path`."""

    path: Path

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """One writer at a time. Raises UsageError, naming the holder, where there is one."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / LOCK).open("a+b")
        except OSError as error:
            raise self._unwritable(error) from None
        with file:
            self._take(file)
            self._sweep()
            yield

    def _take(self, file: IO[bytes]) -> None:
        try:
            lock(file.fileno())
        except (BlockingIOError, PermissionError):
            file.seek(0)
            holder = file.read().decode("utf-8", "replace").strip() or "another process"
            raise UsageError(
                f"`{self.path}` is held by {holder}; wait until that has ended, or stop it"
            ) from None
        except OSError as error:
            raise UsageError(
                f"`{self.path}` cannot be locked: {error.strerror}; name a folder of a local disk, "
                "or the URL of an object store"
            ) from None
        file.truncate(0)
        file.write(f"{this_process()}\n".encode())
        file.flush()

    def _sweep(self) -> None:
        """Removes what a process that was killed had not yet put in its place."""
        for path in self.path.glob(_PART):
            path.unlink(missing_ok=True)

    def get(self, name: str) -> Kept | None:
        """The file and the digest of its content."""
        try:
            content = (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError(f"`{self.path / name}` cannot be read: {error.strerror}") from None
        return Kept(content, sha256(content).hexdigest())

    def put(self, name: str, content: bytes) -> None:
        """The file is written beside and on disk before it takes its place."""
        try:
            place_bytes(self.path / name, content, durable=True)
        except OSError as error:
            raise self._unwritable(error) from None

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """The caller holds the folder: what is there now stays until it is replaced."""
        there = self.get(name)
        if (there.tag if there else None) != tag:
            return False
        self.put(name, content)
        return True

    def names(self, folder: str) -> list[str]:
        """The files of a folder."""
        found = (self.path / folder).glob("*") if (self.path / folder).is_dir() else ()
        return sorted(f"{folder}/{path.name}" for path in found if not path.name.startswith("."))

    def drop(self, name: str) -> None:
        """Removes the file."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> UsageError:
        return UsageError(f"`{self.path}` cannot be written: {error.strerror}")
