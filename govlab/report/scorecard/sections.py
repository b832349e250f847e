"""The later sections of a page: parts, comparison, projection, maturity, sources, methods."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from govlab.report.card_scope import time_shown
from govlab.report.scorecard.first import scope_line
from govlab.report.scorecard.markup import Child, Markup, element, joined
from govlab.report.scorecard.moves import HEADER, Move, moves
from govlab.report.scorecard.sheet import Sheet
from govlab.report.scorecard.tables import cut_table, figure_table, plain_table
from govlab.report.text import counted

__all__ = ["METHODS", "compared", "cuts", "facts", "maturity", "methods", "projected", "sources"]

METHODS = (
    "Every figure counts actions, runs or approvals of the log; a rate is shown with its numerator "
    "and denominator. What the log cannot tell is in neither: it is counted as unknown.",
    "Intervals are 95 % Wilson intervals with the effective number of actions: actions of one run "
    "are alike, so that they count less than as many runs. Under ten runs there is no interval. "
    "Intervals of waiting times are order statistics.",
    "A complete log is a count and not a sample: the interval then speaks of the process behind "
    "it, of what to expect next, and not of an error of counting.",
    "A status compares the worse end of the interval with the target, and what is unknown counts "
    "against the figure. Without targets nothing passes or fails.",
    "Times are counted to the newest action of the scope: the same log gives the same report.",
)
"""How figures are made, for the reader of a report."""
_SAYING = ("left_out", "source")  # of these a zero says nothing
_TIMES = ("oldest", "newest", "as_of", "since", "until")
_LABELS = {
    "events": "actions", "log_events": "actions in the log", "oldest": "oldest action",
    "newest": "newest action", "as_of": "ages count to", "tz": "time zone", "since": "from",
    "until": "before", "last": "of the last", "where": "only where", "assumed": "assumptions",
    "manifest_sha256": "manifest",
}  # fmt: skip


def cuts(sheet: Sheet) -> Markup | None:
    """The main figures by each cut."""
    blocks = [_cut(sheet, name) for name, parts in sheet.cuts.items() if parts]
    return joined(*blocks) if blocks else None


def _cut(sheet: Sheet, name: str) -> Markup:
    parts = sheet.cuts[name]
    heading = element("h3", f"By {name}")
    first, *others = dict.fromkeys(part.at for part in parts)
    if not others:
        alone = f"The log does not record `{name}`." if first is None else f"All is of `{first}`."
        return joined(heading, element("p", alone))
    return joined(heading, cut_table(sheet, name, parts))


def compared(sheet: Sheet) -> Markup | None:
    """Each figure before and now, its change split into what moved."""
    if sheet.comparison is None:
        return None
    caption = (
        "What is clearly worse comes first. Rates: the parts themselves changed. "
        "Mix: other parts have become large. Together they are the change"
    )
    rows = (_moved(sheet, move) for move in moves(sheet.comparison))
    other = sheet.other_period
    before = f"{other[:1].upper()}{other[1:]}: {scope_line(sheet.comparison['with'])}."
    table = plain_table(HEADER, rows, caption, numbers=range(1, 6))
    return joined(element("p", before), table)


def _moved(sheet: Sheet, move: Move) -> tuple[Child, ...]:
    return (_named(sheet, move.id), *move.cells())


def _named(sheet: Sheet, name: str) -> Markup:
    """A figure's question and its id: some ask the same of runs and of actions."""
    row = sheet.row(name)
    return joined(row.question if row else None, element("code", name))


def projected(sheet: Sheet) -> Markup | None:
    """What a candidate bundle would decide on this log: apart from what was recorded."""
    if not sheet.projected:
        return None
    said = sheet.document["projected"]
    note = "Projected, not recorded: what the candidate would decide on the actions of this log."
    about = {"candidate": said["bundle"], "its replay": said["replay"]}
    table = figure_table(sheet.projected, "Projected figures: never mixed with the recorded")
    return joined(element("p", note), _facts(about), table)


def maturity(sheet: Sheet) -> Markup | None:
    """Every criterion with what bears it out or blocks it."""
    criteria = sheet.maturity.get("criteria")
    if not criteria:
        return None
    header = ("Criterion", "Level", "Capability", "Holds", "Asked", "Found", "Owner")
    rows = (_criterion(criterion, sheet) for criterion in criteria)
    table = plain_table(header, rows, "Criteria of the levels 1 to 4, and whether each holds")
    thresholds = element("p", f"The thresholds are {sheet.maturity.get('thresholds', 'given')}.")
    return joined(thresholds, table)


def _criterion(criterion: Mapping[str, Any], sheet: Sheet) -> tuple[Child, ...]:
    return (
        _named(sheet, criterion["figure"]),
        str(criterion["level"]),
        criterion["capability"],
        "✓ yes" if criterion["holds"] else "✕ no",
        criterion["asks"],
        criterion["reason"],
        criterion["owner"],
    )


def sources(sheet: Sheet) -> Markup:
    """What the scorecard speaks of and rests on."""
    return _facts(sheet.scope)


def _facts(said: Mapping[str, Any]) -> Markup:
    pairs = (joined(element("dt", name), element("dd", value)) for name, value in facts(said))
    return element("dl", *pairs)


def facts(scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of a scope, in words; what was not asked for is left out."""
    zone = scope.get("tz") or "UTC"
    for key, value in scope.items():
        told = time_shown(value, zone) if key in _TIMES else _said(_there(key, value))
        if told:
            yield _LABELS.get(key, key.replace("_", " ")), told


def _there(key: str, value: Any) -> Any:
    """A value without its members that say nothing; nobody asks about what was not left out."""
    if not isinstance(value, Mapping):
        return value
    found = {name: one for name, one in value.items() if one not in (None, [], {})}
    return {n: left for n, left in found.items() if left} if key in _SAYING else found


def _said(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case dict():
            return "; ".join(f"{key.replace('_', ' ')}: {_said(v)}" for key, v in value.items())
        case list():
            return "; ".join(map(_said, value[:20])) + _more(len(value) - 20)
        case _:
            return json.dumps(value)


def _more(number: int) -> str:
    return f"; and {counted(number, 'more')}".removesuffix("s") if number > 0 else ""


def methods() -> Markup:
    """How figures, intervals and statuses come about."""
    return joined(*(element("p", said) for said in METHODS))
