"""A frame of events decided by a plan: same rows, same order, columns of S22.

The reference engine (`backends.reference`) is the meaning; this one is compared with it on
random bundles and rows, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import polars as pl

from govlab.backends.columnar.answers import Book, overlay
from govlab.backends.columnar.attributes import columns_of, prepare
from govlab.backends.columnar.engine import Decided, Engine
from govlab.backends.columnar.settle import settle
from govlab.backends.columnar.steps import step_inputs, step_outputs
from govlab.errors import UsageError
from govlab.lang.nodes import variables
from govlab.plan.combine import Combined
from govlab.plan.decision import Decision
from govlab.plan.model import Plan, Scope
from govlab.runtime.arguments import canonical
from govlab.schema import LIST_TEXT

__all__ = ["COLUMNS", "decide_frame", "needed", "written"]

_MARKS = ("unknown_columns", "malformed_columns")
_Column = tuple[pl.DataType, Callable[[Combined], Any]]


def _json(value: Any) -> str | None:
    return canonical(value) if value else None


def _approvals(combined: Combined) -> str | None:
    plain = Decision("", "", approvals=combined.approvals).to_dict()
    return _json(plain["approvals"])


_TEXT = pl.Categorical()
_UNDECIDABLE = pl.Series(["undecidable"], dtype=_TEXT)  # polars forgets categories no column has
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


def needed(plan: Plan, wanted: Collection[str] = COLUMNS) -> tuple[str, ...]:
    """The columns of a log that `plan` reads for the columns `wanted` of its decisions, sorted.

    The event's id and the marks are always among them. Raises UsageError where the plan depends on
    earlier events.
    """
    _refuse_history(plan)
    read = {column for name in _asked(plan, "risk" in wanted) for column in columns_of(name)}
    return tuple(sorted((read - {"cost"}) | {"event_id", *_MARKS}))


def _asked(plan: Plan, risk: bool) -> set[str]:
    """The attributes of the event that deciding rests on, with `risk` what the class rests on."""
    found = set[str]()
    for number, scope in enumerate(plan.scopes):
        nodes = [p.target for p in plan.policies if p.scope == number and p.target]
        for policy in (p for p in plan.policies if p.scope == number):
            nodes += [n for r in policy.rules for n in (r.condition, *(v for _, v in r.set))]
        names = {name for node in nodes for name in variables(node)}
        names |= {"risk"} if risk else set()
        found |= _inputs(scope, names)
    sets = {name for p in plan.policies for r in p.rules for name, _ in r.set}
    return found | (plan.reads().keys() & sets)


def _inputs(scope: Scope, names: set[str]) -> set[str]:
    """What `names` depend on, of the event's own attributes."""
    wanted = set(names)
    if "risk" in wanted:
        wanted |= {name for _, when in scope.risk or () for name in variables(when)}
    for step in reversed(scope.steps):
        wanted |= step_inputs(step) if step_outputs(step) & wanted else set()
    return wanted & scope.reads.keys()


def _refuse_history(plan: Plan) -> None:
    if plan.has_history():
        raise UsageError(
            f"`{plan.name}` reads history, which columns do not compute yet; "
            "`replay` runs it on the scalar engine"
        )


def decide_frame(plan: Plan, frame: pl.DataFrame, *, tables: bool = True) -> pl.DataFrame:
    """The decision of `plan` for every row of `frame`, which has the types that `conform` gives.

    A column that `frame` lacks is unknown in every row (`tool` and `action`: absent);
    `unknown_columns` and `malformed_columns` name more, row by row. Monitor mode is not applied.
    Without `tables` every condition is evaluated for every row; the result is the same.

    Raises UsageError where the plan depends on earlier events.
    """
    _refuse_history(plan)
    frame = frame.select([c for c in frame.columns if not c.endswith(LIST_TEXT)])
    if tables:
        engine = Engine.of(plan, frame)
        return written(frame, engine.decided(frame, COLUMNS), engine.book)
    events, book = prepare(frame, plan.reads()), Book()
    answers = settle(plan, events, book, tables=False)
    unsure = pl.Series([c.status == "unknown" for c in book.combined], dtype=pl.Boolean)
    undecidable = unsure[answers.get_column("combined")]
    first, rows = answers, undecidable.arg_true()
    if len(rows):
        known = settle(plan, events.take(rows).as_absent(), book, tables=False)
        answers = overlay(answers, rows, known)
    return written(frame, Decided(answers, undecidable, first), book)


def written(
    frame: pl.DataFrame, decided: Decided, book: Book, wanted: Sequence[str] = COLUMNS
) -> pl.DataFrame:
    """The columns `wanted` of the decisions frame: tables of distinct parts, gathered.

    `lacks` is one more: what each decision rests on and the event lacks. That is `missing`, but for
    an undecidable row what it hangs on, while `missing` is what the rule lacks that decides once
    unknown is read as absent.
    """
    return pl.DataFrame([_column(name, frame, decided, book).alias(name) for name in wanted])


def _column(name: str, frame: pl.DataFrame, decided: Decided, book: Book) -> pl.Series:
    answers = decided.answers
    match name:
        case "event_id":
            return _event_ids(frame)
        case "risk":
            return pl.Series(list(book.risks), dtype=_TEXT)[answers["risk"]]
        case "missing" | "lacks":
            lists = pl.Series([list(m) for m in tuple(book.missing)], dtype=pl.List(pl.String))
            return lists[(answers if name == "missing" else decided.first)["missing"]]
        case "remediation":
            return _remediation(book)[answers["remedy"]]
        case "status":
            known = book.column(name, *_of(name))
            rows = decided.undecidable.arg_true()
            places = answers["combined"].clone().scatter(rows, len(known))
            return pl.concat([known, _UNDECIDABLE])[places]
        case _:
            return book.column(name, *_of(name))[answers["combined"]]


def _of(name: str) -> tuple[Callable[[Combined], Any], pl.DataType]:
    dtype, read = _OF_COMBINED[name]
    return read, dtype


def _event_ids(frame: pl.DataFrame) -> pl.Series:
    if "event_id" in frame.columns:
        return frame.get_column("event_id").cast(pl.String)
    return pl.repeat(None, frame.height, dtype=pl.String, eager=True)


def _remediation(book: Book) -> pl.Series:
    plain = [
        None if r is None else Decision("", "", remediation=r).to_dict()["remediation"]
        for r in tuple(book.remedies)
    ]
    return pl.Series([_json(p) for p in plain], dtype=_TEXT)
