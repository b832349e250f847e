"""Which events a page speaks of: filters, zone, period, what was left out, which log (J2, J13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from govlab.log.citation import Citation
from govlab.report.text import clean, clock, counted
from govlab.selection import Scope

__all__ = ["filter_lines", "privacy_lines", "scope_lines", "source_line"]

_SHOWN_FORMATS = 4


def scope_lines(
    scope: Scope,
    events: int,
    period: tuple[datetime | None, datetime | None],
    source: Citation | None = None,
) -> Iterator[str]:
    """One line on the events, then what was left out, what was assumed, and which log it is."""
    yield f"{_events(scope, events)}; {_period(period, scope.zone())} (zone {clean(scope.tz)})"
    yield from filter_lines(scope)
    if scope.derived:
        named = ", ".join(map(clean, scope.derived))
        yield f"  derived by the organisation file, not recorded: {named}"
    if source is not None:
        yield source_line(source)
        yield from privacy_lines(source.privacy)


def filter_lines(scope: Scope) -> Iterator[str]:
    """The filters, and what was left out because of them; nothing where there are none."""
    if not scope.is_all():
        yield f"  only those {', '.join(_filters(scope))}"
    yield from (f"  left out, because nobody can tell: {part}" for part in _left_out(scope))
    for name, kind in scope.assumed.items():
        yield f"  assumption: `{clean(name)}` is read as {kind}, because no bundle declares it"


def privacy_lines(said: Mapping[str, Any]) -> Iterator[str]:
    """What the log has of what agents and people said, as its manifest tells."""
    if not said:
        return
    paths = {path for kept in (said["paths"] or {}).values() for path in kept}
    if said["args"] == "paths" and "args" not in paths:
        arguments = f"{len(paths)} paths of arguments kept" if paths else "of arguments a digest"
    else:
        arguments = _ARGUMENTS[said["args"]]
    people = "pseudonyms" if said["pseudonyms"] else "as recorded"
    yield f"privacy: {arguments}; results of tools {said['results']}; people {people}"


_ARGUMENTS = {
    "paths": "arguments whole",  # a given bundle reads them so
    "keep": "arguments whole",
    "hash": "of arguments a digest",
    "drop": "no arguments",
}


def _events(scope: Scope, events: int) -> str:
    if scope.log_events is None:
        return f"scope: all {counted(events, 'event')} of the log"
    return f"scope: {events:,} of {scope.log_events:,} events of the log"


def _period(period: tuple[datetime | None, datetime | None], zone: tzinfo) -> str:
    oldest, newest = period
    if oldest is None or newest is None:
        return "times unknown"
    return f"{clock(oldest, zone)} to {clock(newest, zone)}"


def _filters(scope: Scope) -> Iterator[str]:
    zone = scope.zone()
    if scope.last is not None and scope.since is None:
        yield f"of the last {clean(scope.last)}: no event has a time"
    elif scope.last is not None:
        yield f"of the last {clean(scope.last)}, from {clock(scope.since, zone)}"
    elif scope.since is not None:
        yield f"from {clock(scope.since, zone)}"
    if scope.until is not None:
        yield f"before {clock(scope.until, zone)}"
    if scope.where is not None:
        yield f"where {clean(scope.where)}"


def _left_out(scope: Scope) -> Iterator[str]:
    if scope.untimed:
        yield f"{counted(scope.untimed, 'event')} without a time"
    if scope.untold:
        lacks = ", ".join(clean(name) for name in scope.lacking)
        why = f", lacking {lacks}" if lacks else ""
        yield f"{counted(scope.untold, 'event')} where the condition cannot be answered{why}"


def source_line(source: Citation) -> str:
    """Which log a page rests on."""
    kinds = sorted(source.formats.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(clean(name) for name, _ in kinds[:_SHOWN_FORMATS])
    more = ", ..." if len(kinds) > _SHOWN_FORMATS else ""
    files = (
        f"{counted(source.files, 'file')} of " if source.files else ""
    )  # a synthetic one has none
    return f"log: {files}{named}{more}; MANIFEST {source.manifest_sha256[:12]}"
