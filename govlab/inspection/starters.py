"""How well the shipped starters, and other bundles, fit a log: one replay each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from govlab.backends.columnar import needed
from govlab.bundle import Bundle, load_bundle
from govlab.bundled import shipped
from govlab.inspection.model import Lack, StarterFit
from govlab.plan import Plan, compile_plan
from govlab.replays import Replay, replay, replay_selection
from govlab.replays.lost import lost_paths
from govlab.replays.stream import BATCH
from govlab.replays.summary import ORIGINS, Summary, merged
from govlab.schema import DECISIONS
from govlab.selection import Selected, Selection

__all__ = ["fit_of", "read_by", "starters"]

_WITH_HISTORY: Final = 100_000  # events that are decided one by one while a reader waits
_COPIES: Final = "inspection.copies"
_ALL: Final = Selection()
_SAMPLE: Final = 50_000
_NAMES: Final = ("origin", "decision", "lacks")
_TOLD: Final[Mapping[str, pl.DataType]] = {
    "origin": pl.String(),
    "decision": pl.Categorical(),
    "lacks": pl.List(pl.String()),
    _COPIES: pl.Int64(),
}


def starters() -> tuple[str, ...]:
    """The names of the shipped starters, sorted.

    >>> "prod-safety" in starters()
    True
    """
    return tuple(sorted(path.parent.name for path in shipped("policies").glob("*/bundle.yaml")))


def read_by(bundle: Bundle) -> frozenset[str]:
    """The attributes that `bundle` reads, by the names of the log's columns."""
    names = compile_plan(bundle).reads()
    return frozenset("cost_micro_usd" if name == "cost" else name for name in names)


def fit_of(selected: Selected, name: str, events: int, selection: Selection = _ALL) -> StarterFit:
    """How the bundle `name`, a starter or a path, fits the `events` that are `selected`.

    Events that the bundle cannot tell apart are decided once; where it reads history, the whole
    log is. Raises BundleError where it does not load.
    """
    is_starter = name in starters()
    bundle = load_bundle(name)
    plan = compile_plan(bundle)
    if plan.has_history() and events > _WITH_HISTORY:
        note = f"reads history, which takes long on {events:,} events; run `govlab replay`"
        return StarterFit(name, is_starter, events, {}, {}, 0, plan.default.decision, (), (), note)
    parts = list(_replayed(selected, bundle, plan, selection))
    weighed, summary = pl.concat(told for told, _ in parts), merged([part for _, part in parts])
    lookups = {lookup.name for member in bundle.chain() for lookup in member.lookups}
    lacks = tuple(_lacks(weighed, summary, lookups))
    return StarterFit(
        name=name,
        shipped=is_starter,
        events=events,
        origins=_sums(weighed, "origin", ORIGINS),
        decisions=_sums(weighed.filter(pl.col("origin") == "rule"), "decision", DECISIONS),
        rules_that_decided=sum(decides > 0 for _, _, decides in summary.rules),
        default=plan.default.decision,
        lacks=lacks,
        lost_arguments=lost_paths(selected.frame, plan),
    )


def _replayed(
    selected: Selected, bundle: Bundle, plan: Plan, selection: Selection
) -> Iterator[tuple[pl.DataFrame, Summary]]:
    """How many events of a part were decided how, and the summary of the rows that were decided."""
    if plan.has_history():
        yield _told(replay_selection(selected.log, bundle, selection))
        return
    have = selected.frame.collect_schema().names()
    columns = [name for name in needed(plan) if name in have and name != "event_id"]
    if _differ(selected.frame.select(columns)):
        yield _told(replay(selected.frame, bundle))
        return
    for rows in _rows(selected.frame, columns):
        yield _told(replay(rows.drop(_COPIES), bundle), rows.get_column(_COPIES))


def _told(done: Replay, copies: pl.Series | None = None) -> tuple[pl.DataFrame, Summary]:
    """The counts of what was decided, each row as often as `copies` says (once)."""
    told, start = [pl.DataFrame(schema=_TOLD)], 0
    for part in done.parts(_NAMES):
        own = 1 if copies is None else copies.slice(start, part.height).cast(pl.Int64)
        weighed = part.with_columns(pl.lit(own).cast(pl.Int64).alias(_COPIES))
        told.append(weighed.group_by(_NAMES).agg(pl.col(_COPIES).sum()))
        start += part.height
    return pl.concat(told), done.summary


def _differ(rows: pl.LazyFrame) -> bool:
    """Whether most rows differ, as far as the first ones tell: to find equal ones would not pay."""
    first = rows.head(_SAMPLE).collect()
    return bool(first.width) and first.unique().height * 4 > _SAMPLE


def _rows(frame: pl.LazyFrame, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The events as a bundle sees them that reads `columns`, equal ones once with their number, in
    parts that fit in memory."""
    if not columns:
        yield frame.select(pl.len().cast(pl.UInt32).alias(_COPIES)).collect()
        return
    log, number = frame.select(columns), pl.len().alias(_COPIES)
    met = [log.head(0).group_by(columns).agg(number).collect()]
    for batch in log.collect_batches(chunk_size=BATCH):
        both = pl.concat([*met, batch.group_by(columns).agg(number)])
        met = [both.group_by(columns).agg(pl.col(_COPIES).sum())]
        if met[0].height >= BATCH:
            yield met.pop()
    yield from met


def _sums(weighed: pl.DataFrame, column: str, known: Iterable[str]) -> dict[str, int]:
    summed = weighed.group_by(column).agg(pl.col(_COPIES).sum())
    found = dict(summed.iter_rows())
    return {name: found.get(name, 0) for name in known}


def _lacks(weighed: pl.DataFrame, summary: Summary, lookups: set[str]) -> Iterable[Lack]:
    """What events lacked that a deciding or open rule asked for, most frequent first."""
    why = {
        gap.attribute: max(("unknown", "absent", "malformed"), key=lambda kind: getattr(gap, kind))
        for gap in summary.missing
    }
    why |= dict.fromkeys(lookups, "not listed")
    rows = (
        weighed.filter(pl.col("lacks").list.len() > 0)
        .explode("lacks", empty_as_null=False)
        .group_by("lacks")
        .agg(pl.col(_COPIES).sum().alias("events"))
        .sort(["events", "lacks"], descending=[True, False])
    )
    for attribute, events in rows.iter_rows():
        yield Lack(attribute, events, why.get(attribute, "unknown"))
