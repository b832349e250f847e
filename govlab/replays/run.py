"""The replay itself: read the columns a bundle needs, decide batch by batch, keep the order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govlab.backends.columnar import decide_frame, needed, open_frame
from govlab.backends.reference import Asked, hangs_on
from govlab.bundle import Bundle, load_bundle
from govlab.errors import LogError, UsageError, did_you_mean
from govlab.history import HELD, STATES, decide_each
from govlab.log.conform import as_frame, conform
from govlab.log.scan import scan_log
from govlab.plan import Plan, compile_plan
from govlab.replays.rows import SCHEMA, decisions_frame, events, unknown_columns
from govlab.replays.summary import Summary, origin, summarise

__all__ = ["Replay", "replay"]

BATCH = 1_000_000  # rows decided at once, about; what is fixed per batch is some 0.4 s
# what a list of events shows, beside what the deciding rule read
_SHOWN = ("ts", "run_id", "actor", "tool", "action", "resource", "args", "source_format")


@dataclass(frozen=True, slots=True)
class Replay:
    """The decisions of one bundle over one log.

    `decided` has a row an event, in the log's order: the decisions frame, `origin` (rule, default,
    error or undecidable), `lacks` (what the decision rests on and the event lacks: `missing`, or
    what an undecidable one hangs on), and of the log the columns shown or grouped by, as `log.`.
    """

    bundle: Bundle
    plan: Plan
    decided: pl.DataFrame
    summary: Summary
    engine: str
    seconds: float
    notes: tuple[str, ...]

    @property
    def frame(self) -> pl.LazyFrame:
        """The decisions frame (S22): event_id, decision, policy, rule, ... in the log's order."""
        return self.decided.lazy().select(list(SCHEMA))

    def events(
        self, decision: str | None = None, *, rule: str | None = None, origin: str | None = None
    ) -> pl.DataFrame:
        """The events behind a number: those decided so, by that rule, from that origin."""
        wanted = {"decision": decision, "rule": rule, "origin": origin}
        return self.decided.filter(*(pl.col(k) == v for k, v in wanted.items() if v is not None))

    def to_dict(self) -> dict[str, Any]:
        """The counts of `govlab replay --json` (S22, J1); `seconds` is wall time."""
        named = {
            "name": self.bundle.name,
            "version": self.bundle.version,
            "digest": self.bundle.digest,
        }
        return {
            "bundle": named,
            **self.summary.to_dict(),
            "engine": self.engine,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }

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


def replay(
    log: Any,
    bundle: Bundle | str | Path,
    *,
    by: Sequence[str] = (),
    state: str = "counterfactual",
    held: str = "recorded",
) -> Replay:
    """Every event of `log` decided under `bundle`.

    `log` is a path, a `LazyFrame`, a `DataFrame` or an Arrow table; `by` names columns of the log
    to count decisions by; `state` and `held` say how history features see earlier decisions (S8).

    Raises UsageError for a column or state that does not exist, LogError where the log cannot be
    read, BundleError where the bundle does not load.

    >>> import polars as pl
    >>> log = pl.DataFrame({"tool": ["aws-cli", "calculator"], "env": ["production", "dev"]})
    >>> replay(log, "prod-safety").summary.events
    2
    """
    start = time.perf_counter()
    _check(state, STATES, "state")
    _check(held, HELD, "held")
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    plan = compile_plan(loaded)
    frame = _read(log, plan, tuple(by))
    if plan.has_history():
        decided, engine = _one_by_one(plan, frame, state, held), "reference"
        notes: tuple[str, ...] = (
            "the bundle reads history: decided event by event on the "
            "reference engine, which is slow on large logs",
        )
    else:
        decided, engine, notes = _in_batches(plan, frame), "columnar", ()
    together = pl.concat(
        [decided, frame.select(pl.all().name.prefix("log."))], how="horizontal"
    ).with_columns(origin())
    summary = summarise(plan, frame, together, tuple(by))
    notes = (*notes, *_notes(loaded), *_copies(frame))
    return Replay(loaded, plan, together, summary, engine, time.perf_counter() - start, notes)


