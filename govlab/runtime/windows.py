"""What earlier events add up to, by feature and key, for as long as they are in the window (S8).

Whatever is added leaves at a moment of its own, in microseconds since 1970; a sum is kept, not
made again. What cannot be added up is the text `error` or `unknown`, so that any ledger serves any
engine. Standard library only: this module is inlined into exported engines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Hashable
from operator import itemgetter
from typing import Final, Protocol

from govlab.runtime.values import INT_MAX, INT_MIN

__all__ = ["FOREVER", "Ledger", "Windows"]

FOREVER: Final = INT_MAX
"""Leaves never."""
_ERROR, _UNKNOWN = "error", "unknown"
_NEVER: Final = INT_MIN
_SPARE: Final = 1_000  # windows that are kept without asking whether anything is left in them


class Ledger(Protocol):
    """Where sums are kept. A key of None is that of events which nobody can tell the key of."""

    def begin(self, feature: str, moment: int) -> None:
        """Says that an event at `moment` was looked at; the first one counts."""
        ...

    def began(self, feature: str) -> int | None:
        """The moment of the first event that was looked at."""
        ...

    def add(self, feature: str, key: Hashable, until: int, amount: int | str) -> None:
        """Adds `amount`, an int, `error` or `unknown`, which counts before the moment `until`."""
        ...

    def total(self, feature: str, key: Hashable, now: int) -> int | str:
        """The exact sum of what counts at `now`; `unknown`, else `error`, where any of it is."""
        ...


class _Window:
    """What one key has added to one feature."""

    __slots__ = ("amounts", "error", "last", "total", "unknown")

    def __init__(self) -> None:
        self.amounts: deque[tuple[int, int]] = deque()  # when it leaves, and how much
        self.total = 0
        self.error = self.unknown = self.last = _NEVER  # when the last of them leaves


class Windows:
    """A ledger in memory.

    `now` never goes back for a key: what has left for one reading has left for all later ones.
    Reading and adding take amortised constant time where moments rise; keys of which nothing is
    left are forgotten.

    >>> ledger = Windows()
    >>> ledger.add("calls", ("ann",), 60, 1)
    >>> ledger.total("calls", ("ann",), 59), ledger.total("calls", ("ann",), 60)
    (1, 0)
    """

    __slots__ = ("_began", "_most", "_now", "_windows")

    def __init__(self) -> None:
        self._began: dict[str, int] = {}
        self._windows: dict[tuple[str, Hashable], _Window] = {}
        self._most = _SPARE
        self._now = _NEVER

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._windows)

    def begin(self, feature: str, moment: int) -> None:
        """Says that an event at `moment` was looked at; the first one counts."""
        self._began.setdefault(feature, moment)

    def began(self, feature: str) -> int | None:
        """The moment of the first event that was looked at."""
        return self._began.get(feature)

    def add(self, feature: str, key: Hashable, until: int, amount: int | str) -> None:
        """Adds `amount`, an int, `error` or `unknown`, which counts before the moment `until`."""
        window = self._windows.get((feature, key))
        if window is None:
            window = self._windows[feature, key] = _Window()
        window.last = max(window.last, until)
        if isinstance(amount, str):
            if amount == _ERROR:
                window.error = max(window.error, until)
            else:
                window.unknown = max(window.unknown, until)
        else:
            window.total += amount
            if until < FOREVER:
                _enter(window.amounts, until, amount)
        if len(self._windows) > self._most:
            self._forget()

    def total(self, feature: str, key: Hashable, now: int) -> int | str:
        """The exact sum of what counts at `now`; `unknown`, else `error`, where any of it is."""
        self._now = max(self._now, now)
        window = self._windows.get((feature, key))
        if window is None:
            return 0
        amounts = window.amounts
        while amounts and amounts[0][0] <= now:
            window.total -= amounts.popleft()[1]
        return _UNKNOWN if window.unknown > now else _ERROR if window.error > now else window.total

    def _forget(self) -> None:
        """Drops the keys of which nothing is left; it is asked when half are new at least."""
        self._windows = {at: w for at, w in self._windows.items() if w.last > self._now}
        self._most = 2 * len(self._windows) + _SPARE


def _enter(amounts: deque[tuple[int, int]], until: int, amount: int) -> None:
    """Puts `amount` where it belongs: at the end, but for one that was held for its answer."""
    if not amounts or amounts[-1][0] < until:
        amounts.append((until, amount))
    elif amounts[-1][0] == until:
        amounts[-1] = (until, amounts[-1][1] + amount)
    else:
        amounts.insert(bisect_right(amounts, until, key=itemgetter(0)), (until, amount))
