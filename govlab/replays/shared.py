"""What replays of one log share: its rows are read once, and told apart as far as all plans do."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import polars as pl

from govlab.cube.asked import Asked, asked, together
from govlab.cube.build import classes_of, kept_of
from govlab.cube.keys import Apart
from govlab.cube.model import Cube
from govlab.log.kinds import Kinds
from govlab.plan import Plan

__all__ = ["Shared"]


@dataclass(frozen=True, slots=True)
class Shared:
    """One log under several plans, counted by the columns `by`."""

    log: pl.LazyFrame
    kinds: Kinds | None
    plans: tuple[Plan, ...]
    by: tuple[str, ...]
    _classes: list[Cube | None] = field(default_factory=list, init=False)
    _lock: Any = field(default_factory=Lock, init=False)

    def classes(self) -> Cube | None:
        """The rows that no plan tells apart as one, with their number; read once.

        None where rows hardly repeat.
        """
        with self._lock:
            if not self._classes:
                self._classes.append(classes_of(self.log, self.kinds, self._asked(), self.by))
            return self._classes[0]

    def apart(self) -> Apart:
        """What tells rows apart, batch by batch."""
        have = self.log.collect_schema().names()
        kept = kept_of(self.log, self._asked(), self.by)
        return Apart.of(self._asked(), kept, have, self.kinds)

    def _asked(self) -> Asked:
        return together(map(asked, self.plans))
