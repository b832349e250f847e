"""A log read once, batch by batch, into one partial: memory does not grow with the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from govlab.kpi.facts import BESIDE, FACT_READS, with_facts
from govlab.kpi.knowledge import Knowledge, Told
from govlab.kpi.partials import Partial, merge, partial
from govlab.kpi.spec import Spec

__all__ = ["BATCH", "Beside", "columns_read", "in_batches", "read"]

BATCH = 500_000
"""Rows that are reduced at once."""
_FEW = 16  # partials that wait to be added up

_MARKS = ("ts", "run_id", "source_format", "unknown_columns", "malformed_columns",
          "derived_columns", *BESIDE)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beside:
    """What is put beside a batch from elsewhere: `gives` are the columns that `put` adds.

    `needs` are the columns of the log that it reads.
    """

    gives: tuple[str, ...]
    needs: tuple[str, ...]
    put: Callable[[pl.DataFrame], pl.DataFrame]


def read(
    frame: pl.LazyFrame,
    spec: Spec,
    *,
    folder: Path | None = None,
    tz: str = "UTC",
    beside: Iterable[Beside] = (),
    told: Told | None = None,
) -> tuple[Partial, Knowledge]:
    """The partial of `frame`, a log as `scan_log` gives it, and what its sources can tell.

    Only the columns needed are read. `folder` is the log's own, whose manifest says what each
    source can fill; `told` is as for `Knowledge.of`.
    """
    given = tuple(beside)
    lazy = frame.select(columns_read(frame, spec, given))
    needed = spec.reads()
    empty = _ready(lazy.clear().collect(), given, needed)
    made = [name for one in given for name in one.gives]
    known = Knowledge.of(empty.lazy(), folder, given=made, told=told)
    waiting: list[Partial] = []
    for batch in in_batches(lazy):
        waiting.append(partial(_ready(batch, given, needed), spec, known, tz=tz))
        if len(waiting) == _FEW:
            waiting = [merge(waiting)]
    return merge(waiting or [partial(empty, spec, known, tz=tz)]), known


def columns_read(frame: pl.LazyFrame, spec: Spec, beside: Iterable[Beside] = ()) -> list[str]:
    """The columns of `frame` that its figures rest on."""
    named = {*spec.reads(), *spec.run_cuts, *spec.side_cuts, *_MARKS}
    wanted = named | {base for name in named for base in FACT_READS.get(name, ())}
    wanted |= {name for one in beside for name in one.needs}
    return [name for name in frame.collect_schema().names() if name in wanted]


def _ready(batch: pl.DataFrame, beside: Iterable[Beside], needed: Collection[str]) -> pl.DataFrame:
    for one in beside:
        batch = one.put(batch)
    return with_facts(batch.lazy(), needed).collect()


def in_batches(frame: pl.LazyFrame, *, ordered: bool = False) -> Iterator[pl.DataFrame]:
    """The rows of `frame`, about BATCH at a time, however small its files are."""
    waiting: list[pl.DataFrame] = []
    for piece in frame.collect_batches(chunk_size=BATCH, maintain_order=ordered):
        waiting.append(piece)
        if sum(one.height for one in waiting) >= BATCH:
            yield pl.concat(waiting)
            waiting = []
    if waiting:
        yield pl.concat(waiting)
