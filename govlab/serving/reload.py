"""Changing what decides while it runs: all at once, from this machine's files, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from govlab.errors import GovlabError
from govlab.serving.guard import Guard, read_tokens
from govlab.serving.ruling import Ruling
from govlab.serving.service import Service

__all__ = ["Reload", "stamp"]

_FILES = 10_000


@dataclass(slots=True)
class Reload:
    """Reads `path` again with `read`; the old version decides until the new one is verified.

    `say` tells what came of it.
    """

    service: Service
    path: Path
    read: Callable[[Path], Ruling]
    say: Callable[[str], None]
    token_file: Path | None = None
    seen: object = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self) -> None:
        """Takes the version that is there now; one that cannot be read changes nothing."""
        async with self.turn:  # who was told later reads later
            await self._read()

    async def _read(self) -> None:
        self.seen = stamp(self.path)
        try:
            ruling = await asyncio.to_thread(self.read, self.path)
            guard = self._guard()
        except (GovlabError, OSError) as error:
            self.service.metrics.reloads["refused"] += 1
            self.say(f"not reloaded, {self.service.ruling.digest[:12]} still decides: {error}")
            return
        before, self.service.ruling = self.service.ruling, ruling
        self.service.guard = guard
        self.service.metrics.reloads["done"] += 1
        self.say(f"reloaded: {ruling.name} {ruling.version}, digest {ruling.digest[:12]} "
                 f"(was {before.digest[:12]})")  # fmt: skip

    def _guard(self) -> Guard:
        if self.token_file is None:
            return self.service.guard
        return Guard(self.service.guard.local, read_tokens(self.token_file))

    async def watch(self, every_s: float) -> None:
        """Reloads where the files have changed, once they have stopped changing."""
        self.seen = known = stamp(self.path)
        while True:
            await asyncio.sleep(every_s)
            found = stamp(self.path)
            if found == known != self.seen:
                await self.now()
            known = found


def stamp(path: Path) -> object:
    """What tells one state of the files at `path` from another: names, sizes and times."""
    place = path.resolve()
    files = [place] if place.is_file() else sorted(place.rglob("*"))[:_FILES]
    return (place, tuple(_seen(file) for file in files))


def _seen(file: Path) -> tuple[str, int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return str(file), 0, 0, 0
    return str(file), found.st_mtime_ns, found.st_size, found.st_ino
