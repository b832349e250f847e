"""A replay as text and as a notebook table: coverage first, three things never added (J1, J2)."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import polars as pl

from govlab.replays import Replay
from govlab.replays.provenance import Provenance
from govlab.report.disclosure import (
    CLOSED,
    Disclosure,
    allowed,
    plain,
    settings_line,
)
from govlab.report.listing import STOPPED, UNSHOWN, Listing, listing_lines, mentions_of
from govlab.report.provenance import assumption_lines, cure_lines, provenance_lines
from govlab.report.scope import scope_lines
from govlab.report.text import clean, percent, share, table, wrapped
from govlab.schema import DECISIONS

__all__ = ["event_lines", "replay_html", "replay_text"]

_LISTED = ("decision", "rule", "reason", "constraints", "origin", "missing", "lacks")


def replay_text(replay: Replay, *, show: int | None = 20, disclosure: Disclosure = CLOSED) -> str:
    """The page `govlab replay` prints; `show` events at most (None: all)."""
    known = replay.provenance() if show != 0 else ()
    parts = [
        list(_coverage(replay)),
        list(scope_lines(replay.scope, replay.summary.events, replay.period(), replay.source)),
        list(assumption_lines(replay)),
        list(_decided(replay)),
        list(_undecided(replay, known)) if show != 0 else [],
        list(provenance_lines(known, replay.summary.events)),
        list(_groups(replay, disclosure)),
        list(_rules(replay)),
        list(event_lines(replay, show, disclosure)),
        [f"note: {note}" for note in replay.notes],
        [settings_line(disclosure)] if show != 0 else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _coverage(replay: Replay) -> Iterator[str]:
    s, bundle = replay.summary, replay.bundle
    if not s.events:
        yield (
            f"no events to decide under {clean(bundle.name)} {bundle.version} "
            f"({bundle.digest[:12]}): coverage unknown"
        )
        return
    yield (
        f"coverage {percent(s.origins['rule'], s.events)}: {s.origins['rule']:,} of "
        f"{s.events:,} events decided by a rule of {clean(bundle.name)} {bundle.version} "
        f"({bundle.digest[:12]})"
    )
    if s.uncovered:
        yield "  most frequent actions that no rule speaks of:"
        rows = ((tool, action, f"{events:,}") for tool, action, events in s.uncovered)
        yield from table(("tool", "action", "events"), rows, indent=4, right=(2,))


def _decided(replay: Replay) -> Iterator[str]:
    s = replay.summary
    o = s.origins
    if o["rule"]:
        yield f"decided by a rule: {share(o['rule'], s.events)}"
        yield from table(
            ("decision", "events", "share"),
            ((name, f"{n:,}", percent(n, o["rule"])) for name, n in s.decisions.items()),
            indent=4,
            right=(1, 2),
        )
    if o["default"]:
        matched_none = share(o["default"], s.events)
        whose = "assumed" if "default" in dict(replay.plan.assumptions) else "bundle's"
        yield f"no rule matched: {matched_none}; the {whose} default is {s.default}"
    if o["error"]:
        yield (
            f"denied because a rule could not be evaluated: {share(o['error'], s.events)}; "
            "production, given these records, denies too"
        )
    if o["undecidable"]:
        named = ", ".join(g.attribute for g in s.undecidable_missing if g.unknown)
        why = f"; unknown to it: {clean(named)}" if named else ""
        yield f"cannot be decided from this log: {share(o['undecidable'], s.events)}{why}"


def _undecided(replay: Replay, known: Sequence[Provenance]) -> Iterator[str]:
    """What was missing, and the cure."""
    s = replay.summary
    if s.missing:
        yield "attributes that deciding rules asked for and events lacked:"
        yield from table(
            ("attribute", "absent", "malformed", "unknown"),
            (
                (g.attribute, f"{g.absent:,}", f"{g.malformed:,}", f"{g.unknown:,}")
                for g in s.missing
            ),
            indent=4,
            right=(1, 2, 3),
        )
        yield from cure_lines(replay, known)
    if s.warming:
        yield f"history still warming up: {share(s.warming, s.events)}"
    if s.hindsight:
        yield (f"rests on values the source filled afterwards: {share(s.hindsight, s.events)}")


def _groups(replay: Replay, disclosure: Disclosure) -> Iterator[str]:
    for column in dict.fromkeys(g.column for g in replay.summary.by):
        cut = allowed([g for g in replay.summary.by if g.column == column], disclosure)
        yield f"by {column} (rule decisions; default, errors and undecidable apart):"
        header = (column, "events", *(_SHORT[d] for d in DECISIONS), "default", "error", "undecid.")
        rows = [
            (
                plain(g.value, disclosure),
                f"{g.events:,}",
                *(f"{g.decisions[d]:,}" for d in DECISIONS),
                *(f"{g.origins[o]:,}" for o in ("default", "error", "undecidable")),
            )
            for g in cut.groups
        ]
        yield from table(header, rows, indent=4, right=range(1, 10))
        if cut.left_out:
            yield f"    {cut.note}"


_SHORT = {
    "ALLOW": "allow",
    "DENY": "deny",
    "REQUIRE_APPROVAL": "approve",
    "ALLOW_WITH_CONSTRAINTS": "limit",
    "REMEDIATE": "remedy",
}


def _rules(replay: Replay) -> Iterator[str]:
    rules = replay.summary.rules
    if not any(hits for _, hits, _ in rules):
        return
    yield "rules:"
    yield from table(
        ("rule", "matched", "decided"),
        ((rule, f"{hits:,}", f"{n:,}") for rule, hits, n in rules if hits),
        indent=4,
        right=(1, 2),
    )
    silent = [rule for rule, hits, _ in rules if not hits]
    if silent:
        yield from wrapped(f"never matched: {', '.join(silent)}", 4, hang=8)


def event_lines(replay: Replay, show: int | None, disclosure: Disclosure = CLOSED) -> Iterator[str]:
    """What was stopped, held or limited: the most restrictive first, same actions together."""
    if show == 0 or replay.cube is not None:
        return
    s = replay.summary
    if not s.origins["error"] and not any(s.decisions[name] for name in STOPPED):
        return
    held = (pl.col("origin") == "rule") & pl.col("decision").is_in(STOPPED)
    of_log = {c for c in replay.columns() if c.startswith("log.")}.difference(UNSHOWN)
    shown = [c for c in replay.columns() if c in _LISTED or c in of_log]
    stopped = replay.parts(shown, held | (pl.col("origin") == "error"))
    listing = Listing(stopped, mentions_of(replay.plan), replay.scope.zone())
    yield from listing_lines(
        listing, show, "events that would not simply have gone ahead", disclosure
    )


def replay_html(replay: Replay) -> str:
    """The replay as a notebook shows it: escaped, self-contained."""
    s, bundle = replay.summary, replay.bundle
    rows = [(name, n) for name, n in s.decisions.items()]
    rows += [
        (f"no rule matched (default {s.default})", s.origins["default"]),
        ("could not be evaluated (denied)", s.origins["error"]),
        ("cannot be decided", s.origins["undecidable"]),
    ]
    body = "".join(
        f"<tr><td style='text-align:left'>{html.escape(name)}</td><td>{n:,}</td>"
        f"<td>{html.escape(percent(n, s.events))}</td></tr>"
        for name, n in rows
    )
    title = (
        f"{bundle.name} {bundle.version} ({bundle.digest[:12]}): coverage "
        f"{percent(s.origins['rule'], s.events)} of {s.events:,} events"
    )
    scope = scope_lines(replay.scope, s.events, replay.period(), replay.source)
    about = "<br>".join(html.escape(line.strip()) for line in (title, *scope))
    return (
        f"<table><caption style='text-align:left;white-space:nowrap'>{about}</caption><thead><tr>"
        f"<th style='text-align:left'>decision</th><th>events</th>"
        f"<th>of all events</th></tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
