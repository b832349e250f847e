"""A server that is killed at any moment: nothing it acknowledged is lost, its chain is whole."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from govlab.audit.chain import judge
from govlab.audit.entries import decision_log, links_of_files
from govlab.exporting import export_engine
from govlab.serving.journal import open_journal
from tests.serving.running import entries, make_bundle, question, serving

DEATHS = 100 if os.environ.get("GOVLAB_PROFILE") == "deep" else 4
BODY = json.dumps(question()).encode()


async def asking(port: int, name: str, acknowledged: list[str]) -> None:
    """Asks one thing after another until the server is gone; notes what was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for place in range(1_000_000):
        event = f"{name}-{place}"
        writer.write(
            b"POST /access/v1/evaluation HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/"
            b"json\r\nx-request-id: %s\r\ncontent-length: %d\r\n\r\n"
            % (event.encode(), len(BODY))
            + BODY
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            break
        assert head.startswith(b"HTTP/1.1 200"), head
        acknowledged.append(event)
    writer.close()


async def until_it_dies(server: Any, name: str, seconds: float) -> list[str]:
    """What was acknowledged before the server was killed, after `seconds` of many asking."""
    acknowledged: list[str] = []
    tasks = [
        asyncio.create_task(asking(server.port, f"{name}-{one}", acknowledged)) for one in range(8)
    ]
    await asyncio.sleep(seconds)
    server.process.send_signal(signal.SIGKILL)
    await asyncio.gather(*tasks)
    return acknowledged


@pytest.mark.slow
@pytest.mark.parametrize("fsync", ["off", "record"])
def test_nothing_acknowledged_is_lost(tmp_path: Path, fsync: str) -> None:
    bundle = make_bundle(tmp_path / "bundle", "name: t", "name: a\nrules: [{decision: ALLOW}]")
    engine = export_engine(bundle, tmp_path / "engine").folder
    pick, log = random.Random(fsync), tmp_path / "log"
    acknowledged: list[str] = []
    for death in range(max(1, DEATHS // 2)):
        with serving(engine, log, "--fsync", fsync) as server:
            moment = pick.uniform(0.005, 0.4)
            acknowledged += asyncio.run(until_it_dies(server, str(death), moment))
        if pick.random() < 0.3:  # and its machine with it, as an entry was written
            with next(reversed(decision_log(log))).open("ab") as file:
                file.write(b'{"action":"pay","chain"')
    open_journal(log, "c").close()
    written = [entry["event_id"] for entry in entries(log)]
    assert len(acknowledged) > 10
    assert set(acknowledged) <= set(written)
    assert len(written) == len(set(written))
    found = judge(links_of_files(decision_log(log)))
    assert (found.status, found.records) == ("unanchored", len(written))
