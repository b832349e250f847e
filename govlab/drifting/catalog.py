"""What is followed from day to day: figures of the catalogue, and some that only drift asks.

Each is a share of actions, so that one reading, one clustering and one test serve all of them.
"""

from __future__ import annotations

from typing import Final

from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Figure, Rate, Term
from govlab.kpi.spec import Spec
from govlab.kpi.terms import KEY_TABLES, QUANTITIES, TERMS

__all__ = ["DURATION", "FOLLOWED", "HEAD", "LADDERS", "LIKE", "METADATA", "NAMED", "WAIT",
           "drift_spec"]  # fmt: skip

HEAD: Final = (
    "decisions.deny_rate",
    "decisions.approval_rate",
    "decisions.constraint_rate",
    "decisions.remediation_rate",
    "decisions.decided_share",
    "decisions.bypass_rate",
)
"""What a governance lead asks first: for the whole log these are looked for before all else."""

_MORE: Final = (
    "decisions.unavailable_rate",
    "decisions.monitor_share",
    "decisions.default_share",
    "decisions.error_share",
    "decisions.unregistered_digest_rate",
    "approvals.reject_rate",
    "operations.failure_rate",
    "operations.timeout_rate",
)

METADATA: Final = (
    "run_id", "actor", "principal", "workflow", "tool", "action", "resource", "resource_type",
    "env", "region", "data_class", "risk_tags", "cost_micro_usd", "policy_digest",
)  # fmt: skip
"""The columns of which it is followed how often they are missing."""

NAMED: Final = {
    "tool": "tool", "action": "action", "actor": "agent", "env": "environment", "model": "model",
}  # fmt: skip
"""The columns in which a value never seen before is told, and what such a value is."""

LIKE: Final = ("tool", "action", "env", "resource_type", "data_class", "region", "read_only",
               "destructive", "amount", "cost_micro_usd", "tokens_in", "records_affected",
               "lines_changed", "files_changed")  # fmt: skip
"""The columns whose values are compared where no bundle says which of them conditions read."""

WAIT: Final = "drift.approval_wait"
DURATION: Final = "drift.duration"
LADDERS: Final = {
    WAIT: (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800),
    DURATION: (0, 1, 2, 5, 10, 30, 60, 300, 1800),
}
"""Seconds that an answer or a call may take: of a series that is followed by which half of them are
done. Whole seconds: a call over 0 takes at least one."""


def _missing(column: str) -> Figure:
    return Figure(
        id=f"drift.missing.{column}",
        question=f"How often is `{column}` missing?",
        measure=Rate(f"lacks_{column}"),
        unit="share",
        better="low",
        says=f"`{column}` is missing in {{numerator}} of {{denominator}} actions ({{value}}).",
        why="a rule that reads what is missing cannot decide, and no figure can be cut by it",
        next_step=f"ask who writes `{column}` what changed at the source",
        owner="platform",
    )


def _rung(ladder: str, seconds: int) -> Figure:
    question, among, says, why, next_step, owner = _TIMES[ladder]
    return Figure(
        id=f"{ladder}.{seconds}",
        question=question,
        measure=Rate(f"{ladder.rpartition('.')[2]}_{seconds}", among),
        unit="share",
        better="low",
        says=f"{{numerator}} of {{denominator}} {says} ({{value}}).",
        why=why,
        next_step=next_step,
        owner=owner,
    )


# what expired or is still open took longer too: without it, the slower people are the fewer
# slow answers there would be
_TIMES: Final = {
    WAIT: ("How long do approvals take?", "answered OR lapsed OR pending",
           "approvals took longer", "work waits, and people in a hurry stop reading",
           "look at who answers, and how much they are asked", "security"),
    DURATION: ("How long do calls take?", "executed AND NOT timed_out", "calls took longer",
               "slow calls are retried, and retries double what was done",
               "look at the tools that became slower", "app"),
}  # fmt: skip
_SECONDS: Final = {
    WAIT: ("COALESCE(approval_status = 'pending', FALSE) OR wait_s > {}",
           ("wait_s", "approval_status")),
    DURATION: ("duration_s > {}", ("duration_s",)),
}  # fmt: skip
_OWN: Final = {
    figure.id: figure
    for figure in (
        *map(_missing, METADATA),
        *(_rung(ladder, seconds) for ladder, steps in LADDERS.items() for seconds in steps),
    )
}
_OWN_TERMS: Final = {
    term.name: term
    for term in (
        *(Term(f"lacks_{name}", f"{name} IS NULL", (name,)) for name in METADATA),
        *(
            Term(f"{ladder.rpartition('.')[2]}_{seconds}", sql.format(seconds), reads)
            for ladder, (sql, reads) in _SECONDS.items()
            for seconds in LADDERS[ladder]
        ),
    )
}

FOLLOWED: Final = {**{name: FIGURES[name] for name in (*HEAD, *_MORE)}, **_OWN}
"""The shares that are followed, by id."""


def drift_spec(cuts: tuple[str, ...]) -> Spec:
    """What a log is reduced to: the shares followed, for each day and each value of `cuts`.

    >>> "lacks_env" in {term.name for term in drift_spec(()).terms}
    True
    """
    terms = {**TERMS, **_OWN_TERMS}
    return Spec.of(FOLLOWED.values(), terms, QUANTITIES, KEY_TABLES, cuts=(*cuts, "day"))
