"""Files and folders that take their place whole: a reader sees the old one or the new one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["alone", "lock", "place_bytes", "placing", "placing_folder"]


@contextmanager
def placing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A file beside `path` to write; it takes the place of `path` once that went well.

    With `durable` it is on disk, and so is its name, before this returns: a machine that loses
    power then has the old file or the new one. Raises OSError where the folder cannot be written.

    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp(), "new", "page.txt")
    >>> with placing(path) as part:
    ...     _ = part.write_text("whole")
    >>> path.read_text(), sorted(p.name for p in path.parent.iterdir())
    ('whole', ['page.txt'])
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # two processes write two of them
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        if durable:
            _settle(part)
        part.replace(path)
        if durable and os.name == "posix":  # elsewhere a folder cannot be opened
            _settle(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Waits until the file, or the names in the folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place_bytes(path: Path, content: bytes, *, durable: bool = False) -> None:
    """`content` as the file `path`; raises as `placing` does."""
    with placing(path, durable=durable) as part:
        part.write_bytes(content)


@contextmanager
def placing_folder(out: Path, *, mode: int = 0o777) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends well, and else is gone.

    What `out` held is lost only once that is done. Raises OSError where a folder cannot be made or
    renamed; `out` is then what it was.

    >>> from tempfile import mkdtemp
    >>> out = Path(mkdtemp(), "engine")
    >>> with placing_folder(out) as fresh:
    ...     (fresh / "engine.py").touch()
    >>> [path.name for path in out.iterdir()], [path.name for path in out.parent.iterdir()]
    (['engine.py'], ['engine'])
    """
    out = out.resolve()  # `.` has no name
    fresh = out.with_name(f".{out.name}.tmp-{os.getpid()}")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=mode)
        yield fresh
        _swap(fresh, out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, out: Path) -> None:
    """A folder cannot be renamed over a full one: the old one steps aside first."""
    if not out.exists():
        fresh.rename(out)
        return
    old = out.with_name(f".{out.name}.old-{os.getpid()}")
    out.rename(old)
    try:
        fresh.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds the lock of the file `path`, which is there meanwhile; it ends with the process.

    Raises BlockingIOError where another process holds it, OSError where it cannot be made.

    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp(), "state.lock")
    >>> with alone(path), alone(path):
    ...     pass
    Traceback (most recent call last):
        ...
    BlockingIOError: another process holds it
    >>> list(path.parent.iterdir())
    []
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            lock(file.fileno())
            same = os.fstat(file.fileno()).st_ino == path.stat().st_ino
        except (BlockingIOError, PermissionError, FileNotFoundError):
            same = False  # or its holder removed it just now
        if not same:
            raise BlockingIOError("another process holds it")
        try:
            yield
        finally:
            with suppress(OSError):  # who waits for a file that is gone looks for another
                path.unlink()


if sys.platform == "win32":
    import msvcrt

    def lock(descriptor: int) -> None:
        """Takes the lock of an open file; raises OSError where another process has it."""
        os.lseek(descriptor, 2**30, os.SEEK_SET)  # behind what others read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Takes the lock of an open file; raises OSError where another process has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
