"""The scorecard as one HTML file: no network, readable without script, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from govlab.assess.maturity import LEVELS
from govlab.report.scorecard.drawing import inline
from govlab.report.scorecard.first import (
    chips,
    event_line,
    headline,
    next_steps,
    scope_line,
    sentences,
    unknown_lines,
)
from govlab.report.scorecard.markup import Markup, element, joined
from govlab.report.scorecard.pictures import drawable, finding
from govlab.report.scorecard.sections import compared, cuts, maturity, methods, projected, sources
from govlab.report.scorecard.sheet import FAMILIES, Finding, Sheet
from govlab.report.scorecard.shell import asset, shell
from govlab.report.scorecard.tables import figure_table, scrolling, status

__all__ = ["page"]

_TITLE = "Scorecard of agent governance"
_UNKNOWN = 12  # lines on what is unknown that the first page has room for


def page(sheet: Sheet) -> str:
    """The whole report as an HTML document that loads nothing."""
    parts = list(_sections(sheet))
    return shell(
        _TITLE,
        element("a", "Skip to the figures", href="#main", class_="skip"),
        element(
            "header",
            element("h1", _TITLE),
            element("p", scope_line(sheet.scope), class_="soft"),
        ),
        _navigation(parts),
        element("main", *(_section(*part) for part in parts), id="main", tabindex=-1),
        element("footer", element("p", sheet.scope["privacy"], class_="soft")),
        script=asset("page.js"),
    )


def _sections(sheet: Sheet) -> Iterator[tuple[str, str, Markup]]:
    """Anchor, title and content, in the order of the page; what a scorecard lacks is left out."""
    yield "first", "At a glance", _first(sheet)
    for family in sheet.families():
        yield family, FAMILIES.get(family, family.capitalize()), _family(sheet, family)
    for anchor, title, content in (
        ("cuts", "Parts of the whole", cuts(sheet)),
        ("compared", f"Against {sheet.other_period}", compared(sheet)),
        ("projected", "What the candidate would decide", projected(sheet)),
        ("maturity", "Maturity, criterion by criterion", maturity(sheet)),
        ("sources", "Scope and sources", sources(sheet)),
        ("methods", "How the figures are made", methods()),
    ):
        if content is not None:
            yield anchor, title, content


def _section(anchor: str, title: str, content: Markup) -> Markup:
    heading = element("h2", title, id=anchor)
    return element("section", heading, content, aria_labelledby=anchor)


def _navigation(parts: list[tuple[str, str, Markup]]) -> Markup:
    links = (element("li", element("a", title, href=f"#{anchor}")) for anchor, title, _ in parts)
    return element("nav", element("ul", *links), aria_label="Sections")


def _first(sheet: Sheet) -> Markup:
    return joined(
        element("p", headline(sheet.maturity), class_="level"),
        _ladder(sheet.maturity),
        element("ul", *map(_chip, chips(sheet)), class_="chips"),
        element("ul", *(element("li", said) for said in sentences(sheet))),
        element(
            "div",
            element("div", element("h3", "The largest risks"), _findings(sheet)),
            element(
                "div",
                element("h3", "What to do next"),
                _steps(sheet),
                element("h3", "What is unknown, and which column would answer it"),
                _unknown(sheet),
            ),
            class_="pair",
        ),
    )


def _ladder(maturity: Mapping[str, Any]) -> Markup | None:
    level = maturity.get("level")
    if level is None:
        return None
    steps = (
        element(
            "li",
            f"{at} {name}",
            class_="held" if at <= level else None,
            aria_current="step" if at == level else None,
        )
        for at, name in enumerate(LEVELS)
    )
    return element("ol", *steps, class_="ladder")


def _chip(chip: Any) -> Markup:
    return element("li", element("b", chip.title), status(chip.status), element("small", chip.said))


def _findings(sheet: Sheet) -> Markup:
    if not sheet.findings:
        return element("p", "None was found in what the log can tell.")
    items = (_finding(found, sheet.scope) for found in sheet.findings)
    return element("ol", *items, class_="findings")


def _finding(found: Finding, scope: Mapping[str, Any]) -> Markup:
    events = (element("li", event_line(event, scope)) for event in found.events)
    listed = element("ul", *events, class_="events") if found.events else None
    said = joined(element("strong", found.risk), f": {found.sentence}", element("br"))
    step = element("span", f"{found.next_step} ({found.owner})", class_="soft")
    return element("li", said, step, listed)


def _steps(sheet: Sheet) -> Markup:
    steps = [element("li", step, element("br"), element("span", why, class_="soft"))
             for why, step in next_steps(sheet)]  # fmt: skip
    return element("ol", *steps) if steps else element("p", "Nothing blocks a next level.")


def _unknown(sheet: Sheet) -> Markup:
    lines = list(unknown_lines(sheet))
    if not lines:
        return element("p", "Every figure could be computed.")
    left = len(lines) - _UNKNOWN
    more = [f"And {left} lines more: the figures below say which are unknown."] if left > 0 else []
    return element("ul", *(element("li", line) for line in (*lines[:_UNKNOWN], *more)))


def _family(sheet: Sheet, family: str) -> Markup:
    charts = [
        element(
            "figure",
            element(
                "figcaption",
                picture.question,
                element("span", finding(sheet, picture), class_="soft"),
            ),
            scrolling(inline(sheet, picture), f"Chart: {picture.question}"),
        )
        for picture in drawable(sheet)
        if picture.family == family
    ]
    title = FAMILIES.get(family, family.capitalize())
    table = figure_table(sheet.family(family), f"{title}: all figures")
    return joined(element("div", *charts, class_="charts") if charts else None, table)