def _check(word: str, allowed: tuple[str, ...], what: str) -> None:
    if word not in allowed:
        raise UsageError(f"`{word}` is no {what}; use {' or '.join(allowed)}")


def _notes(bundle: Bundle) -> tuple[str, ...]:
    lookups = [k.name for member in bundle.chain() for k in member.lookups]
    if not lookups:
        return ()
    return (f"lookups ({', '.join(lookups)}) are as of this bundle, applied to the whole log",)


def _copies(frame: pl.DataFrame) -> Iterator[str]:
    """What a table that was not ingested may hold: ids that stand in more than one row."""
    if "event_id" not in frame.columns or "source_format" in frame.columns:
        return
    ids = frame.get_column("event_id").drop_nulls()
    if copies := len(ids) - ids.n_unique():
        yield (
            f"{copies:,} rows have the `event_id` of another and are counted too; "
            "`govlab ingest` drops copies and keeps contradictions apart"
        )


def _read(log: Any, plan: Plan, by: tuple[str, ...]) -> pl.DataFrame:
    """The columns needed, shown or grouped by, in the log's order."""
    scanned = scan_log(log) if isinstance(log, str | Path) else conform(as_frame(log))
    have = scanned.collect_schema().names()
    for name in by:
        if name not in have:
            raise UsageError(
                f"the log has no column `{name}` to count by; "
                f"{did_you_mean(name, have) or 'it has ' + ', '.join(have[:12])}"
            )
    if plan.has_history():  # what became of earlier events counts, so every column may
        return _collected(scanned)
    wanted = dict.fromkeys(("event_id", *needed(plan), *_SHOWN, *by))
    return _collected(scanned.select([name for name in wanted if name in have]))


def _collected(frame: pl.LazyFrame) -> pl.DataFrame:
    try:
        return frame.collect()
    except pl.exceptions.ComputeError as error:  # a file that is damaged behind its schema
        why = str(error).partition("\n")[0]
        raise LogError(f"the log cannot be read: {why}; ingest its sources again") from error


def _in_batches(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    size = max(-(-frame.height // max(round(frame.height / BATCH), 1)), 1)
    starts = range(0, max(frame.height, 1), size)
    parts = [_batch(plan, frame.slice(start, size)) for start in starts]
    return pl.concat(parts, rechunk=False)


def _batch(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    decided = decide_frame(plan, frame)
    lacks = decided.get_column("missing").alias("lacks")
    rows = (decided.get_column("status") == "undecidable").arg_true()
    if len(rows):  # lists cannot be scattered: take each row from one of two
        hangs = open_frame(plan, frame[rows])
        place = pl.int_range(len(lacks), dtype=pl.UInt32, eager=True).clone()
        place = place.scatter(rows, range(len(lacks), len(lacks) + len(rows)))
        lacks = pl.concat([lacks, hangs.alias("lacks")]).gather(place)
    return decided.with_columns(lacks)


def _one_by_one(plan: Plan, frame: pl.DataFrame, state: str, held: str) -> pl.DataFrame:
    rows, unknown = events(frame), unknown_columns(frame, plan.reads())
    found = decide_each(plan, rows, state=state, held=held, unknown=unknown)
    lacks = [
        hangs_on(plan, Asked(row, hidden, one.features))
        if one.decision.status == "undecidable"
        else one.decision.missing
        for row, hidden, one in zip(rows, unknown, found, strict=True)
    ]
    ids = (
        frame.get_column("event_id").to_list()
        if "event_id" in frame.columns
        else [None] * frame.height
    )
    return decisions_frame(ids, [one.decision for one in found]).with_columns(
        pl.Series("lacks", [list(names) for names in lacks], pl.List(pl.String))
    )
