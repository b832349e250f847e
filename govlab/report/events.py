"""The rows behind a number: as a page, as a table to take away (J2), never more than J18 shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from govlab.log.citation import Citation
from govlab.replays.summary import ORIGINS
from govlab.report.disclosure import CLOSED, Disclosure, private, settings_line, value_shown
from govlab.report.listing import Listing, listing_lines, values_read
from govlab.report.scope import scope_lines
from govlab.report.text import clean
from govlab.selection import Scope

__all__ = ["COLUMNS", "Pageful", "event_rows", "events_text"]

COLUMNS = {
    "time": "log.ts",
    "event_id": "event_id",
    "run_id": "log.run_id",
    "actor": "log.actor",
    "tool": "log.tool",
    "action": "log.action",
    "decision": "decision",
    "origin": "origin",
    "policy": "policy",
    "rule": "rule",
    "reason": "reason",
    "missing": "lacks",
}
"""The columns of the table and where each is in a replay's events; `read` comes last."""


@dataclass(frozen=True, slots=True)
class Pageful:
    """Events in a scope and those of them that were asked for, with the words of the request."""

    listing: Listing
    scope: Scope
    source: Citation | None
    in_scope: int
    period: tuple[datetime | None, datetime | None]
    asked: tuple[str, ...] = ()
    assumptions: tuple[tuple[str, str], ...] = ()


def events_text(page: Pageful, show: int | None, disclosure: Disclosure = CLOSED) -> str:
    """The page `govlab events` prints; `show` kinds of events at most (None: all)."""
    heading = f"events {', '.join(map(clean, page.asked))}" if page.asked else "events"
    lines = [
        *listing_lines(page.listing, show, heading, disclosure),
        *_origins(page),
        "",
        *scope_lines(page.scope, page.in_scope, page.period, page.source),
        *_assumed(page.assumptions),
        "",
        settings_line(disclosure),
    ]
    return "\n".join(lines)


def _origins(page: Pageful) -> Iterator[str]:
    """What the decisions rest on, where it is more than one thing: a default is no denial (J1)."""
    events = page.listing.events
    if "origin" not in events.columns:
        return
    by_origin = events.group_by(pl.col("origin").cast(pl.String)).len()
    counts = dict(by_origin.iter_rows())  # a row an origin
    told = [f"{name} {counts[name]:,}" for name in ORIGINS if name in counts]
    if len(told) > 1:
        yield f"  what they rest on (--origin chooses): {', '.join(told)}"


def _assumed(assumptions: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if assumptions:
        shown = ", ".join(f"{name} = {clean(value)}" for name, value in assumptions)
        yield f"ASSUMED, not recorded: {shown}; these are what would be, not what was"


def event_rows(listing: Listing, disclosure: Disclosure = CLOSED) -> pl.DataFrame:
    """One row an event, in the log's order: `COLUMNS`, times in the zone, and `read`.

    `read` is a JSON object of what the deciding rule read, without what may not be shown.
    """
    events, zone = listing.events, str(listing.zone)
    given = [pl.col(c).alias(n) for n, c in COLUMNS.items() if c in events.columns]
    rows = events.select(given).with_columns(pl.col(pl.Categorical).cast(pl.String))
    texts = [n for n, t in rows.schema.items() if t == pl.String and n != "event_id"]
    if "time" in rows.columns:
        rows = rows.with_columns(pl.col("time").dt.convert_time_zone(zone))
    hidden = [_private(rows.get_column(name), disclosure) for name in texts]
    return rows.with_columns(*hidden, pl.Series("read", _read(listing, disclosure), pl.String))


def _private(column: pl.Series, disclosure: Disclosure) -> pl.Series:
    """The column with what may not be shown hidden, once for each distinct text."""
    known = column.unique().drop_nulls()
    hidden = pl.Series([private(text, disclosure) for text in known], dtype=pl.String)
    return column.replace_strict(known, hidden, default=None, return_dtype=pl.String)


def _read(listing: Listing, disclosure: Disclosure) -> Iterator[str | None]:
    plain = listing.events.with_columns(pl.col(pl.Categorical).cast(pl.String))
    for row in plain.iter_rows(named=True):
        values = values_read(row, listing.names(row))
        read = {name: value_shown(name, value, disclosure) for name, value in values}
        yield json.dumps(read, ensure_ascii=False, default=str) if read else None
