"""A log read day by day: what a day came to is kept, and read again only where it changed.

A part says of its day all that the figures need, by runs and keys that add up with those of other
days: what is open at midnight (a run, a request, a storm) goes on where its key comes again. So the
parts merge to exactly what reading the whole log gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

from govlab.assess.asking import Asked
from govlab.kpi.knowledge import Knowledge
from govlab.kpi.partials import Partial, merge
from govlab.kpi.spec import Spec
from govlab.log.manifest import formats_of
from govlab.scheduled import History, Period, Piece, digest_of, named_from, pieces_of
from govlab.selection import Scope

__all__ = ["Day", "depends_on", "read_days", "series_of", "together"]

_FORMAT: Final = 2
"""Rises when what a part means changes within one version of govlab."""


@dataclass(frozen=True, slots=True)
class Day:
    """What a piece of a log comes to: as recorded, and as a candidate would have decided it."""

    recorded: Partial
    projected: Partial | None = None
    replay: Mapping[str, int] = field(default_factory=dict)


def together(days: Sequence[Day]) -> Day:
    """What the pieces come to together."""
    projected = [day.projected for day in days if day.projected is not None]
    words = dict.fromkeys(word for day in days for word in day.replay)
    return Day(
        merge([day.recorded for day in days]),
        merge(projected) if projected else None,
        {word: sum(day.replay.get(word, 0) for day in days) for word in words},
    )


def read_days(
    history: History,
    log: Path,
    scope: Scope,
    depends: Mapping[str, Any],
    read: Callable[[pl.LazyFrame, Period], Day],
) -> list[Day]:
    """What the days of `log` in the period of `scope` come to.

    Those that the history keeps are as they were; `read` makes the others, of a piece's rows and of
    what the period cuts off. `depends` is what a part depends on beside its rows.
    """
    pieces = pieces_of(log)
    history.days = sorted({day for piece in pieces for day in piece.days()})
    found: list[Day] = []
    for piece in pieces:
        cut = None if _is_untimed(scope) else piece.cut((scope.since, scope.until))
        if cut is not None:
            key = digest_of([piece.digest, [end and end.isoformat() for end in cut], depends])
            found.append(history.part(piece.name, key, _Reading(piece, cut, read), Day))
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """A piece that is read where its part is not there."""

    piece: Piece
    cut: Period
    read: Callable[[pl.LazyFrame, Period], Day]

    def __call__(self) -> Day:
        return self.read(self.piece.scan(), self.cut)


def _is_untimed(scope: Scope) -> bool:
    """Whether a period counts from the newest event and no event has a time: then it has none."""
    return scope.last is not None and scope.since is None


def depends_on(asked: Asked, spec: Spec, known: Knowledge, folder: Path | None) -> dict[str, Any]:
    """What the part of a day depends on, its rows and the period apart, as JSON values.

    Targets, prices and sentences are not among it: they are said of what days come to.
    """
    registry, where = asked.registry, asked.selection.where
    return {
        "format": _FORMAT,
        "govlab": version("govlab"),
        "polars": pl.__version__,
        "spec": repr(replace(spec, figures=())),
        "terms": [known.sql(term) for term in spec.terms],
        "tz": asked.selection.tz,
        "where": where and [where, dict(formats_of(folder)), _runs(folder)],
        "bundle": asked.bundle and [asked.bundle.digest, repr(asked.bundle.assumptions)],
        "org": asked.org and asked.org.digest,
        "registry": registry
        and [[e.hash for e in registry.entries[-1:]],
             [[v.bundle, v.digest] for v in registry.versions]],
    }  # fmt: skip


def _runs(folder: Path | None) -> str | None:
    """The digest of the runs table, which a condition may read beside each action."""
    path = None if folder is None else folder / "runs.parquet"
    return sha256(path.read_bytes()).hexdigest() if path is not None and path.exists() else None


def series_of(log: str | Path, asked: Asked, place: str | Path | None = None) -> dict[str, Any]:
    """What is continued from run to run: a log and what is asked of it, as `place` names them.

    What changes from night to night (rows, rules, targets) is not among it.
    """
    chosen = asked.selection
    period = [None if t is None else str(t) for t in (chosen.since, chosen.until, chosen.as_of)]
    return {
        "log": named_from(place, log),
        "where": chosen.where,
        "period": [*period, chosen.last, chosen.tz],
        "by": list(asked.cuts),
        "bundle": asked.bundle and asked.bundle.name,
        "org": asked.org and asked.org.name,
        "registry": asked.registry and named_from(place, asked.registry.folder),
    }
