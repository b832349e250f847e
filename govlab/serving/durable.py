"""When an entry is on the disk: at once, soon, or when the machine likes (S21)."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field

from govlab.errors import UsageError
from govlab.serving.journal import Journal, JournalError

__all__ = ["Durable", "Policy", "read_policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """`record`: an answer waits for the disk. `every_s`: it does not, the disk follows. Neither:
    the machine's own time, about half a minute."""

    record: bool = False
    every_s: float | None = None


def read_policy(text: str) -> Policy:
    """The policy that `text` names; raises UsageError for any other.

    >>> read_policy("100ms"), read_policy("record").record
    (Policy(record=False, every_s=0.1), True)
    """
    found = re.fullmatch(r"(\d{1,6})\s?ms", text.strip())
    if text == "record":
        return Policy(record=True)
    if text == "off":
        return Policy()
    if found is None or not int(found[1]):
        raise UsageError(f"`--fsync {text}` is none of `record`, `off` and `100ms`")
    return Policy(every_s=int(found[1]) / 1000)


@dataclass(slots=True)
class Durable:
    """Syncs `journal` as `policy` says: those who wait at the same time wait for one sync."""

    journal: Journal
    policy: Policy
    synced: int = 0
    running: asyncio.Task[None] | None = field(default=None)

    async def wait(self) -> None:
        """Until what was appended so far may be acknowledged; raises JournalError if it is lost."""
        if not self.policy.record:
            return
        size = self.journal.head.size
        while self.synced < size:
            if self.running is None:
                self.running = asyncio.create_task(self._sync())
            await asyncio.shield(self.running)

    async def follow(self) -> None:
        """Syncs for ever, every so often, what was appended since the last time."""
        while self.policy.every_s is not None:
            await asyncio.sleep(self.policy.every_s)
            if self.journal.broken:
                return
            if self.synced < self.journal.head.size:
                with suppress(JournalError):  # it is broken now: who appends next is told
                    await self._sync()

    async def _sync(self) -> None:
        size, file = self.journal.head.size, os.dup(self.journal.file)
        try:
            await asyncio.to_thread(os.fdatasync, file)
            self.synced = size
        except OSError as error:  # what the kernel has dropped, no later sync brings back
            self.journal.broken = f"the decision log could not be synced: {error.strerror}"
            raise JournalError(self.journal.broken) from error
        finally:
            os.close(file)
            self.running = None
