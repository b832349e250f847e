"""The decisions that a log itself records, as the events that `Replay` lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from govlab.bundle import Bundle
from govlab.log.citation import Citation, cite
from govlab.log.collect import collected
from govlab.log.conform import conformed
from govlab.log.scan import scan_log
from govlab.replays.model import SHOWN
from govlab.replays.selected import selected_of
from govlab.selection import Scope, Selected, Selection

__all__ = ["Narrowed", "Recorded", "recorded"]

Narrowed = Callable[[pl.LazyFrame], pl.LazyFrame]
"""Takes rows of a log, and leaves some of them in their order."""

_OF_LOG = ("event_id", "decision", "policy", "rule", "reason")


@dataclass(frozen=True, slots=True)
class Recorded:
    """The events of a log with what was decided then.

    `decided` has the columns of a replay's; `origin` is recorded, or none where no decision was.
    """

    decided: pl.DataFrame
    scope: Scope
    source: Citation | None


def recorded(
    log: Any,
    selection: Selection,
    *,
    narrowed: Narrowed | None = None,
    org: Bundle | None = None,
) -> Recorded:
    """The events of `log` that `selection` reports, with the decisions the log records.

    `log` is as for `replay`; `org` derives attributes that it lacks; `narrowed` leaves only some
    of the events reported. Raises LogError where it cannot be read, UsageError for a filter that is
    none.

    >>> log = pl.DataFrame({"tool": ["a", "b"], "decision": ["DENY", None]})
    >>> recorded(log, Selection()).decided.select("decision", "origin").rows()
    [('DENY', 'recorded'), (None, 'none')]
    """
    path = log if isinstance(log, str | Path) else None
    scanned = scan_log(path) if path is not None else conformed(log)
    selected = selected_of(scanned, path, selection, org=org)
    have = selected.log.collect_schema().names()
    wanted = dict.fromkeys((*_OF_LOG, *SHOWN, *selected.scope.columns()))
    rows = selected.frame if narrowed is None else narrowed(selected.frame)
    frame = collected(rows.select([name for name in wanted if name in have]))
    own = [_own(frame, name) for name in _OF_LOG]
    beside = [pl.Series(name, [[]], pl.List(pl.String)).new_from_index(0, frame.height)
              for name in ("missing", "lacks")]  # fmt: skip
    shown = frame.select(c for c in frame.columns if c not in _OF_LOG)
    decided = pl.DataFrame([*own, *beside, *shown.select(pl.all().name.prefix("log."))])
    known = pl.col("decision").is_not_null()
    origin = pl.when(known).then(pl.lit("recorded")).otherwise(pl.lit("none"))
    scope = selected.scope if narrowed is None else _among(selected)
    return Recorded(
        decided.with_columns(origin.alias("origin")), scope, cite(path) if path else None
    )


def _among(selected: Selected) -> Scope:
    """The scope of rows that something beside the filters chose: they are not all of the log."""
    if selected.scope.log_events is not None:
        return selected.scope
    return replace(selected.scope, log_events=selected.log.select(pl.len()).collect().item())


def _own(frame: pl.DataFrame, name: str) -> pl.Series:
    if name in frame.columns:
        return frame.get_column(name).cast(pl.String)
    return pl.repeat(None, frame.height, dtype=pl.String, eager=True).alias(name)
