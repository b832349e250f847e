"""The replay itself: read the columns a bundle needs, decide batch by batch, keep the order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from govlab.backends.columnar import decide_frame, needed
from govlab.bundle import Bundle, load_bundle
from govlab.errors import UsageError, did_you_mean
from govlab.history import HELD, STATES, decide_all
from govlab.log.conform import as_frame, conform
from govlab.log.scan import scan_log
from govlab.plan import Plan, compile_plan
from govlab.replays.rows import SCHEMA, decisions_frame, events, unknown_columns
from govlab.replays.summary import Summary, origin, summarise

__all__ = ["Replay", "replay"]

BATCH = 250_000
# what a list of events shows, beside what the deciding rule read
_SHOWN = ("ts", "run_id", "actor", "tool", "action", "resource", "args", "source_format")


@dataclass(frozen=True, slots=True)
class Replay:
    """The decisions of one bundle over one log.

    `decided` has a row an event, in the log's order: the decisions frame, `origin` (rule, default,
    error or undecidable), and of the log the columns shown or grouped by, prefixed `log.`.
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
    return Replay(
        loaded, plan, together, summary, engine, time.perf_counter() - start, notes + _notes(loaded)
    )


def _check(word: str, allowed: tuple[str, ...], what: str) -> None:
    if word not in allowed:
        raise UsageError(f"`{word}` is no {what}; use {' or '.join(allowed)}")


def _notes(bundle: Bundle) -> tuple[str, ...]:
    lookups = [k.name for member in bundle.chain() for k in member.lookups]
    if not lookups:
        return ()
    return (f"lookups ({', '.join(lookups)}) are as of this bundle, applied to the whole log",)


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
        return scanned.collect()
    wanted = dict.fromkeys(("event_id", *needed(plan), *_SHOWN, *by))
    return scanned.select([name for name in wanted if name in have]).collect()


def _in_batches(plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    parts = [
        decide_frame(plan, frame.slice(start, BATCH))
        for start in range(0, max(frame.height, 1), BATCH)
    ]
    return pl.concat(parts, rechunk=False)


def _one_by_one(plan: Plan, frame: pl.DataFrame, state: str, held: str) -> pl.DataFrame:
    decisions = decide_all(
        plan, events(frame), state=state, held=held, unknown=unknown_columns(frame, plan.reads())
    )
    ids = (
        frame.get_column("event_id").to_list()
        if "event_id" in frame.columns
        else [None] * frame.height
    )
    return decisions_frame(ids, decisions)
