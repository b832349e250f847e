"""A log and a family of bundles -> a cube, in one pass over the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import polars as pl

from govlab.backends.columnar.dictionaries import with_lists
from govlab.backends.columnar.distinct import group
from govlab.bundle import Bundle, load_bundle
from govlab.cube.asked import Asked, clashing, together
from govlab.cube.family import columns_kept, families, kept_columns
from govlab.cube.keys import NUMBER, Apart, Batch
from govlab.cube.model import EVENTS, SUMS, Cube, Kept, Origin
from govlab.cube.reduce import Classes
from govlab.errors import LogError, UsageError, did_you_mean
from govlab.log.ahead import WORKERS, ahead
from govlab.log.collect import collected
from govlab.log.kinds import Kinds
from govlab.log.manifest import formats_of
from govlab.log.scan import scan_runs
from govlab.log.whole import whole_log
from govlab.plan import compile_plan
from govlab.schema import LIST_TEXT, request_columns
from govlab.selection import Selection, select
from govlab.selection.runs import with_runs
from govlab.types import Type

__all__ = ["BATCH", "BESIDE", "Beside", "build_cube", "classes_of", "cube_of", "kept_of"]

BATCH = 500_000
"""Rows reduced at once."""
SAMPLE = 50_000
"""Rows that tell how columns are kept."""
_MANY = 2**20  # distinct rows in memory
_FIRST = 10_000  # rows that tell whether rows repeat
_HARDLY, _FEW_ROWS = 4, 1000  # first rows for each distinct one at the least, but for so few
_HIGHEST = 2**63
_ALL, _NOTHING = Selection(), MappingProxyType[str, Type]({})
_SUMMED = ("cost_micro_usd", "tokens_in", "tokens_out")
BESIDE = "#beside"


def build_cube(
    log: Any,
    bundles: Sequence[Bundle | str | Path],
    *,
    by: Sequence[str] = (),
    hashed: bool = False,
    selection: Selection = _ALL,
) -> Cube:
    """The cube of `log` for `bundles`: each decides it exactly as it decides the log.

    `log` is as for `replay`; `by` are columns to be kept for cuts; of the events those that
    `selection` chooses. With `hashed`, texts of which rules only ask which constant they equal
    become hashes where they equal none. Raises UsageError for a bundle that reads history, bundles
    that read an attribute as different types, a column that the log has not, and a filter that is
    none or that bundles understand differently.

    >>> log = pl.DataFrame({"tool": ["aws-cli"] * 3, "env": ["production", "dev", "dev"]})
    >>> build_cube(log, ["prod-safety"])
    Cube(3 events in 2 classes)
    """
    loaded = [b if isinstance(b, Bundle) else load_bundle(b) for b in bundles]
    plans = [compile_plan(b) for b in loaded]
    named = tuple((b.name, b.version, b.digest) for b in loaded)
    asked = families(plans)
    _check_types(loaded, asked)
    declared = {name: kind for one in loaded for name, kind in one.readable().items()}
    cube = cube_of(
        log, together(asked), named, by=tuple(by), hashed=hashed, selection=selection,
        declared=declared,
    )  # fmt: skip
    for name in sorted({*cube.origin.scope.reads} & declared.keys()):
        kinds = sorted({str(one.readable()[name]) for one in loaded if name in one.readable()})
        if len(kinds) > 1:
            raise UsageError(
                f"`{selection.prefix}where` reads `{name}`, which the bundles declare differently: "
                f"{' and '.join(kinds)}; make a cube for each"
            )
    return cube


def _check_types(bundles: Sequence[Bundle], family: Sequence[Asked]) -> None:
    """Two readings of one value are two values; rows are told apart by one."""
    for (one, own), (other, its) in combinations(zip(bundles, family, strict=True), 2):
        for name in clashing(own, its):
            raise UsageError(
                f"{_named(one)} reads `{name}` as `{own.types[name]}`, {_named(other)} as "
                f"`{its.types[name]}`: a cube keeps one reading of each value; declare it alike "
                "in both, or make a cube for each"
            )


def _named(bundle: Bundle) -> str:
    """A bundle, told from another of the same name."""
    return f"`{bundle.name}` {bundle.version} ({bundle.digest[:12]})"


class Beside(Protocol):
    """What is known of each row of a log besides its cells, computed batch by batch."""

    def reads(self, have: Sequence[str]) -> Sequence[str]:
        """The columns it needs, of those that the log has."""

    def ids(self, batch: pl.DataFrame) -> pl.Series:
        """A small number for each row."""


def cube_of(  # noqa: PLR0913  what is kept apart, and of what, an argument each
    log: Any,
    family: Asked,
    bundles: tuple[tuple[str, str, str], ...],
    *,
    by: tuple[str, ...] = (),
    hashed: bool = False,
    beside: Beside | None = None,
    sums: bool = True,
    selection: Selection = _ALL,
    declared: Mapping[str, Type] = _NOTHING,
) -> Cube:
    """The cube of `log` for all that `family` asks; `bundles` are its names, versions, digests.

    `declared` are attributes as `where` understands them. Rows that `beside` tells apart stay
    apart, its numbers are the column `#beside`; tools and actions are then kept only as far as
    they are asked for. Raises LogError where costs or tokens of events that are alike sum to more
    than an integer of 64 bits holds; not without `sums`.
    """
    whole = whole_log(log, family.types)
    path = log if isinstance(log, str | Path) else None
    runs = None if path is None else scan_runs(path)
    with_cuts = with_runs(whole.frame, runs, by)
    have = with_cuts.collect_schema().names()
    own = tuple(n for n in have if not n.endswith(LIST_TEXT))
    _check_columns(by, own)
    chosen = select(with_cuts, selection, declared=declared, runs=runs, formats=formats_of(path))
    scanned = with_cuts if selection.is_all() else chosen.frame.select(have)
    sample = collected(scanned.head(SAMPLE))
    kept = kept_columns(family, sample, by, hashed=hashed, named=beside is None)
    same = beside is None and selection.is_all()  # kinds are those of all rows
    apart = Apart.of(family, kept, have, whole.kinds if same else None)
    summed = tuple(n for n in _SUMMED if n in have and sums)
    build = _Build(apart, summed, beside)
    parts = list(build.parts(scanned))
    origin = Origin(_readable(own, by), *_period(scanned, own), bundles, by, chosen.scope)
    return Cube(build.joined(parts), kept, origin)


def classes_of(
    log: pl.LazyFrame, kinds: Kinds | None, family: Asked, by: tuple[str, ...]
) -> Cube | None:
    """The cube of a log as `whole_log` reads it, without sums; None where rows hardly repeat,
    or there are none.

    Its memory is bounded, however long the log is.
    """
    kept = kept_of(log, family, by)
    build = _Build(Apart.of(family, kept, log.collect_schema().names(), kinds), (), None)
    if not build.repeats(log):
        return None
    parts: list[pl.DataFrame] = []
    for part in build.parts(log):
        parts.append(part)
        if sum(p.height for p in parts) > _MANY:
            parts = [_folded(parts)]
        if sum(p.height for p in parts) > _MANY:
            return None
    return Cube(build.joined(parts), kept, Origin((), None, None, (), by)) if parts else None


def kept_of(log: pl.LazyFrame, family: Asked, by: tuple[str, ...]) -> tuple[Kept, ...]:
    """How columns of a log are kept for a family."""
    read = columns_kept(family, by)
    sample = log.select(
        n for n in log.collect_schema().names() if n.removesuffix(LIST_TEXT) in read
    )
    return kept_columns(family, collected(sample.head(SAMPLE)), by, hashed=False)


def _check_columns(by: Sequence[str], have: Sequence[str]) -> None:
    for name in by:
        if name not in have:
            near = did_you_mean(name, have) or "it has " + ", ".join(have[:12])
            raise UsageError(f"the log has no column `{name}` to cut by; {near}")


def _readable(own: Sequence[str], by: Sequence[str]) -> tuple[str, ...]:
    """What of the log's columns a bundle could read, or a cut names."""
    known = {*request_columns(), *by}
    return tuple(n for n in own if n in known or "." in n or n == "harmful")


