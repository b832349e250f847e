"""Audit completeness (metrics 4): do the records answer the five questions, run by run?

The questions and the fields that answer each are in `terms.FIELDS`; a field counts only where it
applies. A column that the source cannot fill leaves the question open: that is a gap.
"""

from __future__ import annotations

from govlab.kpi.model import Figure, Rate, RunRate, Stored
from govlab.kpi.terms import FIELDS

__all__ = ["AUDIT", "QUESTIONS", "answered"]

QUESTIONS = {
    "who": ("Who initiated the action, and on whose behalf?", "who initiated it"),
    "what": ("What was decided, by which rule and which policy snapshot?", "what was decided"),
    "approval": ("Was approval required, and who gave it?", "who approved it"),
    "where": ("What was executed, where, with what outcome and limits?", "what ran and where"),
    "evidence": ("Where is the immutable evidence?", "where the evidence is"),
}
"""The five audit questions and what a record that answers one tells."""


def answered(*questions: str) -> str:
    """SQL over terms: true where the fields of `questions` that apply are there.

    >>> answered("evidence")
    '(NOT (executed) OR has_record_hash OR (has_evidence_uri AND has_evidence_sha256))'
    """
    parts = [
        f"({sql})" if applies == "any" else f"(NOT ({applies}) OR {sql})"
        for _, question, applies, sql in FIELDS
        if question in questions
    ]
    return " AND ".join(parts)


_APPLIES = {"approval": "held", "evidence": "executed"}
_STEP = "fill the fields that `govlab audit questions` ranks first"


def _of_runs(question: str) -> Figure:
    return Figure(
        id=f"audit.{question}_runs",
        question=QUESTIONS[question][0],
        measure=RunRate(answered(question), _APPLIES.get(question, "any")),
        unit="share",
        better="high",
        says=f"{{numerator}} of {{denominator}} runs tell {QUESTIONS[question][1]} "
        "for every action ({value}).",
        why="an auditor asks about runs, and one silent action leaves the run unexplained",
        next_step=_STEP,
        owner="compliance",
    )


def _of_actions(question: str) -> Figure:
    return Figure(
        id=f"audit.{question}_actions",
        question=QUESTIONS[question][0],
        measure=Rate(answered(question), _APPLIES.get(question, "any")),
        unit="share",
        better="high",
        says=f"{{numerator}} of {{denominator}} actions tell {QUESTIONS[question][1]} ({{value}}).",
        why="what the record does not say nobody can prove later",
        next_step=_STEP,
        owner="compliance",
    )


AUDIT = (
    Figure(
        id="audit.complete_runs",
        question="How many runs answer all five audit questions?",
        measure=RunRate(answered(*QUESTIONS), "any"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} runs with at least one action answer "
        "all five questions ({value}).",
        why="only a complete run can be explained to an auditor",
        next_step=_STEP,
        owner="compliance",
        board=True,
    ),
    Figure(
        id="audit.complete_actions",
        question="How many actions answer all five audit questions?",
        measure=Rate(answered(*QUESTIONS), "any"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} actions answer all five questions ({value}).",
        why="what the record does not say nobody can prove later",
        next_step=_STEP,
        owner="compliance",
    ),
    *map(_of_runs, QUESTIONS),
    *map(_of_actions, QUESTIONS),
    Figure(
        id="audit.actor_share",
        question="How many records name the agent?",
        measure=Rate("has_actor"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} records name the agent ({value}).",
        why="without a name there is nobody to ask",
        next_step="log the agent's id with each call",
        owner="platform",
    ),
    Figure(
        id="audit.time_share",
        question="How many records have a time?",
        measure=Rate("has_ts"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} records have a time ({value}).",
        why="without times nothing can be put in order",
        next_step="log the time of each call",
        owner="platform",
    ),
    Figure(
        id="audit.outcome_share",
        question="How many records tell whether and how the action ran?",
        measure=Rate("has_executed AND (NOT executed OR has_outcome)"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} records tell what became of the action ({value}).",
        why="an attempt is not yet a deed",
        next_step="log the result of each call",
        owner="platform",
    ),
    Figure(
        id="audit.chained_share",
        question="How many records stand in a hash chain?",
        measure=Rate("has_record_hash"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} records stand in a hash chain ({value}).",
        why="a record that can be changed unseen proves little",
        next_step="chain the decision log and keep signed checkpoints",
        owner="compliance",
    ),
    Figure(
        id="audit.chain_verified",
        question="How many chained records did the last verification find whole?",
        measure=Stored("chain_verified"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} chained records of the log stand in a chain that was "
        "verified whole ({value}).",
        why="a chain that nobody verifies protects nothing",
        next_step="run `govlab audit verify` with a signed checkpoint",
        owner="compliance",
    ),
    Figure(
        id="audit.chain_anchored",
        question="How many chained records does a signed checkpoint cover?",
        measure=Stored("chain_anchored"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} chained records lie under a signed checkpoint and were "
        "verified whole ({value}).",
        why="without a checkpoint kept elsewhere, whoever may write the log may write it anew",
        next_step="sign a checkpoint every day: `govlab audit checkpoint`, then `verify` with it",
        owner="compliance",
    ),
    Figure(
        id="audit.versioned_share",
        question="How many decisions name the policy version they were made under?",
        measure=Rate("has_policy_version", "decided"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} decisions name the policy version ({value}).",
        why="a decision without its policy cannot be replayed",
        next_step="log version and digest with each decision",
        owner="platform",
    ),
    Figure(
        id="audit.digest_share",
        question="How many decisions name the digest of their policy snapshot?",
        measure=Rate("has_policy_digest", "decided"),
        unit="share",
        better="high",
        says="{numerator} of {denominator} decisions name the digest of their policy "
        "snapshot ({value}).",
        why="a decision without its policy cannot be replayed",
        next_step="log version and digest with each decision",
        owner="platform",
    ),
    Figure(
        id="audit.evidence_missing_rate",
        question="How many actions that had to leave evidence left none?",
        measure=Rate("NOT (has_evidence_uri AND has_evidence_sha256)", "executed AND proof_due"),
        unit="share",
        better="low",
        says="{numerator} of {denominator} executed actions whose rule asks for evidence have no "
        "link or no digest of it ({value}).",
        why="the rule asked for proof and got none",
        next_step="refuse to close the action without its evidence",
        owner="compliance",
    ),
)
