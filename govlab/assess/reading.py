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

__all__ = ["BATCH", "Beside", "columns_read", "in_batches", "knowing", "read", "reduced"]

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
    known = knowing(frame, spec, folder=folder, beside=given, told=told)
    return reduced(frame, spec, known, tz=tz, beside=given), known


def knowing(
    frame: pl.LazyFrame,
    spec: Spec,
    *,
    folder: Path | None = None,
    beside: Iterable[Beside] = (),
    told: Told | None = None,
) -> Knowledge:
    """What the sources of `frame` can tell of what `spec` reads; no row is read."""
    given = tuple(beside)
    made = [name for one in given for name in one.gives]
    return Knowledge.of(_nothing(frame, spec, given).lazy(), folder, given=made, told=told)


def reduced(
    frame: pl.LazyFrame,
    spec: Spec,
    known: Knowledge,
    *,
    tz: str = "UTC",
    beside: Iterable[Beside] = (),
) -> Partial:
    """The partial of `frame`, of whose sources it is `known` what they can tell."""
    given, needed = tuple(beside), spec.reads()
    waiting: list[Partial] = []
    for batch in in_batches(frame.select(columns_read(frame, spec, given))):
        waiting.append(partial(_ready(batch, given, needed), spec, known, tz=tz))
        if len(waiting) == _FEW:
            waiting = [merge(waiting)]
    return merge(waiting or [partial(_nothing(frame, spec, given), spec, known, tz=tz)])


def _nothing(frame: pl.LazyFrame, spec: Spec, beside: Iterable[Beside]) -> pl.DataFrame:
    """No rows, with the columns that those of `frame` have when they are counted."""
    lazy = frame.select(columns_read(frame, spec, beside))
    return _ready(lazy.clear().collect(), beside, spec.reads())


def columns_read(frame: pl.LazyFrame, spec: Spec, beside: Iterable[Beside] = ()) -> list[str]:
    """The columns of `frame` that its figures rest on."""
    named = {*spec.reads(), *spec.run_cuts, *spec.side_cuts, *_MARKS}
    wanted = named | {base for name in named for base in FACT_READS.get(name, ())}
    wanted |= {name for one in beside for name in one.needs}
    return [name for name in frame.collect_schema().names() if name in wanted]


def _ready(batch: pl.DataFrame, beside: Iterable[Beside], needed: Collection[str]) -> pl.DataFrame:
    for one in beside:
        batch = one.put(batch)
    return with_facts(batch.lazy(), needed).collect(engine="in-memory")


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
