"""Which events a scorecard's page speaks of, from its document: period, filters, what was left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from govlab.report.text import clean, clock, counted

__all__ = ["card_period", "card_scope_lines", "time_shown"]


def card_scope_lines(scope: Mapping[str, Any]) -> Iterator[str]:
    """One line on the events, then what was asked for, left out and known from elsewhere."""
    events, runs = scope["events"], scope["runs"]
    whole = "" if events == scope["log_events"] else f" of {scope['log_events']:,}"
    yield (
        f"{events:,}{whole} events in {counted(runs, 'run')}; {card_period(scope)} "
        f"(zone {clean(scope['tz'])})"
    )
    asked = ", ".join(_filters(scope))
    if asked:
        yield f"  only those {asked}"
    left = scope["left_out"]
    if left["without_time"] or left["where_unanswered"]:
        yield (
            f"  left out, because nobody can tell: {left['without_time']:,} without a time, "
            f"{left['where_unanswered']:,} where the condition cannot be answered"
        )
    yield from _checked(scope)


def card_period(scope: Mapping[str, Any]) -> str:
    """From the oldest to the newest event, as the zone's clocks show it."""
    if not scope["oldest"] or not scope["newest"]:
        return "times unknown"
    return " to ".join(time_shown(scope[end], scope["tz"]) for end in ("oldest", "newest"))


def time_shown(said: Any, zone: str) -> str:
    """An instant of a document to the minute, or its own words; empty where there is none.

    >>> time_shown("2026-02-11T23:30:00Z", "Europe/Berlin")
    '2026-02-12 00:30'
    """
    try:
        return clock(datetime.fromisoformat(str(said)), ZoneInfo(zone)) if said else ""
    except ValueError:
        return clean(said)


def _filters(scope: Mapping[str, Any]) -> Iterator[str]:
    if scope["last"]:
        yield f"of the last {clean(scope['last'])}"
    if scope["since"]:
        yield f"from {time_shown(scope['since'], scope['tz'])}"
    if scope["until"]:
        yield f"before {time_shown(scope['until'], scope['tz'])}"
    if scope["where"]:
        yield f"where {clean(scope['where'])}"


def _checked(scope: Mapping[str, Any]) -> Iterator[str]:
    """What the figures rest on beside the events: a registry, and checks of the whole log."""
    if scope["derived"]:
        named = ", ".join(map(clean, scope["derived"]))
        yield f"  derived by the organisation file, not recorded: {named}"
    if scope["registry"]:
        yield f"  snapshots in force as `{clean(scope['registry']['folder'])}` tells"
    for name, found in scope["checks"].items():
        until = time_shown(found.get("through") or found["checked_at"], scope["tz"])
        changed = ", and it was written anew since" if found.get("log_changed") else ""
        yield f"  {name.replace('_', ' ')}: of the whole log, checked up to {until}{changed}"
