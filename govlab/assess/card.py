"""The scorecard: the figures of a log in words, and what the log cannot tell (S23, J15)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from govlab.assess.commands import Asking
from govlab.assess.comparison import Change, changes
from govlab.assess.controls import Control, Standing, shipped_controls, standing
from govlab.assess.events import Side, behind, figure_named
from govlab.assess.findings import SHOWN, Finding
from govlab.assess.gaps import Gaps
from govlab.assess.maturity import Judgement, Maturity
from govlab.assess.projection import Projected
from govlab.assess.sentences import sentence
from govlab.assess.targets import Status
from govlab.audit.retention import retention
from govlab.errors import UsageError
from govlab.kpi.catalog import FIGURES
from govlab.kpi.knowledge import Told
from govlab.kpi.model import Figure, Quantile, Stored, Value

__all__ = ["Comparison", "Judged", "Scorecard", "compared", "read_card"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A figure with its value and how that stands against its target."""

    figure: Figure
    value: Value
    status: Status

    @property
    def sentence(self) -> str:
        """What the value says in plain words."""
        return sentence(self.figure, self.value)

    def to_dict(self) -> dict[str, Any]:
        """The row of `govlab scorecard --json`."""
        figure = self.figure
        return {
            "id": figure.id,
            "family": figure.family,
            "question": figure.question,
            "unit": figure.unit,
            **_numbers(self.value),
            "deff": self.value.deff,
            "clusters": self.value.clusters,
            "better": figure.better,
            "status": self.status,
            "board": figure.board,
            "sentence": self.sentence,
            "why": figure.why,
            "next_step": figure.next_step,
            "owner": figure.owner,
        }


def _numbers(value: Value) -> dict[str, Any]:
    names = ("value", "numerator", "denominator", "unknown", "low", "high")
    return {name: getattr(value, name) for name in names}


def _parts(values: Sequence[Value]) -> list[dict[str, Any]]:
    return [{"id": value.id, "at": value.at, **_numbers(value)} for value in values]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes against another period or an earlier scorecard, whose scope is kept."""

    scope: Mapping[str, Any]
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"with": dict(self.scope), "figures": [one.to_dict() for one in self.changes]}


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All figures of a log: `figures` for all of it, `cuts` for the values of each cut."""

    figures: tuple[Judged, ...]
    maturity: Maturity
    cuts: Mapping[str, tuple[Value, ...]]
    findings: tuple[Finding, ...]
    unknown: Gaps
    scope: Mapping[str, Any]
    comparison: Comparison | None = None
    projected: Projected | None = None
    rows: pl.LazyFrame | None = field(default=None, repr=False, compare=False)
    folder: Path | None = field(default=None, repr=False, compare=False)
    told: Told | None = field(default=None, repr=False, compare=False)
    asking: Asking = field(default_factory=Asking, repr=False, compare=False)

    def __repr__(self) -> str:
        from govlab.report.figures import scorecard_text  # noqa: PLC0415  # only when drawn

        return scorecard_text(self)

    def _repr_html_(self) -> str:
        from govlab.report.scorecard import Sheet, sheet_fragment  # noqa: PLC0415  # only when drawn

        return sheet_fragment(Sheet.of(self.to_dict()))

    def chart(self, name: str = "decisions") -> Any:
        """An Altair chart of the page: `decisions`, `denials`, `waits`, `questions`, ...

        Raises UsageError where there is none of that name, or too little to draw.
        """
        from govlab.report.scorecard import Sheet, named  # noqa: PLC0415  # only when drawn

        return named(Sheet.of(self.to_dict()), name)

    def figure(self, name: str) -> Judged:
        """The figure with that id. Raises UsageError where there is none."""
        wanted = figure_named(name)
        return next(judged for judged in self.figures if judged.figure is wanted)

    def board(self) -> tuple[Judged, ...]:
        """The figures of the first page."""
        return tuple(judged for judged in self.figures if judged.figure.board)

    def standing(self) -> dict[str, str]:
        """What warns, fails or cannot be told: the status of each such figure."""
        return {j.figure.id: j.status for j in self.figures if j.status not in ("pass", "none")}

    def events(self, name: str, side: Side = "numerator") -> pl.DataFrame:
        """The rows of the log behind a figure, in its order.

        Of figures of runs or keys these are their actions. Raises UsageError for a figure or side
        that does not exist.
        """
        if self.rows is None:
            raise UsageError("this scorecard was read from a file: it has no events")
        return behind(self.rows, name, side, folder=self.folder, told=self.told).collect()

    def counter_examples(self, judged: Judgement, most: int = 3) -> list[dict[str, Any]]:
        """The first events that speak against a maturity criterion; none of stored checks."""
        measure = FIGURES[judged.criterion.figure].measure
        if self.rows is None or isinstance(measure, Stored | Quantile):
            return []
        named, side = judged.criterion.figure, judged.against
        rows = behind(self.rows, named, side, folder=self.folder, told=self.told)
        have = [n for n in SHOWN if n in self.rows.collect_schema().names()]
        return rows.select(have).head(most).cast({pl.Categorical: pl.String}).collect().to_dicts()

    @property
    def as_of(self) -> datetime | None:
        """The end of the period, or the newest time of its events."""
        said = self.scope["as_of"]
        return datetime.fromisoformat(said) if said else None

    def controls(self, catalogue: Sequence[Control] | None = None) -> tuple[Standing, ...]:
        """What the log supports of the controls of a catalogue, govlab's own where none is given.

        How far events reach back is that of the events reported; unknown where they are not at
        hand.
        """
        kept = retention(self.rows) if self.rows is not None else []
        values = [judged.value for judged in self.figures]
        return standing(catalogue or shipped_controls(), values, kept, self.as_of, self.asking)

    def to_dict(self) -> dict[str, Any]:
        """The JSON twin (metrics 9)."""
        return {
            "scope": dict(self.scope),
            "figures": [judged.to_dict() for judged in self.figures],
            "maturity": self.maturity.to_dict(),
            "findings": [finding.to_dict() for finding in self.findings],
            "unknown": self.unknown.to_dict(),
            "comparison": self.comparison.to_dict() if self.comparison else None,
            "projected": _projected(self.projected) if self.projected else None,
            "cuts": {cut: _parts(values) for cut, values in self.cuts.items()},
        }


def _projected(found: Projected) -> dict[str, Any]:
    bundle, whole = found.bundle, [value for value in found.values if value.cut is None]
    events = sum(found.replay.values())
    return {
        "bundle": {"name": bundle.name, "version": bundle.version, "digest": bundle.digest},
        "replay": {**found.replay, "events": events},
        "figures": [Judged(figure_named(v.id), v, "none").to_dict() for v in whole],
        "cuts": {
            cut: _parts([value for value in found.values if value.cut == cut])
            for cut in dict.fromkeys(v.cut for v in found.values if v.cut is not None)
        },
    }


def read_card(path: Path) -> dict[str, Any]:
    """The scorecard that `govlab scorecard --json` wrote. Raises UsageError where it is none."""
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"`{path}` cannot be read as a scorecard: {error}") from None
    if not isinstance(card, dict) or not {"scope", "figures", "cuts"} <= card.keys():
        raise UsageError(f"`{path}` is no scorecard; write one with `govlab scorecard LOG --json`")
    return card


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """What changed from one scorecard, as `to_dict` gives it, to another."""
    return Comparison(before["scope"], changes(before, after))
