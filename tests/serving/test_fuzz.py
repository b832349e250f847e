"""Whatever bytes come: an answer that is no server error, or a closed connection; never a hang."""

from __future__ import annotations

import json
import os
import random
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from govlab.audit.chain import judge
from govlab.audit.entries import decision_log, links_of_files
from tests.serving.running import Running, entries, make_bundle, question, serving

ROUNDS = 20_000 if os.environ.get("GOVLAB_PROFILE") == "deep" else 600
PATHS = (
    "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/resource",
    "/govlab/v1/events/e/approval", "/govlab/v1/events/e/started", "/govlab/v1/events/e/ended",
    "/.well-known/authzen-configuration", "/metrics", "/openapi.json", "/",
)  # fmt: skip
MOMENT = "2026-01-01T00:00:00Z"
BODIES: tuple[Any, ...] = (
    question(context={"env": "production", "cost": 0.5, "approval": {"status": "pending"}}),
    {**question(), "evaluations": [{}, {"action": {"name": "x"}}], "options": {}},
    {"subject": {"type": "u", "id": "a"}, "action": {"name": "pay"}, "resource": {"type": "a"}},
    {"status": "approved", "votes": [{"approver": "b", "vote": "approve", "at": MOMENT}]},
    {"outcome": "success", "actual_cost_micro_usd": 5},
)  # fmt: skip
RULES = """
name: a
rules:
  - {condition: "args.amount > 5 || 'x' in risk_tags", decision: DENY}
  - {condition: "cost < 1.0", decision: REQUIRE_APPROVAL, approvers: [boss]}
  - {decision: ALLOW}
"""
ODD = (
    b"\x00", b"\xff\xfe", b"\r\n", b"\r\n\r\n", b'"', b"{", b"}" * 9, b"[" * 99, b"1e999",
    b"\\ud800",
    b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b"expect: 100-continue\r\n",
    b"connection: upgrade\r\nupgrade: websocket\r\n", b"host: x\r\n", b"%00", b"%2e%2e/",
    b"\xc3\x28",
    b"9" * 400, b"NaN", b"null", b"HTTP/1.0", b"HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("fuzz")
    manifest = "{name: fuzz, attributes: {args.amount: int}}"
    bundle = make_bundle(folder / "bundle", manifest, RULES)
    with serving(bundle, folder / "log") as running:
        yield running


def request(pick: random.Random) -> bytes:
    body = json.dumps(pick.choice(BODIES)).encode()
    method = pick.choice(("POST", "POST", "POST", "GET", "PUT"))
    named = pick.choice(("", f"x-request-id: {pick.randrange(99)}\r\n"))
    head = (f"{method} {pick.choice(PATHS)} HTTP/1.1\r\nhost: localhost\r\n{named}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n")  # fmt: skip
    return head.encode() + body


def flipped(text: bytes, pick: random.Random) -> bytes:
    place = pick.randrange(len(text))
    return text[:place] + bytes([pick.randrange(256)]) + text[place + 1 :]


def cut(text: bytes, pick: random.Random) -> bytes:
    start = pick.randrange(len(text))
    return text[:start] + text[start + pick.randrange(1, 40) :]


def stuffed(text: bytes, pick: random.Random) -> bytes:
    place = pick.randrange(len(text))
    return text[:place] + pick.choice(ODD) + text[place:]


def doubled(text: bytes, pick: random.Random) -> bytes:
    start = pick.randrange(len(text))
    part = text[start : start + pick.randrange(1, 60)]
    return text[:start] + part + text[start:]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (flipped, cut, stuffed, doubled)


def statuses(port: int, text: bytes) -> list[int]:
    """The statuses of all that is answered to bytes after which nothing comes."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):  # a server that hangs is a time-out here
                said += part
        except ConnectionError:
            pass
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_bytes_make_it_fail_or_hang(server: Running, seed: int) -> None:
    pick, seen = random.Random(seed), set()
    for _ in range(ROUNDS // 3):
        text = request(pick)
        for _ in range(pick.randrange(4)):
            text = pick.choice(CHANGES)(text, pick) or b"x"
        found = statuses(server.port, text)
        assert all(status < 500 for status in found), (found, text)
        seen.update(found)
    assert {200, 400} <= seen
    assert server.evaluate(question()).status == 200


@pytest.mark.slow
def test_after_all_that_its_log_is_whole(server: Running) -> None:
    args = server.process.args
    assert isinstance(args, list)
    log = Path(str(args[args.index("--log-dir") + 1]))
    found = judge(links_of_files(decision_log(log)))
    assert found.status == "unanchored"
    assert found.records == len(entries(log)) > 0
    assert not [line for line in server.lines if "Traceback" in line or "Error" in line]
