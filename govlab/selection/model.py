"""What a user asked to see of a log, and what that came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from govlab.log.citation import Citation

__all__ = ["CHOSEN", "Instant", "Scope", "Selection"]

CHOSEN = "#chosen"
"""The column beside a log's rows that says which of them the filters chose."""
_ASKED = ("where", "since", "until", "last", "tz", "assumed")

Instant = str | date | datetime
"""A date, or a date and time; in the selection's zone where it has no offset of its own."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters as they were written: `since` is in, `until` is out, `last` is a span like `30d`.

    `last` counts from the newest event of the log, or from `as_of`, which is out. `prefix` is how
    the options are written where the caller writes them, for messages.
    """

    where: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    last: str | None = None
    as_of: Instant | None = None
    tz: str = "UTC"
    prefix: str = ""

    def is_all(self) -> bool:
        """Whether every event is reported."""
        return all(f is None for f in (self.where, self.since, self.until, self.last, self.as_of))


@dataclass(frozen=True, slots=True)
class Scope:
    """The filters as they were understood, and the events that they could not judge.

    `log_events` are all events of the log; `selected` those reported; `untimed` were left out
    because a period was asked for and they have no time, `untold` because `where` is an error or
    unknown there, `lacking` the attributes that were missing then. The counts are None where
    nothing was filtered. `reads` are the attributes that `where` names, `assumed` the types taken
    for arguments that no bundle declares. `derived` are the attributes that an organisation file
    may have filled: they are not recorded.
    """

    where: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    last: str | None = None
    tz: str = "UTC"
    reads: tuple[str, ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)
    log_events: int | None = None
    selected: int | None = None
    untimed: int = 0
    untold: int = 0
    lacking: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Scope:
        """As `filters` says it."""
        since, until = (
            None if said[name] is None else datetime.fromisoformat(said[name])
            for name in ("since", "until")
        )
        left = said["left_out"]
        return cls(
            said["where"], since, until, said["last"], said["tz"], assumed=said["assumed"],
            log_events=said["log_events"], selected=said["selected"],
            untimed=left["without_time"], untold=left["where_unanswered"],
            lacking=tuple(left["lacking"]),
        )  # fmt: skip

    def zone(self) -> ZoneInfo:
        """The zone in which times are shown and days begin."""
        return ZoneInfo(self.tz)

    def columns(self) -> tuple[str, ...]:
        """The columns of a log that `where` reads."""
        return tuple("args" if name.startswith("args.") else name for name in self.reads)

    def is_all(self) -> bool:
        """Whether every event is reported."""
        return (self.where, self.since, self.until, self.last) == (None, None, None, None)

    def to_dict(
        self,
        events: int,
        period: tuple[datetime | None, datetime | None],
        source: Citation | None = None,
    ) -> dict[str, Any]:
        """The JSON form with the events reported and their period; times in RFC 3339.

        `privacy` is what the log in `source` has of arguments, results and names.
        """
        oldest, newest = map(self.shown, period)
        filters = self.filters()
        return {
            **{name: filters[name] for name in _ASKED},
            "derived": list(self.derived),
            "privacy": dict(source.privacy) if source and source.privacy else None,
            "log_events": events if self.log_events is None else self.log_events,
            "events": events,
            "oldest": oldest,
            "newest": newest,
            "left_out": filters["left_out"],
        }

    def filters(self) -> dict[str, Any]:
        """The JSON form of what was asked for and of what that left out."""
        return {
            "where": self.where,
            "since": self.shown(self.since),
            "until": self.shown(self.until),
            "last": self.last,
            "tz": self.tz,
            "assumed": dict(self.assumed),
            "log_events": self.log_events,
            "selected": self.selected,
            "left_out": {
                "without_time": self.untimed,
                "where_unanswered": self.untold,
                "lacking": list(self.lacking),
            },
        }

    def shown(self, at: datetime | None) -> str | None:
        """An instant in the zone, as RFC 3339 with its offset."""
        return None if at is None else at.astimezone(self.zone()).isoformat().replace("+00:00", "Z")
