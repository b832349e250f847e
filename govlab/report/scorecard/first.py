"""The first page in words: the level, a chip for each family, three sentences (J15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from govlab.assess.gaps import remedy
from govlab.assess.maturity import LEVELS
from govlab.report.card_scope import time_shown
from govlab.report.scorecard.moves import moves_line
from govlab.report.scorecard.sheet import FAMILIES, STATUSES, Row, Sheet
from govlab.report.text import clean, counted

__all__ = [
    "Chip",
    "chips",
    "event_line",
    "headline",
    "next_steps",
    "scope_line",
    "sentences",
    "unknown_lines",
]


@dataclass(frozen=True, slots=True)
class Chip:
    """A family's worst status and how many of its figures have each."""

    family: str
    status: str
    title: str
    counts: Mapping[str, int]

    @property
    def said(self) -> str:
        """The counts in words, the worst first."""
        words = {"none": "without a target"}
        return ", ".join(f"{n} {words.get(s, s)}" for s, n in self.counts.items())


def headline(maturity: Mapping[str, Any]) -> str:
    """The maturity level in one line.

    >>> headline({"level": None, "reason": "the log has no decisions"})
    'Maturity level unknown: the log has no decisions'
    """
    level = maturity.get("level")
    if level is None:
        return f"Maturity level unknown: {clean(maturity.get('reason') or 'it was not assessed')}"
    name = maturity.get("name") or LEVELS[level]
    return f"Maturity level {level} of {len(LEVELS) - 1}: {clean(name)}"


def chips(sheet: Sheet) -> tuple[Chip, ...]:
    """One chip a family; without targets nothing passes or fails."""
    return tuple(_chip(name, sheet.family(name)) for name in sheet.families())


def _chip(name: str, rows: tuple[Row, ...]) -> Chip:
    found = Counter(row.status for row in rows)
    counts = {status: found[status] for status in STATUSES if found[status]}
    worst = _worst(counts)
    return Chip(name, worst, FAMILIES.get(name, name.capitalize()), counts)


def _worst(counts: Mapping[str, int]) -> str:
    """Without a target there is nothing to fail, so that unknown alone is not a family's state."""
    if set(counts) <= {"unknown", "none"} and counts.get("none"):
        return "none"
    return next(iter(counts), "none")


def scope_line(scope: Mapping[str, Any]) -> str:
    """How much a scorecard of that scope rests on, and of when."""
    zone = scope.get("tz") or "UTC"
    oldest, newest = (time_shown(scope.get(key), zone) for key in ("oldest", "newest"))
    as_of = time_shown(scope.get("as_of"), zone)
    times = f"{oldest} to {newest}" if oldest and newest else as_of and f"the newest of {as_of}"
    much = [counted(int(scope["events"]), "action")]
    if scope.get("runs") is not None:
        much.append(counted(int(scope["runs"]), "run"))
    return clean(f"{' in '.join(much)}, {times or 'times unknown'} (zone {zone})")


_SHOWN = ("ts", "event_id", "run_id", "actor", "tool", "action", "decision", "rule", "outcome")


def event_line(event: Mapping[str, Any], scope: Mapping[str, Any]) -> str:
    """An example event in one line: when, who, what, how it was decided, and its id.

    >>> event_line({"event_id": "e1", "tool": "pay", "decision": "DENY", "rule": "a/b"}, {})
    'pay, DENY by a/b, id e1'
    """
    zone = scope.get("tz") or "UTC"
    decision = " by ".join(str(event[n]) for n in ("decision", "rule") if event.get(n))
    parts = [
        time_shown(event.get("ts"), zone),
        *(event.get(n) for n in ("actor", "tool", "action")),
    ]
    parts += [decision, event.get("outcome"), *_rest(event)]
    return ", ".join(clean(part) for part in parts if part)


def _rest(event: Mapping[str, Any]) -> Iterator[str]:
    """What else an event says, and its id."""
    yield from (f"{name} {value}" for name, value in event.items() if value and name not in _SHOWN)
    if event.get("event_id"):
        yield f"id {event['event_id']}"


def sentences(sheet: Sheet) -> tuple[str, str, str]:
    """What governs, what changed, what stands out."""
    return (_governed(sheet), _changed(sheet), _standing(sheet))


def _governed(sheet: Sheet) -> str:
    row = sheet.row("decisions.decided_share")
    return row.sentence if row else "This scorecard does not say how many actions were decided."


def _changed(sheet: Sheet) -> str:
    if sheet.comparison is None:
        return "No earlier period was compared with (--compare-to previous)."
    return moves_line(sheet.comparison, sheet)


def _standing(sheet: Sheet) -> str:
    found = Counter(row.status for row in sheet.rows)
    told = f"{found['unknown']} of {len(sheet.rows)} figures are unknown"
    if not sheet.judged:
        return f"No targets were given, so nothing passes or fails (--targets FILE); {told}."
    judged = ", ".join(f"{found[s]} {s}" for s in ("fail", "warn", "pass"))
    return f"Against the targets: {judged}; {told}."


def unknown_lines(sheet: Sheet) -> Iterator[str]:
    """What would answer what is unknown: one column, then several, then what none would."""
    told = {name for lack in sheet.lacks for name in (*lack.answers, *lack.helps)}
    for lack in sheet.lacks:
        yield from _use(sheet, remedy(lack.column), lack.answers)
    for lack in sheet.lacks:
        yield from _use(sheet, f"{remedy(lack.column)} and other columns", lack.helps)
    for row in sheet.rows:
        if row.id not in told and _open(row, sheet.document.get("unknown")):
            yield row.sentence


def _open(row: Row, gaps: Mapping[str, Any] | None) -> bool:
    """Whether the figure is a gap: that there was nothing to count is none."""
    if gaps is None:
        return row.value is None and row.unknown > 0
    return row.id in gaps["figures"] or row.id in gaps["unchecked"]


def _use(sheet: Sheet, column: str, ids: Sequence[str]) -> Iterator[str]:
    """What a column would answer, one question for all that wait for it."""
    if ids:
        row = sheet.row(ids[0])
        many = f"{len(ids)} figures, the first: " if len(ids) > 1 else ""
        yield f"With {column}: {many}{row.question if row else ids[0]}"


def next_steps(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """What blocks the next level and what to do about it, the least work first."""
    for found in sheet.maturity.get("blocking") or ():
        row = sheet.row(found["figure"])
        what = row.question if row else found["figure"]
        yield (
            f"{what} {found['reason']}; asked is {found['asks']}",
            (f"{found['next_step']} ({found['owner']})"),
        )
