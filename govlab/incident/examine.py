"""An incident, from the question to what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import polars as pl

from govlab.bundle import Bundle
from govlab.errors import UsageError
from govlab.incident.binding import bindings
from govlab.incident.candidate import run_under
from govlab.incident.find import look
from govlab.incident.model import Candidate, Incident, Looked, Ruling
from govlab.incident.others import who_else
from govlab.incident.ruling import mentions, ruling, values_of
from govlab.log.citation import cite
from govlab.log.conform import conformed
from govlab.log.scan import scan_log, scan_runs
from govlab.plan import compile_plan
from govlab.registry import Registry, snapshot
from govlab.registry.windows import for_tenant, tenants
from govlab.replays.rows import events, unknown_columns
from govlab.schema import ACTIONS
from govlab.selection import Selection, select

__all__ = ["Question", "examine"]

WINDOW = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Question:
    """Which actions are asked about: by id, or by the filters; what else is looked at, and how."""

    id: str | None = None
    selection: Selection = field(default_factory=Selection)
    window: timedelta = WINDOW
    registry: Registry | None = None
    candidate: Bundle | None = None


def examine(log: Path | pl.LazyFrame, question: Question) -> Incident:
    """What is known of the actions of `log` that `question` asks about.

    Raises UsageError where there are none, or too many; LogError where the log cannot be read;
    RegistryError where a snapshot of the registry was changed.

    >>> rows = pl.LazyFrame({"event_id": ["1"], "tool": ["rm"], "executed": [True]})
    >>> examine(rows, Question(id="1")).looked.why
    ('incident',)
    """
    path = log if isinstance(log, Path) else None
    frame = scan_log(path) if path is not None else conformed(log)
    runs = scan_runs(path) if path is not None else None
    chosen = select(frame, question.selection, runs=runs)
    asked = chosen.frame
    if question.id is not None:
        if "event_id" not in frame.collect_schema().names():
            raise UsageError("the log has no column `event_id`; use `--where CEL`")
        asked = asked.filter(pl.col("event_id").cast(pl.String) == question.id)
    looked = look(frame, asked, question.window)
    row = looked.rows[looked.focus]
    (event,) = events(row)
    rule = ruling(row, event, frame, question.registry)
    now = _now(question, rule, event.get("tenant"))
    candidate = run_under(question.candidate, looked, frame) if question.candidate else None
    names = (*chosen.scope.reads, *_read(candidate))
    uses = [e for e in events(looked.rows) if e.get("approval_id") == event.get("approval_id")]
    return Incident(
        looked,
        rule,
        bindings(rule, uses, unknown_columns(row, ACTIONS)[0]),
        candidate,
        who_else(event, frame, now),
        chosen.scope,
        cite(path) if path is not None else None,
        chosen.scope.zone(),
        tuple(values_of(event, (n for n in names if n not in _SAID))),
        tuple(_notes(looked, question, now)),
    )


_SAID = ("actor", "tool", "action", "resource", "incident", "harmful", "event_id", "run_id")


def _read(candidate: Candidate | None) -> tuple[str, ...]:
    """What the candidate's rule reads of the action."""
    if candidate is None:
        return ()
    own = next(step for step in candidate.steps if step.focus)
    return mentions(compile_plan(candidate.bundle), own.rule)


def _now(question: Question, rule: Ruling, tenant: str | None) -> Bundle | None:
    """The rules that hold now: the registry's last, else the candidate's."""
    registry = question.registry
    if registry is None:
        return question.candidate
    held = for_tenant(registry, tenant if tenant in tenants(registry) else None)
    own = rule.snapshot.name if rule.snapshot else None
    last = [w for w in held if w.end is None and own in (None, w.bundle)]
    return snapshot(registry, last[0].digest) if len(last) == 1 else question.candidate


def _notes(looked: Looked, question: Question, now: Bundle | None) -> Iterator[str]:
    if question.registry is None:
        yield "without `--registry DIR` the snapshot in force is what the log itself says of it"
    if now is None:
        yield "who else could do the same needs rules: `--registry DIR` or `--bundle CANDIDATE`"
    if "resource" not in looked.rows.columns:
        yield "the log has no column `resource`: who else touched the same is not known"
