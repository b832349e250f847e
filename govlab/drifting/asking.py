"""What may be asked of a log's drift, and the days that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from govlab.bundle import Bundle
from govlab.drifting.choosing import SURE
from govlab.drifting.days import Days
from govlab.drifting.state import Accepted
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.spec import RUN_CUTS
from govlab.registry import Registry
from govlab.selection import Selection

__all__ = ["CUTS", "LONGEST", "Asked", "checked", "days_of"]

CUTS: Final = tuple(cut for cut in RUN_CUTS if cut != "day")
"""What a log may be parted by."""

_DAY: Final = timedelta(days=1)
LONGEST: Final = 3 * 366
"""Days that are looked at, the newest: one record of 1970 costs no half a century of days."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a log; `reference` and `current` are periods `A..B`, B not in them."""

    selection: Selection = field(default_factory=Selection)
    by: tuple[str, ...] = ("workflow",)
    reference: str | None = None
    current: str | None = None
    bundle: Bundle | None = None
    registry: Registry | None = None
    org: Bundle | None = None
    state: Path | None = None
    accept: tuple[Accepted, ...] = ()


def checked(cuts: Sequence[str]) -> tuple[str, ...]:
    """The cuts asked for, each once. Raises UsageError for one that does not exist."""
    for cut in cuts:
        if cut not in CUTS:
            hint = did_you_mean(cut, CUTS) or f"there are {', '.join(CUTS)}"
            raise UsageError(f"no cut `{cut}` of runs; {hint}")
    return tuple(dict.fromkeys(cuts))


def days_of(oldest: datetime, as_of: datetime, asked: Asked) -> Days:
    """The days from `oldest` to `as_of`, both of one zone; a day is whole once it is over.

    Raises UsageError for periods that are none, or that run into each other.
    """
    last = (as_of - timedelta(microseconds=1)).date()
    over = as_of.time() == datetime.min.time()
    reference = _period(asked.reference, "--reference")
    current = _period(asked.current, "--current")
    if current is not None and reference is None:
        raise UsageError("`--current` is held against `--reference A..B`, which is not there")
    if reference is not None and current is not None and current[0] < reference[1]:
        raise UsageError("`--current` begins before `--reference` ends; write them apart")
    whole = last if over else last - _DAY
    first = last - min(last - oldest.date(), (LONGEST - 1) * _DAY)
    return Days(first, last, whole, reference, current, SURE)


def _period(given: str | None, option: str) -> tuple[date, date] | None:
    if given is None:
        return None
    start, _, end = given.partition("..")
    try:
        found = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        found = None
    if found is None or found[0] >= found[1]:
        raise UsageError(f"`{option} {given}` is no period; write `2026-01-05..2026-02-02`, "
                         "the day after the last behind the dots")  # fmt: skip
    return found
