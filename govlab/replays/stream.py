"""Decisions batch by batch, in the log's order: memory is bounded by a few batches.

A batch is read with the columns that the asked ones need, and two are decided at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, TypeVar

import polars as pl
from polars.io.plugins import register_io_source

from govlab.backends.columnar import Engine, assumed_rows, needed, written
from govlab.backends.columnar.attributes import columns_of
from govlab.backends.columnar.dictionaries import with_lists
from govlab.log.ahead import ahead
from govlab.log.kinds import Kinds
from govlab.plan import Plan
from govlab.replays.alike import SHARED, Alike, shares
from govlab.replays.outcomes import COUNTED, Outcomes, origin
from govlab.replays.provenance import Provenance, provenance, with_assumed
from govlab.replays.recent import RECENT
from govlab.replays.rows import SCHEMA
from govlab.schema import LIST_TEXT, MARKS

__all__ = ["BATCH", "KINDS_BATCH", "LOG", "Stream", "lazily"]

BATCH = 500_000
"""Rows decided at once; a few batches are in memory (`log.ahead`)."""
KINDS_BATCH = 3 * BATCH
"""The same, where only numbers are read beside a row's kind."""
LOG = "log."
"""Begins the name of a column of the log beside its decision."""

_WIDE = 4  # batches into which one is cut where much of a row is read beside what decides it
_TOLD = frozenset({"matched", "constraints", "approvals", "evidence_required"})
_SAMPLE = 50_000  # rows that tell what columns are like
_BESIDE = {"lacks": pl.List(pl.String), "origin": pl.String(), "assumed": pl.Boolean()}


def lazily(
    schema: pl.Schema, parts: Callable[[Sequence[str]], Iterator[pl.DataFrame]]
) -> pl.LazyFrame:
    """A frame of the columns that are asked for of `parts`, as far as rows are asked for."""

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        left = rows
        for part in parts(schema.names() if columns is None else columns):
            some = part if left is None else part.head(left)
            left = None if left is None else left - some.height
            yield some if predicate is None else some.filter(predicate)
            if left == 0:
                return

    return register_io_source(read, schema=schema)


