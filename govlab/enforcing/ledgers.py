"""A ledger of sums in SQLite (S8): the meaning of `runtime.windows`, kept in a file.

Statements run in the transaction of the caller, who alone begins and commits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable
from typing import Any, Final

from govlab.runtime.arguments import canonical
from govlab.runtime.values import INT_MIN
from govlab.runtime.variants import plain
from govlab.runtime.windows import FOREVER

__all__ = ["SCHEMA", "SqliteLedger", "SqliteNames"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS began (feature TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS windows (
  feature TEXT, key TEXT, total TEXT NOT NULL,  -- a sum may be beyond 64 bits
  error INTEGER NOT NULL, unknown INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (feature, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS windows_last ON windows (last);
CREATE TABLE IF NOT EXISTS amounts (
  feature TEXT NOT NULL, key TEXT NOT NULL, until INTEGER NOT NULL, amount INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS amounts_until ON amounts (feature, key, until);
CREATE TABLE IF NOT EXISTS consumed (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""

_WINDOW = "SELECT total, error, unknown, last FROM windows WHERE feature = ? AND key = ?"
_LEFT = "SELECT amount FROM amounts WHERE feature = ? AND key = ? AND until <= ?"
_LEAVE = "DELETE FROM amounts WHERE feature = ? AND key = ? AND until <= ?"
_TOTAL = "UPDATE windows SET total = ? WHERE feature = ? AND key = ?"
_GONE = "SELECT feature, key FROM windows WHERE last <= ?"
_CONSUMED = "INSERT OR IGNORE INTO consumed VALUES (?)"


class SqliteLedger:
    """A ledger over the tables of `SCHEMA`; arguments and results as for `Windows`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self, feature: str, moment: int) -> None:
        """Says that an event at `moment` was looked at; the first one counts."""
        self._run("INSERT OR IGNORE INTO began VALUES (?, ?)", feature, moment)

    def began(self, feature: str) -> int | None:
        """The moment of the first event that was looked at."""
        row = self._run("SELECT at FROM began WHERE feature = ?", feature).fetchone()
        return None if row is None else int(row[0])

    def add(self, feature: str, key: Hashable, until: int, amount: int | str) -> None:
        """Adds `amount`, an int, `error` or `unknown`, which counts before the moment `until`."""
        at = (feature, _text(key))
        total, error, unknown, last = self._window(at)
        if amount == "error":
            error = max(error, until)
        elif amount == "unknown":
            unknown = max(unknown, until)
        elif isinstance(amount, int):
            total += amount
            if until < FOREVER:
                self._run("INSERT INTO amounts VALUES (?, ?, ?, ?)", *at, until, amount)
        self._run(
            "INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?, ?)",
            *at, str(total), error, unknown, max(last, until),
        )  # fmt: skip

    def total(self, feature: str, key: Hashable, now: int) -> int | str:
        """The exact sum of what counts at `now`; `unknown`, else `error`, where any of it is."""
        at = (feature, _text(key))
        total, error, unknown, _ = self._window(at)
        left = self._run(_LEFT, *at, now).fetchall()
        if left:
            total -= sum(amount for (amount,) in left)
            self._run(_LEAVE, *at, now)
            self._run(_TOTAL, str(total), *at)
        return "unknown" if unknown > now else "error" if error > now else total

    def forget(self, now: int) -> None:
        """Drops the keys of which nothing is left at `now`."""
        for at in self._run(_GONE, now).fetchall():
            self._run(_LEAVE, *at, FOREVER)
        self._run("DELETE FROM windows WHERE last <= ?", now)

    def _window(self, at: tuple[str, str]) -> tuple[int, int, int, int]:
        row = self._run(_WINDOW, *at).fetchone()
        return (0, INT_MIN, INT_MIN, INT_MIN) if row is None else (int(row[0]), *row[1:])

    def _run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)


class SqliteNames:
    """The names of approvals that were used."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, name: str) -> bool:
        """Puts `name` there; whether it was not."""
        return self._connection.execute(_CONSUMED, (name,)).rowcount > 0


def _text(key: Hashable) -> str:
    """A key as text; equal keys have equal texts, and the key of nobody knows whom is empty."""
    if key is None:
        return ""
    assert isinstance(key, tuple)  # noqa: S101  # the values of `per`
    return canonical([plain(part) for part in key])
