"""The charts of a scorecard, each with a question as its title, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import polars as pl

from govlab.errors import UsageError, did_you_mean
from govlab.report.offline import OfflineChart
from govlab.report.scorecard.first import scope_line
from govlab.report.scorecard.sheet import Part, Row, Sheet
from govlab.report.text import clean, cut

__all__ = [
    "BAR",
    "INK",
    "LINE",
    "MOST",
    "PICTURES",
    "Picture",
    "chart",
    "drawable",
    "finding",
    "named",
]

INK, BAR, LINE = "#1b1f24", "#3a7fc1", "#8a929c"
"""Text, marks and lines; all but text keep their contrast on white and on near-black."""
MOST = 12
"""The most rows that a chart has; the largest are drawn."""
_CUTS = ("workflow", "system", "team", "tenant", "tool", "actor")
_CELLS = 34  # terminal cells of a label
_SCALES = {"share": (1.0, "share"), "s": (3600.0, "hours"), "min": (1.0, "minutes")}


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of figures side by side, or of one figure over a cut: of `""` by what there is.

    Its finding is its highest mark, its lowest, or its first.
    """

    name: str
    family: str
    question: str
    figures: tuple[str, ...]
    cut: str | None = None
    tells: Literal["most", "least", "first"] = "most"


PICTURES = (
    Picture(
        "decisions",
        "decisions",
        "How were actions decided?",
        (
            "decisions.allow_rate",
            "decisions.constraint_rate",
            "decisions.approval_rate",
            "decisions.deny_rate",
            "decisions.remediation_rate",
        ),
    ),
    Picture("denials", "decisions", "Where is most denied?", ("decisions.deny_rate",), ""),
    Picture(
        "bypass",
        "decisions",
        "Where do actions run undecided, or against the decision?",
        ("decisions.bypass_rate",),
        "",
    ),
    Picture(
        "denials-by-day",
        "decisions",
        "How does the share denied move from day to day?",
        ("decisions.deny_rate",),
        "day",
    ),
    Picture(
        "waits",
        "approvals",
        "How long do answers take?",
        ("approvals.wait_p50", "approvals.wait_p90", "approvals.wait_p95", "approvals.wait_p99"),
        tells="first",
    ),
    Picture(
        "approvals",
        "approvals",
        "How often does an approval not hold?",
        (
            "approvals.missing_rate",
            "approvals.used_late_rate",
            "approvals.snapshot_mismatch_rate",
            "approvals.action_mismatch_rate",
            "approvals.reused_rate",
            "approvals.self_approval_rate",
        ),
    ),
    Picture(
        "limits",
        "constraints",
        "Which limits are exceeded?",
        (
            "constraints.cost_breach_rate",
            "constraints.time_breach_rate",
            "constraints.records_breach_rate",
            "constraints.lines_breach_rate",
            "constraints.files_breach_rate",
            "constraints.retries_breach_rate",
        ),
    ),
    Picture(
        "questions",
        "audit",
        "Which of an auditor's five questions do runs answer?",
        (
            "audit.who_runs",
            "audit.what_runs",
            "audit.approval_runs",
            "audit.where_runs",
            "audit.evidence_runs",
        ),
        tells="least",
    ),
    Picture(
        "operations",
        "operations",
        "What goes wrong, and how often?",
        (
            "operations.failure_rate",
            "operations.timeout_rate",
            "operations.dead_letter_rate",
            "operations.retry_share",
            "operations.fail_open_share",
        ),
    ),
)
"""All charts, in the order they are shown."""


def drawable(sheet: Sheet) -> Iterator[Picture]:
    """The pictures for which `sheet` has at least two values to compare."""
    return (picture for picture in PICTURES if len(_known(_marks(sheet, picture))) > 1)


def finding(sheet: Sheet, picture: Picture) -> str:
    """What the chart shows first, in words, e.g. `Most: refunds, 12.0 % (12 of 100)`."""
    known = _known(_marks(sheet, picture))
    known = [mark for mark in known if mark["low"] is not None] or known  # few runs tell little
    if picture.tells == "first":
        name, label = known[0]["name"], known[0]["label"]
        return f"{name[:1].upper()}{name[1:]} {label}"
    pick = max if picture.tells == "most" else min
    told = pick(known, key=lambda mark: mark["value"])
    if not told["value"] and picture.tells == "most":
        return f"Nowhere above {told['said']}"
    return f"{picture.tells.capitalize()}: {told['name']}, {told['label']}"


def chart(sheet: Sheet, picture: Picture, *, title: bool = True, width: int = 560) -> OfflineChart:
    """The chart of `picture`, as an Altair object of values, their intervals and their labels."""
    marks = _marks(sheet, picture)
    drawn = _line(marks) if picture.cut == "day" else _bars(marks, width)
    if title:
        about = [finding(sheet, picture), scope_line(sheet.scope)]
        drawn = drawn.properties(
            title=alt.Title(
                picture.question, subtitle=about, anchor="start", fontSize=16, offset=12
            )
        )
    shown: OfflineChart = _configured(drawn.properties(width=width))
    return shown


def named(sheet: Sheet, name: str) -> OfflineChart:
    """The chart of that name for a notebook: on white, since a notebook may be dark around it.

    Raises UsageError where there is none of that name, or the scorecard has too little to draw.
    """
    picture = next((picture for picture in PICTURES if picture.name == name), None)
    if picture is None:
        names = [picture.name for picture in PICTURES]
        near = did_you_mean(name, names) or f"there are {', '.join(names)}"
        raise UsageError(f"no chart is called `{name}`; {near}")
    if picture not in drawable(sheet):
        raise UsageError(f"`{name}` has nothing to compare: this log tells fewer than two values")
    shown: OfflineChart = chart(sheet, picture).properties(background="white", padding=12)
    return shown


