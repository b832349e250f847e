"""The largest risks of a log, with events to look at (J15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from govlab.assess.events import Sieve
from govlab.assess.reading import columns_read, in_batches
from govlab.kpi.catalog import FIGURES, spec_of
from govlab.kpi.keyrates import key_states
from govlab.kpi.keys import Keyed, settled_parts
from govlab.kpi.knowledge import Knowledge
from govlab.kpi.model import Figure, KeyRate, KeyTable, Value
from govlab.kpi.partials import Partial

__all__ = ["RISKS", "Finding", "findings", "worst"]

RISKS = (
    # kind of risk, figure, how grave one event is
    ("round the control", "decisions.bypass_rate", 3),
    ("round the control", "approvals.missing_rate", 3),
    ("round the control", "operations.fail_open_rate", 3),
    ("another's yes", "operations.laundering_rate", 3),
    ("not what was approved", "approvals.snapshot_mismatch_rate", 3),
    ("not what was approved", "approvals.action_mismatch_rate", 3),
    ("not what was approved", "approvals.used_late_rate", 2),
    ("not what was approved", "approvals.reused_rate", 3),
    ("not who may approve", "approvals.self_approval_rate", 3),
    ("not who may approve", "approvals.ineligible_rate", 3),
    ("not who may approve", "approvals.quorum_short_rate", 2),
    ("over the limit", "constraints.breach_rate", 2),
    ("untested rules", "decisions.unregistered_digest_rate", 1),
    ("no proof", "audit.evidence_missing_rate", 1),
    ("stuck or probing", "operations.retry_storm_rate", 1),
)
"""What is a risk in itself, and the weights by which events of different risks are compared."""

SHOWN = ("event_id", "ts", "run_id", "actor", "tool", "action", "decision", "rule", "outcome")
_EXAMPLES = 3
_START = 50_000  # rows among which the first events mostly are
_MOST = 3

Found = list[pl.DataFrame | None]  # of each sieve the first events so far


@dataclass(frozen=True, slots=True)
class Finding:
    """A risk that is there: its figure, how many events, and the first of them."""

    kind: str
    figure: Figure
    value: Value
    events: tuple[Mapping[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; times in RFC 3339."""
        return {
            "risk": self.kind,
            "id": self.figure.id,
            "count": self.value.numerator,
            "next_step": self.figure.next_step,
            "owner": self.figure.owner,
            "events": [dict(event) for event in self.events],
        }


def worst(values: Sequence[Value]) -> list[tuple[str, Value]]:
    """The figures with most weight of events, one of each kind of risk, the largest first."""
    known = {v.id: v for v in values if v.cut is None and v.numerator}
    weighed = [
        (weight * (known[name].numerator or 0), kind, known[name])
        for kind, name, weight in RISKS
        if name in known
    ]
    ranked = sorted(weighed, key=lambda found: (-found[0], found[2].id))
    first: dict[str, Value] = {}
    for _, kind, value in ranked:
        first.setdefault(kind, value)
    return list(first.items())[:_MOST]


def findings(
    frame: pl.LazyFrame, values: Sequence[Value], whole: Partial, known: Knowledge
) -> tuple[Finding, ...]:
    """The worst of `values`, which are of `frame` and its partial, with their first events."""
    chosen = worst(values)
    sieves = [_sieve(value.id, whole, known) for _, value in chosen]
    first = _first(frame, sieves) if sieves else []
    return tuple(
        Finding(kind, FIGURES[value.id], value, events)
        for (kind, value), events in zip(chosen, first, strict=True)
    )


def _sieve(name: str, whole: Partial, known: Knowledge) -> Sieve:
    spec = spec_of(name, cuts=())
    keys = [_in_numerator(FIGURES[name], whole.keys[table.name], table) for table in spec.tables]
    return Sieve(FIGURES[name], spec, known, keys[0] if keys else None)


def _in_numerator(figure: Figure, keys: Keyed, table: KeyTable) -> pl.DataFrame:
    """The keys that a finding counts: few of many."""
    parts = settled_parts(keys, table)
    match figure.measure:
        case KeyRate(of=of, among=among):
            return pl.concat([part.filter(_yes(part, of, among)) for part in parts])
        case _:
            return pl.concat(list(parts))


def _yes(keys: pl.DataFrame, of: str, among: str) -> pl.Series:
    wanted, base = key_states(keys, of, among).get_columns()
    return (wanted & base).fill_null(value=False)


def _first(frame: pl.LazyFrame, sieves: Sequence[Sieve]) -> list[tuple[Mapping[str, Any], ...]]:
    """Of each sieve the first events, in one reading of the columns they need."""
    have = [name for name in SHOWN if name in frame.collect_schema().names()]
    joint = replace(sieves[0], spec=spec_of(*(s.figure.id for s in sieves), cuts=()))
    needed = frame.select(sorted({*columns_read(frame, joint.spec), *have}))
    found: Found = [None] * len(sieves)
    for batch in in_batches(needed.head(_START)):
        found = _with(found, batch, sieves, joint)
    last = _last(found)
    # nothing later can be among the first: most of the log need not be read
    rest = needed if last is None else needed.filter(pl.col("ts") <= last)
    found = [None] * len(sieves)
    for batch in in_batches(rest):
        found = _with(found, batch, sieves, joint)
    return [_rows(rows) for rows in found]


def _with(found: Found, batch: pl.DataFrame, sieves: Sequence[Sieve], joint: Sieve) -> Found:
    """The first events of each sieve, those of `batch` too; `joint` says what all need."""
    more: Found = []
    rows, shown = joint.rows(batch), batch.select(n for n in SHOWN if n in batch.columns)
    for known, sieve in zip(found, sieves, strict=True):
        hit = shown.filter(sieve.marks(rows)[0])
        plain = hit.with_columns(pl.col(pl.Categorical).cast(pl.String))
        more.append(_earliest(plain if known is None else pl.concat([known, plain])))
    return more


def _last(found: Found) -> datetime | None:
    """The time behind which no event is among the first; None while that cannot be told."""
    ends: list[datetime | None] = []
    for rows in found:
        if rows is None or "ts" not in rows.columns or rows.height < _EXAMPLES:
            return None
        ends += rows["ts"].to_list()
    return None if None in ends else max(end for end in ends if end is not None)


def _earliest(rows: pl.DataFrame) -> pl.DataFrame:
    order = [name for name in ("ts", "run_id", "event_id") if name in rows.columns]
    return (rows.sort(order, nulls_last=True) if order else rows).head(_EXAMPLES)


def _rows(rows: pl.DataFrame | None) -> tuple[Mapping[str, Any], ...]:
    plain = [] if rows is None else rows.to_dicts()
    return tuple({key: _shown(value) for key, value in row.items()} for row in plain)


def _shown(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
