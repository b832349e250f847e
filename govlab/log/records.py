"""What an adapter yields: actions, runs, rows that are no actions, rows that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from govlab.log.sources import Source
from govlab.schema import DERIVED, MARKS, RUN_REQUEST, request_columns

__all__ = ["CARRIED", "FILE", "LINE", "OBJECT", "RESULT", "RUN_ASKED", "WITHHELD", "WORD", "Action",
           "Bad", "Counted", "Format", "Of", "Options", "Record", "Run", "Skipped",
           "Table"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """One attempted action: canonical column to value, absent ones left out.

    `run.<name>` columns may stand among them where the record itself carries them, and those
    of `CARRIED`.
    """

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One row of the runs table; the first that an ingest meets of a run holds."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Skipped:
    """Records that are no actions, by kind."""

    kind: str
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that goes to quarantine: where, why, and how its text begins."""

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Actions as a frame: canonical columns already typed, and `LINE`, the place in the file."""

    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Of:
    """From here on the records of a file are of another format than it was detected as."""

    format: Format


Counted = Action | Run | Table | Skipped | Bad
Record = Counted | Of
LINE = "source_line"
"""The column of a `Table` that says where each row stands in its file."""
FILE = "source_file"
"""The column, during ingest, that says which of the sources a row is from."""
WORD = "source_word"
"""The column, during ingest, of a source's word for a decision that no table maps (S15)."""
WITHHELD = "withheld"
"""The column, during ingest, of what the source took out of the record: paths, a line each."""
OBJECT = "args_object"
"""The column, during ingest, that is not null where the reader saw arguments to be an object."""
CARRIED = (WORD, WITHHELD, OBJECT, MARKS[0])
"""What stands beside the columns of a row during ingest; of unknown columns, its own."""
RESULT = "tool_result"
"""A value of an action that is no column: what the tool gave back, stored only where asked for."""
RUN_ASKED = frozenset(RUN_REQUEST) - {"run.run_id"}
"""What is stored of the run beside each action; its id is there as `run_id`."""


@dataclass(frozen=True, slots=True)
class Options:
    """The zone of times without offset, where the caller named one, and an adapter's memory.

    `results` says whether what tools gave back is kept: what is not need not be decoded.
    `memory` is what the files of this ingest read so far said (a session's main file names the
    modes and agents of its subagents' files), by adapter.
    """

    tz: str | None = None
    results: bool = False
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """A source format: what it can fill (S14), what of that is hindsight (S12), how it is read.

    `partly` names columns that the source fills only in some of the cases it should, as one that
    notes denials and no permissions: an empty cell is then unknown, not absent.
    `local_times` names the columns that hold times without offset: they can be filled only
    where the caller names their zone (S13). `heed`, where there is one, is called for
    every file of the format before any that has one is read, and after all other files: what rows
    of one file need of another it puts into the memory of the adapter.
    """

    name: str
    read: Callable[[Source, Options], Iterator[Record]]
    fills: frozenset[str]
    runs: frozenset[str] = frozenset()
    hindsight: frozenset[str] = frozenset()
    origins: Mapping[str, str] = field(default_factory=dict)
    partly: frozenset[str] = frozenset()
    local_times: frozenset[str] = frozenset()
    heed: Callable[[Source, Options], None] | None = None
    notes: tuple[str, ...] = ()

    def fillable(self, options: Options) -> frozenset[str]:
        """The columns this format can fill; `run.<name>` are those of its runs."""
        known = self.fills | {f"run.{name}" for name in self.runs} & RUN_ASKED
        return known if options.tz else known - self.local_times

    def marks(self, options: Options) -> dict[str, str]:
        """The constant marks beside each row of this format: unknown and hindsight columns."""
        found = self.fillable(options)
        unknown = [
            name
            for name in request_columns()
            if name not in found and name not in ("tool", "action", "run.run_id", *DERIVED)
        ]
        hindsight = self.hindsight & found
        return {MARKS[0]: _marked(unknown), MARKS[2]: _marked(hindsight)}


def _marked(names: Collection[str]) -> str:
    """Names of stored columns as a mark; `cost` is read where `cost_micro_usd` is stored."""
    derived = {"cost"} if "cost_micro_usd" in names else set()
    return ",".join(sorted({*names, *derived}))
