"""What was made for the last few replays of logs on disk: the next that ask the same need it too.

A notebook replays one bundle again and again. What is kept is of values, never of rows, and is
found by what log and bundle hold: a changed file is another log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from govlab.plan import Plan
from govlab.replays.alike import Alike

__all__ = ["RECENT", "Recent"]

_MOST = 8


@dataclass(frozen=True, slots=True)
class _Made:
    key: str  # names the log's state and the bundle's meaning
    columns: tuple[str, ...]
    plan: Plan
    alike: Alike


@dataclass(slots=True)
class Recent:
    """The kinds decided last, the oldest first."""

    _made: list[_Made] = field(default_factory=list)
    _lock: Any = field(default_factory=Lock)

    def alike(
        self, key: str | None, columns: Sequence[str], plan: Plan, make: Callable[[], Alike]
    ) -> Alike:
        """What `make` made for the same log, bundle and columns, or makes; without `key` it does.

        The plans are compared too: a digest names what a bundle means, not its rules' places.
        """
        if key is None:
            return make()
        with self._lock:
            for at, one in enumerate(self._made):
                if (one.key, one.columns) == (key, tuple(columns)) and one.plan == plan:
                    self._made.append(self._made.pop(at))
                    return one.alike
        made = _Made(key, tuple(columns), plan, make())
        with self._lock:
            self._made = [*self._made, made][-_MOST:]
        return made.alike

    def forget(self) -> None:
        """Begins anew."""
        with self._lock:
            self._made.clear()


RECENT = Recent()
"""Of this process."""
