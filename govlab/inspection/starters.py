"""How well the shipped starters, and other bundles, fit a log: one replay each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl

from govlab.backends.columnar import needed
from govlab.bundle import Bundle, load_bundle
from govlab.bundled import shipped
from govlab.inspection.model import Lack, StarterFit
from govlab.plan import Plan, compile_plan
from govlab.replays import Replay, replay, replay_selection
from govlab.replays.lost import lost_paths
from govlab.replays.summary import ORIGINS
from govlab.schema import DECISIONS
from govlab.selection import Selected, Selection

__all__ = ["fit_of", "read_by", "starters"]

_WITH_HISTORY: Final = 100_000  # events that are decided one by one while a reader waits
_COPIES: Final = "inspection.copies"
_ALL: Final = Selection()


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
    done, copies = _replayed(selected, bundle, plan, selection)
    weighed = done.decided.select("origin", "decision", "lacks").with_columns(copies)
    lookups = {lookup.name for member in bundle.chain() for lookup in member.lookups}
    lacks = tuple(_lacks(weighed, done, lookups))
    return StarterFit(
        name=name,
        shipped=is_starter,
        events=events,
        origins=_sums(weighed, "origin", ORIGINS),
        decisions=_sums(weighed.filter(pl.col("origin") == "rule"), "decision", DECISIONS),
        rules_that_decided=sum(decides > 0 for _, _, decides in done.summary.rules),
        default=plan.default.decision,
        lacks=lacks,
        lost_arguments=lost_paths(selected.frame, plan),
    )


def _replayed(
    selected: Selected, bundle: Bundle, plan: Plan, selection: Selection
) -> tuple[Replay, pl.Series]:
    """The replay, and how many events each of its rows stands for."""
    if plan.has_history():
        whole = replay_selection(selected.log, bundle, selection)
        return whole, pl.repeat(1, whole.decided.height, dtype=pl.UInt32, eager=True).alias(_COPIES)
    rows = _rows(selected.frame, plan)
    return replay(rows.drop(_COPIES), bundle), rows.get_column(_COPIES)


def _rows(frame: pl.LazyFrame, plan: Plan) -> pl.DataFrame:
    """The events as the bundle sees them, equal ones once with their number."""
    have = frame.collect_schema().names()
    columns = [name for name in needed(plan) if name in have and name != "event_id"]
    if not columns:
        return frame.select(pl.len().cast(pl.UInt32).alias(_COPIES)).collect()
    grouped = frame.select(columns).group_by(columns, maintain_order=True)
    return grouped.agg(pl.len().alias(_COPIES)).collect()


def _sums(weighed: pl.DataFrame, column: str, known: Iterable[str]) -> dict[str, int]:
    summed = weighed.group_by(column).agg(pl.col(_COPIES).cast(pl.Int64).sum())
    found = dict(summed.iter_rows())
    return {name: found.get(name, 0) for name in known}


def _lacks(weighed: pl.DataFrame, done: Replay, lookups: set[str]) -> Iterable[Lack]:
    """What events lacked that a deciding or open rule asked for, most frequent first."""
    why = {
        gap.attribute: max(("unknown", "absent", "malformed"), key=lambda kind: getattr(gap, kind))
        for gap in done.summary.missing
    }
    why |= dict.fromkeys(lookups, "not listed")
    rows = (
        weighed.filter(pl.col("lacks").list.len() > 0)
        .explode("lacks", empty_as_null=False)
        .group_by("lacks")
        .agg(pl.col(_COPIES).cast(pl.Int64).sum().alias("events"))
        .sort(["events", "lacks"], descending=[True, False])
    )
    for attribute, events in rows.iter_rows():
        yield Lack(attribute, events, why.get(attribute, "unknown"))