def _period(frame: pl.LazyFrame, have: Sequence[str]) -> tuple[str | None, str | None]:
    if "ts" not in have:
        return None, None
    ends = collected(frame.select(old=pl.col("ts").min(), new=pl.col("ts").max())).row(0)
    old, new = (e.isoformat() if isinstance(e, datetime) else None for e in ends)
    return old, new


@dataclass(frozen=True, slots=True)
class _Build:
    """What reduces batches of one log."""

    apart: Apart
    sums: tuple[str, ...]
    beside: Beside | None

    def repeats(self, log: pl.LazyFrame) -> bool:
        """Whether rows repeat, to judge by the first, so that telling them apart is worth it."""
        for batch in self.apart.batches(log.head(_FIRST), (), _FIRST):
            found = len(group(self.apart.columns(batch), len(batch)))
            return found <= max(len(batch) // _HARDLY, _FEW_ROWS)
        return False

    def parts(self, log: pl.LazyFrame) -> Iterator[pl.DataFrame]:
        """Each batch as its distinct reduced rows."""
        more = () if self.beside is None else self.beside.reads(log.collect_schema().names())
        batches = self.apart.batches(log, (*self.sums, *more), BATCH)
        # classes are numbered, and known by their first cells, in the log's order
        workers = 1 if self.apart.own.classes else WORKERS
        parts = ahead(self._part, batches, workers=workers)
        first = next(parts, None)
        # of no events the columns are to be there
        yield self._part(Batch(None, log.clear().collect())) if first is None else first
        yield from parts

    def _part(self, batch: Batch) -> pl.DataFrame:
        columns = self.apart.columns(batch)
        if self.beside is not None:
            columns.append(self.beside.ids(batch.frame).alias(BESIDE))
        groups = group(columns, len(batch))
        summed = (batch.frame.get_column(n).alias(SUMS + n) for n in self.sums)
        beside = pl.DataFrame([groups.ids.alias("#id"), *summed])
        sums = [pl.col(SUMS + n).cast(pl.Int128).sum() for n in self.sums]
        totals = beside.group_by("#id").agg(pl.len().cast(pl.UInt64).alias(EVENTS), *sums)
        keys = self.apart.keys(columns, groups.rows, batch.frame.schema)
        return keys.hstack(totals.sort("#id").drop("#id"))

    def joined(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """All parts as one, classes as the cells that stand for them."""
        together = _folded(parts) if parts else pl.DataFrame({EVENTS: []}, {EVENTS: pl.UInt64})
        totals = together.select(n for n in together.columns if _is_total(n))
        _check_sums(totals)
        frame = self._cells(together.drop(totals.columns)).hstack(totals)
        return with_lists(frame).with_columns(
            pl.col("^#sum.*$").cast(pl.Int64), pl.col(pl.String).cast(pl.Categorical)
        )

    def _cells(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with the first cells of each class in place of its number."""
        found = [c for c in rows.get_columns() if not c.name.startswith(NUMBER)]
        for name, classes in (*self.apart.known.classes, *self.apart.own.classes):
            ids, table = rows.get_column(name), _table(classes)
            found += [c[ids] for c in table.get_columns()]
        return pl.DataFrame(found)


def _folded(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The rows of parts, each once with all of its events."""
    together = pl.concat(parts)
    added = [n for n in together.columns if _is_total(n)]
    keys = together.drop(added)
    groups = group(keys.get_columns(), together.height)
    totals = together.select(groups.ids.alias("#id"), *added).group_by("#id").agg(
        pl.col(added).sum()
    )  # fmt: skip
    return keys[groups.rows].hstack(totals.sort("#id").drop("#id"))


def _check_sums(totals: pl.DataFrame) -> None:
    for column in totals.select("^#sum.*$"):
        ends = (column.min(), column.max())
        if any(isinstance(end, int) and not -_HIGHEST <= end < _HIGHEST for end in ends):
            name = column.name.removeprefix(SUMS)
            raise LogError(
                f"`{name}` of events that are alike sums to more than 64 bits hold; "
                "mend the values that no event can have, or leave the column out"
            )


def _is_total(column: str) -> bool:
    return column == EVENTS or column.startswith(SUMS)


def _table(classes: Classes) -> pl.DataFrame:
    return pl.DataFrame(classes.cells, infer_schema_length=None)
