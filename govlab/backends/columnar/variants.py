"""The second round (S6): rows with remedies, their safer variants decided once more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from govlab.backends.columnar.answers import Answers, Book, answers_frame, overlay
from govlab.backends.columnar.attributes import Events, source_column, spread, with_states
from govlab.backends.columnar.cells import to_python
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.dictionary import evaluate_distinct
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.missing import missing_of
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.reach import alike
from govlab.backends.columnar.rounds import Round, decide_round
from govlab.lang.nodes import Node
from govlab.plan.combine import Combined, conclude, refuse
from govlab.plan.model import Plan
from govlab.plan.remedy import agreed, remedy
from govlab.runtime.event import attribute_states
from govlab.runtime.variants import variant

__all__ = ["Waiting", "decide_variants"]

_MONEY = frozenset({"cost", "cost_micro_usd"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows whose first round gave one decision, `combined`, with its remedies.

    `events` are those rows, `own` their states (one frame a bundle of the chain), `risk` the
    places of what they report as risk, `classes` their classes in the first round.
    """

    combined: Combined
    events: Events
    own: tuple[pl.DataFrame, ...]
    risk: pl.Series
    classes: pl.Series

    def only(self, kept: pl.Series) -> Waiting:
        """Those at the places `kept`."""
        own = tuple(frame[kept] for frame in self.own)
        risk, classes = self.risk[kept], self.classes[kept]
        return replace(self, events=self.events.take(kept), own=own, risk=risk, classes=classes)

    def names(self) -> frozenset[str]:
        """The attributes that the remedies set."""
        return frozenset(name for r in self.combined.remedies for name, _ in r.rule.set)


@dataclass(frozen=True, slots=True)
class _Variants:
    """What remedies set: `ids` gives each row's variant; `values` is None where they contradict."""

    ids: pl.Series
    values: list[dict[str, Any] | None]
    events: list[dict[str, Any]]


def decide_variants(plan: Plan, waiting: Waiting, book: Book, *, tables: bool) -> Answers:
    """Answers for the rows that wait for their second round."""
    variants = _variants(waiting)
    changed = [n for n in plan.reads() if _affected(n, waiting.names())]
    given = (waiting.classes, variants.ids)
    groups = alike(plan, waiting.events, {*changed, *waiting.names()}, waiting.own, given)
    variants = replace(variants, ids=variants.ids[groups.rows])
    some = waiting.only(groups.rows)
    return _decided(plan, some, variants, book, tables)[groups.ids]


def _decided(
    plan: Plan, waiting: Waiting, variants: _Variants, book: Book, tables: bool
) -> Answers:
    """Answers for rows that are each decided by themselves."""
    conflicting = _conflicting(waiting, book)
    stands = pl.Series([v is not None for v in variants.values], dtype=pl.Boolean)
    kept = stands[variants.ids].arg_true()
    if not len(kept):
        return conflicting
    standing = waiting.only(kept)
    variants = replace(variants, ids=variants.ids[kept])
    changed = _changed(plan, standing.events, variants, waiting.names())
    second = decide_round(plan, changed, settled=waiting.names(), tables=tables)
    return overlay(conflicting, kept, _concluded(standing, second, variants, book))


def _conflicting(waiting: Waiting, book: Book) -> Answers:
    """The answers where remedies set two values for one attribute."""
    refused = refuse(waiting.combined, "remediation_conflict")
    which = pl.repeat(0, len(waiting.risk), dtype=pl.UInt32, eager=True)
    place = book.add([refused])
    lacks = missing_of(book, [refused], which, waiting.own)
    return answers_frame(which + place, lacks, None, waiting.risk)


