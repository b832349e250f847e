"""The second round (S6): rows with remedies, their safer variants decided once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from govlab.backends.columnar.answers import Answers, Book, answers_frame, missing_of, overlay
from govlab.backends.columnar.attributes import Events, spread, with_states
from govlab.backends.columnar.cells import to_python
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.dictionary import evaluate_distinct
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.rounds import Round, decide_round
from govlab.lang.nodes import Node
from govlab.plan.combine import Combined, conclude, refuse
from govlab.plan.model import Plan
from govlab.plan.remedy import agreed, remedy, variant
from govlab.runtime.event import attribute_states

__all__ = ["decide_variants"]

_MONEY = frozenset({"cost", "cost_micro_usd"})


@dataclass(frozen=True, slots=True)
class _Variants:
    """What remedies set: `ids` gives each row's variant; `values` is None where they contradict."""

    ids: pl.Series
    values: list[dict[str, Any] | None]
    events: list[dict[str, Any]]


def decide_variants(plan: Plan, events: Events, first: Round, combined: Combined,
                    rows: pl.Series, risk: pl.Series, book: Book, *, tables: bool) -> Answers:
    """Answers for the rows at `rows`, all of whose first round gave `combined` with its remedies."""
    own = [first.rows(scope, rows) for scope in range(len(plan.scopes))]
    variants = _variants(combined, own, events.raw, rows)
    place = len(book.combined)
    book.combined.append(refuse(combined, "remediation_conflict"))
    which = pl.repeat(0, len(rows), dtype=pl.UInt32, eager=True)
    lacks = missing_of(book, [book.combined[place]], which, own)
    conflicting = answers_frame(which + place, lacks, None, risk)
    stands = pl.Series([v is not None for v in variants.values], dtype=pl.Boolean)
    kept = stands.gather(variants.ids).arg_true()
    if not len(kept):
        return conflicting
    names = frozenset(n for _, r in ((m, m.rule) for m in combined.remedies) for n, _ in r.set)
    changed = _changed(plan, events.take(rows.gather(kept)), variants, variants.ids.gather(kept), names)
    second = decide_round(plan, changed, settled=names, tables=tables)
    answers = _concluded(combined, second, [f[kept] for f in own], variants,
                         variants.ids.gather(kept), risk.gather(kept), book)
    return overlay(conflicting, kept, answers)


def _variants(combined: Combined, own: Sequence[pl.DataFrame], raw: pl.DataFrame,
              rows: pl.Series) -> _Variants:
    """The values that the remedies set, on the original event, and the events that they make."""
    parts = [(at, name, *_values(node, own[r.policy.scope]))
             for at, r in enumerate(combined.remedies) for name, node in r.rule.set]
    texts = _arguments(raw, rows) if any(n.startswith("args.") for _, n, _, _ in parts) else None
    columns = [ids for _, _, ids, _ in parts] + ([] if texts is None else [texts])
    groups = group(columns, len(rows))
    values: list[dict[str, Any] | None] = []
    events: list[dict[str, Any]] = []
    for row in groups.rows:
        sets: list[dict[str, Any]] = [{} for _ in combined.remedies]
        for at, name, ids, results in parts:
            sets[at][name] = results[ids[row]]
        together = agreed(sets)
        event = {} if texts is None else {"args": texts[row]}
        values.append(together)
        events.append(event if together is None else variant(event, together))
    return _Variants(groups.ids, values, events)


def _arguments(raw: pl.DataFrame, rows: pl.Series) -> pl.Series | None:
    return raw.get_column("args").gather(rows).cast(pl.String) if "args" in raw.columns else None


def _values(node: Node, frame: pl.DataFrame) -> tuple[pl.Series, list[Any]]:
    """The distinct values of `node` and each row's place among them."""
    if not Native().storable(node):
        groups, results = evaluate_distinct(node, frame)
        return groups.ids, results
    cells = evaluate_nodes([node], frame)[0]
    groups = group([cells.value], frame.height)
    return groups.ids, to_python(cells.value.gather(groups.rows), node.type)


def _changed(plan: Plan, events: Events, variants: _Variants, ids: pl.Series,
             names: frozenset[str]) -> Events:
    """`events` with the attributes that the variants change."""
    reads = {n: t for n, t in plan.reads().items() if _affected(n, names)}
    found = [attribute_states(event, reads, frozenset()) for event in variants.events]
    columns = {n: spread(t, [f[n] for f in found], ids) for n, t in reads.items()}
    return with_states(events, reads, columns, removed=names)


def _affected(name: str, names: frozenset[str]) -> bool:
    """Whether setting `names` can change what attribute `name` reads."""
    if name in names or (name in _MONEY and names & _MONEY):
        return True
    patched = any(n.startswith("args.") for n in names)
    if name == "args" or name.startswith("args."):
        return patched or "args" in names
    return name == "args_sha256" and patched


def _concluded(first: Combined, second: Round, own: Sequence[pl.DataFrame], variants: _Variants,
               ids: pl.Series, risk: pl.Series, book: Book) -> Answers:
    """Both rounds together."""
    place = len(book.combined)
    results = [conclude(first, other) for other in second.combined]
    book.combined.extend(results)
    which = second.which.gather(second.classes)
    lacks = missing_of(book, results, which, own, second.frames)
    remedies = _remedies(results, which, variants, ids, book)
    return answers_frame(which + place, lacks, remedies, risk)


def _remedies(results: Sequence[Combined], which: pl.Series, variants: _Variants, ids: pl.Series,
              book: Book) -> pl.Series:
    """The place in `book` of each row's remedy; none where the variant was refused."""
    groups = group([which, ids], len(which))
    places = []
    for row in groups.rows:
        result, values = results[which[row]], variants.values[ids[row]]
        places.append(_place(result, values or {}, variants.events[ids[row]], book))
    return pl.Series(places, dtype=pl.UInt32).gather(groups.ids)


def _place(result: Combined, values: Mapping[str, Any], event: Mapping[str, Any], book: Book) -> int:
    if result.reason == "remediation_refused":
        return 0
    book.remedies.append(remedy(result.remedies, values, event))
    return len(book.remedies) - 1
