"""For every criterion an organisation that misses it alone, and is told so (metrics 7)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from govlab.assess import scorecard
from govlab.assess.maturity import Maturity, shipped_criteria
from govlab.kpi.model import Value

from .organisation import Spoil, first, maturity, one_a_run, organisation, stored

HELD = pl.col("decision") == "REQUIRE_APPROVAL"
LIMITED = pl.col("decision") == "ALLOW_WITH_CONSTRAINTS"
DENIED = pl.col("decision") == "DENY"
RAN = pl.col("executed")
APPROVAL = ("approval_id", "approval_requested_at", "approval_decided_at", "approval_status",
            "approved_by", "approval_expires_at", "approval_policy_digest",
            "approval_action_sha256")  # fmt: skip
DECISION = ("decision", "decided_at", "policy_version", "policy_digest", "rule", "reason",
            "constraints", "decision_origin", "decision_mode", *APPROVAL)  # fmt: skip


def empty(where: pl.Expr, *columns: str) -> Spoil:
    """Those cells are empty."""
    return lambda rows: rows.with_columns(
        pl.when(~where).then(pl.col(name)).alias(name) for name in columns
    )


def put(where: pl.Expr, **cells: pl.Expr) -> Spoil:
    """Those cells say something else."""
    return lambda rows: rows.with_columns(
        pl.when(where).then(cell).otherwise(name).alias(name) for name, cell in cells.items()
    )


def after(column: str, **span: float) -> pl.Expr:
    return pl.col(column) + timedelta(**span)


def run_although(where: pl.Expr) -> Spoil:
    """What was stopped is executed."""
    return put(where, executed=pl.lit(value=True), started_at=after("ts", seconds=30),
               ended_at=after("ts", seconds=40), outcome=pl.lit("success"))  # fmt: skip


def with_big_runs(runs: int, each: int, spoil: Spoil) -> Spoil:
    """Besides, `runs` with `each` actions that were allowed and are spoiled."""

    def grown(rows: pl.DataFrame) -> pl.DataFrame:
        one = rows.filter(pl.col("step") == 0).head(1)
        more = [
            one.with_columns(
                run_id=pl.lit(f"big-{run}"), event_id=pl.lit(f"big-{run}/{step}"),
                args_sha256=pl.lit(f"{run}-{step}"),
            )
            for run in range(runs)
            for step in range(each)
        ]  # fmt: skip
        return pl.concat([rows, spoil(pl.concat(more))])

    return grown


def rarely(runs: int, times: int) -> Spoil:
    """`times` the actions, of which those of few runs meet more than an ALLOW that is enforced."""

    def spoiled(rows: pl.DataFrame) -> pl.DataFrame:
        grown = pl.concat([
            rows.with_columns(
                (pl.col(name) + f"-{at}").alias(name)
                for name in ("run_id", "event_id", "approval_id")
            )
            for at in range(times)
        ])  # fmt: skip
        few = grown["run_id"].unique(maintain_order=True).head(runs).to_list()
        kept = HELD & pl.col("run_id").is_in(few) & (pl.col("step") == 8)
        plain = put(HELD & ~kept, decision=pl.lit("ALLOW"))
        watched = put(LIMITED | DENIED, decision_mode=pl.lit("monitor"))
        return watched(plain(grown))

    return spoiled


_UNDECIDED = put(pl.lit(value=True), executed=pl.lit(value=False), outcome=pl.lit("blocked"))


def _undecided(rows: pl.DataFrame) -> pl.DataFrame:
    return _UNDECIDED(empty(pl.lit(value=True), *DECISION)(rows))


def _twice(rows: pl.DataFrame) -> pl.DataFrame:
    """Each tenth approval is the one before it, used once more."""
    approvals = rows.filter(HELD)["approval_id"].to_list()
    again = dict(zip(approvals[1::20], approvals[::20], strict=True))
    return rows.with_columns(pl.col("approval_id").replace(again))


# level, figure: how its organisation differs from the one of level 4
SPOILS: dict[tuple[int, str], Spoil] = {
    (1, "audit.actor_share"): empty(first(0.08), "actor"),
    (1, "audit.time_share"): empty(first(0.08), "ts"),
    (1, "audit.outcome_share"): empty(first(0.15), "outcome"),
    (2, "decisions.decided_share"): empty(first(0.8), *DECISION),
    (2, "decisions.decided_before_start"): put(first(0.3), decided_at=after("ts", hours=1)),
    (2, "decisions.intervention_rate"): rarely(12, 3),
    (2, "approvals.recorded_rate"): empty(first(0.6, HELD), *APPROVAL),
    (2, "constraints.bound_share"): put(first(0.6, LIMITED), constraints=pl.lit("{}")),
    (2, "audit.who_runs"): empty(first(0.6), "principal"),
    (2, "audit.versioned_share"): empty(first(0.6), "policy_version"),
    (3, "audit.who_actions"): empty(first(0.08), "principal"),
    (3, "decisions.decided_share"): with_big_runs(8, 100, _undecided),
    (3, "decisions.decided_before_start"): put(first(0.04), decided_at=after("ts", hours=1)),
    (3, "decisions.bypass_rate"): run_although(first(0.6, DENIED)),
    (3, "decisions.intervention_rate"): rarely(80, 3),
    (3, "decisions.control_plane_share"): put(first(0.15), emitter=pl.lit("agent")),
    (3, "operations.fail_open_share"): put(
        one_a_run(0.17), decision=pl.lit("UNAVAILABLE"), rule=pl.lit(None, pl.String)
    ),
    (3, "approvals.structured_rate"): empty(first(0.15, HELD), "approval_expires_at"),
    (3, "approvals.missing_rate"): put(first(0.08, HELD), approval_status=pl.lit("rejected")),
    (3, "constraints.breach_rate"): put(
        first(0.15, LIMITED), actual_cost_micro_usd=pl.lit(60_000_000)
    ),
    (3, "audit.what_runs"): empty(one_a_run(0.15), "rule"),
    (3, "audit.approval_runs"): empty(one_a_run(0.15, 8), "approval_requested_at"),
    (3, "audit.where_runs"): empty(one_a_run(0.15), "env", "resource"),
    (3, "audit.digest_share"): with_big_runs(
        12, 100, empty(pl.lit(value=True), "policy_digest")
    ),
    (4, "decisions.bypass_rate"): run_although(first(0.15, DENIED)),
    (4, "approvals.bound_rate"): empty(first(0.05, HELD), "approval_policy_digest"),
    (4, "approvals.snapshot_mismatch_rate"): put(
        first(0.04, HELD), approval_policy_digest=pl.lit("b" * 64)
    ),
    (4, "approvals.action_mismatch_rate"): put(
        first(0.04, HELD), approval_action_sha256=pl.lit("f" * 64)
    ),
    (4, "approvals.used_late_rate"): put(
        first(0.04, HELD), approval_expires_at=after("started_at", seconds=-1)
    ),
    (4, "approvals.reused_rate"): _twice,
    (4, "approvals.self_approval_rate"): put(
        first(0.04, HELD), approved_by=pl.concat_list("actor")
    ),
    (4, "constraints.breach_rate"): put(
        first(0.04, LIMITED), actual_cost_micro_usd=pl.lit(60_000_000)
    ),
    (4, "audit.what_runs"): empty(one_a_run(0.04), "rule"),
    (4, "audit.evidence_runs"): empty(one_a_run(0.04), "record_hash"),
    (4, "audit.chained_share"): lambda rows: put(
        first(0.03), evidence_uri=pl.lit("s3://evidence"), evidence_sha256=pl.lit("c" * 64)
    )(empty(first(0.03), "record_hash")(rows)),
    (4, "decisions.unregistered_digest_rate"): put(
        first(0.02), policy_digest=pl.lit("d" * 64)
    ),
}  # fmt: skip
CHECKS: dict[tuple[int, str], dict[str, Value]] = {
    (4, "decisions.mismatch_rate"): {"fidelity": stored("fidelity", 20, 4000)},
    (4, "audit.chain_anchored"): {"chain_anchored": stored("chain_anchored", 3, 4)},
}


def failing(found: Maturity, level: int) -> set[tuple[int, str]]:
    """The criteria up to a level that do not hold."""
    return {
        (j.criterion.level, j.criterion.figure)
        for j in found.judgements
        if not j.holds and j.criterion.level <= level
    }


def test_there_is_a_near_miss_for_every_criterion() -> None:
    assert {(c.level, c.figure) for c in shipped_criteria()} == {*SPOILS, *CHECKS}


def test_the_organisation_has_level_4() -> None:
    found = maturity(organisation())
    assert failing(found, 4) == set()
    assert (found.level, found.blocking) == (4, ())


@pytest.mark.parametrize(("level", "figure"), [*SPOILS, *CHECKS])
def test_a_near_miss_fails_its_criterion_alone(level: int, figure: str) -> None:
    spoil = SPOILS.get((level, figure), lambda rows: rows)
    found = maturity(spoil(organisation()), **CHECKS.get((level, figure), {}))
    assert failing(found, level) == {(level, figure)}
    assert found.level == level - 1
    (named,) = found.blocking
    assert named.criterion.figure == figure
    assert named.value.numerator != named.value.denominator
    assert named.short


def test_who_allows_everything_is_never_policy_driven() -> None:
    allowed = put(pl.lit(value=True), decision=pl.lit("ALLOW"), rule=pl.lit("all"))
    ran = run_although(pl.lit(value=True))
    found = maturity(ran(allowed(organisation())))
    assert found.level < 3
    assert (2, "decisions.intervention_rate") in failing(found, 3)


@cache
def denied_in_vain() -> tuple[pl.DataFrame, set[tuple[int, str]]]:
    """Actions of which many were denied and ran, and the criteria that fail."""
    spoiled = run_although(first(0.6, DENIED))(organisation())
    return spoiled, failing(maturity(spoiled), 4)


@pytest.mark.parametrize("column", organisation().columns)
def test_what_is_not_logged_never_passes(column: str) -> None:
    """Without a column no criterion holds that did not, and none is passed for want of evidence."""
    spoiled, before = denied_in_vain()
    found = maturity(spoiled.drop(column))
    assert failing(found, 4) >= before - {(4, figure) for _, figure in before}
    assert all(j.value.value is not None for j in found.judgements if j.holds)
    assert found.level <= 2


@pytest.mark.parametrize("check", ["fidelity", "chain_anchored"])
def test_what_nobody_checked_is_no_pass(check: str) -> None:
    assert maturity(organisation(), **{check: None}).level == 3


def test_a_criterion_comes_with_the_events_that_speak_against_it(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    emptied = empty(first(0.15), "policy_digest")(organisation())
    emptied.write_parquet(log)
    card = scorecard(log, cuts=())
    judged = {j.criterion.figure: j for j in card.maturity.judgements}["audit.digest_share"]
    assert (judged.against, judged.holds) == ("rest", False)
    lacking = emptied.filter(pl.col("policy_digest").is_null())["event_id"].to_list()
    assert [e["event_id"] for e in card.counter_examples(judged)] == lacking[:3]
    assert card.events("audit.digest_share", "rest")["event_id"].to_list() == lacking


def test_where_only_more_runs_could_show_it_nothing_is_to_be_mended() -> None:
    few = maturity(organisation().head(120))
    judged = {j.criterion.figure: j for j in few.judgements}["audit.actor_share"]
    assert (judged.holds, judged.value.value) == (False, 1.0)
    assert judged.next_step.startswith("nothing to mend")
    lost = maturity(empty(first(0.5), "actor")(organisation()))
    judged = {j.criterion.figure: j for j in lost.judgements}["audit.actor_share"]
    assert judged.next_step.startswith("log the agent's id")
