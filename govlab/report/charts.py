"""Charts of results, as Altair objects: a question as the title, the finding below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import polars as pl

from govlab.errors import UsageError
from govlab.replays import Replay
from govlab.report.disclosure import allowed, plain
from govlab.report.offline import OfflineChart
from govlab.report.text import clean, cut, percent
from govlab.schema import DECISIONS

__all__ = ["COLOURS", "decisions_chart", "titled"]

# From restrictive to loose, then what no rule decided: told apart in grey and by colour-blind eyes.
COLOURS = {
    "DENY": "#a3161a",
    "REQUIRE_APPROVAL": "#f2a127",
    "REMEDIATE": "#5e2f8f",
    "ALLOW_WITH_CONSTRAINTS": "#5aa9e6",
    "ALLOW": "#1f7f5c",
    "no rule matched": "#a9aeb4",
    "could not be evaluated": "#4a4e54",
    "cannot be decided": "#e6e9ec",
}
_ON_LIGHT = ("REQUIRE_APPROVAL", "ALLOW_WITH_CONSTRAINTS", "no rule matched", "cannot be decided")
_ORIGINS = {
    "default": "no rule matched",
    "error": "could not be evaluated",
    "undecidable": "cannot be decided",
}
_INK, _PAPER, _LINE = "#1b1f24", "#ffffff", "#8a929c"
_LABELLED = 0.07  # the least share of a bar whose number fits into it
_CELLS = 40  # terminal cells of a label

Count = tuple[str, str, int]
"""A group, a kind of decision, events."""


def titled(chart: OfflineChart, question: str, finding: str) -> OfflineChart:
    """The chart under its question and finding, on white: a notebook may be dark around it."""
    said = alt.Title(question, subtitle=finding, anchor="start", fontSize=15, offset=10)
    drawn: OfflineChart = (
        chart.properties(title=said, background=_PAPER, padding=12)
        .configure_axis(
            labelColor=_INK,
            titleColor=_INK,
            domainColor=_LINE,
            tickColor=_LINE,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=300,
        )
        .configure_legend(labelColor=_INK, titleColor=_INK, labelFontSize=12, labelLimit=240)
        .configure_title(color=_INK, subtitleColor=_INK, subtitleFontSize=12)
        .configure_view(stroke=None)
    )
    return drawn


def decisions_chart(replay: Replay, column: str | None = None, *, most: int = 15) -> OfflineChart:
    """How the events were decided, in all or by each value of `column` (one of the replay's `by`).

    Shares of the events of each row; the `most` frequent values. Raises UsageError where the
    replay was not counted by `column`.
    """
    counts = _most_frequent(_counts(replay, column), most)
    frame = pl.DataFrame(_bars(counts), schema=_SCHEMA)
    kinds = [kind for kind in COLOURS if kind in set(frame.get_column("kind"))]
    order = frame.get_column("group").unique(maintain_order=True).to_list()
    base = alt.Chart(frame).encode(y=alt.Y("group:N", sort=order, title=_axis(column)))
    bars = base.mark_bar(stroke=_PAPER, strokeWidth=1).encode(
        x=alt.X("start:Q", axis=alt.Axis(format="%", tickCount=5), title="share of its events"),
        x2="end:Q",
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[COLOURS[kind] for kind in kinds]),
            title="decision",
        ),
        tooltip=["group:N", "kind:N", alt.Tooltip("events:Q", format=",")],
    )
    numbers = base.mark_text(fontSize=11).encode(
        x="middle:Q",
        text="label:N",
        color=alt.condition(
            alt.FieldOneOfPredicate("kind", list(_ON_LIGHT)), alt.value(_INK), alt.value(_PAPER)
        ),
    )
    what = f", by {column}" if column else f" under {replay.bundle.name}"
    layers = OfflineChart(layer=[bars, numbers]).properties(width=520)
    return titled(layers, f"How is each event decided{what}?", _finding(replay, counts))


_SCHEMA = {"group": pl.String, "kind": pl.String, "events": pl.Int64, "start": pl.Float64,
           "end": pl.Float64, "middle": pl.Float64, "label": pl.String}  # fmt: skip


def _axis(column: str | None) -> str:
    return f"{column} (events)" if column else ""


def _bars(counts: list[Count]) -> list[dict[str, Any]]:
    """Each part of each bar, with where it lies; parts without events are left out."""
    groups: dict[str, dict[str, int]] = {}
    for group, kind, n in counts:
        groups.setdefault(group, {})[kind] = n
    return [bar for group, found in groups.items() for bar in _parts(group, found)]


def _parts(group: str, found: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    whole, end = sum(found.values()), 0
    for kind in COLOURS:
        if events := found.get(kind):
            end += events
            yield _bar(
                f"{cut(group, _CELLS)} ({whole:,})", kind, events, end / whole, events / whole
            )


def _bar(group: str, kind: str, events: int, end: float, share: float) -> dict[str, Any]:
    label = f"{share * 100:.0f} %" if share >= _LABELLED else ""
    place = {"start": end - share, "end": end, "middle": end - share / 2}
    return {"group": group, "kind": kind, "events": events, **place, "label": label}


def _finding(replay: Replay, counts: list[Count]) -> str:
    """The coverage, and the group in which rules decide least."""
    events = replay.summary.events
    said = f"A rule decides {percent(replay.summary.origins['rule'], events)} of {events:,} events"
    whole, ruled = Counter[str](), Counter[str]()
    for group, kind, n in counts:
        whole[group] += n
        ruled[group] += n if kind in DECISIONS else 0
    shares = {group: ruled[group] / n for group, n in whole.items()}
    if len(set(shares.values())) < 2:  # none is less than another
        return said
    least = min(shares, key=lambda group: shares[group])
    return f"{said}; least in {least}: {percent(ruled[least], whole[least])}"


def _most_frequent(counts: list[Count], most: int) -> list[Count]:
    """Those of the first `most` groups that have events: groups come by their frequency."""
    kept = set(list(dict.fromkeys(group for group, _, n in counts if n))[:most])
    return [count for count in counts if count[0] in kept]


def _counts(replay: Replay, column: str | None) -> list[Count]:
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
