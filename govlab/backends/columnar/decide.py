"""A frame of events decided by a plan: same rows, same order, columns of S22.

The reference engine (`backends.reference`) is the meaning; this one is compared with it on
random bundles and rows, field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from govlab.backends.columnar.answers import (
    Answers,
    Book,
    answers_frame,
    missing_of,
    overlay,
    place_risks,
    places_of,
)
from govlab.backends.columnar.attributes import Events, columns_of, prepare
from govlab.backends.columnar.rounds import Round, decide_round, states_of
from govlab.backends.columnar.variants import Waiting, decide_variants
from govlab.errors import UsageError
from govlab.plan.combine import Combined
from govlab.plan.decision import Decision
from govlab.plan.model import Plan
from govlab.runtime.arguments import canonical

__all__ = ["COLUMNS", "decide_frame", "needed", "open_frame"]

_MARKS = ("unknown_columns", "malformed_columns")
_Column = tuple[pl.DataType, Callable[[Combined], Any]]


def _json(value: Any) -> str | None:
    return canonical(value) if value else None


def _approvals(combined: Combined) -> str | None:
    plain = Decision("", "", approvals=combined.approvals).to_dict()
    return _json(plain["approvals"])


_TEXT = pl.String()
_OF_COMBINED: dict[str, _Column] = {
    "decision": (_TEXT, lambda c: c.decision),
    "policy": (_TEXT, lambda c: c.policy),
    "rule": (_TEXT, lambda c: c.rule),
    "gate": (_TEXT, lambda c: c.gate),
    "reason": (_TEXT, lambda c: c.reason),
    "constraints": (_TEXT, lambda c: _json(c.constraints)),
    "approvals": (_TEXT, _approvals),
    "evidence_required": (pl.Boolean(), lambda c: c.evidence_required),
    "status": (_TEXT, lambda c: c.status),
    "matched": (pl.List(pl.String()), lambda c: list(c.matched)),
}
COLUMNS = (
    "event_id",
    "decision",
    "policy",
    "rule",
    "gate",
    "reason",
    "risk",
    "constraints",
    "approvals",
    "evidence_required",
    "remediation",
    "status",
    "missing",
    "matched",
)
"""The columns of a decisions frame, in order (S22)."""


def needed(plan: Plan) -> tuple[str, ...]:
    """The columns of a log that `plan` reads, with the event's id and the marks, sorted.

    Raises UsageError where the plan depends on earlier events.
    """
    _refuse_history(plan)
    read = {column for name in plan.reads() for column in columns_of(name)}
    return tuple(sorted((read - {"cost"}) | {"event_id", *_MARKS}))


def _refuse_history(plan: Plan) -> None:
    if plan.has_history():
        raise UsageError(
            f"`{plan.name}` reads history, which columns do not compute yet; "
            "`replay` runs it on the reference engine"
        )


def decide_frame(plan: Plan, frame: pl.DataFrame, *, tables: bool = True) -> pl.DataFrame:
    """The decision of `plan` for every row of `frame`, which has the types that `conform` gives.

    A column that `frame` lacks is unknown in every row (`tool` and `action`: absent);
    `unknown_columns` and `malformed_columns` name more, row by row. Monitor mode is not applied.
    With `tables`, rows that no rule can tell apart are decided once; the result is the same.

    Raises UsageError where the plan depends on earlier events.
    """
    _refuse_history(plan)
    events, book = prepare(frame, plan.reads()), Book()
    answers = _settle(plan, events, book, tables)
    unsure = pl.Series([c.status == "unknown" for c in book.combined], dtype=pl.Boolean)
    undecidable = unsure.gather(answers.get_column("combined"))
    rows = undecidable.arg_true()
    if len(rows):
        known = _settle(plan, events.take(rows).as_absent(), book, tables)
        answers = overlay(answers, rows, known)
    return _written(frame, answers, book, undecidable)


def open_frame(plan: Plan, frame: pl.DataFrame) -> pl.Series:
    """For each row of `frame`, the attributes that the rule it stops at mentions and lacks.

    Where a row is undecidable that rule is the one that hangs on something unknown, while
    `missing` of `decide_frame` speaks of the rule that decides once unknown is read as absent.
    """
    book = Book()
    answers = _settle(plan, prepare(frame, plan.reads()), book, tables=True)
    lists = pl.Series([list(m) for m in book.missing], dtype=pl.List(_TEXT))
    return lists.gather(answers.get_column("missing"))


def _settle(plan: Plan, events: Events, book: Book, tables: bool) -> Answers:
    """Round one and, where remedies apply, the decision on the variant."""
    first = decide_round(plan, events, tables=tables)
    place = len(book.combined)
    book.combined.extend(first.combined)
    lacks = missing_of(book, first.combined, first.which, first.samples)
    risks = place_risks(book, first.risks)
    of_class = answers_frame(first.which + place, lacks, None, risks)
    answers = of_class.select(pl.all().gather(first.classes.cast(pl.UInt32)))
    waiting = {at for at, c in enumerate(first.combined) if c.status == "decided" and c.remedies}
    if not waiting:
        return answers
    for at, rows in places_of(first.which.gather(first.classes)).items():
        if at in waiting:
            again = _waiting(plan, events, first, risks, at, rows)
            others = decide_variants(plan, again, book, tables=tables)
            answers = overlay(answers, rows, others)
    return answers


def _waiting(
    plan: Plan, events: Events, first: Round, risks: pl.Series, at: int, rows: pl.Series
) -> Waiting:
    """What the second round needs of the rows at `rows`, decided as `first.combined[at]` so far."""
    taken, classes = events.take(rows), first.classes.gather(rows)
    own = [
        states.with_columns(f.get_column(c).gather(classes) for c in f.columns if _of_risk(c))
        for states, f in zip(states_of(plan, taken), first.samples, strict=True)
    ]
    return Waiting(first.combined[at], taken, tuple(own), risks.gather(classes), classes)


def _of_risk(column: str) -> bool:
    return column.partition("#")[0] == "risk"


def _written(
    frame: pl.DataFrame, answers: Answers, book: Book, undecidable: pl.Series
) -> pl.DataFrame:
    """The decisions frame: tables of distinct parts, gathered."""
    at = {name: answers.get_column(name) for name in answers.columns}
    columns = {
        name: pl.Series([read(c) for c in book.combined], dtype=dtype).gather(at["combined"])
        for name, (dtype, read) in _OF_COMBINED.items()
    }
    status = columns["status"].set(undecidable, "undecidable")
    columns |= {
        "status": status,
        "event_id": _event_ids(frame),
        "risk": pl.Series(list(book.risks), dtype=_TEXT).gather(at["risk"]),
        "missing": pl.Series([list(m) for m in book.missing], dtype=pl.List(_TEXT)).gather(
            at["missing"]
        ),
        "remediation": _remediation(book).gather(at["remedy"]),
    }
    return pl.DataFrame([columns[name].alias(name) for name in COLUMNS])


def _event_ids(frame: pl.DataFrame) -> pl.Series:
    if "event_id" in frame.columns:
        return frame.get_column("event_id").cast(pl.String)
    return pl.repeat(None, frame.height, dtype=pl.String, eager=True)


def _remediation(book: Book) -> pl.Series:
    plain = [
        None if r is None else Decision("", "", remediation=r).to_dict()["remediation"]
        for r in book.remedies
    ]
    return pl.Series([_json(p) for p in plain], dtype=pl.String)
