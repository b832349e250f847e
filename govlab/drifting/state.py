"""Alerts over runs: which is new, which goes on, which is no more, which was accepted and why.

The state is one JSON file, of one log and what is asked of it: alerts of another would seem to be
resolved. Times in it are those of the logs, so that a run can be repeated.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from govlab.drifting.model import Alert, Earlier, Verdict
from govlab.drifting.novel import NEW
from govlab.errors import UsageError, did_you_mean
from govlab.placing import alone, place_bytes

__all__ = ["Accepted", "Series", "Told", "accepting", "keep", "read_state", "settled", "unseen"]

_FORMAT: Final = 2
_SLACK: Final = timedelta(days=3)
_SHORTEST: Final = 4


@dataclass(frozen=True, slots=True)
class Accepted:
    """An alert that somebody answers for, up to and with the day `until`."""

    id: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Series:
    """What is continued from run to run: a log (None: a table in memory) and what is asked of it.

    What may change from night to night (the end of the period, cuts, rules) is not among it.
    """

    log: Path | None = None
    where: str | None = None
    tz: str = "UTC"
    org: str | None = None

    def to_dict(self, state: Path) -> dict[str, str | None]:
        """As JSON values; the log as it is found from the folder of `state`, as both may move."""
        log = _from(state.parent, self.log) if self.log else None
        return {"log": log, "where": self.where, "tz": self.tz, "org": self.org}


def _from(folder: Path, log: Path) -> str:
    try:
        return Path(os.path.relpath(log, folder)).as_posix()
    except ValueError:  # another drive
        return log.absolute().as_posix()


@dataclass(frozen=True, slots=True)
class Told:
    """What earlier runs told: alerts by id as `Alert.to_dict` gives them, and acceptances.

    `place` is the file that it was read from, and `digest` that of what it held (None: nothing).
    """

    series: Series = field(default_factory=Series)
    as_of: datetime | None = None
    alerts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    place: Path | None = None
    digest: str | None = None

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all alerts that go on."""
        return frozenset(self.alerts)


