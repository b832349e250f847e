"""Charts of results, as Altair objects; a chart's title is its question."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
from altair.utils.mimebundle import spec_to_mimebundle

from govlab.errors import UsageError
from govlab.replays import Replay
from govlab.report.disclosure import allowed, plain
from govlab.report.text import clean
from govlab.schema import DECISIONS

__all__ = ["COLOURS", "OfflineChart", "decisions_chart"]

# From restrictive to loose, then what no rule decided: told apart in grey and by colour-blind eyes.
COLOURS = {
    "DENY": "#b3261e",
    "REQUIRE_APPROVAL": "#e08a00",
    "REMEDIATE": "#7b4fa3",
    "ALLOW_WITH_CONSTRAINTS": "#2f7ebc",
    "ALLOW": "#3a9c6b",
    "no rule matched": "#9aa0a6",
    "could not be evaluated": "#5f6368",
    "cannot be decided": "#d0d4d9",
}
_ORIGINS = {
    "default": "no rule matched",
    "error": "could not be evaluated",
    "undecidable": "cannot be decided",
}


class OfflineChart(alt.Chart):
    """An Altair chart that a notebook shows as SVG: Altair's default page loads its script.

    A subclass, because Altair looks for nothing else to show a chart by.
    """

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        spec = self.to_dict(context={"pre_transform": False})
        shown: dict[str, str] = spec_to_mimebundle(spec, format="svg", mode="vega-lite")
        return shown


def decisions_chart(replay: Replay, column: str | None = None, *, most: int = 15) -> alt.Chart:
    """How the events were decided, in all or by each value of `column` (one of the replay's `by`).

    Shares of the events of each row; the `most` frequent values. Raises UsageError where the
    replay was not counted by `column`.
    """
    rows = _counts(replay, column)
    frame = pl.DataFrame(
        rows, schema={"group": pl.String, "kind": pl.String, "events": pl.Int64}, orient="row"
    )
    order = list(dict.fromkeys(frame.get_column("group").to_list()))[:most]
    what = f", by {column}" if column else f" under {replay.bundle.name}"
    chart: alt.Chart = (
        OfflineChart(frame.filter(pl.col("group").is_in(order)))
        .mark_bar()
        .encode(
            x=alt.X(
                "events:Q", stack="normalize", axis=alt.Axis(format="%"), title="share of events"
            ),
            y=alt.Y("group:N", sort=order, title=column or ""),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                title="decision",
            ),
            order=alt.Order("rank:Q"),
            tooltip=["group:N", "kind:N", alt.Tooltip("events:Q", format=",")],
        )
        .transform_calculate(rank=f"indexof({list(COLOURS)}, datum.kind)")
        .properties(title=f"How is each event decided{what}?", width=520)
    )
    return chart


def _counts(replay: Replay, column: str | None) -> list[tuple[str, str, int]]:
    s = replay.summary
    if column is None:
        return [
            *((clean(replay.bundle.name), d, s.decisions[d]) for d in DECISIONS),
            *((clean(replay.bundle.name), words, s.origins[o]) for o, words in _ORIGINS.items()),
        ]
    groups = [g for g in s.by if g.column == column]
    if not groups:
        raise UsageError(f'this replay was not counted by `{column}`; pass `by=["{column}"]`')
    return [
        (plain(g.value), kind, n)
        for g in allowed(groups).groups
        for kind, n in (
            *((d, g.decisions[d]) for d in DECISIONS),
            *((words, g.origins[o]) for o, words in _ORIGINS.items()),
        )
    ]
