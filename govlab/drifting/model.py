"""What drift gives: series that were looked at, alerts with their state, and what is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import polars as pl

__all__ = ["Alert", "Cause", "Direction", "Drift", "Earlier", "Key", "Seen", "State", "Unknown",
           "Verdict", "Way"]  # fmt: skip

Direction = Literal["rose", "fell", "new", "silent", "shifted"]
Way = Literal["worse", "better", "changed"]
State = Literal["new", "ongoing", "accepted", "resolved"]


@dataclass(frozen=True, slots=True)
class Key:
    """A series: a figure, of all actions or of those with the value `at` of a cut.

    `part` is a value of what the figure is about, such as the tool that is new.
    """

    figure: str
    cut: str | None = None
    at: str | None = None
    part: str | None = None

    def identity(self, direction: Direction) -> str:
        """What an alert of this series is called, in every run.

        >>> Key("decisions.deny_rate").identity("fell")
        '927b936027f3'
        """
        parts = (self.figure, self.cut, self.at, self.part, direction)
        said = "\x1f".join("" if part is None else f"={part}" for part in parts)
        return sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one series: its surest change, whether or not it is one.

    `before` and `after` are values in `unit`, `low` and `high` bound `after` - `before` (95 %).
    `of_*` are among `among_*`. `since` is the first day of the change, which began from `first` to
    `last`; `earlier` are days of changes before it. `p` allows for all days looked at. `spread` is
    how many times the variance exceeds that of independent actions. `held` is true where the change
    is large enough to be told, whatever its probability.
    """

    key: Key
    direction: Direction
    way: Way
    unit: str
    p: float
    z: float
    since: date
    first: date
    last: date
    before: float
    after: float
    low: float
    high: float
    of_before: int
    among_before: int
    of_after: int
    among_after: int
    spread: float
    held: bool
    psi: float | None = None
    js: float | None = None
    moved: str | None = None
    weight: float = 1.0
    earlier: tuple[date, ...] = ()

    @property
    def id(self) -> str:
        """The identity of an alert on this series in this direction."""
        return self.key.identity(self.direction)


@dataclass(frozen=True, slots=True)
class Cause:
    """What began near a change and may explain it: an activation, or an agent or a version new."""

    kind: Literal["activation", "agent", "agent version"]
    name: str
    on: date

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": self.kind, "name": self.name, "on": self.on.isoformat()}


@dataclass(frozen=True, slots=True)
class Alert:
    """A change that is told: what it says, where it stands, what to do.

    `first_seen` is the day of the log up to which a run first told it. `until` and `reason` are
    those of who accepted it. `beside` is the id of a worse one that began within a day of it.
    """

    verdict: Verdict
    sentence: str
    why: str
    next_step: str
    owner: str
    query: str
    explained_by: tuple[Cause, ...] = ()
    state: State = "new"
    first_seen: date | None = None
    until: date | None = None
    reason: str = ""
    note: str = ""
    beside: str | None = None

    @property
    def id(self) -> str:
        """What it is called in every run."""
        return self.verdict.id

    def to_dict(self) -> dict[str, Any]:
        """The row of `govlab drift --json`; days in ISO 8601."""
        found = self.verdict
        return {
            "id": self.id,
            "state": self.state,
            **asdict(found.key),
            "direction": found.direction,
            "way": found.way,
            "sentence": self.sentence,
            "since": found.since.isoformat(),
            "began_from": found.first.isoformat(),
            "began_to": found.last.isoformat(),
            "unit": found.unit,
            **{name: getattr(found, name) for name in _NUMBERS},
            "moved": found.moved,
            "earlier_changes": [day.isoformat() for day in found.earlier],
            "explained_by": [cause.to_dict() for cause in self.explained_by],
            "first_seen": self.first_seen and self.first_seen.isoformat(),
            "accepted_until": self.until and self.until.isoformat(),
            "reason": self.reason or None,
            "note": self.note or None,
            "beside": self.beside,
            "why": self.why,
            "next_step": self.next_step,
            "owner": self.owner,
            "events": self.query,
        }


_NUMBERS = ("before", "after", "low", "high", "of_before", "among_before", "of_after",
            "among_after", "p", "z", "spread", "psi", "js")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Earlier:
    """An alert of earlier runs that this one does not tell; `said` is as it was told."""

    id: str
    key: Key
    sentence: str
    since: str
    first_seen: str
    said: Mapping[str, Any] = field(repr=False)
    state: State = "resolved"
    note: str = ""

    @staticmethod
    def of(id_: str, said: Mapping[str, Any]) -> Earlier:
        """The alert that a state file has as `said`."""
        key = Key(*(said[name] for name in ("figure", "cut", "at", "part")))
        return Earlier(id_, key, said["sentence"], said["since"], said["first_seen"], said)

    def to_dict(self) -> dict[str, Any]:
        """The row of `govlab drift --json`: as it was told, with the state it has now."""
        return {**self.said, "state": self.state, "note": self.note or None}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure of which nobody can tell whether it drifts, and why."""

    figure: str
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A source or an agent: when it was last heard of, and how many days ago that is.

    `late` tells that it fell silent. `quiet_days` is its longest silence, from `quiet_from` on, of
    those in which so many actions were to be expected that it is no chance.
    """

    column: str
    value: str
    events: int
    first: str
    last: str
    age_s: int
    late: bool
    quiet_days: int
    quiet_from: str | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Drift:
    """What drifts in a log: `alerts`, worst first, and what was looked at for them.

    `earlier` are alerts of earlier runs that are resolved, or could not be looked at. `verdicts`
    has every series that was.
    """

    alerts: tuple[Alert, ...]
    earlier: tuple[Earlier, ...]
    unknown: tuple[Unknown, ...]
    seen: tuple[Seen, ...]
    verdicts: tuple[Verdict, ...]
    scope: Mapping[str, Any]
    told: Any = field(default=None, repr=False, compare=False)
    as_of: datetime | None = field(default=None, repr=False, compare=False)

    def keep(self, path: str | Path) -> None:
        """Writes the state that the next run with `state` reads, whole or not at all.

        Raises UsageError where the file cannot be written.
        """
        from govlab.drifting.state import keep  # noqa: PLC0415  # that module reads this one

        keep(Path(path).expanduser(), self.told, self.alerts, self.earlier, self.as_of)

    @property
    def frame(self) -> pl.DataFrame:
        """The alerts as a table, one row each."""
        rows = [alert.to_dict() for alert in self.alerts]
        flat = [{k: v for k, v in row.items() if not isinstance(v, list)} for row in rows]
        return pl.DataFrame(flat, infer_schema_length=None)

    def in_state(self, *states: State) -> tuple[Alert, ...]:
        """The alerts in one of `states`, worst first."""
        return tuple(alert for alert in self.alerts if alert.state in states)

    def to_dict(self) -> dict[str, Any]:
        """The document of `govlab drift --json`."""
        return {
            "scope": dict(self.scope),
            "alerts": [alert.to_dict() for alert in self.alerts],
            "earlier": [one.to_dict() for one in self.earlier],
            "unknown": [asdict(one) for one in self.unknown],
            "seen": [one.to_dict() for one in self.seen],
        }

    def __repr__(self) -> str:
        from govlab.report.drift import drift_text  # noqa: PLC0415  # only when drawn

        return drift_text(self)

    def _repr_html_(self) -> str:
        from govlab.report.drift import drift_html  # noqa: PLC0415  # only when drawn

        return drift_html(self)
