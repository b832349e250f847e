"""What an inspection found, as frozen values; shares come as a number and what it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from govlab.selection import Scope

__all__ = [
    "Actor",
    "Answer",
    "Decisions",
    "FigureState",
    "Fill",
    "Gap",
    "Guess",
    "Inspection",
    "Lack",
    "Of",
    "Period",
    "Runs",
    "SourceFile",
    "Sources",
    "StarterFit",
    "TableFile",
    "Unlock",
]

Status = Literal["filled", "partly", "absent", "unknown"]
Answer = Literal["yes", "mostly unknown", "nothing recorded", "no"]


@dataclass(frozen=True, slots=True)
class Of:
    """`part` of the `known` events of which the source says it at all."""

    part: int
    known: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file the log was made of: rows read and kept, the digest of its bytes.

    Rows that are not kept are `duplicates` of events read before, or `quarantined`.
    """

    path: str
    format: str | None
    sha256: str
    rows: int
    kept: int
    not_read: str = ""
    duplicates: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the events come from; `notes` are what the formats' readers took for granted.

    `privacy` is what ingest kept of arguments, results and names.
    """

    files: tuple[SourceFile, ...]
    formats: Mapping[str, int]
    quarantined: int
    duplicates: int
    skipped: Mapping[str, int]
    notes: tuple[str, ...]
    manifest_sha256: str | None
    privacy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without events: from the event before it to the one after, in whole hours."""

    start: datetime
    end: datetime
    hours: int


@dataclass(frozen=True, slots=True)
class Period:
    """When the events happened, in the zone of the scope; None where no event has a time.

    `unit` is what gaps are counted in: days for a log of more than three, else hours. `tied` are
    events that share their time with another; `sources` says where times come from.
    """

    oldest: datetime | None
    newest: datetime | None
    without_time: int
    days: int
    days_with_events: int
    unit: Literal["days", "hours"]
    gaps: int
    empty_weekend_days: int
    longest_gaps: tuple[Gap, ...]
    tied: int
    whole_seconds: bool
    sources: Mapping[str, int]
    zone: str | None
    weighted: int


@dataclass(frozen=True, slots=True)
class Fill:
    """A column: events in which it is filled, absent, malformed, or unknown to the source."""

    column: str
    group: str
    meaning: str
    status: Status
    filled: int
    absent: int
    malformed: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs that the events name, and what the runs table says of runs once they ended.

    `columns` count runs; they are empty where the log has no runs table.
    """

    named: int
    without_events: int | None
    events_without_run: int
    columns: tuple[Fill, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """An agent, tool or action: its events and shares, each over the events that tell."""

    name: str | None
    events: int
    runs: int | None
    destructive: Of
    production: Of
    failed: Of
    denied: Of
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Decisions:
    """Recorded decisions by word, events without one, and source words that no table maps."""

    words: Mapping[str, int]
    none: int
    unmapped: Mapping[str, int]
    recorded_by_source: bool


@dataclass(frozen=True, slots=True)
class FigureState:
    """A figure: whether the log has what it needs, and the columns that lack.

    Columns of `gaps` lack too: the figure is computed and counts what they would say as a gap.
    `unlocked_by` is the one column that would be enough, where one would.
    """

    id: str
    question: str
    computable: Answer
    needs: tuple[str, ...]
    lacks: tuple[str, ...]
    gaps: tuple[str, ...] = ()
    unlocked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Unlock:
    """A column the log lacks: the figures it alone would add, those that need it beside others or
    count its absence as a gap, the starters that read it."""

    column: str
    figures: tuple[str, ...]
    also_needed_by: tuple[str, ...]
    starters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """What a rule asked for in vain in `events`: an attribute that is absent, malformed or unknown
    there, or a lookup of the bundle that does not list them."""

    attribute: str
    events: int
    why: str


@dataclass(frozen=True, slots=True)
class StarterFit:
    """How a bundle fits the log: what its decisions rest on, how many of its rules decided
    anything, what it asked for in vain.

    `lost_arguments` are argument paths it reads and some events cannot tell: they were left out at
    ingest, or never recorded. `note` says why it was not tried.
    """

    name: str
    shipped: bool
    events: int
    origins: Mapping[str, int]
    decisions: Mapping[str, int]
    rules_that_decided: int
    default: str
    lacks: tuple[Lack, ...]
    lost_arguments: tuple[str, ...]
    note: str = ""

    def shares(self) -> dict[str, Any]:
        """Coverage and replayability, as `replay` gives them; empty where it was not tried."""
        if not self.origins:
            return {}
        o = self.origins
        return {
            "coverage": o["rule"] / self.events if self.events else 0.0,
            "replayability": {
                "exact": o["rule"] + o["default"],
                "by_error": o["error"],
                "undecidable": o["undecidable"],
            },
        }


@dataclass(frozen=True, slots=True)
class Guess:
    """A column of a foreign table and the column of the log that its name suggests."""

    source: str
    target: str | None
    unit: str | None
    split: str | None
    how: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table that is no log yet: its columns with guesses, and what stands in the way."""

    path: str
    rows: int
    guesses: tuple[Guess, ...]
    local_times: tuple[str, ...]
    words: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a log can answer. `unread` says why it is no log yet: then only `tables` is filled.

    `tables` are there where the log is a table as it lies. `frequent` holds the log's own
    frequent values by column, for the derive form.
    """

    log: str
    scope: Scope
    events: int
    sources: Sources
    period: Period | None
    runs: Runs | None
    agents: tuple[Actor, ...]
    agents_in_all: int
    tools: tuple[Actor, ...]
    tools_in_all: int
    actions: tuple[Actor, ...]
    actions_in_all: int
    decisions: Decisions | None
    columns: tuple[Fill, ...]
    figures: tuple[FigureState, ...]
    unlocks: tuple[Unlock, ...]
    starters: tuple[StarterFit, ...]
    tables: tuple[TableFile, ...] = ()
    frequent: Mapping[str, tuple[tuple[str, int], ...]] | None = None
    unread: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The inspection as JSON values; times as RFC 3339. `frequent` is left to the form."""
        found: dict[str, Any] = _json({**asdict(self), "frequent": None})
        found.pop("frequent")
        found["scope"] = self.scope.to_dict(self.events, self.times())
        found["scope"]["privacy"] = dict(self.sources.privacy) or None
        starters = zip(self.starters, found["starters"], strict=True)
        return {**found, "starters": [{**raw, **fit.shares()} for fit, raw in starters]}

    def times(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest time of the events."""
        return (self.period.oldest, self.period.newest) if self.period else (None, None)

    def __repr__(self) -> str:
        from govlab.report.inspection import inspection_text  # noqa: PLC0415  # drawn on demand

        return inspection_text(self)

    def _repr_html_(self) -> str:
        from govlab.report.inspection import inspection_html  # noqa: PLC0415  # as above

        return inspection_html(self)


def _json(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case dict():
            return {str(key): _json(item) for key, item in value.items()}
        case list() | tuple():
            return [_json(item) for item in value]
        case _:
            return value
