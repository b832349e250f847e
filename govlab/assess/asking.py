"""What a scorecard is asked for: of which events, by what, against what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from govlab.assess.maturity import Criterion
from govlab.assess.targets import Target
from govlab.bundle import Bundle
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.spec import CUTS
from govlab.registry import Registry
from govlab.scheduled import History
from govlab.selection import Scope, Selection

__all__ = ["BY", "NEEDS_BUNDLE", "Asked", "Price", "checked_cuts", "earlier"]

BY = ("tenant", "system", "workflow", "actor", "tool")
"""The cuts of a scorecard unless others are asked for."""
NEEDS_BUNDLE = ("gate", "risk")


@dataclass(frozen=True, slots=True)
class Price:
    """What an answer costs: minutes of a person, and their hour in micro-USD."""

    minutes: int
    hour_micro_usd: int

    def of(self, answers: int) -> int:
        """The price of so many answers in micro-USD, rounded down."""
        return answers * self.minutes * self.hour_micro_usd // 60


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a scorecard.

    `compare_to` is `previous`, a period `A..B`, or the file of an earlier scorecard. `registry`
    tells which snapshot was in force when; without one the log says so itself. `org` is an
    organisation file, which derives attributes. `history` keeps what days came to.
    """

    selection: Selection = field(default_factory=Selection)
    bundle: Bundle | None = None
    targets: Mapping[str, Target] | None = None
    targets_from: str | None = None
    cuts: tuple[str, ...] = BY
    compare_to: str | Path | None = None
    criteria: tuple[Criterion, ...] | None = None
    price: Price | None = None
    registry: Registry | None = None
    org: Bundle | None = None
    history: History | None = None


def checked_cuts(cuts: Iterable[str], *, bundle: bool) -> tuple[str, ...]:
    """The cuts asked for, each once. Raises UsageError for one that does not exist.

    >>> checked_cuts(["tool", "week", "tool"], bundle=False)
    ('tool', 'week')
    """
    chosen = tuple(dict.fromkeys(cuts))
    for cut in chosen:
        if cut not in CUTS:
            near = did_you_mean(cut, CUTS)
            raise UsageError(f"no cut `{cut}`; {near or 'there are ' + ', '.join(CUTS)}")
        if cut in NEEDS_BUNDLE and not bundle:
            raise UsageError(
                f"a log does not record `{cut}`: a bundle tells it; add `--bundle BUNDLE`"
            )
    return chosen


def earlier(
    selection: Selection, scope: Scope, newest: datetime | None, compare_to: str
) -> Selection:
    """The period to compare with: that named by `A..B`, or the one just before, equally long.

    Raises UsageError where there is no such period.
    """
    since, dots, until = compare_to.partition("..")
    if dots and since and until:
        return replace(selection, since=since, until=until, last=None, as_of=None)
    if compare_to != "previous":
        raise UsageError(
            f"`--compare-to {compare_to}` is no file, and no period; write `previous`, "
            "`2026-01-01..2026-02-01` or the file of an earlier `govlab scorecard --json`"
        )
    end = scope.until or (newest + timedelta(microseconds=1) if newest else None)
    if scope.since is None or end is None:
        raise UsageError(
            "`--compare-to previous` needs a period to be previous to; add `--last 30d`"
        )
    return replace(selection, since=scope.since - (end - scope.since), until=scope.since,
                   last=None, as_of=None)  # fmt: skip
