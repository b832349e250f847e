"""Events as a list for people: time, actor, tool, what the rule read, decision, rule, reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import polars as pl

from govlab.plan import Plan
from govlab.report.disclosure import CLOSED, PEOPLE, Disclosure, plain, shown
from govlab.report.limits import recorded_limits
from govlab.report.text import clean, clock, middle, wrapped
from govlab.report.together import Together
from govlab.runtime import arguments
from govlab.schema import MARKS

__all__ = ["STOPPED", "UNSHOWN", "Listing", "listing_lines", "mentions_of", "values_read"]

STOPPED = ("DENY", "REQUIRE_APPROVAL", "REMEDIATE", "ALLOW_WITH_CONSTRAINTS")
"""The decisions after which an action does not simply go ahead, the most restrictive first."""

_ALWAYS = ("log.actor", "log.tool", "log.action")
UNSHOWN = ("log.event_id", "log.run_id", "log.source_format", *(f"log.{mark}" for mark in MARKS))
"""The columns of which a list of events says nothing."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Decided events (columns as in `Replay.decided`), and what of each may be shown.

    They may come in `parts`, of which few are in memory. `mentions` has the attributes that each
    rule reads; `asked` are attributes that the reader named, which are shown of every event. In the
    order of time where `by_time`, else the most restrictive decision first.
    """

    parts: Iterable[pl.DataFrame]
    mentions: Mapping[str, tuple[str, ...]]
    zone: tzinfo
    asked: tuple[str, ...] = ()
    by_time: bool = False

    @property
    def events(self) -> pl.DataFrame:
        """All of them, in memory."""
        return pl.concat(self.parts)

    def names(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The attributes shown of one event."""
        read = self.mentions.get(row["rule"] or "", ())
        return (*read, *(name for name in self.asked if name not in read))


def mentions_of(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The attributes that each rule of `plan` reads, by the rule's id."""
    return {rule.id: rule.mentions for policy in plan.policies for rule in policy.rules}


def listing_lines(
    listing: Listing, show: int | None, heading: str, disclosure: Disclosure = CLOSED
) -> Iterator[str]:
    """The events, same actions together, `show` kinds at most (None: all)."""
    found = _together(listing, show, disclosure)
    first = found.first()
    more = (
        ""
        if first.height == found.kinds
        else f" (the first {first.height:,} of {found.kinds:,} kinds; --show all)"
    )
    yield f"{heading}: {found.events:,}{more}"
    for row in first.iter_rows(named=True):
        yield from _event(row, listing, disclosure)


def _together(listing: Listing, show: int | None, disclosure: Disclosure) -> Together:
    """One row for the same action decided the same way: its number, its first event.

    What the deciding rule did not read is not shown (J18), so that it tells no two apart; nor
    does a person who is hidden.
    """
    hidden = frozenset(() if disclosure.show_people else (f"log.{name}" for name in PEOPLE))
    rank = pl.col("decision").replace_strict(list(STOPPED), range(len(STOPPED)), default=9)
    found = Together(() if listing.by_time else (rank,), show)
    for part in listing.parts:
        names = part.columns
        read = [
            c for c in names if c.startswith("log.") and c not in (*_ALWAYS, "log.ts", *UNSHOWN)
        ]
        keys = [*(c for c in (*_ALWAYS, "constraints") if c in names), "decision", "rule", "origin"]
        rows = part.with_columns(pl.col(pl.Categorical).cast(pl.String))
        rows = rows.with_columns(_where_read(column, listing) for column in read)
        found.take(rows, [*keys, *(column for column in read if column not in hidden)])
    return found


def _where_read(column: str, listing: Listing) -> pl.Expr:
    """The column where it, or a part of it, is shown; else null."""
    bare = column.removeprefix("log.")

    def shows(names: tuple[str, ...]) -> bool:
        return any(name == bare or name.startswith(f"{bare}.") for name in names)

    if shows(listing.asked):
        return pl.col(column)
    by = [rule for rule, names in listing.mentions.items() if shows(names)]
    return pl.when(pl.col("rule").is_in(by)).then(pl.col(column))


def _event(row: Mapping[str, Any], listing: Listing, disclosure: Disclosure) -> Iterator[str]:
    times = f" x{row['times']}" if row["times"] > 1 else ""
    when = row.get("log.ts")
    parts = (
        clock(when, listing.zone) if when else "",
        clean(row["decision"] or "no decision") + times,
        middle(plain(row.get("log.actor") or "", disclosure), 44),
        plain(row.get("log.tool") or row.get("log.action") or "", disclosure),
        f"by {clean(row['rule'])}" if row["rule"] else "",
    )
    yield "    " + "  ".join(part for part in parts if part)
    values = values_read(row, listing.names(row))
    read = [(name, shown(name, value, disclosure)) for name, value in values]
    for line in (_fitted(read, 92), plain(_why(row), disclosure)):
        if line:
            yield f"        {middle(clean(line), 92)}"
    if limits := _limits(row):
        yield from wrapped(middle(plain(limits, disclosure), 400), 8, hang=10)


def _fitted(read: Sequence[tuple[str, str]], cells: int) -> str:
    """Names and values in about `cells`: long values give way first, and equally."""
    left = cells - sum(len(name) + 5 for name, _ in read)
    shown: dict[str, str] = {}
    for rest, (name, value) in enumerate(sorted(read, key=lambda pair: len(pair[1])), -len(read)):
        shown[name] = middle(clean(value), max(12, left // -rest))
        left -= len(shown[name])
    return ", ".join(f"{name} = {shown[name]}" for name, _ in read)


def _why(row: Mapping[str, Any]) -> str:
    """The rule's reason, or what kept it from being evaluated."""
    match row["origin"]:
        case "error":
            lacks = ", ".join(row["missing"]) or "the values"
            return f"could not be evaluated, so denied: {lacks}"
        case "undecidable":
            return f"cannot be decided from this log; unknown: {', '.join(row['lacks'])}"
        case _:
            return str(row["reason"] or "")


def _limits(row: Mapping[str, Any]) -> str:
    """Within what an action may go ahead."""
    limits = row.get("constraints")
    if not limits or row["decision"] != "ALLOW_WITH_CONSTRAINTS":
        return ""
    return f"within {recorded_limits(limits)}"


def values_read(row: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The values of `names` in one event, as far as the log's own columns have them."""
    text = row.get("log.args")
    parsed = arguments.parse(text) if text else None
    for name in names:
        if name.startswith("args.") and parsed:
            value: Any = parsed
            for part in name.split(".")[1:]:
                value = value.get(part) if isinstance(value, dict) else None
        else:
            value = row.get(f"log.{name}")
        if value is not None and name not in ("tool", "action", "actor"):  # every line has them
            yield name, value