def read_state(path: Path, series: Series, as_of: datetime | None) -> Told:
    """What is kept in `path` of `series`; nothing where there is no such file.

    Raises UsageError where it is no such state, is of another series or of a later day than
    `as_of`.
    """
    try:
        content = path.read_bytes()
        said = json.loads(content.decode())
        found, kept = _read(said, series), dict(said["series"])
    except FileNotFoundError:
        return Told(series, place=path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(
            f"`{path}` is no state of `govlab drift`; name another file, or remove it"
        ) from None
    _check_series(path, kept, series.to_dict(path))
    if as_of is not None and found.as_of is not None and as_of < found.as_of:
        raise UsageError(
            f"`{path}` is of {found.as_of.isoformat()}, and this log ends {as_of.isoformat()}: "
            "alerts cannot be told backwards; name another `--state`"
        )
    return replace(found, place=path, digest=_digest_of(content))


def _check_series(path: Path, kept: Mapping[str, Any], now: Mapping[str, str | None]) -> None:
    """Of a table in memory nothing is known but what was asked of it."""
    for name, value in now.items():
        before = kept.get(name)
        if before != value and (name != "log" or (before and value)):
            raise UsageError(
                f"`{path}` is of {_words(name, before)}, and this run of {_words(name, value)}: "
                "alerts of one would seem to be resolved by the other; name another `--state`"
            )


def _words(name: str, value: object) -> str:
    option = "the log" if name == "log" else f"`--{name}`"
    return f"no {option}" if value is None else f"{option} `{value}`"


def _read(said: Mapping[str, Any], series: Series) -> Told:
    if said["format"] != _FORMAT:
        raise ValueError(said["format"])
    accepted = {
        id_: Accepted(id_, date.fromisoformat(one["until"]), str(one["reason"]))
        for id_, one in said["accepted"].items()
    }
    alerts = {id_: dict(one) for id_, one in said["alerts"].items()}
    for id_, one in alerts.items():
        _period(one)
        date.fromisoformat(Earlier.of(id_, one).first_seen)
    as_of = said["as_of"] and datetime.fromisoformat(said["as_of"])
    if as_of and as_of.tzinfo is None:
        raise ValueError(as_of)
    return Told(series, as_of, alerts, accepted)


def _period(said: Mapping[str, Any]) -> tuple[date, date]:
    return date.fromisoformat(said["began_from"]), date.fromisoformat(said["began_to"])


def accepting(told: Told, wanted: Sequence[Accepted], known: Sequence[str], today: date) -> Told:
    """`told` with the alerts accepted; `known` are the ids of those found now.

    An id may be cut short. Raises UsageError for an alert that is not there, an empty reason, or a
    day that is over.
    """
    accepted = dict(told.accepted)
    for one in wanted:
        id_ = _named(one.id, sorted({*known, *told.alerts}))
        if not one.reason.strip():
            raise UsageError(f"`--accept {one.id}` has no reason; say why it is accepted")
        if one.until < today:
            raise UsageError(
                f"`--accept {one.id} {one.until}`: the log ends {today}; name a later day"
            )
        accepted[id_] = replace(one, id=id_)
    return replace(told, accepted=accepted)


def _named(given: str, ids: Sequence[str]) -> str:
    found = [id_ for id_ in ids if id_.startswith(given)]
    if len(found) == 1 and len(given) >= _SHORTEST:
        return found[0]
    if len(found) > 1:
        raise UsageError(f"`--accept {given}` could be {', '.join(found)}; write more of it")
    hint = did_you_mean(given, ids) or "`govlab drift LOG` lists them"
    raise UsageError(f"no alert `{given}`; {hint}")


def settled(alert: Alert, told: Told, today: date) -> Alert:
    """`alert` with the state that earlier runs give it.

    An alert is the same while its change may have begun on the same days: a second change is new,
    whatever was accepted of the first.
    """
    before, accepted = told.alerts.get(alert.id), told.accepted.get(alert.id)
    same = before is not None and _overlap(alert.verdict, _period(before))
    if before is not None and not same:
        return replace(alert, state="new", first_seen=today, note="it changed again")
    seen = date.fromisoformat(before["first_seen"]) if before is not None else today
    if accepted is None:
        return replace(alert, state="ongoing" if same else "new", first_seen=seen)
    if today > accepted.until:
        over = f"it was accepted until {accepted.until}: {accepted.reason}"
        return replace(alert, state="new", first_seen=seen, note=over)
    return replace(alert, state="accepted", first_seen=seen, until=accepted.until,
                   reason=accepted.reason)  # fmt: skip


def _overlap(now: Verdict, before: tuple[date, date]) -> bool:
    return now.first - _SLACK <= before[1] and before[0] <= now.last + _SLACK


def unseen(
    told: Told, alerts: Sequence[Alert], verdicts: Sequence[Verdict] | None
) -> Iterator[Earlier]:
    """The alerts of earlier runs that are none now: resolved, or not looked at in this run.

    What was new is known once no verdict calls it new; without `verdicts` nothing was looked at.
    """
    now = {alert.id for alert in alerts}
    looked = {verdict.key for verdict in verdicts or ()}
    for id_, said in told.alerts.items():
        if id_ in now:
            continue
        before = Earlier.of(id_, said)
        known = verdicts is not None and before.key.figure.startswith(NEW)
        if before.key in looked or known:
            yield before
        else:
            yield replace(before, state="ongoing", note="this run could not look at it")


def keep(path: Path, told: Told, alerts: Sequence[Alert], earlier: Sequence[Earlier],
         as_of: datetime | None) -> None:  # fmt: skip
    """Writes what the next run needs to know, whole or not at all.

    Raises UsageError where the file cannot be written, and where another run has written it since
    it was read.
    """
    content = _content(path, told, alerts, earlier, as_of)
    try:
        with alone(path.with_name(f".{path.name}.lock")):
            if told.place == path and _digest(path) not in (told.digest, _digest_of(content)):
                raise BlockingIOError
            place_bytes(path, content)
    except BlockingIOError:
        raise UsageError(
            f"`{path}` was written by another run meanwhile; run this one again, one at a time"
        ) from None
    except OSError as error:
        raise UsageError(f"`{path}` cannot be written: {error.strerror}") from None


def _digest(path: Path) -> str | None:
    return _digest_of(path.read_bytes()) if path.exists() else None


def _digest_of(content: bytes) -> str:
    return sha256(content).hexdigest()


def _content(path: Path, told: Told, alerts: Sequence[Alert], earlier: Sequence[Earlier],
             as_of: datetime | None) -> bytes:  # fmt: skip
    goes_on = {one.id: dict(one.said) for one in earlier if one.state == "ongoing"}
    now = {alert.id: alert.to_dict() for alert in alerts}
    accepted = {
        alert.id: {"until": alert.until.isoformat(), "reason": alert.reason}
        for alert in alerts
        if alert.until is not None
    }
    kept = {id_: one for id_, one in told.accepted.items() if id_ in goes_on}
    accepted |= {i: {"until": a.until.isoformat(), "reason": a.reason} for i, a in kept.items()}
    said = {"format": _FORMAT, "series": told.series.to_dict(path),
            "as_of": as_of and as_of.isoformat(),
            "alerts": {**goes_on, **now}, "accepted": accepted}  # fmt: skip
    return json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n"
