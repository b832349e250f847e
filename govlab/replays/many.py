"""Several bundles over one log: it is read once, and what none of them tells apart decided once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

import polars as pl

from govlab.backends.columnar.distinct import group
from govlab.bundle import Bundle
from govlab.cube.asked import Asked, asked, clashing
from govlab.cube.keys import Apart, Batch
from govlab.errors import UsageError
from govlab.log.ahead import ahead
from govlab.replays.model import Replay
from govlab.replays.rows import SCHEMA
from govlab.replays.run import Given
from govlab.replays.shared import Shared
from govlab.replays.stream import BATCH, KINDS_BATCH, lazily
from govlab.selection import Selection
from govlab.selection.model import Instant

__all__ = ["Replays", "replay_many"]

_ID = "event_id"
_Wanted = Mapping[int, Sequence[str]]  # columns of each replay


@dataclass(frozen=True, slots=True)
class Replays(Sequence[Replay]):
    """A replay for each bundle, in their order; `frame` has the decisions of all side by side."""

    replays: tuple[Replay, ...]
    rows_differ: bool = False  # what filters or requests say, the bundles declare differently

    @overload
    def __getitem__(self, at: int) -> Replay: ...
    @overload
    def __getitem__(self, at: slice) -> Replays: ...
    def __getitem__(self, at: int | slice) -> Replay | Replays:
        """The replay under one bundle, or those under some."""
        if isinstance(at, slice):
            return Replays(self.replays[at], self.rows_differ)
        return self.replays[at]

    def __len__(self) -> int:
        return len(self.replays)

    @property
    def frame(self) -> pl.LazyFrame:
        """`event_id`, and of bundle n (from 0) the decisions frame with `.n` behind its names.

        Rows are in the log's order. The log is read once for all columns that a query asks for.
        Raises UsageError where the log was a cube, and where the bundles declare differently what
        filters read or requests say.
        """
        for one in self.replays:
            one.refuse_cube()
        if self.rows_differ:
            raise UsageError(
                "the bundles declare differently what the filters read or requests say, so that "
                "each may have rows of its own; ask for the frame of each bundle by itself"
            )
        kinds = {name: kind for name, kind in SCHEMA.items() if name != _ID}
        named = {f"{c}.{n}": kind for n in range(len(self)) for c, kind in kinds.items()}
        schema = pl.Schema({_ID: SCHEMA[_ID], **named})
        return lazily(schema, self._parts)

    def _parts(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`columns` of the decisions, batch by batch."""
        shared = next((one.shared for one in self.replays if one.shared is not None), None)
        wanted = {n: _own(columns, n) for n in range(len(self))}
        whole = {n: _named(one.frame.select(wanted[n]).collect(), n)
                 for n, one in enumerate(self.replays)
                 if (shared is None or one.shared is not shared) and wanted[n]}  # fmt: skip
        if shared is None:
            ids = self.replays[0].frame.select(_ID).collect()
            yield pl.concat([ids, *whole.values()], how="horizontal").select(columns)
            return
        apart = shared.apart()

        def decide(start: int, batch: Batch) -> pl.DataFrame:
            found = self._decided(shared, apart, batch, wanted)
            found += [frame.slice(start, len(batch)) for frame in whole.values()]
            if _ID in columns:
                found.append(_ids(batch))
            return pl.concat(found, how="horizontal").select(columns)

        size = BATCH if apart.kinds is None else KINDS_BATCH
        batches = _numbered(apart.batches(shared.log, [_ID] if _ID in columns else [], size))
        yield from ahead(lambda part: decide(*part), batches)

    def _decided(
        self, shared: Shared, apart: Apart, batch: Batch, wanted: _Wanted
    ) -> list[pl.DataFrame]:
        """The decisions of each replay with `shared`, rows that none tells apart decided once."""
        groups = group(apart.columns(batch), len(batch))
        rows, found = apart.rows(batch, groups.rows), list[pl.DataFrame]()
        for n, one in enumerate(self.replays):
            if one.shared is shared and wanted[n]:
                reads = [c for c in one.stream.reads(wanted[n]) if c in rows.columns]
                own = rows.select(reads or rows.columns[:1])
                found.append(_named(one.stream.decided(own, wanted[n])[groups.ids], n))
        return found

    def to_dict(self) -> list[dict[str, Any]]:
        """The JSON form: what `Replay.to_dict` gives, of each."""
        return [one.to_dict() for one in self.replays]


def _own(columns: Sequence[str], n: int) -> list[str]:
    """The columns of bundle `n` among those of all."""
    return [c.removesuffix(f".{n}") for c in columns if c.endswith(f".{n}")]


def _named(frame: pl.DataFrame, n: int) -> pl.DataFrame:
    return frame.rename(lambda name: f"{name}.{n}")


def _ids(batch: Batch) -> pl.DataFrame:
    if _ID in batch.frame.columns:
        return batch.frame.select(pl.col(_ID).cast(pl.String))
    return pl.repeat(None, len(batch), dtype=pl.String, eager=True).alias(_ID).to_frame()


def _numbered(batches: Iterator[Batch]) -> Iterator[tuple[int, Batch]]:
    """Each batch with the number of its first row."""
    start = 0
    for batch in batches:
        yield start, batch
        start += len(batch)


def replay_many(  # noqa: PLR0913  the options of `replay`, one argument each
    log: Any,
    bundles: Sequence[Bundle | str | Path],
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
) -> Replays:
    """Every event of `log` decided under each of `bundles`: what `replay` gives, at less work.

    The log is read once for the counts of all bundles, and once for a query of `frame`; events that
    no bundle tells apart are decided once by each. Arguments are as for `replay`, and so is what is
    raised; UsageError too where there is no bundle.

    >>> import polars as pl
    >>> log = pl.DataFrame({"tool": ["aws-cli", "psql"], "env": ["production", "dev"]})
    >>> both = replay_many(log, ["prod-safety", "cloud-ops"])
    >>> [one.summary.events for one in both]
    [2, 2]
    >>> both.frame.select("decision.0", "decision.1").collect().shape
    (2, 2)
    """
    if not bundles:
        raise UsageError("no bundle to replay the log under; give one at least")
    chosen = Selection(where, since, until, last, as_of, tz)
    given = Given(log, chosen, tuple(by), state, held, assume or {}, default)
    made = [given.replay(bundle) for bundle in bundles]
    return Replays(_sharing(made), len(given.rows) > 1)


def _sharing(made: Sequence[Replay]) -> tuple[Replay, ...]:
    """The replays, those of the same rows with what they share."""
    found = list(made)
    for places in _families(made):
        first = made[places[0]].shared
        if first is not None:
            shared = replace(first, plans=tuple(made[n].plan for n in places))
            found = [replace(one, shared=shared) if n in places else one
                     for n, one in enumerate(found)]  # fmt: skip
    return tuple(found)


def _families(made: Sequence[Replay]) -> list[list[int]]:
    """The places of replays of the same rows that read no value as of different types."""
    found: list[tuple[pl.LazyFrame, Asked, list[int]]] = []
    for n, one in enumerate(made):
        if one.shared is None:
            continue
        own = asked(one.plan)
        for rows, family, places in found:
            if rows is one.log and not clashing(family, own):
                family.types.update(own.types)
                places.append(n)
                break
        else:
            found.append((one.log, own, [n]))
    return [places for _, _, places in found]
