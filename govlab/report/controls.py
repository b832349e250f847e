"""How the controls of frameworks stand, as a page of text and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from govlab.assess.bounds import Bound
from govlab.assess.controls import Evidence, Standing
from govlab.kpi.catalog import FIGURES
from govlab.report.card_scope import card_scope_lines
from govlab.report.text import clean, counted, wrapped

__all__ = ["controls_markdown", "controls_text"]

_CLOSING = (
    "A log supports a control or shows a gap; it never proves compliance. Bounds are judged by the "
    "worse end of an interval, and what is unknown supports nothing."
)


def controls_text(found: Sequence[Standing], scope: Mapping[str, Any]) -> str:
    """The page that `govlab compliance` prints."""
    return "\n".join(_lines(found, scope))


def _lines(found: Sequence[Standing], scope: Mapping[str, Any]) -> Iterator[str]:
    yield _told(found)
    yield from card_scope_lines(scope)
    for framework, of in groupby(found, key=lambda one: one.control.framework):
        several = list(of)
        yield from ("", f"{clean(framework)}: {_told(several)}")
        for one in several:
            yield f"  {one.status:8}  {clean(one.control.id)}  {clean(one.control.title)}"
            yield from _evidence(one)
    yield from ("", *wrapped(_CLOSING))


def _told(found: Sequence[Standing]) -> str:
    count = Counter(one.status for one in found)
    several = counted(len(found), "control")
    return (
        f"{several}: {count['supports']} supported, {count['gap']} with a gap, "
        f"{count['unknown']} unknown"
    )


def _evidence(standing: Standing) -> Iterator[str]:
    if not standing.evidence:
        yield "            nothing in an action log speaks to it"
    for one in standing.evidence:
        if one.status != "supports":
            yield from wrapped(f"{_asked(one)} {one.reason}; asked: {one.asked.asks}", 12, hang=14)
            yield f"{' ' * 14}{clean(one.query)}"  # in one line, to be copied


def _asked(one: Evidence) -> str:
    return FIGURES[one.asked.figure].question if isinstance(one.asked, Bound) else "Retention:"


def controls_markdown(found: Sequence[Standing], scope: Mapping[str, Any]) -> str:
    """The same as Markdown: a table for each framework."""
    return "\n".join(_markdown(found, scope)) + "\n"


def _markdown(found: Sequence[Standing], scope: Mapping[str, Any]) -> Iterator[str]:
    yield from ("# What the log supports", "", f"{_told(found)}.")
    yield from (f"\n{_cell(line.strip())}." for line in card_scope_lines(scope))
    for framework, of in groupby(found, key=lambda one: one.control.framework):
        yield from ("", f"## {_cell(framework)}", "")
        yield from ("| control | what it is about | status | evidence |", "|---|---|---|---|")
        for one in of:
            said = "<br>".join(map(_said, one.evidence))
            control = one.control
            cells = (_cell(control.id), _cell(control.title), one.status, said or "none in a log")
            yield f"| {' | '.join(cells)} |"
    yield from ("", _CLOSING)


def _said(one: Evidence) -> str:
    """What was asked, what was found, and how that stands."""
    return f"{one.status}: {_cell(_asked(one))} {_cell(one.reason)}; asked: {_cell(one.asked.asks)}"


def _cell(text: str) -> str:
    return clean(text).replace("|", "\\|").replace("<", "&lt;")
