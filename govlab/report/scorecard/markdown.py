"""The scorecard as Markdown, for a pull request or a wiki: text of a log is never markup in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from govlab.report.scorecard.first import (
    chips,
    event_line,
    headline,
    next_steps,
    scope_line,
    sentences,
    unknown_lines,
)
from govlab.report.scorecard.moves import HEADER, moves
from govlab.report.scorecard.sheet import FAMILIES, STATUSES, Row, Sheet, interval
from govlab.report.text import clean

__all__ = ["code", "escaped", "sheet_markdown"]

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_TICKS = re.compile(r"`+")


def escaped(text: str) -> str:
    r"""Text as text: no emphasis, link, mention, image or element comes of it.

    >>> escaped("[a](b) <b> @team https://x")
    '\\[a\\](b) \\<b\\> &#64;team https&#58;//x'
    """
    shown = _SIGNS.sub(r"\\\1", clean(text))
    return shown.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")


def code(text: str) -> str:
    """Untrusted text as a code span, which nothing inside can end.

    >>> code("a`b|c")
    '``a`b\\\\|c``'
    """
    shown = clean(text).replace("|", "\\|")
    ticks = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
    edge = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{ticks}{edge}{shown}{edge}{ticks}"


def sheet_markdown(sheet: Sheet) -> str:
    """The first page, then a table for each family."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    yield "# Scorecard of agent governance"
    yield f"\n**{escaped(headline(sheet.maturity))}**\n\n{escaped(scope_line(sheet.scope))}\n"
    said = ((chip.title, STATUSES[chip.status], chip.said) for chip in chips(sheet))
    yield from _table(("Family", "Status", "Figures"), said)
    yield ""
    yield from (f"- {escaped(said)}" for said in sentences(sheet))
    yield from _risks(sheet)
    yield from _listed("What is unknown, and which column would answer it", unknown_lines(sheet))
    steps = (f"{step}: {why}" for why, step in next_steps(sheet))
    yield from _listed("What to do next", steps)
    for name in sheet.families():
        yield f"\n## {escaped(FAMILIES.get(name, name))}\n"
        yield from _table(
            ("Figure", "Value", "95 % interval", "Counted", "Unknown", "Status"),
            map(_row, sheet.family(name)),
        )
    yield from _moved(sheet)
    yield f"\n{escaped(sheet.scope['privacy'])}"


def _moved(sheet: Sheet) -> Iterator[str]:
    """What moved, if a period was compared with."""
    found = [m for m in moves(sheet.comparison or {"figures": ()}) if m.direction != "same"]
    if found:
        yield f"\n## Against {sheet.other_period}\n"
        yield from _table(HEADER, ((move.id, *move.cells()) for move in found))


def _risks(sheet: Sheet) -> Iterator[str]:
    if sheet.findings:
        yield "\n## The largest risks\n"
    for found in sheet.findings:
        yield f"- **{escaped(found.risk)}**: {escaped(found.sentence)} {code(found.figure)}"
        for event in found.events:
            yield f"  - {code(event_line(event, sheet.scope))}"


def _listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    items = [f"- {escaped(line)}" for line in lines]
    if items:
        yield f"\n## {title}\n"
    yield from items


def _row(row: Row) -> tuple[str, ...]:
    return (
        f"{row.question} ({row.id})",
        row.shown,
        interval(row.low, row.high, row.unit),
        row.counted,
        f"{row.unknown:,}",
        STATUSES[row.status],
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(map(escaped, row))} |" for row in rows)
