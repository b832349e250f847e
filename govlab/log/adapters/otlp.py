"""OpenTelemetry in OTLP/JSON, traces and logs; span dumps of the JavaScript and Python SDKs.

Also plain objects of one span's attributes, as test fixtures of the conventions are. Which spans
and log events are actions, and what their attributes mean, is said by a map
(`presets/spans.yaml`); Claude Code's events have a reader of their own. Metrics are counted.

Memory: a piece of the file for each process (4 MiB, or the one document that is larger), the spans
of the traces that are open at its end, the ids of traces and what is said of each run, and what is
read of Claude Code's events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import polars as pl

from govlab.log import limits
from govlab.log.adapters import claudecode_otel
from govlab.log.adapters.otlp_pieces import Piece, Split, pieces, split
from govlab.log.adapters.otlp_reader import Taken, taken
from govlab.log.adapters.otlp_workers import Job, results
from govlab.log.adapters.span_rows import Calls
from govlab.log.adapters.span_table import tabled
from govlab.log.adapters.spans import RUN_FILLS, Reading, Span, filled, reading
from govlab.log.adapters.traced import Traced
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import Format, Options, Record, Table
from govlab.log.sources import Source

__all__ = ["FORMAT", "format_of", "read"]

_NOTHING: Mapping[str, Any] = {}


def read(source: Source, options: Options, *, how: Reading) -> Iterator[Record]:
    """The actions and runs of one file; a span's agents may stand anywhere in it."""
    how = replace(how, results=options.results)
    gathered = _Gathered(Traced(how))
    for number, found in enumerate(_taken(source, how, gathered)):
        yield from gathered.take(number, found)
        yield from gathered.tables(limits.TABLE)
    yield from gathered.tables(1)
    yield from gathered.traced.told(_NOTHING)
    yield from claudecode_otel.records(gathered.claude)


def _taken(source: Source, how: Reading, gathered: _Gathered) -> Iterator[Taken]:
    """What each piece of the file says, in order; in several processes where it is large."""
    found = pieces(source)
    first, second = next(found), next(found, None)
    if second is None:
        yield taken(first, frozenset(), how)
        return
    if source.plain and first.held is None:
        workers = limits.workers(-(-source.path.stat().st_size // limits.PIECE))
        yield from results(_jobs(chain((first, second), found), how, gathered), workers)
        return
    gathered.split = split(pieces(source))
    for number, piece in enumerate(chain((first, second), found)):
        yield taken(piece, frozenset(gathered.split.inside[number]), how)


def _jobs(found: Iterator[Piece], how: Reading, gathered: _Gathered) -> Iterator[Job]:
    """The pieces to be read, when all of them are known."""
    listed = list(found)
    gathered.split = split(listed)
    for number, piece in enumerate(listed):
        bare = replace(piece, traces=frozenset())
        yield Job(bare, frozenset(gathered.split.inside[number]), how)


@dataclass(slots=True)
class _Gathered:
    """A file on its way: the spans of traces that go on, and the rows of those that are whole."""

    traced: Traced
    split: Split = field(default_factory=Split)
    open: dict[str | None, list[Span]] = field(default_factory=dict)
    frames: list[pl.DataFrame | int] = field(default_factory=list)  # numbers of calls in `traced`
    claude: list[claudecode_otel.Known] = field(default_factory=list)

    def take(self, number: int, found: Taken) -> Iterator[Record]:
        """Takes what the piece `number` says, and closes the traces that end with it."""
        yield from found.counted
        if found.frame is not None:
            self.frames.append(found.frame)
        self.traced.join(found.runs)
        self.claude += found.claude
        for trace, spans in found.open.items():
            self.open.setdefault(trace, []).extend(spans)
        ending = sorted(self.split.ending[number])
        before = len(self.traced.calls.spans)
        self.traced.add([span for trace in ending for span in self.open.pop(trace, ())])
        self.frames.append(len(self.traced.calls.spans) - before)
        yield from self.traced.counted()

    def tables(self, least: int) -> Iterator[Record]:
        """The rows so far, where there are at least so many."""
        if sum(each if isinstance(each, int) else each.height for each in self.frames) < least:
            return
        calls = tabled(self.traced.calls, self.traced.how)
        place, frames = 0, []
        for each in self.frames:
            if isinstance(each, pl.DataFrame):
                frames.append(each)
            elif calls is not None and each:
                frames.append(calls.slice(place, each))
                place += each
        yield Table(pl.concat(frames, how="diagonal"))
        self.frames, self.traced.calls = [], Calls()


def format_of(given: ColumnMap) -> Format:
    """The format as a user's map has it."""
    how = reading(given)
    return Format(
        name="otlp" if given.spans is None else f"otlp-{(given.digest or '')[:8]}",
        read=partial(read, how=how),
        fills=filled(how),
        runs=RUN_FILLS,
        hindsight=frozenset({"cost_micro_usd"}) & filled(how),
        notes=(
            "times are cut to microseconds, `ts` is the start of the call",
            "a span of a call is there because the call was made: `executed` is true",
            "a log event does not say whether the call was made, unless a map names the attribute",
            "spans do not say what was decided, unless a map names the attribute",
        ),
    )


FORMAT = format_of(EMPTY_MAP)
