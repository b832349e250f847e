"""Decisions a second of replay, of polars alone and of other engines, as SVG."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl

from tests.bench.figures import Results
from tests.bench.jobs import Job
from tests.bench.peers import PEERS

__all__ = ["draw"]

_COLOURS = {"govlab": "#b3261e", "polars alone": "#2f7ebc", "other engines": "#5f6368"}


def draw(results: Results, path: Path) -> None:
    """Writes the chart of `results` to `path`: one panel a number of rules, a log scale."""
    frame = pl.DataFrame(_points(results))
    order = frame.sort("rate", descending=True).get_column("engine").unique(maintain_order=True)
    y = alt.Y("engine:N", sort=order.to_list(), title=None)
    powers = [10**n for n in range(2, 9)]
    x = alt.X(
        "rate:Q",
        scale=alt.Scale(type="log", domain=_span(frame.get_column("rate").to_list())),
        axis=alt.Axis(values=powers, format="~s"),
        title="decisions a second (log scale)",
    )
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=[*_COLOURS], range=[*_COLOURS.values()])
    )
    points = alt.Chart(frame).mark_circle(size=90, opacity=1).encode(y=y, x=x, color=colour)
    words = points.mark_text(align="left", dx=8).encode(text=alt.Text("shown:N"))
    panels = [
        (points + words)
        .transform_filter(alt.datum.rules == rules)
        .properties(title=f"{rules} rules", width=330)
        for rules in frame.get_column("rules").unique().sort()
    ]
    alt.hconcat(*panels, title="How many decisions a second?").save(path, format="svg")


def _span(rates: list[float]) -> list[float]:
    """From the power of ten below, with room for words on the right."""
    return [10 ** math.floor(math.log10(min(rates))), 12 * max(rates)]


def _points(results: Results) -> list[dict[str, Any]]:
    rows = results.counts("rows", "govlab")[-1]
    lines: list[tuple[str, str, str, str]] = [
        ("govlab, rows in memory", "govlab", "memory", ""),
        ("govlab, Parquet to Parquet", "govlab", "govlab", ""),
        ("read and write, no decision", "polars alone", "read", ""),
        ("when/then by hand", "polars alone", "hand", ""),
        *((peer.name, "other engines", "peer", peer.name) for peer in PEERS),
    ]
    found = []
    for rules in results.counts("rules", "peer") or results.counts("rules", "govlab"):
        for engine, kind, what, peer in lines:
            job = Job(what, rules, 0 if peer else rows, peer)  # type: ignore[arg-type]
            rate = results.per_second(job)
            if rate is not None:
                found.append({"engine": engine, "kind": kind, "rules": rules, "rate": rate,
                              "shown": f"{rate:,.0f}"})  # fmt: skip
    return found
