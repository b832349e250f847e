"""A sweep as text and as a chart: the trade-off first, every point behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import altair as alt
import polars as pl

from govlab.errors import UsageError
from govlab.report.charts import OfflineChart
from govlab.report.scope import scope_lines
from govlab.report.text import clean, table
from govlab.sweeps.model import FIGURES, Figure, Point, Sweep

__all__ = ["sweep_chart", "sweep_text"]

_SHORT = {
    "ALLOW": "allow",
    "DENY": "deny",
    "REQUIRE_APPROVAL": "approve",
    "ALLOW_WITH_CONSTRAINTS": "limit",
    "REMEDIATE": "remedy",
}


def sweep_text(sweep: Sweep, *, show: int | None = 20) -> str:
    """The page `govlab sweep` prints; `show` points of the frontier at most (None: all)."""
    points, cube = [sweep.points[at] for at in sweep.frontier], sweep.cube
    shown = points if show is None else points[:show]
    lines = [
        f"{len(sweep.points):,} points of {clean(sweep.bundle.name)} {sweep.bundle.version} "
        f"({sweep.bundle.digest[:12]}) on {sweep.cube.events:,} events",
        *_aims(sweep),
        "",
        *scope_lines(sweep.scope, cube.events, cube.origin.period(), sweep.source),
        "",
        f"no other point beats these {len(points):,}:",
        *_table(sweep, shown),
    ]
    if len(shown) < len(points):
        lines.append(f"    and {len(points) - len(shown):,} more; --show all lists them")
    return "\n".join([*lines, *_unknown(sweep)])


def _aims(sweep: Sweep) -> Iterator[str]:
    for aim in sweep.objectives:
        way = "as low as can be" if aim.direction == "min" else "as high as can be"
        yield f"  {aim.figure} {way}: {FIGURES[aim.figure][1]}"


def _table(sweep: Sweep, points: Sequence[Point]) -> Iterable[str]:
    names = list(sweep.points[0].params)
    aims = [o.figure for o in sweep.objectives]
    header = (*names, *aims, *_SHORT.values(), "default", "error", "undecid.", "digest")
    rows = [
        (
            *(_value(p.params[n]) for n in names),
            *(figure_text(a, p.figures[a]) for a in aims),
            *(f"{p.decisions[d]:,}" for d in _SHORT),
            f"{p.default:,}",
            f"{p.error:,}",
            f"{p.undecidable:,}",
            p.digest[:12],
        )
        for p in points
    ]
    return table(header, rows, indent=4, right=range(len(header) - 1))


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def figure_text(name: str, figure: Figure) -> str:
    """A figure as a person reads it: shares in percent, `unknown` where nothing can be said.

    >>> figure_text("held", Figure(1, 8)), figure_text("held_per_day", Figure(0, 0.0))
    ('12.5 %', 'unknown')
    """
    if figure.value is None:
        return "unknown"
    return f"{figure.value:.1f}" if name == "held_per_day" else f"{100 * figure.value:.1f} %"


def _unknown(sweep: Sweep) -> Iterator[str]:
    first = sweep.points[0]
    if any(first.figures[o.figure].value is None for o in sweep.objectives):
        yield "note: an objective is unknown on this log, so no point can be compared"
    elif not first.figures["harmful_stopped"].denominator:
        yield "note: the log has no events labelled `harmful`, so nothing is said of harm stopped"


def sweep_chart(sweep: Sweep) -> alt.Chart:
    """Every point by the first two objectives, those that no other beats in colour.

    Raises UsageError where there are fewer than two objectives.
    """
    if len(sweep.objectives) < 2:
        raise UsageError("a chart of a trade-off needs two objectives")
    x, y = (o.figure for o in sweep.objectives[:2])
    best = set(sweep.frontier)
    rows = [
        {
            "x": p.figures[x].value,
            "y": p.figures[y].value,
            "point": ", ".join(f"{clean(n)} = {clean(_value(v))}" for n, v in p.params.items()),
            "kind": "no other is better" if at in best else "another is better",
        }
        for at, p in enumerate(sweep.points)
    ]
    kinds = ["no other is better", "another is better"]
    chart: alt.Chart = (
        OfflineChart(pl.DataFrame(rows, infer_schema_length=None))
        .mark_point(filled=True, size=60)
        .encode(
            x=alt.X("x:Q", title=FIGURES[x][1], axis=_axis(x)),
            y=alt.Y("y:Q", title=FIGURES[y][1], axis=_axis(y)),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=kinds, range=["#b3261e", "#9aa0a6"]), title="point"
            ),
            tooltip=["point:N", "x:Q", "y:Q"],
        )
        .properties(title=f"What does each value of {_names(sweep)} cost, and what does it stop?")
    )
    return chart


def _names(sweep: Sweep) -> str:
    return " and ".join(clean(name) for name in sweep.points[0].params)


def _axis(name: str) -> alt.Axis:
    return alt.Axis() if name == "held_per_day" else alt.Axis(format="%")
