"""A real server in a process of its own, on a free port, and somebody who asks it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from typing import Any

__all__ = ["ASKED", "Answered", "Running", "entries", "make_bundle", "question", "serving"]

JSON = {"content-type": "application/json"}
ASKED: Mapping[str, Any] = {
    "subject": {"type": "user", "id": "ann"},
    "action": {"name": "pay"},
    "resource": {"type": "account", "id": "a1"},
}


def question(**changes: Any) -> dict[str, Any]:
    """A request that is good, with members changed."""
    return {**ASKED, **changes}


@dataclass(frozen=True)
class Answered:
    """A response: its status, headers (lower case) and body, decoded where it is JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Running:
    """A server that runs: what it said so far is in `lines`."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)

    def post(self, path: str, body: Any, **headers: str) -> Answered:
        """What the server says to a POST; text and bytes are sent as they are."""
        sent = body if isinstance(body, str | bytes) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, sent, {**JSON, **named})

    def evaluate(self, body: Any, **headers: str) -> Answered:
        """What the server says to one question."""
        return self.post("/access/v1/evaluation", body, **headers)

    def get(self, path: str, **headers: str) -> Answered:
        """What the server says to a GET."""
        return self.ask("GET", path, None, headers)

    def ask(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answered:
        """What the server says to a request on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            return _answered(connection.getresponse())
        finally:
            connection.close()

    def wait_for(self, text: str, seconds: float = 120) -> str:
        """The line with `text`, once the server has said it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = next((line for line in self.lines if text in line), None)
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(f"never said: {text}; said: {self.lines}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code after the signal `number`."""
        self.process.send_signal(number)
        return self.process.wait(60)


def _answered(response: HTTPResponse) -> Answered:
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    known = headers.get("content-type") == "application/json"
    return Answered(response.status, headers, json.loads(body) if known else body.decode())


@contextmanager
def serving(bundle: Path | str, log: Path, *options: str) -> Iterator[Running]:
    """A server of `bundle` whose decision log is in `log`; it is stopped in the end."""
    command = [sys.executable, "-m", "govlab", "serve", str(bundle), "--port", "0",
               "--log-dir", str(log), *options]  # fmt: skip
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=dict(os.environ), bufsize=1
    )
    running = Running(process, 0)
    reader = Thread(target=_read, args=(process, running.lines), daemon=True)
    reader.start()
    try:
        running.port = int(running.wait_for("serving http").rpartition(":")[2])
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(60)
        reader.join(20)
        assert process.stderr is not None
        process.stderr.close()


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stderr is not None
    for line in iter(process.stderr.readline, ""):
        lines.append(line.rstrip("\n"))  # noqa: PERF401  seen by others as it comes


def entries(log: Path) -> list[dict[str, Any]]:
    """The entries of a decision log."""
    files = sorted(log.glob("decisions-*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def make_bundle(folder: Path, manifest: str, policies: str, **tables: str) -> Path:
    """A bundle in `folder`; `tables` are the CSV files in its `data`."""
    for name, text in (("bundle.yaml", manifest), ("policies/all.yaml", policies)):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for name, text in tables.items():
        place = folder / "data" / f"{name}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder
