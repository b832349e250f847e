"""A log made into alerts: read once, looked at series by series, held against earlier runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from govlab.assess.commands import Asking
from govlab.bundle import Bundle, load_bundle
from govlab.drifting.asking import Asked, checked, days_of
from govlab.drifting.causes import causes_of
from govlab.drifting.choosing import FALSE_SHARE, SURE, chosen
from govlab.drifting.days import Days
from govlab.drifting.enforcement import enforcement
from govlab.drifting.likeness import likeness_verdicts
from govlab.drifting.model import Alert, Drift, Seen, Unknown, Verdict
from govlab.drifting.novel import new_verdicts
from govlab.drifting.order import placed_worst_first
from govlab.drifting.reading import Found, read_log
from govlab.drifting.shares import Followed, follow, share_verdicts, unknown_shares
from govlab.drifting.shifts import SETTLED
from govlab.drifting.sightings import Sightings
from govlab.drifting.state import Accepted, Series, Told, accepting, read_state, settled, unseen
from govlab.drifting.volume import last_seen, volume_verdicts
from govlab.drifting.wording import alert_of
from govlab.log.citation import cite
from govlab.registry import Registry, open_registry
from govlab.replays.organisation import load_org
from govlab.selection import Selection
from govlab.selection.model import Instant

__all__ = ["drift", "drift_of"]


def drift(  # noqa: PLR0913  the options of the command, one argument each
    log: Any,
    *,
    by: Sequence[str] = ("workflow",),
    reference: str | None = None,
    current: str | None = None,
    bundle: Bundle | str | Path | None = None,
    registry: Registry | str | Path | None = None,
    org: Bundle | str | Path | None = None,
    state: str | Path | None = None,
    accept: Sequence[Accepted] = (),
    where: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    last: str | None = None,
    as_of: Instant | None = None,
    tz: str = "UTC",
) -> Drift:
    """What changed in `log`, and when: a path, a `LazyFrame`, a `DataFrame` or an Arrow table.

    Every day is asked whether something changed on it, weekdays held against the same weekdays;
    with `reference` (`A..B`) its days are held against those after it, or those of `current`. `by`
    are cuts of runs. `bundle` says which columns conditions read, `registry` what was activated
    when. `state` is the file of an earlier run; `Drift.keep` writes the next. Filters are as for
    `replay`; time is that of the log.

    Raises UsageError for an option that does not exist, LogError where the log cannot be read,
    BundleError where the bundle does not load, RegistryError where the registry is damaged.

    >>> from govlab.bundled import shipped
    >>> found = drift(shipped("datasets") / "acme-ops")
    >>> found.scope["days"]
    42
    """
    asked = Asked(
        Selection(where, since, until, last, as_of, tz), tuple(by), reference, current,
        load_bundle(bundle) if isinstance(bundle, str | Path) else bundle,
        open_registry(registry) if isinstance(registry, str | Path) else registry,
        load_org(org) if isinstance(org, str | Path) else org,
        None if state is None else Path(state).expanduser(), tuple(accept),
    )  # fmt: skip
    return drift_of(log, asked)


def drift_of(log: Any, asked: Asked) -> Drift:
    """The drift of `log` with its options as one value."""
    found = read_log(log, replace(asked, by=checked(asked.by)))
    parted = found.parted()
    as_of, oldest = found.as_of, found.whole.oldest
    if as_of is None or oldest is None:
        return _untold(found)
    days = days_of(oldest.astimezone(as_of.tzinfo), as_of, asked)
    followed = follow(found.whole, found.spec, parted.cuts)
    verdicts = [*_verdicts(found, followed, parted, days, as_of)]
    unknown = [*_unknown(found, followed, days)]
    match _enforcement(found, days):
        case Verdict() as verdict:
            verdicts.append(verdict)
        case Unknown() as untold:
            unknown.append(untold)
        case None:
            pass
    return _drift(found, days, tuple(verdicts), tuple(unknown))


def _enforcement(found: Found, days: Days) -> Verdict | Unknown | None:
    """What is stored is of the whole log: of what a condition chooses it says nothing."""
    registry, scope = found.asked.registry, found.scope
    if registry is None or scope.where is not None:
        return None
    return enforcement(found.folder, registry, days, scope.zone())


_Followed = Mapping[str, Sequence[Followed]]


def _verdicts(
    found: Found, followed: _Followed, parted: Sightings, days: Days, as_of: datetime
) -> Iterator[Verdict]:
    yield from share_verdicts(followed, days, as_of)
    yield from likeness_verdicts(parted, found.like, found.numbers, days)
    yield from new_verdicts(parted, days)
    yield from volume_verdicts(parted, days)


def _drift(
    found: Found, days: Days, verdicts: tuple[Verdict, ...], unknown: tuple[Unknown, ...]
) -> Drift:
    asked, told = found.asked, _told(found)
    today, zone = days.last, found.scope.zone()
    asking = Asking(
        str(found.path or "LOG"),
        asked.selection,
        str(asked.registry.folder) if asked.registry else None,
        str(asked.org.path) if asked.org else None,
    )
    alerts = [
        alert_of(one, causes_of(one, found.seen, days, asked.registry, zone), asking, found.numbers)
        for one in chosen(verdicts, told.ids)
    ]
    told = accepting(told, asked.accept, [alert.id for alert in alerts], today)
    placed = placed_worst_first([settled(alert, told, today) for alert in alerts])
    return Drift(
        alerts=tuple(placed),
        earlier=tuple(unseen(told, placed, verdicts)),
        unknown=unknown,
        seen=tuple(_seen(found, days, placed)),
        verdicts=verdicts,
        scope=_scope(found, days, len(verdicts)),
        told=told,
        as_of=found.as_of,
    )


def _seen(found: Found, days: Days, alerts: Sequence[Alert]) -> Iterator[Seen]:
    silent = frozenset(
        (alert.verdict.key.cut, alert.verdict.key.at)
        for alert in alerts
        if alert.verdict.direction == "silent"
    )
    if found.as_of is not None:
        yield from last_seen(found.seen, days, found.as_of, silent)


def _told(found: Found) -> Told:
    asked = found.asked
    org = asked.org.name if asked.org else None
    series = Series(found.path, asked.selection.where, found.scope.tz, org)
    return read_state(asked.state, series, found.as_of) if asked.state else Told(series)


def _unknown(found: Found, followed: _Followed, days: Days) -> Iterator[Unknown]:
    if found.untimed:
        why = f"{found.untimed:,} actions have no time: whether they drift is unknown"
        yield Unknown("all", why)
    oldest = found.whole.oldest
    if oldest is not None and oldest.astimezone(found.scope.zone()).date() < days.first:
        why = f"the log reaches back further; only the days from {days.first} on are looked at"
        yield Unknown("all", why)
    if len(days) <= SETTLED and days.reference is None:
        yield Unknown("all", f"the log covers {len(days)} days; changes are told after {SETTLED}")
    yield from unknown_shares(followed, registry=found.asked.registry is not None)


def _scope(found: Found, days: Days | None, series: int) -> dict[str, Any]:
    cited = cite(found.folder) if found.folder else None
    scope, whole = found.scope, found.whole
    return {
        **scope.to_dict(whole.kinds.events, (whole.oldest, whole.newest), cited),
        "as_of": scope.shown(found.as_of),
        "days": len(days) if days else 0,
        "empty_days": _empty(found, days),
        "by": list(found.asked.by),
        "series": series,
        "reference": found.asked.reference,
        "current": found.asked.current,
        "false_share": FALSE_SHARE,
        "sure": SURE,
        "source": cited.to_dict() if cited else None,
        "registry": str(found.asked.registry.folder) if found.asked.registry else None,
    }


def _empty(found: Found, days: Days | None) -> int:
    """Whole days at the end on which nothing at all is on record."""
    if days is None or found.whole.newest is None:
        return 0
    newest = found.whole.newest.astimezone(found.scope.zone()).date()
    return max((days.whole - newest).days, 0)


def _untold(found: Found) -> Drift:
    """Without times nothing can be told of any series."""
    events = found.whole.kinds.events
    why = f"none of {events:,} actions has a time" if events else "there is no action"
    unknown = (Unknown("all", f"{why}: whether anything drifts is unknown"),)
    told = _told(found)
    earlier = tuple(unseen(told, (), None))
    return Drift((), earlier, unknown, (), (), _scope(found, None, 0), told, told.as_of)
