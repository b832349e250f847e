"""Events that wait for a person: kept until they are answered, or too old to be (S8).

They are found again by their id, so that whoever only hears of an answer can count it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from govlab.enforcing.engines import Event

__all__ = ["LONGEST_US", "SCHEMA", "SqliteWaiting", "Waiting", "WaitingInMemory"]

LONGEST_US: Final = 30 * 86_400 * 10**6
"""Microseconds after which nobody is waited for any more: such an event counts in neither."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS waiting (
  name TEXT PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting_id ON waiting (id);
CREATE INDEX IF NOT EXISTS waiting_at ON waiting (at);
"""


class Waiting(Protocol):
    """Events by name, each with its moment in microseconds since 1970."""

    def put(self, name: str, event: Event, at: int) -> None:
        """Lets `event` wait, since `at`."""
        ...

    def take(self, name: str) -> bool:
        """Lets an event wait no longer; whether it did."""
        ...

    def known(self, event_id: str) -> dict[str, Event]:
        """The events of this id that wait, by name: each tenant has its own."""
        ...

    def forget(self, before: int) -> None:
        """Drops what has waited since before the moment `before`."""
        ...


@dataclass(slots=True)
class WaitingInMemory:
    """Events of one process that wait."""

    events: dict[str, tuple[int, Event]] = field(default_factory=dict)

    def put(self, name: str, event: Event, at: int) -> None:
        """Lets `event` wait, since `at`."""
        self.events[name] = at, event

    def take(self, name: str) -> bool:
        """Lets an event wait no longer; whether it did."""
        return self.events.pop(name, None) is not None

    def known(self, event_id: str) -> dict[str, Event]:
        """The events of this id that wait, by name."""
        found = self.events.items()
        return {name: event for name, (_, event) in found if event["event_id"] == event_id}

    def forget(self, before: int) -> None:
        """Drops what has waited since before the moment `before`: the first are the oldest."""
        while self.events:
            name, (at, _) = next(iter(self.events.items()))
            if at >= before:
                return
            del self.events[name]


@dataclass(frozen=True, slots=True)
class SqliteWaiting:
    """Events that wait in the tables of `SCHEMA`; statements run in the caller's transaction."""

    connection: sqlite3.Connection

    def put(self, name: str, event: Event, at: int) -> None:
        """Lets `event` wait, since `at`."""
        row = name, event["event_id"], at, json.dumps(event, default=_text)
        self.connection.execute("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)", row)

    def take(self, name: str) -> bool:
        """Lets an event wait no longer; whether it did."""
        return self.connection.execute("DELETE FROM waiting WHERE name = ?", (name,)).rowcount > 0

    def known(self, event_id: str) -> dict[str, Event]:
        """The events of this id that wait, by name."""
        rows = self.connection.execute("SELECT name, event FROM waiting WHERE id = ?", (event_id,))
        return {name: json.loads(event) for name, event in rows}

    def forget(self, before: int) -> None:
        """Drops what has waited since before the moment `before`."""
        self.connection.execute("DELETE FROM waiting WHERE at < ?", (before,))


def _text(value: Any) -> Any:
    """What JSON has no form for: times as text; what else there is no rule can read."""
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else None
