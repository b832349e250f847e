"""Which rows a column of marks speaks of: its texts name columns, and are few."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import polars as pl

from govlab.backends.columnar.dictionaries import FIRST, Dictionary

__all__ = ["MARKED", "Marks"]

MARKED = ("malformed_columns", "unknown_columns")
"""The columns of marks."""


@dataclass(slots=True)
class Marks:
    """The texts of a column of marks, read once."""

    texts: Dictionary
    _named: list[frozenset[str]] = field(default_factory=list)
    _flags: dict[Hashable, tuple[list[bool], pl.Series]] = field(default_factory=dict)

    def flags(self, key: Hashable, holds: Callable[[frozenset[str]], bool]) -> pl.Series | None:
        """Of each code whether `holds`, by its `key`, is true of what its text names; None where
        it is of none."""
        fresh = self.texts.values[len(self._named) :]
        self._named += [frozenset(text.split(",")) for text in fresh]
        known, flags = self._flags.get(key, ([False] * FIRST, None))
        if flags is None or len(known) < len(self.texts):
            known = known + [holds(named) for named in self._named[len(known) - FIRST :]]
            flags = pl.Series(known, dtype=pl.Boolean)
            self._flags[key] = known, flags
        return flags if flags.any() else None
