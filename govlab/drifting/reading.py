"""A log read once: into the figures' partial, and into what was seen on which day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from govlab.assess.reading import Beside, read
from govlab.backends.columnar import needed
from govlab.bundle import Bundle
from govlab.drifting.asking import Asked
from govlab.drifting.catalog import LIKE, NAMED, drift_spec
from govlab.drifting.causes import AGENT_VERSION, with_versions
from govlab.drifting.sightings import Sightings, sighted
from govlab.drifting.volume import volume_columns
from govlab.kpi.knowledge import Told as FromElsewhere
from govlab.kpi.partials import Partial
from govlab.kpi.spec import Spec
from govlab.log.cached import open_log
from govlab.log.conform import conformed
from govlab.plan import compile_plan
from govlab.registry import in_force
from govlab.registry.force import FORCE_READS
from govlab.replays.selected import selected_of
from govlab.selection import Scope

__all__ = ["Found", "read_log"]

_NEVER_LIKE: Final = frozenset({"event_id", "ts", "run_id", "step", "trace_id", "span_id", "args",
                                "args_sha256", "tenant", "source_format"})  # fmt: skip
_MIX: Final = "decision"


@dataclass(frozen=True, slots=True)
class Found:
    """A log as it was read."""

    asked: Asked
    path: Path | None
    folder: Path | None
    scope: Scope
    spec: Spec
    whole: Partial
    seen: Sightings
    like: tuple[str, ...]
    numbers: frozenset[str]
    untimed: int

    @property
    def as_of(self) -> datetime | None:
        """The end of what is known, as the zone's clocks show it."""
        end = self.scope.until or self.whole.newest
        timed = self.whole.newest is not None and end is not None
        return end.astimezone(self.scope.zone()) if timed and end else None

    def parted(self) -> Sightings:
        """What was seen, by the cuts that part it: a cut of one value says all once more."""
        base = self.seen.of("")
        cuts = tuple(cut for cut in self.seen.cuts if base[cut].n_unique() > 1)
        return replace(self.seen, cuts=cuts)


def read_log(log: Any, asked: Asked) -> Found:
    """`log`, a path or a table, with the events that are asked for."""
    frame, folder = _opened(log)
    chosen = selected_of(frame, folder, asked.selection, org=asked.org)
    rows, told = _with_registry(chosen.frame, asked, chosen.scope)
    have = rows.collect_schema()
    untimed = _untimed(rows) if "ts" in have else None
    timed = rows.filter(pl.col("ts").is_not_null()) if untimed else rows
    like = _like(asked.bundle, have)
    looked = dict.fromkeys((*NAMED, *like, *volume_columns(asked.by)))
    watch = _Watch(tuple(looked), asked.by, chosen.scope.tz)
    spec = drift_spec(asked.by)
    whole, _ = read(timed, spec, folder=folder, tz=chosen.scope.tz,
                    beside=() if untimed is None else (watch.beside(have),), told=told)  # fmt: skip
    numbers = frozenset(name for name in like if have[name].is_numeric())
    path = Path(log) if isinstance(log, str | Path) else None
    seen = Sightings.merged(watch.pieces, asked.by)
    return Found(asked, path, folder, chosen.scope, spec, whole, seen, like, numbers, untimed or 0)


def _opened(log: Any) -> tuple[pl.LazyFrame, Path | None]:
    if not isinstance(log, str | Path):
        return conformed(log), None
    opened = open_log(log)
    return opened.frame, opened.folder


def _with_registry(
    frame: pl.LazyFrame, asked: Asked, scope: Scope
) -> tuple[pl.LazyFrame, FromElsewhere]:
    derived = frozenset(scope.derived)
    if asked.registry is None:
        return frame, FromElsewhere(derived=derived)
    return in_force(frame, asked.registry), FromElsewhere(FORCE_READS, derived)


def _untimed(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.col("ts").is_null().sum()).collect().item())


def _like(bundle: Bundle | None, have: pl.Schema) -> tuple[str, ...]:
    """The columns whose values are compared: those that conditions read, and the decisions."""
    read = LIKE if bundle is None else tuple(sorted(set(needed(compile_plan(bundle)))))
    plain = [n for n in (*read, _MIX) if n in have and n not in _NEVER_LIKE]
    return tuple(dict.fromkeys(n for n in plain if not have[n].is_nested()))


class _Watch:
    """Takes the batches as they are read, and what is seen in each."""

    __slots__ = ("columns", "cuts", "pieces", "tz")

    def __init__(self, columns: tuple[str, ...], cuts: tuple[str, ...], tz: str) -> None:
        self.columns, self.cuts, self.tz = columns, cuts, tz
        self.pieces: list[Sightings] = []

    def beside(self, have: pl.Schema) -> Beside:
        """Adds nothing to a batch."""
        names = ("ts", "run_id", "tenant", "actor", "run.agent_version", *self.columns, *self.cuts)
        return Beside((), tuple(name for name in names if name in have), self._take)

    def _take(self, batch: pl.DataFrame) -> pl.DataFrame:
        if batch.height:
            rows = with_versions(batch)
            self.pieces.append(sighted(rows, (*self.columns, AGENT_VERSION), self.cuts, tz=self.tz))
        return batch