def _marks(sheet: Sheet, picture: Picture) -> list[dict[str, Any]]:
    """One row for each mark: name, value and interval in the chart's scale, label."""
    if picture.cut is None:
        rows = [row for name in picture.figures if (row := sheet.row(name)) is not None]
        return [_mark(row.name, row, row.unit) for row in rows]
    row = sheet.row(picture.figures[0])
    cuts = _CUTS if picture.cut == "" else (picture.cut,)
    name = next((cut for cut in cuts if len(_parts(sheet, cut, picture)) > 1), None)
    if row is None or name is None:
        return []
    parts = _parts(sheet, name, picture)
    chosen = parts if name == "day" else _largest(parts)
    return [{**_mark(part.at or "not recorded", part, row.unit), "by": name} for part in chosen]


def _parts(sheet: Sheet, cut: str, picture: Picture) -> list[Part]:
    return [part for part in sheet.cuts.get(cut, ()) if part.id == picture.figures[0]]


def _largest(parts: list[Part]) -> list[Part]:
    """Those that rest on the most, the highest value first."""
    kept = sorted(parts, key=lambda part: (-part.size, part.at or ""))[:MOST]
    return sorted(kept, key=lambda part: (-(part.value or 0), part.at or ""))


def _mark(name: str, of: Row | Part, unit: str) -> dict[str, Any]:
    scale, _ = _SCALES.get(unit, (1.0, unit))
    numbers = {
        key: None if number is None else number / scale
        for key, number in (("value", of.value), ("low", of.low), ("high", of.high))
    }
    said = of.shown if isinstance(of, Row) else of.shown(unit)
    label = said + ("" if of.value is None else f" ({of.counted})")
    shown = cut(clean(name), _CELLS)
    return {"name": shown, **numbers, "label": label, "said": said, "unit": unit, "by": ""}


def _known(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [mark for mark in marks if mark["value"] is not None]


def _bars(marks: list[dict[str, Any]], width: int) -> Any:
    """Bars from zero with their intervals; what is unknown says so in its row."""
    for mark in marks:
        mark["end"] = max(mark["value"] or 0, mark["high"] or 0)
    unit = marks[0]["unit"]
    top = max(mark["end"] for mark in marks) or 1.0
    room = top * width / max(width - 170, width / 3)  # for the labels, to the right of the marks
    axis = alt.Axis(format="%" if unit == "share" else "", tickCount=5, grid=False)
    x = alt.X(
        "value:Q",
        axis=axis,
        title=_title(marks),
        scale=alt.Scale(domain=[0, room], nice=False),
    )
    order = [mark["name"] for mark in marks]
    y = alt.Y("name:N", sort=order, title=marks[0]["by"] or None)
    base = alt.Chart(pl.DataFrame(marks, infer_schema_length=None)).encode(y=y)
    bars = base.mark_bar(color=BAR, height={"band": 0.62}).encode(x=x)
    rules = base.mark_rule(color=INK, strokeWidth=2).encode(x="low:Q", x2="high:Q")
    text = base.mark_text(align="left", dx=6, color=INK).encode(x="end:Q", text="label:N")
    return OfflineChart(layer=[bars, rules.transform_filter("datum.low != null"), text])


def _title(marks: list[dict[str, Any]]) -> str:
    """The unit of the marks, and what the lines are where there are any."""
    unit = marks[0]["unit"]
    name = _SCALES.get(unit, (1, unit))[1]
    lined = any(mark["low"] is not None for mark in marks)
    return f"{name}; lines are 95 % intervals" if lined else name


def _line(marks: list[dict[str, Any]]) -> Any:
    """Days in their order, with the band of their intervals."""
    unit = marks[0]["unit"]
    order = [mark["name"] for mark in marks]  # a layer that lacks the first day keeps its place
    base = alt.Chart(pl.DataFrame(marks, infer_schema_length=None)).encode(
        x=alt.X("name:O", sort=order, axis=_days(order))
    )
    y = alt.Y(
        "value:Q",
        axis=alt.Axis(format="%" if unit == "share" else "", tickCount=5),
        title=_title(marks),
        scale=alt.Scale(zero=True),
    )
    bands = base.mark_rule(color=LINE, strokeWidth=3, opacity=0.55).encode(y="low:Q", y2="high:Q")
    line = base.mark_line(color=BAR, point=alt.OverlayMarkDef(color=BAR, size=30)).encode(y=y)
    return OfflineChart(layer=[bands.transform_filter("datum.low != null"), line])


def _days(names: list[str]) -> alt.Axis:
    """Days of one year without it, so that they stand upright."""
    year, *more = {name[:4] for name in names}
    if more:
        return alt.Axis(labelAngle=-40, labelOverlap="greedy", title="day")
    short = "slice(datum.label, 5)"
    return alt.Axis(labelAngle=0, labelOverlap="greedy", labelExpr=short, title=f"day of {year}")


def _configured(drawn: Any) -> Any:
    return (
        drawn.configure(aria=False, background="transparent", padding=4)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            gridColor=LINE,
            gridOpacity=0.35,
            domainColor=LINE,
            tickColor=LINE,
            labelFontSize=12,
            titleFontSize=12,
            labelLimit=260,
            titleFontWeight="normal",
        )
        .configure_text(fontSize=12)
        .configure_title(color=INK, subtitleColor=INK)
        .configure_view(stroke=None)
    )