@dataclass(slots=True)
class Stream:
    """The decisions of `plan` over the rows of `log`, computed each time they are read."""

    plan: Plan
    log: pl.LazyFrame
    shown: tuple[str, ...]
    kinds: Kinds | None = None
    key: str | None = None  # names the state of the log and the bundle's meaning
    _engines: dict[frozenset[str], Engine] = field(default_factory=dict)
    _lock: Any = field(default_factory=RLock)

    def schema(self) -> pl.Schema:
        """The decisions frame, `lacks`, `origin`, and the columns shown of the log as `log.`."""
        have = self.log.collect_schema()
        return pl.Schema({**SCHEMA, **_BESIDE, **{LOG + n: have[n] for n in self.shown}})

    def frame(self) -> pl.LazyFrame:
        """All of it as a lazy frame: what is not asked for is not computed."""
        return lazily(self.schema(), self.parts)

    def parts(self, columns: Sequence[str], *keep: pl.Expr) -> Iterator[pl.DataFrame]:
        """`columns` of the decisions, batch by batch; the rows that `keep` chooses by them."""
        read = self.reads(columns)
        if (
            self.kinds is None
            or not SHARED.issuperset(columns)
            or not shares(self.kinds, read, self.log.collect_schema().names())
        ):
            return self._each(columns, keep)
        found = self._alike(self.kinds, columns, read)
        return (part.filter(keep) for part in found) if keep else found

    def _each(self, columns: Sequence[str], keep: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        """As `parts`; rows that are not kept are gone before the next batch is read."""

        def decide(batch: pl.DataFrame) -> pl.DataFrame:
            decided = self.decided(batch, columns)
            return decided.filter(keep) if keep else decided

        log = self.log.select(self.reads(columns))
        wide = any(c.startswith(LOG) for c in columns)
        size = max(1, BATCH // _WIDE) if wide else BATCH
        batches = log.collect_batches(chunk_size=size, maintain_order=True)
        yield from ahead(decide, batches)

    def _alike(
        self, kinds: Kinds, columns: Sequence[str], read: Sequence[str]
    ) -> Iterator[pl.DataFrame]:
        """As `parts`, rows of one kind decided together where they can be."""
        table = kinds.table.select(n for n in read if n in kinds.table.columns)
        beside = self.log.select(n for n in read if n not in table.columns)
        schema = beside.collect_schema()
        batches = kinds.beside(beside, KINDS_BATCH)  # they are read meanwhile

        def make() -> Alike:
            some = beside.head(_SAMPLE if _words(schema) else 0).collect()
            engine = self._made(table[kinds.of_rows(0, some.height)].hstack(some), columns)
            return Alike.of(
                table, engine, lambda rows: self.decided(rows, columns), schema,
                risk="risk" in columns,
            )  # fmt: skip

        alike = RECENT.alike(self.key, columns, self.plan, make)
        yield from ahead(lambda part: alike.of_rows(*part), batches)

    def batches(
        self, columns: Sequence[str], start: int = 0, count: int | None = None
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Rows of the log as they were read, and `columns` of their decisions."""
        read = self.log.select(self.reads(columns))
        if start or count is not None:
            read = read.slice(start, count)

        def decide(batch: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
            return batch, self.decided(batch, columns)

        batches = read.collect_batches(chunk_size=BATCH, maintain_order=True)
        yield from ahead(decide, batches)

    def provenance(self) -> Iterator[tuple[Provenance, ...]]:
        """Of each batch, where the values that the plan reads come from."""
        reads = (c for name in self.plan.reads() for c in columns_of(name))
        log = self.log.select(self._there((*needed(self.plan), *reads), (MARKS[2],)))
        batches = log.collect_batches(chunk_size=BATCH, maintain_order=True)

        def told(batch: pl.DataFrame) -> tuple[Provenance, ...]:
            return provenance(self.plan, with_lists(batch).select(pl.all().name.prefix(LOG)))

        yield told(log.head(0).collect())
        yield from ahead(told, batches)

    def counted(
        self, by: Collection[str], count: Callable[[pl.DataFrame, Outcomes], _Made]
    ) -> list[_Made]:
        """What `count` makes of each batch and its outcomes; of one without rows if there is none.

        A batch has the columns that the plan reads, and those that are counted `by`.
        """

        def of(batch: pl.DataFrame) -> _Made:
            return count(batch, self.outcomes(batch))

        reads = (c for name in self.plan.reads() for c in columns_of(name))
        log = self.log.select(self._there((*needed(self.plan, COUNTED), *reads), by))
        batches = log.collect_batches(chunk_size=BATCH, maintain_order=True)
        nothing = log.head(0).collect(), Outcomes.each(self.schema().to_frame())
        return list(ahead(of, batches)) or [count(*nothing)]

    def outcomes(self, batch: pl.DataFrame) -> Outcomes:
        """How the rows of `batch` are decided."""
        whole = batch.rechunk()  # rows are taken from it again and again
        return Outcomes.of(self._made(whole, COUNTED), whole)

    def reads(self, columns: Sequence[str]) -> list[str]:
        """The columns of the log that are needed, lists as the texts that stand beside them."""
        asked = [*columns, *(("risk",) if "assumed" in columns else ())]
        shown = {c.removeprefix(LOG) for c in columns if c.startswith(LOG)}
        ids = {"event_id"} & {*columns}
        return self._there(needed(self.plan, asked), shown | ids)

    def _there(self, read: Iterable[str], shown: Collection[str]) -> list[str]:
        """The columns `read` that the log has, lists as texts, and `shown` as they are; one at the
        least."""
        have = self.log.collect_schema().names()
        wanted = {n + LIST_TEXT if n + LIST_TEXT in have else n for n in read} - {"event_id"}
        return [n for n in have if n in wanted or n in shown] or have[:1]

    def decided(self, batch: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
        """`columns` of the decisions of rows of the log."""
        engine = self._made(batch, columns)
        own = [c for c in columns if c in SCHEMA or c == "lacks"]
        rested = not {"origin", "assumed"}.isdisjoint(columns)
        beside = [c for c in ("status", "rule") if rested and c not in own]
        decided = engine.decided(batch.rechunk(), own)  # rows are taken from it again and again
        frame = written(batch, decided, engine.book, [*own, *beside])
        if rested:
            frame = frame.with_columns(origin())
        if "assumed" in columns:
            frame = with_assumed(self.plan, assumed_rows(self.plan, batch), frame)
        shown = [batch.get_column(c.removeprefix(LOG)).alias(c) for c in columns if LOG in c[:4]]
        return frame.with_columns(shown).select(columns)

    def _made(self, batch: pl.DataFrame, columns: Sequence[str]) -> Engine:
        """The engine: it learns what the log's columns are like from the first batch."""
        with self._lock:
            told = frozenset(_TOLD.intersection(columns))
            if told not in self._engines:
                self._engines[told] = Engine.of(self.plan, batch, told)
            return self._engines[told]


_Made = TypeVar("_Made")


def _words(schema: pl.Schema) -> bool:
    """Whether there is text, of which only rows tell whether it has few values."""
    return any(
        dtype in (pl.String, pl.Categorical) or dtype.is_nested() for dtype in schema.values()
    )
