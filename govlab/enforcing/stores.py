"""Stores: what is decided is reserved at once, and an approval is used once (S8, S9).

Reading a budget and reserving it, and testing whether an approval was consumed and saying so, are
one transaction, in memory as in SQLite. Events count in the order in which they arrive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from govlab.enforcing.checks import Check, stopped
from govlab.enforcing.engines import Decider, Event, counted, remembering
from govlab.enforcing.ledgers import SCHEMA, SqliteLedger, SqliteNames
from govlab.enforcing.reservations import Reservation, dispatched
from govlab.enforcing.waiting import LONGEST_US, SqliteWaiting, Waiting, WaitingInMemory
from govlab.enforcing.waiting import SCHEMA as WAITING
from govlab.runtime.arguments import canonical
from govlab.runtime.event import attribute_states
from govlab.runtime.rulings import Ruled, goes
from govlab.runtime.states import Mark
from govlab.runtime.windows import FOREVER, Ledger, Windows
from govlab.types import TIMESTAMP

__all__ = ["Store", "StoreError"]

_RATED = ("tenant", "actor", "tool")  # whose calls a `rate` counts
_TIME = {"ts": TIMESTAMP}


class StoreError(Exception):
    """A store that cannot be read or written: nothing was reserved."""


class _Names(Protocol):
    def add(self, name: str) -> bool: ...


@dataclass(slots=True)
class _MemoryNames:
    names: set[str] = field(default_factory=set)

    def add(self, name: str) -> bool:
        before = len(self.names)
        self.names.add(name)
        return len(self.names) != before


@dataclass(frozen=True, slots=True)
class Store:
    """Budgets, held events and consumed approvals, by `in_memory` or `in_file`.

    Methods raise StoreError where the file cannot be used in time; then nothing was reserved.
    """

    ledger: Ledger
    waiting: Waiting
    consumed: _Names
    transaction: Callable[[], AbstractContextManager[Any]]
    forget: Callable[[int], None] = lambda now: None  # noqa: ARG005  # windows in memory do it

    @classmethod
    def in_memory(cls) -> Store:
        """A store of one process; threads may share it."""
        lock = RLock()
        return cls(Windows(), WaitingInMemory(), _MemoryNames(), lambda: lock)

    @classmethod
    def in_file(cls, path: Path | str, *, wait_s: float = 5.0) -> Store:
        """A store in the SQLite file `path`, made if need be; threads and processes may share it.

        Each process opens its own. What was answered survives a loss of power. `wait_s` bounds the
        wait for others. Raises StoreError where `path` is no such file.
        """
        with _told(path):
            connection = sqlite3.connect(
                path, timeout=wait_s, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(SCHEMA + WAITING)
        ledger, consumed = SqliteLedger(connection), SqliteNames(connection)
        lock = RLock()
        return cls(
            ledger, SqliteWaiting(connection), consumed,
            lambda: _immediate(connection, lock, path), ledger.forget,
        )  # fmt: skip

    def decide_and_reserve(
        self, engine: Decider, event: Event, *, check: Check = stopped
    ) -> Reservation:
        """The decision for `event`, which counts for all later events when this returns.

        `check` names the constraints that stop it. Raises ValueError for an event without
        `event_id`.
        """
        name = _name(event)
        with self.transaction():
            made = self._made(engine, event, check)
            self._record(engine, made)
            if made.permitted is None:
                self.waiting.put(name, event, _moment(event) or 0)
        return made

    def look(self, engine: Decider, event: Event, *, check: Check = stopped) -> Reservation:
        """As `decide_and_reserve`, of an event that counts for nothing: nobody acts on it."""
        with self.transaction():
            return self._made(engine, event, check)

    def _made(self, engine: Decider, event: Event, check: Check) -> Reservation:
        known = remembering(engine)
        history = known.features(self.ledger, event)
        decision = known.decide(event, history=history)
        warming = tuple(known.warming(self.ledger, event))
        stops = self._stops(counted(decision), event, check)
        goes_ahead = goes(counted(decision))
        permitted = goes_ahead and not stops if goes_ahead is not None else None
        return Reservation(event, decision, permitted, stops, (), warming, history)

    def admit(
        self,
        engine: Decider,
        held: Reservation,
        approval: Any,
        *,
        now: datetime,
        check: Check = stopped,
    ) -> Reservation:
        """`held`, permitted if every binding of `approval` holds, which is consumed by that.

        What the action counts for, it counts from its own place. A reservation that was not held
        is given back as it is.
        """
        if held.permitted is not None:
            return held
        with self.transaction():
            admission = engine.admit(held.decision, held.event, approval, now=now)
            failed = tuple(admission.failed)
            stops = self._stops(held.counted, held.event, check)
            permitted = bool(admission.permitted) and not stops
            if permitted and not self.consumed.add(_approval(approval)):
                permitted, failed = False, ("consumed",)
            answer = replace(held, stopped=stops, failed=failed,
                             permitted=True if permitted else None)  # fmt: skip
            if permitted:
                self._answer(engine, answer)
        return answer

    def settle(self, engine: Decider, held: Reservation) -> Reservation:
        """`held`, refused for good: it was rejected, cancelled, or nobody answered in time."""
        if held.permitted is not None:
            return held
        with self.transaction():
            answer = replace(held, permitted=False)
            self._answer(engine, answer)
        return answer

    def hear(self, engine: Decider, event_id: str, *, permitted: bool) -> bool:
        """Whether events of this id were held: from now on they count as permitted, or as denied.

        For who is told what became of an event, and holds no reservation of it.
        """
        with self.transaction():
            found = self.waiting.known(event_id)
            for name, event in found.items():
                self.waiting.take(name)
                known = remembering(engine)
                known.record(self.ledger, event, None, permitted, answered=True)
        return bool(found)

    def _answer(self, engine: Decider, answer: Reservation) -> None:
        """The answer to a held event, once; one that this store never held is recorded whole."""
        was_held = self.waiting.take(_name(answer.event))
        self._record(engine, answer, answered=was_held)

    def _record(self, engine: Decider, made: Reservation, *, answered: bool = False) -> None:
        remembering(engine).record(
            self.ledger, made.event, made.counted, made.permitted, answered=answered
        )
        now = _moment(made.event)
        if made.permitted:
            for feature, key, until in _rates(made.counted, made.dispatch, now):
                self.ledger.add(feature, key, until, 1)
        if now is not None:
            self.forget(now)
            self.waiting.forget(now - LONGEST_US)

    def _stops(self, ruled: Ruled, event: Event, check: Check) -> tuple[str, ...]:
        """The constraints that stop what would be dispatched, the rates that are used up too."""
        wanted, now = dispatched(ruled, event), _moment(event)
        found = check(ruled.constraints, wanted)
        limits = ruled.constraints.get("rate", ())
        for limit, (feature, key, _) in zip(limits, _rates(ruled, wanted, now), strict=True):
            used = 0 if now is None else self.ledger.total(feature, key, now)
            if now is None or isinstance(used, str) or used >= limit["n"]:
                return (*found, "rate")
        return found


def _rates(ruled: Ruled, event: Event, now: int | None) -> Iterator[tuple[str, Any, int]]:
    """Each rate as a sum: its name, whose it is, and when a call of now no longer counts."""
    key = tuple(str(event.get(name) or "") for name in _RATED)
    for limit in ruled.constraints.get("rate", ()):
        span = round(limit["per_s"] * 10**6)
        yield f"rate@{span}", key, FOREVER if now is None else min(now + span, FOREVER)


def _moment(event: Event) -> int | None:
    """The event's time in microseconds, if it has one."""
    at = attribute_states(event, _TIME, frozenset())["ts"]
    return None if isinstance(at, Mark) else at.ns // 1000


def _name(event: Event) -> str:
    """What tells an event from all others."""
    if not isinstance(event.get("event_id"), str):
        raise ValueError("an event has no `event_id`: give each one its own before it is decided")
    return canonical([str(event.get("tenant") or ""), event["event_id"]])


def _approval(approval: Any) -> str:
    """What tells one approval from another: what was asked for, and when; not who voted."""
    if approval is None:
        return ""
    digest = (approval.policy_digest or "").partition("|")[0]
    asked = approval.requested_at
    said = [digest, approval.action_sha256 or "", asked.isoformat() if asked else ""]
    return sha256(canonical(said).encode()).hexdigest()


@contextmanager
def _told(path: Path | str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"`{path}`: {error}; nothing was reserved") from error


@contextmanager
def _immediate(connection: sqlite3.Connection, lock: RLock, path: Path | str) -> Iterator[None]:
    """A transaction that holds the right to write from its first reading on."""
    with lock, _told(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:  # an interrupt too leaves nothing half done; it goes on up
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
