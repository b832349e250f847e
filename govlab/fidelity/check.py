"""The check itself: every recorded decision against the snapshot that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from govlab.bundle import Bundle
from govlab.errors import UsageError
from govlab.fidelity.compare import Compared, compare
from govlab.fidelity.model import EXAMPLES, Fidelity, Kind, Under
from govlab.fidelity.parts import Census, Part, census, joined, parts
from govlab.fidelity.store import keep, kept
from govlab.kpi.stats import Clusters
from govlab.log.scan import scan_log
from govlab.registry import Registry, snapshot
from govlab.replays.selected import selected_of
from govlab.selection import CHOSEN, Selection

__all__ = ["check_fidelity", "stored"]

_ALL = Selection()


def check_fidelity(
    log: Path | pl.LazyFrame,
    registry: Registry,
    *,
    state: Path | None = None,
    read_only: bool = False,
    selection: Selection = _ALL,
) -> Fidelity:
    """The decisions recorded in `log` against a replay of the snapshots that they name.

    `log` is a log folder, a Parquet file or a frame. What was compared is kept in `state` (the
    registry's own folder `fidelity`) and not done again; `read_only` compares nothing: what was not
    compared yet is unchecked. Of the decisions that `selection` chooses nothing is kept: what is
    stored is of whole pieces.

    Raises UsageError for a filter that is none, and for filters over what is stored, LogError where
    the log cannot be read, RegistryError where a snapshot was changed or the state cannot be
    written.
    """
    folder = state or registry.folder / "fidelity"
    if not selection.is_all():
        return _of_chosen(log, registry, selection, read_only=read_only)
    pieces = parts(log)
    counted = [census(piece) for piece in pieces]
    jobs = list(_jobs(log, registry, pieces, counted))
    found = [_done(job, folder, read_only=read_only) for job in jobs]
    return _together(registry, counted, list(zip(jobs, found, strict=True)))


def _of_chosen(
    log: Path | pl.LazyFrame, registry: Registry, selection: Selection, *, read_only: bool
) -> Fidelity:
    """The check of some decisions, made anew; history is that of the whole log."""
    if read_only:
        raise UsageError("what is stored is of the whole log: leave out the filters, or `--stored`")
    frame, path = (log, None) if isinstance(log, pl.LazyFrame) else (scan_log(log), log)
    selected = selected_of(frame, path, selection)
    piece = Part(selected.log.with_columns(selected.keep.alias(CHOSEN)), None)
    counted = census(piece)
    jobs = list(_jobs(piece.frame, registry, [piece], [counted]))
    found = [(compare(job.piece.frame, job.bundle), True) for job in jobs]
    made = _together(registry, [counted], list(zip(jobs, found, strict=True)))
    return replace(made, scope=selected.scope)


def stored(log: Path, registry: Registry, folder: Path) -> Iterator[tuple[datetime, Compared]]:
    """What `folder` keeps of the pieces of `log`, with the newest time that each is of.

    Snapshots that read history are checked over the whole log at once: they are not among these.
    """
    pieces = parts(log)
    for job in _jobs(log, registry, pieces, [census(piece) for piece in pieces]):
        whole = any(member.history for member in job.bundle.chain())
        found = None if whole else kept(folder, job.piece.key, job.bundle.digest)
        if found is not None and job.newest is not None:
            yield job.newest, found


@dataclass(frozen=True, slots=True)
class _Job:
    """A snapshot to be replayed over a piece, in which it decided until `newest`."""

    piece: Part
    bundle: Bundle
    newest: datetime | None


def _jobs(
    log: Path | pl.LazyFrame, registry: Registry, pieces: Sequence[Part], counted: Sequence[Census]
) -> Iterator[_Job]:
    named = pl.concat(one.by for one in counted)
    for digest in sorted({v.digest for v in registry.versions}):
        newest = _newest(named.filter(pl.col("digest") == digest))
        if digest not in named["digest"]:
            continue
        bundle = snapshot(registry, digest)
        if any(member.history for member in bundle.chain()):
            whole = log if isinstance(log, pl.LazyFrame) else scan_log(log)
            yield _Job(joined(pieces, whole), bundle, newest)
            continue
        for piece, one in zip(pieces, counted, strict=True):
            if one.of(digest):
                yield _Job(piece, bundle, _newest(one.by.filter(pl.col("digest") == digest)))


def _newest(counts: pl.DataFrame) -> datetime | None:
    found = counts["newest"].max()
    return found if isinstance(found, datetime) else None


_Done = tuple[Compared | None, bool]


def _done(job: _Job, folder: Path, *, read_only: bool) -> _Done:
    """What the job came to, and whether that was found out now; None where it was not."""
    earlier = kept(folder, job.piece.key, job.bundle.digest)
    if earlier is not None or read_only:
        return earlier, False
    compared = compare(job.piece.frame, job.bundle)
    keep(folder, job.piece.key, job.bundle.digest, compared)
    return compared, True


def _together(
    registry: Registry, counted: Sequence[Census], jobs: Sequence[tuple[_Job, _Done]]
) -> Fidelity:
    named = pl.concat(one.by for one in counted)
    names: Counter[str | None] = Counter()
    for digest, events in named.select("digest", "events").iter_rows():
        names[digest] += events
    known = {v.digest for v in registry.versions}
    done = [(job, compared) for job, (compared, _) in jobs if compared is not None]
    times = [job.newest for job, _ in done if job.newest is not None]
    return Fidelity(
        under=tuple(_under(registry, done, names)),
        kinds=tuple(_kinds([kind for _, compared in done for kind in compared.kinds])),
        nameless=names[None],
        foreign={d: n for d, n in sorted(names.items(), key=_first) if d and d not in known},
        clusters=_clusters([compared.runs for _, compared in done]),
        pieces=len(jobs),
        replayed=sum(now for _, (_, now) in jobs),
        through=max(times, default=None),
        newest=_newest(named),
    )


def _first(pair: tuple[str | None, int]) -> tuple[int, str]:
    return -pair[1], pair[0] or ""


def _under(
    registry: Registry, done: Sequence[tuple[_Job, Compared]], names: Counter[str | None]
) -> Iterator[Under]:
    for version in registry.versions:
        if not names[version.digest] or registry.of_digest(version.digest) is not version:
            continue
        counts: Counter[str] = Counter()
        for kind in (k for _, compared in done for k in compared.kinds):
            if kind.digest == version.digest:
                counts[kind.verdict] += kind.events
        yield Under(version.digest, version.bundle, version.version, names[version.digest],
                    counts["same"], counts["differs"], counts["undecidable"])  # fmt: skip


def _kinds(found: Sequence[Kind]) -> list[Kind]:
    """Kinds of several pieces added up; what is the same is not among them."""
    together: dict[tuple[object, ...], Kind] = {}
    for kind in found:
        if kind.verdict == "same":
            continue
        key = (kind.digest, kind.verdict, kind.recorded, kind.recorded_rule, kind.replayed,
               kind.rule, kind.lacks)  # fmt: skip
        met = together.get(key)
        together[key] = kind if met is None else _added(met, kind)
    return sorted(
        together.values(), key=lambda k: (-k.events, k.recorded, k.replayed, k.rule or "")
    )


def _added(one: Kind, other: Kind) -> Kind:
    """The examples of the older come first."""
    times = [t for t in (one.first, other.first) if t is not None]
    swap = one.first is None or (other.first is not None and other.first < one.first)
    older, newer = (other, one) if swap else (one, other)
    examples = (*older.examples, *newer.examples)[:EXAMPLES]
    return replace(one, events=one.events + other.events, first=min(times, default=None),
                   examples=examples)  # fmt: skip


def _clusters(runs: Sequence[pl.DataFrame]) -> Clusters:
    """Sums over runs; an action without a run is a run of its own."""
    if not runs:
        return Clusters(0, 0, 0, 0, 0, 0)
    n, d = pl.col("differs"), pl.col("differs") + pl.col("same")
    alone = pl.col("run").is_null()
    table = pl.concat(runs).group_by("run").agg(pl.col("same", "differs").sum())
    sums = table.select(
        count=pl.when(alone).then(d).otherwise((d > 0).cast(pl.Int64)).sum(),
        n=n.sum(),
        d=d.sum(),
        nn=pl.when(alone).then(n).otherwise(n * n).sum(),
        nd=pl.when(alone).then(n).otherwise(n * d).sum(),
        dd=pl.when(alone).then(d).otherwise(d * d).sum(),
    )
    return Clusters(*sums.row(0))
