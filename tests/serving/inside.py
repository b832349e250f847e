"""The application without its sockets: a clock and ids that are known, answers at once."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from govlab.bundle import load_bundle
from govlab.enforcing import Store
from govlab.serving.app import App
from govlab.serving.durable import Durable, Policy
from govlab.serving.guard import Guard
from govlab.serving.journal import Journal, open_journal
from govlab.serving.memory import Memory
from govlab.serving.ruling import of_bundle
from govlab.serving.service import Service
from tests.serving.running import Answered, make_bundle

__all__ = ["NOW", "Inside", "inside", "later", "of_rules"]

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands at `at`."""

    at: datetime = NOW


@dataclass
class Inside:
    """A service that is asked directly, and its clock."""

    service: Service
    clock: Clock

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """What the application answers."""
        return asyncio.run(self.reply(method, path, body, headers))

    async def reply(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """As `ask`, beside others."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"host": "localhost", "content-type": "application/json", **(headers or {})}
        scope = {
            "type": "http", "method": method, "path": path, "scheme": "http",
            "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in named.items()],
        }  # fmt: skip
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await App(self.service)(scope, receive, send)
        found = {n.decode(): v.decode("latin-1") for n, v in said[0]["headers"]}
        text = said[1]["body"]
        known = found["content-type"] == "application/json"
        return Answered(said[0]["status"], found, json.loads(text) if known else text.decode())

    def evaluate(self, body: Any, **headers: str) -> Answered:
        """What is answered to one question."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/access/v1/evaluation", body, named)

    def batch(self, body: Any, **headers: str) -> Answered:
        """What is answered to several."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/access/v1/evaluations", body, named)

    def report(self, event: str, kind: str, body: Any) -> Answered:
        """What is answered to a report."""
        return self.ask("POST", f"/govlab/v1/events/{event}/{kind}", body)

    @property
    def journal(self) -> Journal:
        """The decision log."""
        return self.service.journal


def inside(bundle: Path | str, log: Path, **options: Any) -> Inside:
    """The application over `bundle`, with its decision log in `log`."""
    ids = (f"made-{place}" for place in itertools.count())
    journal, clock = open_journal(log, "test"), Clock()
    service = Service(
        of_bundle(load_bundle(bundle)), journal, Durable(journal, Policy()),
        Memory(Store.in_file(log / ".history.sqlite")), Guard(True),
        lambda: clock.at, lambda: next(ids), **options,
    )  # fmt: skip
    return Inside(service, clock)


def later(seconds: float) -> datetime:
    """A time after NOW."""
    return NOW + timedelta(seconds=seconds)


def of_rules(folder: Path, rules: str, manifest: str = "name: test", **options: Any) -> Inside:
    """The application over a bundle of the policy `rules`; log and bundle are in `folder`."""
    return inside(make_bundle(folder / "bundle", manifest, rules), folder / "log", **options)