def _variants(waiting: Waiting) -> _Variants:
    """The values that the remedies set, on the original event, and the events that they make."""
    remedies = waiting.combined.remedies
    parts = [
        (at, name, *_values(node, waiting.own[r.policy.scope]))
        for at, r in enumerate(remedies)
        for name, node in r.rule.set
    ]
    patched = any(name.startswith("args.") for name in waiting.names())
    texts = _arguments(waiting.events.raw) if patched else None
    columns = [ids for _, _, ids, _ in parts] + ([] if texts is None else [texts])
    groups = group(columns, len(waiting.risk))
    values: list[dict[str, Any] | None] = []
    events: list[dict[str, Any]] = []
    for row in groups.rows:
        sets: list[dict[str, Any]] = [{} for _ in remedies]
        for at, name, ids, results in parts:
            sets[at][name] = results[ids[row]]
        together = agreed(sets)
        event = {} if texts is None else {"args": texts[row]}
        values.append(together)
        events.append(event if together is None else variant(event, together))
    return _Variants(groups.ids, values, events)


def _arguments(raw: pl.DataFrame) -> pl.Series | None:
    return raw.get_column("args").cast(pl.String) if "args" in raw.columns else None


def _values(node: Node, frame: pl.DataFrame) -> tuple[pl.Series, list[Any]]:
    """The distinct values of `node` and each row's place among them."""
    if not Native().storable(node):
        groups, results = evaluate_distinct(node, frame)
        return groups.ids, results
    cells = evaluate_nodes([node], frame)[0]
    groups = group([cells.value], frame.height)
    return groups.ids, to_python(cells.value[groups.rows], node.type)


def _changed(plan: Plan, events: Events, variants: _Variants, names: frozenset[str]) -> Events:
    """`events` with the attributes that the variants change."""
    reads = {n: t for n, t in plan.reads().items() if _affected(n, names)}
    found = [attribute_states(event, reads, frozenset()) for event in variants.events]
    columns = {n: spread(t, [f[n] for f in found], variants.ids) for n, t in reads.items()}
    return with_states(events, reads, columns, known=names, cleared=_cleared(names, reads))


def _cleared(names: frozenset[str], reads: Collection[str]) -> frozenset[str]:
    """What is no longer malformed once `names` are set, as `plan.remedy` has it."""
    marked = {*names, *reads, *map(source_column, reads)}
    event = {"malformed_columns": ",".join(sorted(marked))}
    left = variant(event, dict.fromkeys(names))["malformed_columns"]
    return frozenset(marked) - frozenset(left.split(","))


def _affected(name: str, names: frozenset[str]) -> bool:
    """Whether setting `names` can change what attribute `name` reads."""
    if name in names or (name in _MONEY and names & _MONEY):
        return True
    patched = any(n.startswith("args.") for n in names)
    if name == "args" or name.startswith("args."):
        return patched or "args" in names
    return name == "args_sha256" and patched


def _concluded(waiting: Waiting, second: Round, variants: _Variants, book: Book) -> Answers:
    """Both rounds together."""
    results = [conclude(waiting.combined, other) for other in second.combined]
    place = book.add(results)
    which = second.which[second.classes]
    after = tuple(f[second.classes] for f in second.samples)
    lacks = missing_of(book, results, which, waiting.own, after)
    remedies = _remedies(results, which, variants, book)
    return answers_frame(which + place, lacks, remedies, waiting.risk)


def _remedies(
    results: Sequence[Combined], which: pl.Series, variants: _Variants, book: Book
) -> pl.Series:
    """The place in `book` of each row's remedy; none where the variant was refused."""
    groups = group([which, variants.ids], len(which))
    places = []
    for row in groups.rows:
        at = variants.ids[row]
        values = variants.values[at] or {}
        places.append(_place(results[which[row]], values, variants.events[at], book))
    return pl.Series(places, dtype=pl.UInt32)[groups.ids]


def _place(
    result: Combined, values: Mapping[str, Any], event: Mapping[str, Any], book: Book
) -> int:
    if result.reason == "remediation_refused":
        return 0
    return book.add_remedy(remedy(result.remedies, values, event))
