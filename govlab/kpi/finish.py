"""Values of figures from a partial: for all, and for each value of a cut."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from govlab.kpi.classes import Classes, classes_of
from govlab.kpi.durations import Taken, Times, times_of
from govlab.kpi.keyrates import Tallied, key_counts, key_rates, key_top, tallied
from govlab.kpi.model import (
    Count,
    Figure,
    KeyCount,
    KeyRate,
    KeyTop,
    Quantile,
    Rate,
    RunRate,
    Stored,
    Total,
    Value,
)
from govlab.kpi.partials import Partial
from govlab.kpi.rates import Share, mask, rates, run_rates
from govlab.kpi.spec import SIDE_CUTS, Spec, texts_of
from govlab.kpi.stats import order_interval, quantile

__all__ = ["finish"]

Cuts = Sequence[str | None]


def finish(
    whole: Partial,
    spec: Spec,
    *,
    cuts: Cuts = (None,),
    as_of: datetime | None = None,
    stored: Mapping[str, Value] | None = None,
    parted: Collection[str] | None = None,
) -> list[Value]:
    """The values of the spec's figures, for all (`None`) and for each value of the other cuts.

    `stored` are results of checks that are made apart, by name; without one nobody can tell. Ages
    count to `as_of`, or to the newest action. Values of a cut are sorted by name; figures that are
    not among `parted`, where it is given, are not cut.
    """
    end, found = as_of or whole.newest, stored or {}
    classes = classes_of(whole.kinds, spec)
    keys = {table.name: tallied(whole.keys[table.name], table) for table in spec.tables}
    states = classes.states([text for f in spec.figures for text in texts_of(f.measure)])
    wanted = {
        f.id: tuple(c for c in cuts if c is None or parted is None or f.id in parted)
        for f in spec.figures
    }
    reading = _Reading(whole, spec, classes, keys, states, end, found)
    shares = _shares(reading, wanted)
    return [
        value
        for figure in spec.figures
        for value in _values(figure, reading, wanted[figure.id], shares)
    ]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What all figures are read from."""

    whole: Partial
    spec: Spec
    classes: Classes
    keys: Mapping[str, Tallied]
    states: Mapping[str, pl.Series]
    end: datetime | None
    stored: Mapping[str, Value]
    times: dict[tuple[str, str | None], Times] = field(default_factory=dict)

    def times_of(self, quantity: str, cut: str | None) -> Times:
        """How long what took, by value of a cut."""
        if (quantity, cut) not in self.times:
            kind = next(known for known in self.spec.quantities if known.name == quantity)
            self.times[quantity, cut] = times_of(self.whole.durations, kind, cut, self.end)
        return self.times[quantity, cut]


Shares = Mapping[tuple[str, str | None], Sequence[Value]]


def _shares(read: _Reading, wanted: Mapping[str, Cuts]) -> Shares:
    """The values of all shares of actions, cut by cut: what they have in common is counted once."""
    shares = {
        figure.id: Share.of(read.states[of], read.states[among])
        for figure in read.spec.figures
        if isinstance(figure.measure, Rate)
        for of, among in [texts_of(figure.measure)]
    }
    found: dict[tuple[str, str | None], Sequence[Value]] = {}
    for cut in dict.fromkeys(cut for cuts in wanted.values() for cut in cuts):
        own = {name: one for name, one in shares.items() if cut in wanted[name]}
        values = rates(read.classes.grouped(cut), own, cut) if own else {}
        found |= {(name, cut): value for name, value in values.items()}
    return found


def _values(figure: Figure, read: _Reading, cuts: Cuts, shares: Shares) -> Iterator[Value]:
    name, classes = figure.id, read.classes
    match figure.measure:
        case Rate():
            yield from (value for cut in cuts for value in shares[name, cut])
        case RunRate(of=of, among=among):
            for cut in (cut for cut in cuts if cut not in SIDE_CUTS):  # one tool's part is no run
                states = read.states[of], read.states[among]
                yield from run_rates(name, classes.grouped(cut), states, cut)
        case Count(of=of):
            yield from _sums(name, read, cuts, of, "events")
        case Total(column=column, among=among):
            yield from _sums(name, read, cuts, among, column)
        case Quantile(quantity=quantity, q=q):
            yield from _quantiles(name, read, cuts, quantity, q)
        case KeyRate(table=table, of=of, among=among):
            yield from key_rates(name, read.keys[table], of, among, cuts)
        case KeyCount(table=table, of=of):
            yield from key_counts(name, read.keys[table], of, cuts)
        case KeyTop(table=table):
            yield from key_top(name, read.keys[table], cuts)
        case Stored(result=result):
            if None in cuts:
                unchecked = Value(name, None, None, None, 0, 0, read.whole.kinds.events)
                yield replace(read.stored.get(result, unchecked), id=name)


def _sums(name: str, read: _Reading, cuts: Cuts, text: str, column: str) -> Iterator[Value]:
    """The exact sum of `column` over the actions of which `text` is true."""
    state = read.states[text]
    for cut in cuts:
        rows = read.classes.grouped(cut)
        (n,) = rows.sums([mask(state)], column)
        d, u = rows.sums([mask(state.is_not_null()), mask(state.is_null())])
        found = list(zip(rows.ats, n, d, u, strict=True)) or [(None, 0, 0, 0)] * (cut is None)
        for at, total, known, unknown in found:  # as for rates
            yield Value(name, cut, at, None if unknown > known else total, total, None, unknown)


def _quantiles(name: str, read: _Reading, cuts: Cuts, quantity: str, q: float) -> Iterator[Value]:
    for cut in cuts:
        for at, taken in read.times_of(quantity, cut).items():
            yield _quantile(name, (cut, at), taken, q)


def _quantile(name: str, place: tuple[str | None, str | None], taken: Taken, q: float) -> Value:
    total, unknown = taken.known.total, taken.unknown
    if not total or unknown > total:  # as for rates
        return Value(name, *place, None, None, total, unknown)
    low, high = order_interval(taken.known, q) or (None, None)
    return Value(name, *place, quantile(taken.known, q), None, total, unknown, low, high)
