"""Rows decided by rounds: every attribute, step, target and condition, whatever it reads."""

from __future__ import annotations

import polars as pl

from govlab.backends.columnar.answers import (
    Answers,
    Book,
    answers_frame,
    overlay,
    place_risks,
    places_of,
)
from govlab.backends.columnar.attributes import Events
from govlab.backends.columnar.missing import missing_of
from govlab.backends.columnar.rounds import Round, decide_round, states_of
from govlab.backends.columnar.variants import Waiting, decide_variants
from govlab.plan.model import Plan

__all__ = ["settle"]


def settle(plan: Plan, events: Events, book: Book, *, tables: bool) -> Answers:
    """Round one and, where remedies apply, the decision on the variant."""
    first = decide_round(plan, events, tables=tables)
    place = book.add(first.combined)
    lacks = missing_of(book, first.combined, first.which, first.samples)
    risks = place_risks(book, first.risks)
    of_class = answers_frame(first.which + place, lacks, None, risks)
    answers = of_class.select(pl.all().gather(first.classes.cast(pl.UInt32)))
    waiting = {at for at, c in enumerate(first.combined) if c.status == "decided" and c.remedies}
    if not waiting:
        return answers
    for at, rows in places_of(first.which[first.classes]).items():
        if at in waiting:
            again = _waiting(plan, events, first, risks, at, rows)
            others = decide_variants(plan, again, book, tables=tables)
            answers = overlay(answers, rows, others)
    return answers


def _waiting(
    plan: Plan, events: Events, first: Round, risks: pl.Series, at: int, rows: pl.Series
) -> Waiting:
    """What the second round needs of the rows at `rows`, decided as `first.combined[at]` so far."""
    taken, classes = events.take(rows), first.classes[rows]
    own = [
        states.with_columns(f.get_column(c)[classes] for c in f.columns if _of_risk(c))
        for states, f in zip(states_of(plan, taken), first.samples, strict=True)
    ]
    return Waiting(first.combined[at], taken, tuple(own), risks[classes], classes)


def _of_risk(column: str) -> bool:
    return column.partition("#")[0] == "risk"
