"""The rows of a log that a scorecard is of, and what they come to: read whole, or day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial as bound
from pathlib import Path
from typing import Any

import polars as pl

from govlab.assess.asking import Asked
from govlab.assess.daily import Day, depends_on, read_days, together
from govlab.assess.projection import Projection
from govlab.assess.reading import Beside, knowing, reduced
from govlab.assess.snapshots import beside_of
from govlab.assess.telling import told_by
from govlab.errors import UsageError
from govlab.kpi.knowledge import Knowledge, Told
from govlab.kpi.spec import Spec
from govlab.log.cached import open_log
from govlab.log.conform import conformed
from govlab.plan import compile_plan
from govlab.replays.selected import selected_of
from govlab.scheduled import History, Period
from govlab.selection import Scope

__all__ = ["Rows", "Source", "source_of"]


@dataclass(frozen=True, slots=True)
class Source:
    """A log that is open."""

    frame: pl.LazyFrame
    folder: Path | None
    path: Path | None = None


def source_of(log: Any) -> Source:
    """The log at a path, or that a frame or table is."""
    if not isinstance(log, str | Path):
        return Source(conformed(log), None)
    opened = open_log(log)
    return Source(opened.frame, opened.folder, Path(log).expanduser())


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that were asked for, and what a registry and an organisation file tell of them."""

    source: Source
    asked: Asked
    scope: Scope
    frame: pl.LazyFrame
    told: Told

    @staticmethod
    def of(source: Source, asked: Asked) -> Rows:
        """The rows of the log. Raises UsageError for a filter that is none."""
        declared = asked.bundle.readable() if asked.bundle else {}
        chosen = selected_of(
            source.frame, source.folder, asked.selection, declared=declared, org=asked.org
        )
        frame, told = told_by(asked.registry, chosen.frame, chosen.scope.derived)
        return Rows(source, asked, chosen.scope, frame, told)

    def read(self, spec: Spec) -> tuple[Day, Knowledge]:
        """What the rows come to for the figures of `spec`, and what their sources can tell."""
        beside, _ = self._beside()
        known = knowing(self.frame, spec, folder=self.source.folder, beside=beside, told=self.told)
        if self.asked.history is None:
            return self._reduced(self.frame, spec, known), known
        return self._by_day(self.asked.history, spec, known), known

    def _by_day(self, history: History, spec: Spec, known: Knowledge) -> Day:
        log = self.source.folder or self.source.path
        if log is None or not log.exists():
            raise UsageError("a history is kept of a log on disk; name its folder or file")
        depends = depends_on(self.asked, spec, known, self.source.folder)
        day = bound(self._day, spec=spec, known=known)
        found = read_days(history, log, self.scope, depends, day)
        return together(found or [self._reduced(self.frame.clear(), spec, known)])

    def _day(self, scan: pl.LazyFrame, cut: Period, *, spec: Spec, known: Knowledge) -> Day:
        """What is chosen of a piece of the log, as it is chosen of the whole."""
        since, until = cut
        chosen = replace(self.asked.selection, since=since, until=until, last=None, as_of=None)
        asked = replace(self.asked, selection=chosen)
        rows = Rows.of(replace(self.source, frame=scan), asked)
        return self._reduced(rows.frame, spec, known)

    def _reduced(self, frame: pl.LazyFrame, spec: Spec, known: Knowledge) -> Day:
        beside, projection = self._beside()
        whole = reduced(frame, spec, known, tz=self.scope.tz, beside=beside)
        return Day(whole) if projection is None else Day(whole, *projection.taken())

    def _beside(self) -> tuple[tuple[Beside, ...], Projection | None]:
        """What the bundle says of each batch, counted for a projection as it passes.

        A bundle that reads history is replayed by itself.
        """
        bundle = self.asked.bundle
        if bundle is None or bundle.features():
            return (), None
        projection = Projection(bundle, self.asked.cuts, self.scope.tz)
        said = beside_of(compile_plan(bundle))

        def put(batch: pl.DataFrame) -> pl.DataFrame:
            decided = said.put(batch)
            projection.take(decided)
            return decided

        return (replace(said, put=put),), projection
