"""The replay itself: read the columns a bundle needs, decide batch by batch, keep the order."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from govlab.backends.columnar import needed
from govlab.bundle import Bundle, load_bundle
from govlab.cube.model import Cube
from govlab.errors import UsageError, did_you_mean
from govlab.history import HELD, STATES
from govlab.log.citation import Citation, cite
from govlab.log.collect import collected
from govlab.log.cubefile import is_cube
from govlab.log.kinds import Kinds
from govlab.log.whole import Whole, whole_log
from govlab.plan import Plan, compile_plan
from govlab.plan.assume import with_assumptions
from govlab.replays.each import decide_one_by_one
from govlab.replays.notes import assumed_notes, copies_notes, cube_note
from govlab.replays.provenance import Provenance, provenance, with_assumed
from govlab.replays.rows import SCHEMA
from govlab.replays.selected import selected_of
from govlab.replays.sink import sink_parquet
from govlab.replays.stream import LOG, Stream
from govlab.replays.summary import Summary, merged, origin, summarise
from govlab.replays.weighted import counted_provenance, layers, weighted
from govlab.schema import LIST_TEXT, MARKS, RUNS
from govlab.selection import Scope, Selected, Selection
from govlab.selection.model import Instant

__all__ = ["SHOWN", "Replay", "period", "replay", "replay_selection"]

_COUNTED = ("decision", "rule", "matched", "origin", "lacks", "assumed")
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
    _taken: list[float] = field(default_factory=list)

    @cached_property
    def _stream(self) -> Stream:
        return Stream(self.plan, self.log, self.shown, self.kinds)

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
        return self._stream.frame()

    @property
    def frame(self) -> pl.LazyFrame:
        """The decisions frame (S22): event_id, decision, policy, rule, ... in the log's order.

        Only the columns that a query asks for are computed, batch by batch. Raises UsageError
        where the log was a cube.
        """
        self._single_events()
        return self.scan().select(list(SCHEMA))

    @cached_property
    def summary(self) -> Summary:
        """The counts, from one pass over the log."""
        start = time.perf_counter()
        if self.cube is not None:
            counted = self._cubed(self.cube)
            self._taken.append(time.perf_counter() - start)
            return counted
        if self.engine == "columnar":
            columns = [c for c in self._stream.schema() if c in _COUNTED or c in self._keys()]
            parts = [
                summarise(self.plan, batch, decided, self.by)
                for batch, decided in self._stream.batches(columns)
            ]
        else:
            frame, decided, begins = self._rows
            parts = [summarise(self.plan, frame, decided, self.by, begins)]
        if not parts:
            nothing = self._stream.empty()
            parts = [summarise(self.plan, *nothing, self.by)]
        self._taken.append(time.perf_counter() - start)
        return merged(parts)

    def _cubed(self, cube: Cube) -> Summary:
        rows, decided = cube.rows, self.decided
        empty = summarise(self.plan, rows[:0], decided[:0], self.by)
        parts = layers(cube.counts, lambda at: summarise(self.plan, rows[at], decided[at], self.by))
        return weighted(parts or [(1, empty)])

    def _single_events(self) -> None:
        if self.cube is not None:
            raise UsageError("a cube holds no single events; replay the log itself for them")

    def _keys(self) -> set[str]:
        return {LOG + name for name in ("tool", "action", MARKS[2], *self.by)}

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
        together = with_assumed(self.plan, frame, together)
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
        self._single_events()
        wanted = {"decision": decision, "rule": rule, "origin": origin, "event_id": event_id}
        found = self.scan().filter(*(pl.col(k) == v for k, v in wanted.items() if v is not None))
        return found.collect()

    def sink(self, out: Path) -> None:
        """Writes the decisions frame as Parquet, part by part.

        All of it is there in the end or nothing; a run that was interrupted is taken up again
        where the log is one on disk, and neither log nor bundle has changed.
        """
        if self.engine == "columnar":
            log = self.state_of_log
            key = (
                None if log is None else sha256(f"{log} {self.bundle.digest}".encode()).hexdigest()
            )
            sink_parquet(self._stream, out, key)
        else:
            self.frame.collect().write_parquet(out)

    def provenance(self) -> tuple[Provenance, ...]:
        """Of every attribute that the bundle reads, where its values come from (J5)."""
        if self.cube is None:
            return provenance(self.plan, self.decided)
        parts = layers(self.cube.counts, lambda rows: provenance(self.plan, self.decided[rows]))
        return counted_provenance(parts)

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
        return period(collected(ends.unpivot(value_name="log.ts")))

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


def replay(  # noqa: PLR0913  the options of the command, one argument each
    log: Any,
    bundle: Bundle | str | Path,
    *,
    by: Sequence[str] = (),
    state: str = "counterfactual",
    held: str = "recorded",
    where: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    last: str | None = None,
    as_of: Instant | None = None,
    tz: str = "UTC",
    assume: Mapping[str, Any] | None = None,
    default: str | None = None,
) -> Replay:
    """Every event of `log` decided under `bundle`, and those reported that the filters choose.

    `log` is a path, a `LazyFrame`, a `DataFrame`, an Arrow table or a cube; `by` names columns to
    count decisions by; `state` and `held` say how history features see earlier decisions (S8).
    `where` is CEL over every column; `since` is in, `until` is out; `last` is a span such as
    `30d`, counted from the newest event or `as_of`; days begin in the zone `tz` (J2). To explore,
    `assume` gives values to attributes that are absent or unknown, and `default` is ALLOW, DENY or
    REQUIRE_APPROVAL: what rests on them is counted as assumed, never as exact.

    Raises UsageError for a column, state or filter that does not exist and a value that is not of
    its attribute's type, LogError where the log
    cannot be read, BundleError where the bundle does not load.

    >>> import polars as pl
    >>> log = pl.DataFrame({"tool": ["aws-cli", "calculator"], "env": ["production", "dev"]})
    >>> replay(log, "prod-safety").summary.events
    2
    >>> replay(log, "prod-safety", where="env == 'dev'").summary.events
    1
    """
    asked = Selection(where, since, until, last, as_of, tz)
    return replay_selection(
        log, bundle, asked, by=by, state=state, held=held, assume=assume, default=default
    )


def replay_selection(  # noqa: PLR0913  as above
    log: Any,
    bundle: Bundle | str | Path,
    selection: Selection,
    *,
    by: Sequence[str] = (),
    state: str = "counterfactual",
    held: str = "recorded",
    assume: Mapping[str, Any] | None = None,
    default: str | None = None,
    org: Bundle | None = None,
) -> Replay:
    """As `replay`, with its filters as one value; `org` derives attributes before the bundle."""
    _check(state, STATES, "state")
    _check(held, HELD, "held")
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    if isinstance(log, Cube) or is_cube(log):
        from govlab.replays.cubed import (  # noqa: PLC0415  # it makes a `Replay`
            refuse_with_cube,
            replay_cube,
        )

        refuse_with_cube("an organisation file", org)
        return replay_cube(log, loaded, selection, by=by, assume=assume, default=default)
    plan = with_assumptions(compile_plan(loaded), assume or {}, default)
    selected, whole = _selected(log, loaded, selection, tuple(by), org)
    history = plan.has_history()
    frame = selected.log if history else selected.frame
    have = [n for n in frame.collect_schema().names() if not n.endswith(LIST_TEXT)]
    _check_columns(by, have)
    beside = (*by, *(n for n in selected.scope.columns() if n in have))
    if history:  # what became of earlier events counts, so every column may
        frame, shown = frame.select(have), tuple(have)
    else:
        wanted = ("event_id", *needed(plan), MARKS[2], *SHOWN, *beside)
        shown = tuple(n for n in dict.fromkeys(wanted) if n in have)
    return Replay(
        loaded,
        plan,
        "scalar" if history else "columnar",
        tuple(by),
        frame,
        shown,
        state,
        held,
        selected.scope,
        cite(log) if isinstance(log, str | Path) else None,
        None if whole.state is None else f"{whole.state} {selection}",
        selected.keep if history else None,
        whole.kinds if frame is whole.frame else None,
    )


def _selected(
    log: Any, bundle: Bundle, selection: Selection, by: tuple[str, ...], org: Bundle | None
) -> tuple[Selected, Whole]:
    """The log with what of its runs is asked for, and which of its rows are reported; and the log
    as it is on disk, where nothing was derived."""
    path = log if isinstance(log, str | Path) else None
    whole = whole_log(log, bundle.readable())
    if org is not None:  # what is derived stands in no list's text, and in no log on disk
        names = whole.frame.collect_schema().names()
        whole = Whole(whole.frame.select(n for n in names if not n.endswith(LIST_TEXT)), None, None)
    declared = bundle.readable()
    return selected_of(whole.frame, path, selection, declared=declared, by=by, org=org), whole


_KEPT = "#kept"


def _check(word: str, allowed: tuple[str, ...], what: str) -> None:
    if word not in allowed:
        raise UsageError(f"`{word}` is no {what}; use {' or '.join(allowed)}")


def _check_columns(by: Sequence[str], have: Sequence[str]) -> None:
    for name in by:
        if name not in have:
            raise UsageError(
                f"the log has no column `{name}` to count by; "
                f"{did_you_mean(name, _known(have)) or 'it has ' + ', '.join(have[:12])}"
            )


def _known(have: Sequence[str]) -> list[str]:
    """The columns of the log, and of its runs."""
    return [*have, *(f"run.{name}" for name in RUNS)]
