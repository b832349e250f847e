"""The scorecard as a notebook shows it: a fragment without script, style sheet or chart."""

from __future__ import annotations

from govlab.report.scorecard.first import chips, headline, scope_line, sentences
from govlab.report.scorecard.markup import Markup, element
from govlab.report.scorecard.sheet import STATUSES, Row, Sheet, interval

__all__ = ["sheet_fragment"]


def sheet_fragment(sheet: Sheet) -> str:
    """The level, a line for each family, and the figures of the board."""
    header = ("figure", "value", "95 % interval", "counted", "unknown", "status")
    board = [row for row in sheet.rows if row.board]
    table = element(
        "table",
        element(
            "caption",
            f"The main figures; {len(sheet.rows)} in all are in `.figures`",
            style=_WORDS,
        ),
        element("thead", element("tr", *map(_head, header))),
        element("tbody", *map(_row, board)),
    )
    lines = (element("li", f"{c.title}: {STATUSES[c.status]} ({c.said})") for c in chips(sheet))
    said = (element("li", sentence) for sentence in sentences(sheet))
    return element(
        "div",
        element("p", element("strong", headline(sheet.maturity))),
        element("p", scope_line(sheet.scope)),
        element("ul", *lines, *said),
        table,
    ).text


# a notebook sets cells flush right, and lets numbers break
_WORDS, _NUMBERS = "text-align:left", "white-space:nowrap"
_LEFT = ("figure", "status")


def _head(name: str) -> Markup:
    return element("th", name, scope="col", style=_WORDS if name in _LEFT else _NUMBERS)


def _row(row: Row) -> Markup:
    cells = (
        row.shown,
        interval(row.low, row.high, row.unit),
        row.counted,
        f"{row.unknown:,}",
    )
    return element(
        "tr",
        element("th", row.question, scope="row", style=_WORDS),
        *(element("td", cell, style=_NUMBERS) for cell in cells),
        element("td", STATUSES[row.status], style=f"{_WORDS};{_NUMBERS}"),
    )
