"""Where a history is kept: a folder or an object store behind one interface (J16).

Parts are named by what determines them, so that writing one twice is writing the same. One file,
the edition, changes: it is swapped, and only where nobody else has swapped it meanwhile.
"""

from __future__ import annotations

import os
import re
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from govlab.errors import UsageError

__all__ = ["Kept", "Store", "named_from", "open_store", "this_process"]

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept under a name, and the `tag` that names this very state of it."""

    content: bytes
    tag: str


class Store(Protocol):
    """Bytes by name, `/` between folders. Every method raises UsageError where it cannot.

    What is read or written is whole or not there at all, whenever a process is killed.
    """

    @property
    def place(self) -> str:
        """The folder or the URL, as users name it."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Until its end nobody else writes, where the store can promise that.

        Raises UsageError, naming the holder, where somebody else does.
        """
        ...

    def get(self, name: str) -> Kept | None:
        """What is kept under `name`, or None."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Keeps `content` under `name`, in place of what was there."""
        ...

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """Keeps `content` where what is there has `tag` (None: nothing is); one conditional put.

        False where it has not: somebody else was quicker.
        """
        ...

    def names(self, folder: str) -> list[str]:
        """The names under `folder`, sorted."""
        ...

    def drop(self, name: str) -> None:
        """Removes what is kept under `name`, if anything."""
        ...


def open_store(place: str | Path) -> Store:
    """The store at `place`: a folder, made where it is not there, or a URL such as `s3://b/p`.

    Raises UsageError where it cannot be one, or what reads it is not installed.
    """
    from govlab.scheduled.folder import Folder  # noqa: PLC0415  # one of the two is needed
    from govlab.scheduled.objects import Objects  # noqa: PLC0415

    if str(place).startswith("file:"):
        raise UsageError(f"`{place}`: name the folder itself, without `file:`")
    if _URL.match(str(place)):
        return Objects.at(str(place))
    return Folder(Path(place).expanduser())


def named_from(place: str | Path | None, path: str | Path) -> str:
    """`path` as the history at `place` names it: from its folder, as both may move together.

    An object store has no folder that moves along, so there it is the path from the root.

    >>> named_from("nightly/history", "nightly/log"), named_from("s3://b/history", "/data/log")
    ('../log', '/data/log')
    """
    whole = Path(path).expanduser().absolute()
    if place is None or _URL.match(str(place)):
        return whole.as_posix()
    try:
        return Path(os.path.relpath(whole, Path(place).expanduser())).as_posix()
    except ValueError:  # another drive
        return whole.as_posix()


def this_process() -> str:
    """This process, as others are told who was at work."""
    return f"process {os.getpid()} on {socket.gethostname()}"
