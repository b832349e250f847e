"""Batches of a log worked on while others are read: in order, few in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import polars as pl

from govlab.errors import LogError

__all__ = ["WORKERS", "ahead"]

WORKERS = 2
"""Batches that are worked on at a time."""
_WAITING = 1  # batches more that are read

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def ahead(
    make: Callable[[_Given], _Made], batches: Iterator[_Given], *, workers: int = WORKERS
) -> Iterator[_Made]:
    """What `make` makes of each batch, in order; a few are begun before they are asked.

    With one worker each is made after the one before it. Raises LogError where a file that is
    read is damaged behind its schema.

    >>> list(ahead(str, iter([1, 2, 3, 4, 5])))
    ['1', '2', '3', '4', '5']
    """
    waiting: deque[Future[_Made]] = deque()
    try:
        with ThreadPoolExecutor(workers) as pool:
            for batch in batches:
                waiting.append(pool.submit(make, batch))
                if len(waiting) == workers + _WAITING:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    except pl.exceptions.ComputeError as error:
        why = str(error).partition("\n")[0]
        raise LogError(f"the log cannot be read: {why}; ingest its sources again") from error
