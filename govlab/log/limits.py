"""How much of a log is held in memory at a time."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["BATCH", "PIECE", "TABLE", "workers"]

BATCH: Final = 50_000
"""Rows that are held before they are written."""

TABLE: Final = 10_000
"""Rows of a table that are taken in at a time, while others are being read."""

PIECE: Final = 4 * 1024 * 1024
"""Bytes of a large file that are decoded at a time; a document that is larger is taken alone."""

_MANY_PIECES = 16


def workers(pieces: int) -> int:
    """How many processes beside this one decode a file of so many pieces.

    `GOVLAB_WORKERS` says otherwise, for files of any size.
    """
    said = os.environ.get("GOVLAB_WORKERS", "")
    if said.isdigit():
        return min(int(said), pieces)
    processors = os.cpu_count() or 1
    return min(processors, 8, pieces) - 1 if pieces >= _MANY_PIECES else 0
