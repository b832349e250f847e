"""The tables of a page: captions, scopes, and keys to sort by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from govlab.report.scorecard.markup import Child, Markup, element, joined
from govlab.report.scorecard.sheet import STATUSES, Part, Row, Sheet, interval
from govlab.report.text import counted

__all__ = ["MOST_PARTS", "cut_table", "figure_table", "plain_table", "scrolling", "status"]

MOST_PARTS = 50
"""Rows of a cut's table; the JSON and the workbook have all."""
_RANK = {name: str(at) for at, name in enumerate(STATUSES)}


def status(name: str) -> Markup:
    """A status as a sign and a word."""
    return element("span", STATUSES[name], class_=f"status {name}")


def figure_table(rows: Sequence[Row], caption: str) -> Markup:
    """The figures of a family, each with its sentence, interval, counts, status and next step."""
    header = ("Figure", "Value", "95 % interval", "Counted", "Unknown", "Status", "What it says",
              "Next step and its owner")  # fmt: skip
    numbers = frozenset({1, 2, 3, 4})
    body = joined(*map(_figure, rows))
    return _table(header, body, caption, numbers=numbers, kind="figures")


def _figure(row: Row) -> Markup:
    return element(
        "tr",
        element("th", row.question, element("code", row.id), scope="row"),
        _number(row.shown, row.value),
        _number(_interval(row), row.low),
        _number(row.counted, row.denominator if row.numerator is None else row.numerator),
        _number(f"{row.unknown:,}", row.unknown),
        element("td", status(row.status), data_key=_RANK[row.status]),
        element("td", row.sentence, element("br"), element("span", row.why, class_="soft")),
        element("td", f"{row.next_step} ({row.owner})"),
    )


def _interval(row: Row) -> Markup:
    """The interval, broken at most between its ends."""
    said = interval(row.low, row.high, row.unit).partition(" to ")
    return joined(*(element("span", end, class_="nowrap") if at != 1 else end
                    for at, end in enumerate(said)))  # fmt: skip


def cut_table(sheet: Sheet, cut: str, parts: Sequence[Part]) -> Markup:
    """The board's figures for each value of a cut: the largest parts, with what each rests on."""
    board = [row for row in sheet.rows if row.board]
    found = {(part.at, part.id): part for part in parts}
    sizes: dict[str | None, int] = {}
    for part in parts:
        sizes[part.at] = max(sizes.get(part.at, 0), part.size)
    ordered = sorted(sizes, key=lambda at: (at is None, at or ""))
    if len(ordered) > MOST_PARTS:
        ordered = sorted(ordered, key=lambda at: (-sizes[at], at or ""))[:MOST_PARTS]
    shown = [row for row in board if any((at, row.id) in found for at in ordered)]
    lines = (_part(at, [found.get((at, row.id)) for row in shown], shown) for at in ordered)
    left = len(sizes) - len(ordered)
    more = f"; the {MOST_PARTS} largest of {counted(len(sizes), 'value')}, all are in the JSON"
    caption = f"By {cut}: the main figures, each with what it was counted from{more * (left > 0)}"
    header = (cut, *(row.name for row in shown))
    numbers = frozenset(range(1, len(header)))
    return _table(header, joined(*lines), caption, numbers=numbers, kind="wide")


def _part(at: str | None, parts: Iterable[Part | None], rows: Iterable[Row]) -> Markup:
    name = element("th", "not recorded" if at is None else at, scope="row")
    return element("tr", name, *(_cell(p, r) for p, r in zip(parts, rows, strict=True)))


def _cell(part: Part | None, row: Row) -> Markup:
    if part is None:
        return _number("-", None)
    shown = joined(part.shown(row.unit), element("small", part.basis) if part.basis else None)
    return _number(shown, part.value)


def plain_table(
    header: Sequence[str],
    rows: Iterable[Sequence[Child]],
    caption: str,
    *,
    numbers: range = range(0),
) -> Markup:
    """A table whose first column names its rows; the columns `numbers` are set flush right."""
    lines = (
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(
                element("td", cell, class_="number" if at in numbers else None)
                for at, cell in enumerate(row[1:], 1)
            ),
        )
        for row in rows
    )
    return _table(header, joined(*lines), caption, numbers=frozenset(numbers))


def _number(shown: Child, value: float | None) -> Markup:
    """A number with the key it sorts by; the key of what is unknown is empty."""
    key = "" if value is None else repr(value)
    return element("td", shown, class_="number", data_key=key)


def _table(
    header: Sequence[str],
    body: Markup,
    caption: str,
    *,
    numbers: frozenset[int] = frozenset(),
    kind: str | None = None,
) -> Markup:
    heads = (
        element("th", name, scope="col", class_="number" if at in numbers else None)
        for at, name in enumerate(header)
    )
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", body),
        class_=kind,
        data_sort=True,
    )
    return scrolling(table, caption)


def scrolling(content: Markup, label: str) -> Markup:
    """`content`, which may be wider than the page: reached by keyboard, it says what it is."""
    return element("div", content, class_="scroll", tabindex=0, role="region", aria_label=label)
