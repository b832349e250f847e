"""A sweep as text and as a chart: the trade-off first, every point behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import altair as alt
import polars as pl

from govlab.errors import UsageError
from govlab.report.charts import titled
from govlab.report.offline import OfflineChart
from govlab.report.scope import scope_lines
from govlab.report.text import clean, counted, cut, table
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


def sweep_chart(sweep: Sweep) -> OfflineChart:
    """Every place that a point has by the first two objectives; those unbeaten say their values.

    Raises UsageError where there are fewer than two objectives.
    """
    if len(sweep.objectives) < 2:
        raise UsageError("a chart of a trade-off needs two objectives")
    x, y = (o.figure for o in sweep.objectives[:2])
    frame = pl.DataFrame(_marks(sweep, x, y), infer_schema_length=None)
    base = alt.Chart(frame).encode(
        x=alt.X("x:Q", title=FIGURES[x][1], axis=_axis(x), scale=_scale(frame, "x")),
        y=alt.Y("y:Q", title=FIGURES[y][1], axis=_axis(y), scale=_scale(frame, "y")),
    )
    points = base.mark_point(filled=True, opacity=1).encode(
        color=_legend(alt.Color, ["#a3161a", "#a9aeb4"]),
        shape=_legend(alt.Shape, ["diamond", "circle"]),
        size=_legend(alt.Size, [140, 50]),
        tooltip=["points:N", "x:Q", "y:Q"],
    )
    named = base.mark_text(align="left", dx=9, dy=-7, fontSize=11).encode(text="label:N")
    question = f"What does each value of {_names(sweep)} cost, and what does it stop?"
    layers = OfflineChart(layer=[points, named]).properties(width=520, height=320)
    return titled(layers, question, _finding(sweep))


_BEST, _BEATEN = "no other is better", "another is better"
_CELLS = 40  # terminal cells of a label


def _legend(channel: Any, ways: list[Any]) -> Any:
    """One legend for colour, shape and size: what is told by one is told by all."""
    scale = alt.Scale(domain=[_BEST, _BEATEN], range=ways)
    return channel("kind:N", scale=scale, title="point", legend=alt.Legend(symbolOpacity=1))


def _scale(frame: pl.DataFrame, axis: str) -> alt.Scale:
    """Room around the marks; nothing is a bar, so that an axis need not begin at zero."""
    known = [value for value in frame.get_column(axis).to_list() if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = 0.12 * (high - low) or 0.1 * high or 1.0
    return alt.Scale(domain=[max(0.0, low - room), high + room], nice=True, zero=False)


def _marks(sweep: Sweep, x: str, y: str) -> list[dict[str, Any]]:
    """One row a place: points that lie on each other are one mark."""
    best = set(sweep.frontier)
    places: dict[tuple[bool, float | None, float | None], list[int]] = {}
    for at, point in enumerate(sweep.points):
        found = point.figures[x].value, point.figures[y].value
        places.setdefault((at not in best, *found), []).append(at)
    return [_mark(sweep, ats, beaten, found) for (beaten, *found), ats in places.items()]


def _mark(
    sweep: Sweep, ats: list[int], beaten: bool, found: Sequence[float | None]
) -> dict[str, Any]:
    several = len(sweep.points[0].params) > 1
    said = [_params(sweep.points[at], several) for at in ats]
    label = "" if beaten else cut(("; " if several else ", ").join(said), _CELLS)
    return {"x": found[0], "y": found[1], "kind": _BEATEN if beaten else _BEST,
            "points": "; ".join(said), "label": label}  # fmt: skip


def _params(point: Point, several: bool) -> str:
    """The values of a point, each with its name where there are several."""
    return ", ".join(
        f"{clean(name)} {clean(_value(value))}" if several else clean(_value(value))
        for name, value in point.params.items()
    )


def _finding(sweep: Sweep) -> str:
    best, every = len(sweep.frontier), len(sweep.points)
    return (
        f"{best:,} of {counted(every, 'point')} {'is' if best == 1 else 'are'} beaten by no other"
    )


def _names(sweep: Sweep) -> str:
    return " and ".join(clean(name) for name in sweep.points[0].params)


def _axis(name: str) -> alt.Axis:
    return alt.Axis(format="" if name == "held_per_day" else "%", tickCount=6, gridOpacity=0.5)
