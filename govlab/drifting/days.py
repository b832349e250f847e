"""The days a log is looked at by, and which of them are held against which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from govlab.drifting.shifts import Daily, Shift, shift_between, shifts

__all__ = ["Days"]

Floats = NDArray[np.float64]
_LONG = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """The days from `first` to `last`; `whole` is the last that is over.

    Where `reference` and `current` (first day, day after the last) are given they are held against
    each other; else every day is asked whether something changed on it. `sure` is the probability
    up to which a change parts a series.
    """

    first: date
    last: date
    whole: date
    reference: tuple[date, date] | None = None
    current: tuple[date, date] | None = None
    sure: float = 0.01

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def place(self, day: date) -> int:
        """The number of a day, from 0."""
        return (day - self.first).days

    def at(self, place: int) -> date:
        """The day of a number."""
        return self.first + place * _LONG

    def filled(self, values: dict[date, float]) -> Floats:
        """`values` for every day, 0 where there is none."""
        found = np.zeros(len(self))
        for day, value in values.items():
            if self.first <= day <= self.last:
                found[self.place(day)] = value
        return found

    def changes(self, series: Daily) -> tuple[Shift, ...]:
        """The changes of `series`, the surest among them; empty where nobody can tell."""
        if self.reference is None:
            return shifts(series, sure=self.sure)
        end = self.place(self._current[1])
        days = np.arange(len(series))
        kept = self._inside(self.reference, days) | self._inside(self._current, days)
        of, among = (np.where(kept, v, 0.0) for v in (series.of, series.among))
        clusters = np.where(kept, series.clusters, 0.0)
        masked = Daily(of, among, clusters, series.weekday, series.deff, series.count)
        found = shift_between(masked.part(0, min(end, len(series))), self.place(self._current[0]))
        return () if found is None else (found,)

    @property
    def _current(self) -> tuple[date, date]:
        """The days compared with the reference: those named, or all after it."""
        after = (self.reference or (self.first, self.last))[1]
        return self.current or (after, self.last + _LONG)

    def _inside(self, period: tuple[date, date], days: NDArray[np.int64]) -> NDArray[np.bool_]:
        start, end = map(self.place, period)
        return np.asarray((days >= start) & (days < end))
