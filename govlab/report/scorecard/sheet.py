"""What a scorecard's report shows: its JSON document read once, as it may be shown (J15, J18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from govlab.assess.sentences import amount
from govlab.errors import UsageError
from govlab.report.disclosure import CLOSED, Disclosure
from govlab.report.scorecard.private import shareable

__all__ = ["FAMILIES", "STATUSES", "Finding", "Lack", "Part", "Row", "Sheet", "interval"]

FAMILIES: Mapping[str, str] = {
    "decisions": "Decisions",
    "approvals": "Approvals",
    "constraints": "Limits",
    "audit": "Audit trail",
    "operations": "Operations",
}
"""The families of figures in the order they are shown, by their titles."""
STATUSES: Mapping[str, str] = {
    "fail": "✕ fail",
    "warn": "! warn",
    "unknown": "? unknown",
    "pass": "✓ pass",
    "none": "– no target",
}
"""How each status is written, the worst first: a sign and a word, so that colour is never alone."""

_MONEY = "micro-USD"
# short names where an id's own words say too little to a newcomer
_NAMES: Mapping[str, str] = {
    "decisions.decided_share": "met a decision",
    "decisions.allow_rate": "allowed",
    "decisions.constraint_rate": "allowed within limits",
    "decisions.approval_rate": "held for approval",
    "decisions.deny_rate": "denied",
    "decisions.remediation_rate": "safer variant proposed",
    "decisions.bypass_rate": "went round the control",
    "decisions.unregistered_digest_rate": "by untested versions",
    "approvals.missing_rate": "ran without approval",
    "approvals.used_late_rate": "used after its end",
    "approvals.snapshot_mismatch_rate": "given under other rules",
    "approvals.action_mismatch_rate": "given for another action",
    "approvals.reused_rate": "used more than once",
    "approvals.self_approval_rate": "given by the asking side",
    "approvals.wait_p50": "half answered within",
    "approvals.wait_p90": "90 % answered within",
    "approvals.wait_p95": "95 % answered within",
    "approvals.wait_p99": "99 % answered within",
    "constraints.breach_rate": "broke a limit",
    "constraints.cost_breach_rate": "limit on cost",
    "constraints.time_breach_rate": "limit on time",
    "constraints.records_breach_rate": "limit on records",
    "constraints.lines_breach_rate": "limit on lines",
    "constraints.files_breach_rate": "limit on files",
    "constraints.retries_breach_rate": "limit on retries",
    "audit.who_runs": "who initiated it",
    "audit.what_runs": "what was decided and why",
    "audit.approval_runs": "who approved it",
    "audit.where_runs": "what ran, where",
    "audit.evidence_runs": "where the evidence is",
    "audit.complete_runs": "answer all five questions",
    "operations.failure_rate": "failed",
    "operations.timeout_rate": "ran into a timeout",
    "operations.dead_letter_rate": "ended in the dead letter queue",
    "operations.retry_share": "another try of an earlier one",
    "operations.retry_storm_rate": "tried five times or more",
    "operations.laundering_rate": "denied, run by another agent",
    "operations.fail_open_rate": "ran though nobody answered",
    "operations.fail_open_share": "ran without an answer",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of the whole log, as a report shows it."""

    id: str
    family: str
    question: str
    unit: str
    better: str
    value: float | None
    numerator: int | None
    denominator: int | None
    unknown: int
    low: float | None
    high: float | None
    status: str
    board: bool
    sentence: str
    why: str
    next_step: str
    owner: str

    @property
    def shown(self) -> str:
        """The value with its unit."""
        return _shown(self, self.unit)

    @property
    def name(self) -> str:
        """The figure's short name, e.g. `deny rate`."""
        return _NAMES.get(self.id) or self.id.partition(".")[2].replace("_", " ")

    @property
    def counted(self) -> str:
        """What was counted among what, e.g. `12 of 40`; money is no count."""
        return "-" if self.unit == _MONEY else _counted(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class Part:
    """One figure for one value of a cut; `at` is None where the log has no value."""

    id: str
    at: str | None
    value: float | None
    numerator: int | None
    denominator: int | None
    unknown: int
    low: float | None
    high: float | None

    @property
    def counted(self) -> str:
        """What was counted among what."""
        return _counted(self.numerator, self.denominator)

    def shown(self, unit: str) -> str:
        """The value in `unit`, its figure's."""
        return _shown(self, unit)

    @property
    def basis(self) -> str:
        """What the value rests on, the unknown included; empty where there is nothing."""
        if not self.unknown:
            return self.counted if self.value is not None else ""
        unknown = f"{self.unknown:,} unknown"
        return f"{self.counted}, {unknown}" if self.denominator else unknown

    @property
    def size(self) -> int:
        """How much the part rests on."""
        return (self.denominator or self.numerator or 0) + self.unknown


@dataclass(frozen=True, slots=True)
class Finding:
    """A risk that is there: its kind and figure, what to do, and events to look at."""

    figure: str
    risk: str
    sentence: str
    next_step: str
    owner: str
    events: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """A column that no source fills: figures it would answer alone, and with others."""

    column: str
    answers: tuple[str, ...]
    helps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A scorecard as it may be shown; `document` is its JSON twin under the same settings."""

    rows: tuple[Row, ...]
    cuts: Mapping[str, tuple[Part, ...]]
    findings: tuple[Finding, ...]
    lacks: tuple[Lack, ...]
    document: Mapping[str, Any]
    disclosure: Disclosure

    @staticmethod
    def of(document: Mapping[str, Any], disclosure: Disclosure = CLOSED) -> Sheet:
        """The sheet of a scorecard's `to_dict()`, or of that read back from a file.

        Raises UsageError where the document is no scorecard, or of another version.
        """
        try:
            return _sheet(document, disclosure)
        except (AttributeError, KeyError, TypeError) as error:
            raise UsageError(
                f"this is no scorecard of this version ({type(error).__name__}: {error}); "
                "write it again with `govlab scorecard LOG --json`"
            ) from error

    @property
    def scope(self) -> Mapping[str, Any]:
        """What the scorecard speaks of: events, runs, period, filters, sources."""
        scope: Mapping[str, Any] = self.document["scope"]
        return scope

    @property
    def maturity(self) -> Mapping[str, Any]:
        """The level with its name and what blocks the next, or a null level with its reason."""
        maturity: Mapping[str, Any] = self.document["maturity"]
        return maturity

    @property
    def comparison(self) -> Mapping[str, Any] | None:
        """What moved against another period, where that was asked for."""
        return self.document.get("comparison")

    @property
    def other_period(self) -> str:
        """What was compared with, in words: a period that overlaps this one is not before it."""
        other = (self.comparison or {}).get("with", {})
        try:
            ended, begun = map(datetime.fromisoformat, (other["newest"], self.scope["oldest"]))
            is_before = ended < begun
        except (KeyError, TypeError, ValueError):  # one of them has no time
            is_before = False
        return "the period before" if is_before else "the other period"

    @property
    def projected(self) -> tuple[Row, ...]:
        """The figures of a candidate's decisions, where there is one: never the log's own."""
        found = (self.document.get("projected") or {}).get("figures", ())
        return tuple(Row(**_only(Row, figure)) for figure in found)

    @property
    def judged(self) -> bool:
        """Whether any figure was held against a target."""
        return any(row.status in ("pass", "warn", "fail") for row in self.rows)

    def row(self, name: str) -> Row | None:
        """The figure with that id, if the scorecard has it."""
        return next((row for row in self.rows if row.id == name), None)

    def family(self, name: str) -> tuple[Row, ...]:
        """The figures of one family."""
        return tuple(row for row in self.rows if row.family == name)

    def families(self) -> tuple[str, ...]:
        """The families in the order they are shown; those that have no title come last."""
        found = dict.fromkeys(row.family for row in self.rows)
        return (*(f for f in FAMILIES if f in found), *(f for f in found if f not in FAMILIES))


def interval(low: float | None, high: float | None, unit: str) -> str:
    """The interval in words; a dash where there is none.

    >>> interval(0.1, 0.25, "share"), interval(None, None, "s")
    ('10.0 % to 25.0 %', '-')
    """
    if low is None or high is None:
        return "-"
    return f"{amount(low, unit)} to {amount(high, unit)}"


def _sheet(document: Mapping[str, Any], disclosure: Disclosure) -> Sheet:
    shown = shareable(document, disclosure)
    rows = tuple(Row(**_only(Row, figure)) for figure in shown["figures"])
    said = {row.id: row.sentence for row in rows}
    return Sheet(
        rows,
        {cut: tuple(Part(**_only(Part, p)) for p in ps) for cut, ps in shown["cuts"].items()},
        tuple(_finding(found, said) for found in shown.get("findings") or ()),
        tuple(_lack(lack) for lack in (shown.get("unknown") or {}).get("columns", ())),
        shown,
        disclosure,
    )


def _shown(of: Row | Part, unit: str) -> str:
    """That there was nothing to count is another thing than that nobody can tell."""
    nothing = of.value is None and not of.unknown and not of.denominator
    return "nothing to count" if nothing else amount(of.value, unit)


def _counted(numerator: int | None, denominator: int | None) -> str:
    if denominator is None:
        return "-" if numerator is None else f"{numerator:,}"
    return f"of {denominator:,}" if numerator is None else f"{numerator:,} of {denominator:,}"


def _only(kind: type[Row | Part], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `kind`; what else an entry says stays in the document."""
    return {name: entry[name] for name in kind.__dataclass_fields__}


def _finding(found: Mapping[str, Any], said: Mapping[str, str]) -> Finding:
    return Finding(
        found["id"],
        found["risk"],
        said.get(found["id"], ""),
        found["next_step"],
        found["owner"],
        tuple(found["events"]),
    )


def _lack(lack: Mapping[str, Any]) -> Lack:
    return Lack(lack["column"], tuple(lack["answers"]), tuple(lack["helps"]))
