"""What a decision costs over HTTP: `python -m tests.bench.serve [--fsync POLICY] [--seconds N]`.

The server runs on one core, those who ask on another, with the decision log on. Decisions a second
of the server's own processor time hardly depend on what else the machine does; waiting times do.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import httptools
import msgspec
import uvloop

from govlab.audit.entries import decision_log
from govlab.entries import Head, seal
from govlab.serving.journal import open_journal
from tests.serving.running import serving

PATH = "/access/v1/evaluation"
ENVIRONMENTS = ("production", "staging", "development", "test")


def requests(count: int = 512) -> list[bytes]:
    """Questions that differ, as they go over the wire."""
    made = []
    for place in range(count):
        body = msgspec.json.encode({
            "subject": {"type": "user", "id": f"user-{place % 97}"},
            "action": {"name": "infrastructure:mutation", "properties": {
                "command": f"apply plan-{place}", "replicas": place % 5, "region": "eu-west-1",
            }},
            "resource": {"type": "tool", "id": "aws-cli"},
            "context": {"env": ENVIRONMENTS[place % 4], "agent": f"agent-{place % 13}",
                        "run_id": f"run-{place % 50}", "cost": 0.25},
        })  # fmt: skip
        head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        made.append(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return made


@dataclass(slots=True)
class Caller(asyncio.Protocol):
    """Asks one question after another on one connection; notes how long each took."""

    asked: Iterator[bytes]
    until: float
    waits: list[float]
    done: asyncio.Future[None]
    bad: int = 0
    sent: float = 0.0
    parser: Any = None
    transport: Any = field(default=None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)
        self._ask()

    def _ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(next(self.asked))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self.waits.append(now - self.sent)
        self.bad += self.parser.get_status_code() != 200
        if now < self.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  as asyncio has it
        if not self.done.done():
            self.done.set_result(None)


async def load(port: int, callers: int, seconds: float, asked: Sequence[bytes]) -> list[Caller]:
    """The callers, after `seconds` of asking at the same time."""
    loop, source = asyncio.get_running_loop(), cycle(asked)
    until = time.perf_counter() + seconds
    made = [Caller(source, until, [], loop.create_future()) for _ in range(callers)]
    for caller in made:
        await loop.create_connection(lambda one=caller: one, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(caller.done for caller in made))
    return made


def processor_s(process: int) -> float:
    """The processor time that a process took so far, in seconds."""
    cells = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


def measure(bundle: str, fsync: str, callers: int, seconds: float) -> dict[str, float]:
    """Decisions a second, of the clock and of the server's processor, and waits in ms."""
    with tempfile.TemporaryDirectory() as folder:
        cores = sorted(os.sched_getaffinity(0))
        with serving(bundle, Path(folder) / "log", "--fsync", fsync) as server:
            if len(cores) > 1:
                os.sched_setaffinity(server.process.pid, {cores[0]})
                os.sched_setaffinity(0, {cores[1]})
            asked = requests()
            uvloop.run(load(server.port, callers, 1.0, asked))
            before, began = processor_s(server.process.pid), time.perf_counter()
            made = uvloop.run(load(server.port, callers, seconds, asked))
            took = time.perf_counter() - began
            spent = processor_s(server.process.pid) - before
            os.sched_setaffinity(0, set(cores))
            assert not sum(caller.bad for caller in made)
    waits = sorted(1000 * wait for caller in made for wait in caller.waits)
    return {
        "decisions": len(waits),
        "decisions/s": len(waits) / took,
        "decisions/processor s": len(waits) / spent,
        "p50 ms": waits[len(waits) // 2],
        "p99 ms": waits[len(waits) * 99 // 100],
        "max ms": waits[-1],
    }


def filled(folder: Path, files: int = 20, each: int = 80_000) -> int:
    """A log of `files` files of `each` entries; how many entries that is."""
    folder.mkdir()
    head = Head("c")
    for _ in range(files):
        lines, path = [], folder / f"decisions-{head.size:012d}.ndjson"
        for place in range(head.size, head.size + each):
            entry = {"type": "decided", "event_id": f"e{place}", "args": "x" * 500}
            sealed = seal(entry, head)
            lines.append(sealed.line)
            head = sealed.head
        path.write_bytes(b"".join(lines))
    return head.size


def recovered() -> tuple[int, float, float]:
    """Entries of a large log, its size in MB, and the seconds of a processor until it is open."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        entries = filled(log)
        open_journal(log, "c").close()  # the keys of closed files are made once
        files = decision_log(log)
        with files[-1].open("ab") as file:
            file.write(b'{"torn')
        before = time.process_time()
        journal = open_journal(log, "c")
        spent = time.process_time() - before
        assert journal.head.size == entries
        journal.close()
        return entries, sum(file.stat().st_size for file in files) / 1e6, spent


def main() -> None:
    """Prints one line a fsync policy, and one of how soon a large log is taken up again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", default="prod-safety")
    parser.add_argument("--fsync", nargs="*", default=["off", "100ms", "record"])
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    for fsync in given.fsync:
        found = measure(given.bundle, fsync, given.callers, given.seconds)
        told = "  ".join(f"{name} {value:,.1f}" for name, value in found.items())
        print(f"fsync {fsync}: {told}")  # noqa: T201  a command
    entries, size, spent = recovered()
    told = f"{entries:,} entries, {size:,.0f} MB: open again in {spent:.2f} s of a processor"
    print(told)  # noqa: T201  a command


if __name__ == "__main__":
    main()
