"""A replay of one log under one bundle: its decisions, its counts, and the events behind them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from govlab.backends.columnar import assumed_rows
from govlab.bundle import Bundle
from govlab.cube.model import Cube
from govlab.errors import UsageError
from govlab.log.citation import Citation
from govlab.log.collect import collected
from govlab.log.kinds import Kinds
from govlab.plan import Plan
from govlab.replays.each import decide_one_by_one
from govlab.replays.notes import assumed_notes, copies_notes, cube_note
from govlab.replays.outcomes import Outcomes, origin
from govlab.replays.provenance import Provenance, added, provenance, with_assumed
from govlab.replays.rows import SCHEMA
from govlab.replays.shared import Shared
from govlab.replays.sink import sink_parquet
from govlab.replays.stream import LOG, Stream
from govlab.replays.summary import Summary, merged, summarise
from govlab.schema import MARKS
from govlab.selection import Scope

__all__ = ["SHOWN", "Replay", "period"]

_KEPT = "#kept"
SHOWN = ("ts", "run_id", "actor", "tool", "action", "resource", "args", "source_format")
"""Columns of a log that a list of events shows, beside what the deciding rule read."""


@dataclass(frozen=True)
class Replay:
    """The decisions of one bundle over one log; they are computed when they are asked for.

    `engine` names what decides; `by` the columns counted by. `scope` says which events of the log
    these are, `source` which log, where govlab wrote it.
    """

    bundle: Bundle
    plan: Plan
    engine: str
    by: tuple[str, ...]
    log: pl.LazyFrame
    shown: tuple[str, ...]
    state: str
    held: str
    scope: Scope = field(default_factory=Scope)
    source: Citation | None = None
    state_of_log: str | None = None
    keep: pl.Expr | None = None  # with history: which of the log's rows are reported
    kinds: Kinds | None = None  # of the rows of `log`
    cube: Cube | None = None  # where rows stand for many events: `log` are its rows
    shared: Shared | None = None  # what is known of the log's rows, also to other replays
    _taken: list[float] = field(default_factory=list)

    @cached_property
    def stream(self) -> Stream:
        """The decisions by columns, batch by batch; for bundles without history."""
        return Stream(self.plan, self.log, self.shown, self.kinds, self.key())

    def key(self) -> str | None:
        """What names the log's state, the bundle's meaning and what is assumed; None in memory."""
        log = self.state_of_log
        named = f"{log} {self.bundle.digest} {self.plan.assumptions}"
        return None if log is None else sha256(named.encode()).hexdigest()

    @cached_property
    def decided(self) -> pl.DataFrame:
        """A row an event, in the log's order, in memory: what `scan` reads."""
        start = time.perf_counter()
        decided = self.scan().collect() if self.engine == "columnar" else self._rows[1]
        self._taken.append(time.perf_counter() - start)
        return decided

    def scan(self) -> pl.LazyFrame:
        """The decisions frame, and `origin`, `assumed`, `lacks`, columns of the log as `log.`.

        `origin` is rule, default, error or undecidable; `assumed` says whether a decision rests on
        an assumption; `lacks` is what the decision rests on and
        the event lacks: `missing`, or what an undecidable one hangs on.
        """
        if self.engine != "columnar":
            return self._rows[1].lazy()
        return self.stream.frame()

    def columns(self) -> list[str]:
        """The columns of `scan`."""
        return self._rows[1].columns if self.engine != "columnar" else self.stream.schema().names()

    def parts(self, columns: Sequence[str], *keep: pl.Expr) -> Iterator[pl.DataFrame]:
        """`columns` of `scan` in the rows that `keep` chooses by them, part by part, few in memory
        (but with history all)."""
        if self.engine != "columnar":
            rows = self._rows[1].filter(keep) if keep else self._rows[1]
            return iter((rows.select(columns),))
        return self.stream.parts(columns, *keep)

    @property
    def frame(self) -> pl.LazyFrame:
        """The decisions frame (S22): event_id, decision, policy, rule, ... in the log's order.

        Only the columns that a query asks for are computed, batch by batch. Raises UsageError
        where the log was a cube.
        """
        self.refuse_cube()
        return self.scan().select(list(SCHEMA))

    @cached_property
    def summary(self) -> Summary:
        """The counts, from one pass over the log."""
        start = time.perf_counter()
        if self.cube is not None:
            counted = self._cubed(self.cube)
        elif (classes := self._classes) is not None:
            counted = classes.summary
        else:
            counted = self._counted()
        self._taken.append(time.perf_counter() - start)
        return counted

    @cached_property
    def _classes(self) -> Replay | None:
        """The replay of rows that each stand for all which are decided alike, if they are few."""
        cube = None if self.shared is None else self.shared.classes()
        if cube is None:
            return None
        rows = cube.rows
        return replace(self, log=rows.lazy(), shown=tuple(rows.columns), kinds=None, cube=cube,
                       shared=None, _taken=[])  # fmt: skip

    def _counted(self) -> Summary:
        def count(batch: pl.DataFrame, outcomes: Outcomes) -> Summary:
            return summarise(self.plan, batch, outcomes, self.by)

        if self.engine == "columnar":
            return merged(self.stream.counted(("tool", "action", MARKS[2], *self.by), count))
        frame, decided, begins = self._rows
        outcomes = Outcomes.each(decided)
        return merged([summarise(self.plan, frame, outcomes, self.by, begins)])

    def _cubed(self, cube: Cube) -> Summary:
        outcomes = self.stream.outcomes(cube.rows)
        counted = summarise(self.plan, cube.rows, outcomes, self.by, times=cube.counts)
        return merged([counted])

    def refuse_cube(self) -> None:
        """Raises UsageError where the log was a cube."""
        if self.cube is not None:
            raise UsageError("a cube holds no single events; replay the log itself for them")

    @cached_property
    def _rows(self) -> tuple[pl.DataFrame, pl.DataFrame, datetime | None]:
        """With history the whole log is decided, whatever is reported; and when the log begins."""
        keep = pl.lit(True) if self.keep is None else self.keep
        whole = collected(self.log.with_columns(keep.alias(_KEPT)))
        kept, frame = whole.get_column(_KEPT), whole.drop(_KEPT)
        decided = decide_one_by_one(self.plan, frame, self.state, self.held)
        begins = frame.get_column("ts").min() if "ts" in frame.columns else None
        beside = frame.select(pl.all().name.prefix(LOG))
        together = pl.concat([decided, beside], how="horizontal").with_columns(origin())
        together = with_assumed(self.plan, assumed_rows(self.plan, frame), together)
        start = begins if isinstance(begins, datetime) else None
        return frame.filter(kept), together.filter(kept), start

    @property
    def seconds(self) -> float:
        """Wall time that deciding has taken so far."""
        return sum(self._taken)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What to keep in mind about the numbers."""
        taken = tuple(assumed_notes(self.bundle, self.plan))
        if self.cube is not None:
            return (*taken, cube_note(self.cube))
        return (*taken, *copies_notes(self.log))

    def events(
        self,
        decision: str | None = None,
        *,
        rule: str | None = None,
        origin: str | None = None,
        event_id: str | None = None,
    ) -> pl.DataFrame:
        """The events behind a number: those decided so, by that rule, from that origin."""
        self.refuse_cube()
        wanted = {"decision": decision, "rule": rule, "origin": origin, "event_id": event_id}
        found = self.scan().filter(*(pl.col(k) == v for k, v in wanted.items() if v is not None))
        return found.collect()

    def sink(self, out: Path) -> None:
        """Writes the decisions frame as Parquet, part by part.

        All of it is there in the end or nothing; a run that was interrupted is taken up again
        where the log is one on disk, and neither log nor bundle has changed.
        """
        if self.engine == "columnar":
            sink_parquet(self.stream, out, self.key())
        else:
            self.frame.collect().write_parquet(out)

    def provenance(self) -> tuple[Provenance, ...]:
        """Of every attribute that the bundle reads, where its values come from (J5)."""
        if self._classes is not None:
            return self._classes.provenance()
        if self.engine != "columnar":
            return provenance(self.plan, self.decided)
        if self.cube is None:
            return added(self.stream.provenance())
        rows = self.cube.rows.select(pl.all().name.prefix(LOG))
        return provenance(self.plan, rows, self.cube.counts)

    def to_dict(self) -> dict[str, Any]:
        """The counts of `govlab replay --json` (S22, J1); `seconds` is wall time."""
        named = {
            "name": self.bundle.name,
            "version": self.bundle.version,
            "digest": self.bundle.digest,
        }
        counts = self.summary.to_dict()
        counts["replayability"]["attributes"] = [p.to_dict() for p in self.provenance()]
        return {
            "bundle": named,
            "scope": self.scope.to_dict(self.summary.events, self.period(), self.source),
            "source": self.source.to_dict() if self.source else None,
            "assumptions": [{"name": n, "value": v} for n, v in self.plan.assumptions],
            **counts,
            "engine": self.engine,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }

    def period(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest time of the events (UTC); None where none has a time."""
        if self.cube is not None:
            return self.cube.origin.period()
        if self.engine != "columnar":
            return period(self.decided)
        if "ts" not in self.log.collect_schema():
            return None, None
        ends = self.log.select(oldest=pl.col("ts").min(), newest=pl.col("ts").max())
        return period(collected(ends, in_pieces=True).unpivot(value_name="log.ts"))

    def formats(self) -> frozenset[str]:
        """The formats of the events' sources, as far as the log tells them."""
        log = self.log if self.engine == "columnar" else self._rows[0].lazy()
        if "source_format" not in log.collect_schema():
            return frozenset()
        found = log.select(pl.col("source_format").cast(pl.String).unique().drop_nulls())
        return frozenset(collected(found, in_pieces=True).to_series())

    def chart(self, column: str | None = None) -> Any:
        """An Altair chart of the decisions, in all or by a column the replay was counted by."""
        from govlab.report.charts import decisions_chart  # noqa: PLC0415  # drawn on demand

        return decisions_chart(self, column)

    def __repr__(self) -> str:
        from govlab.report.replay import replay_text  # noqa: PLC0415  # reports are drawn on demand

        return replay_text(self, show=0)

    def _repr_html_(self) -> str:
        from govlab.report.replay import replay_html  # noqa: PLC0415  # as above

        return replay_html(self)


def period(decided: pl.DataFrame) -> tuple[datetime | None, datetime | None]:
    """The oldest and the newest `log.ts` of decided events; None where none has a time."""
    if "log.ts" not in decided.columns:
        return None, None
    ts = decided.get_column("log.ts")
    oldest, newest = ts.min(), ts.max()
    if not isinstance(oldest, datetime) or not isinstance(newest, datetime):
        return None, None
    return oldest, newest
