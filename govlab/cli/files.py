"""Files that commands write: all of one or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govlab.errors import UsageError
from govlab.placing import placing

__all__ = ["replacing", "write_text"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write; it takes the place of `path` once that went well.

    Raises UsageError where the folder cannot be written.
    """
    try:
        with placing(path) as part:
            yield part
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror}") from None


def write_text(path: Path, text: str) -> None:
    """`text` and a line end as the file `path`."""
    with replacing(path) as part:
        part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
