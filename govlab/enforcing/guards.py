"""A guard round one call of a tool: decided and reserved, admitted, limited, reported (S9, S10)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from govlab.enforcing.checks import Check, stopped
from govlab.enforcing.engines import Decider, Event
from govlab.enforcing.meters import Breach, Meter, OverrunError, current
from govlab.enforcing.redaction import redacted
from govlab.enforcing.reservations import Reservation
from govlab.enforcing.stores import Store, StoreError

__all__ = ["Ask", "DeniedError", "Guard", "HeldError"]

T = TypeVar("T")
Ask = Callable[[Reservation], Any]
"""Gives the approval for what is held, or None where there is none yet."""

_LOG = logging.getLogger("govlab.enforcing")


class DeniedError(Exception):
    """A call that does not happen; `reservation` is None where nothing could be reserved."""

    def __init__(self, message: str, reservation: Reservation | None = None) -> None:
        super().__init__(message)
        self.reservation = reservation


class HeldError(Exception):
    """A call that waits for an approval: `Guard.resume` goes on with its `reservation`."""

    def __init__(self, message: str, reservation: Reservation) -> None:
        super().__init__(message)
        self.reservation = reservation


def utc_now() -> datetime:
    """The time by the clock of this machine."""
    return datetime.now(UTC)


def logged(breach: Breach) -> None:
    """Writes `breach` to the log of this process."""
    _LOG.warning("%s went over `%s`", breach.event_id, breach.constraint)


_FINAL = (DeniedError, HeldError, OverrunError)  # trying again would pass the limit again


@dataclass(frozen=True, slots=True)
class Guard:
    """Calls a tool where a decision of `engine` permits it, within the limits it sets.

    The time of an event is what `clock` says, whatever the event does.
    `check` names the constraints that stop a request, `report` is told every limit passed. `ask` is
    asked for an approval where one is required. A call is tried `retries` times again where it
    raises one of `again`, no more often than `max_retries` allows, and never past a limit.
    """

    engine: Decider
    store: Store
    check: Check = stopped
    report: Callable[[Breach], None] = logged
    ask: Ask | None = None
    retries: int = 0
    again: tuple[type[Exception], ...] = ()
    clock: Callable[[], datetime] = utc_now
    elapsed: Callable[[], float] = time.monotonic

    def call(self, event: Event, dispatch: Callable[[Event], T]) -> T:
        """What `dispatch` gives, called with `event` or the variant of it that is permitted.

        Raises DeniedError, HeldError, and OverrunError where a limit was passed; of a call that
        takes too long the thread goes on, as nothing in Python can end it.
        """
        return self._run(self._admitted(event), dispatch)

    def resume(self, held: Reservation, approval: Any, dispatch: Callable[[Event], T]) -> T:
        """As `call`, for what was held, now that there is an `approval`."""
        return self._run(self._approved(held, approval), dispatch)

    async def acall(self, event: Event, dispatch: Callable[[Event], Awaitable[T]]) -> T:
        """As `call`, of a coroutine, which is cancelled where it takes too long."""
        made = self._admitted(event)
        meter, asked = self._prepared(made)
        ends = _ends(meter, self.elapsed)
        for left in reversed(range(self._tries(made))):
            try:
                return await _awaited(lambda: dispatch(asked), meter, ends, self.elapsed)
            except self.again as error:
                if left == 0 or isinstance(error, _FINAL):
                    raise
        raise AssertionError("a call is tried once at least")

    def _run(self, made: Reservation, dispatch: Callable[[Event], T]) -> T:
        meter, asked = self._prepared(made)
        ends = _ends(meter, self.elapsed)
        for left in reversed(range(self._tries(made))):
            try:
                return _called(lambda: dispatch(asked), meter, ends, self.elapsed)
            except self.again as error:
                if left == 0 or isinstance(error, _FINAL):
                    raise
        raise AssertionError("a call is tried once at least")

    def _admitted(self, event: Event) -> Reservation:
        # its time is that of the guard's clock: who may set it could empty or dodge any window
        asked = {"attempt": 1, **event, "ts": self.clock()}
        try:
            made = self.store.decide_and_reserve(self.engine, asked, check=self.check)
        except StoreError as error:
            raise DeniedError(f"denied: {error}") from error
        if made.permitted is None and self.ask is not None:
            return self._approved(made, self.ask(made))
        return _permitted(made)

    def _approved(self, held: Reservation, approval: Any) -> Reservation:
        if approval is None:
            return _permitted(held)
        try:
            made = self.store.admit(self.engine, held, approval, now=self.clock(), check=self.check)
        except StoreError as error:
            raise DeniedError(f"denied: {error}", held) from error
        return _permitted(made)

    def _prepared(self, made: Reservation) -> tuple[Meter, Event]:
        limits = made.counted.constraints
        meter = Meter(made.event["event_id"], limits, self.report)
        return meter, redacted(made.dispatch, limits.get("redact", ()))

    def _tries(self, made: Reservation) -> int:
        """How often the call may be tried: this attempt, and those that are left."""
        most, attempt = made.counted.constraints.get("max_retries"), made.event.get("attempt") or 1
        return 1 + (self.retries if most is None else max(0, min(self.retries, most + 1 - attempt)))


def _permitted(made: Reservation) -> Reservation:
    if made.permitted:
        return made
    rule = f"rule `{made.counted.rule}`" if made.counted.rule != "default" else "the default"
    why = "".join(f", `{name}`" for name in (*made.stopped, *made.failed))
    if made.permitted is None:
        raise HeldError(f"held: {rule} asks for an approval{why}", made)
    if made.stopped:
        raise DeniedError(f"denied: a limit of {rule} does not let it go{why}", made)
    reason = f": {made.counted.reason}" if made.counted.reason else ""
    lacks = ", ".join(f"`{name}`" for name in made.counted.missing)
    lacking = f"; the event lacks {lacks}" if lacks else ""
    raise DeniedError(f"denied by {rule}{reason}{lacking}{_suggested(made)}", made)


def _suggested(made: Reservation) -> str:
    remediation = made.counted.remediation
    if remediation is None:
        return ""
    return "; " + ("; ".join(remediation.suggestion) or f"permitted with {remediation.set}")


def _ends(meter: Meter, elapsed: Callable[[], float]) -> float | None:
    limit = meter.constraints.get("timeout_s")
    return None if limit is None else elapsed() + limit


def _called(
    call: Callable[[], T], meter: Meter, ends: float | None, elapsed: Callable[[], float]
) -> T:
    """What `call` gives, if it does so in time; in a thread of its own where there is a limit."""
    context = copy_context()
    context.run(current.set, meter)
    if ends is None:
        return context.run(call)
    if elapsed() >= ends:  # no time is left to try again in
        meter.breach("timeout_s", None)
    pool = ThreadPoolExecutor(1, "govlab-guard")
    try:
        future = pool.submit(context.run, call)
        if not wait([future], max(0.0, ends - elapsed())).done:
            meter.breach("timeout_s", None)
        return future.result()
    finally:
        pool.shutdown(wait=False)


async def _awaited(
    call: Callable[[], Awaitable[T]], meter: Meter, ends: float | None, elapsed: Callable[[], float]
) -> T:
    token = current.set(meter)
    limit = asyncio.timeout(None if ends is None else ends - elapsed())
    try:
        async with limit:
            return await call()
    except TimeoutError:
        if limit.expired():
            meter.breach("timeout_s", None)
        raise
    finally:
        current.reset(token)
