"""How full each column is: filled, absent, malformed, or unknown to the source (S14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from govlab.inspection.model import Fill, Status
from govlab.log.collect import collected
from govlab.schema import ACTIONS, MARKS, RUN_REQUEST

__all__ = ["fills", "status_of"]

_COLUMNS = {**ACTIONS, **{k: c for k, c in RUN_REQUEST.items() if k != "run.run_id"}}


def fills(frame: pl.LazyFrame, events: int, formats: Mapping[str, Any]) -> tuple[Fill, ...]:
    """Each column of the schema over the `events` of the log.

    `formats` are those of the manifest: they say of every column whether its source can fill it;
    without them the marks beside the rows and the frame's own columns do.
    """
    have = frame.collect_schema().names()
    names = [name for name in _COLUMNS if name in have]
    counts = _row(frame.select(pl.col(names).count())) if names else {}
    malformed = _marked(frame, MARKS[1])
    unknown = _marked(frame, MARKS[0]) + _unlisted(frame, formats) + _unsaid(frame, formats)
    found = []
    for name, column in _COLUMNS.items():
        filled, bad = counts.get(name, 0), malformed[name]
        empty = events - filled - bad
        lacking = min(unknown[name], empty) if name in have else empty
        absent = empty - lacking
        status = status_of(events, filled, lacking)
        found.append(Fill(name, column.group, column.doc, status, filled, absent, bad, lacking))
    return tuple(found)


def _marked(frame: pl.LazyFrame, mark: str) -> Counter[str]:
    """How many events a mark names each column in."""
    found: Counter[str] = Counter()
    if mark not in frame.collect_schema().names():
        return found
    words = collected(frame.group_by(pl.col(mark).cast(pl.String)).len(), in_pieces=True)
    for word, events in words.iter_rows():
        found.update(dict.fromkeys(filter(None, (word or "").split(",")), events))
    return found


def _unlisted(frame: pl.LazyFrame, formats: Mapping[str, Any]) -> Counter[str]:
    """Events whose source cannot fill a column known only after the action: no mark says that."""
    found: Counter[str] = Counter()
    after = [name for name, column in ACTIONS.items() if column.phase == "after"]
    if not formats or "source_format" not in frame.collect_schema().names():
        return found
    by_format = frame.group_by(pl.col("source_format").cast(pl.String)).len()
    counts = collected(by_format, in_pieces=True)
    for name, events in counts.iter_rows():
        filled = formats.get(name or "", {}).get("columns", ())
        found.update({column: events for column in after if column not in filled})
    return found


def _unsaid(frame: pl.LazyFrame, formats: Mapping[str, Any]) -> Counter[str]:
    """Empty cells of columns that a source fills only in some cases: they say nothing."""
    found: Counter[str] = Counter()
    have = frame.collect_schema().names()
    for name, known in formats.items():
        partly = [column for column in known.get("partly", ()) if column in have]
        if partly and "source_format" in have:
            rows = frame.filter(pl.col("source_format").cast(pl.String) == name)
            found.update(_row(rows.select(pl.col(partly).null_count())))
    return found


def _row(frame: pl.LazyFrame) -> dict[str, int]:
    """The one row of `frame`."""
    return collected(frame, in_pieces=True).row(0, named=True)


def status_of(events: int, filled: int, unknown: int) -> Status:
    """The word for a column that is `filled` and `unknown` in so many of the events."""
    if filled and filled == events:
        return "filled"
    if filled:
        return "partly"
    return "unknown" if unknown >= events else "absent"
