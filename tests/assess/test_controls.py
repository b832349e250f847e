"""What a log supports of the controls of frameworks; unknown never supports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govlab.assess.bounds import Bound, kept
from govlab.assess.commands import Asking
from govlab.assess.controls import (
    Control,
    Retention,
    Standing,
    load_controls,
    shipped_controls,
    standing,
)
from govlab.assess.targets import Target, judge
from govlab.audit.retention import Kept
from govlab.errors import UsageError
from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Value

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIGURE = "audit.actor_share"


def value(share: float | None, low: float | None, high: float | None, unknown: int = 0) -> Value:
    n = 0 if share is None else 100
    return Value(FIGURE, None, None, share, int(n * (share or 0)), n, unknown, low, high)


def one(asked: Bound | Retention, *values: Value, kept: tuple[Kept, ...] = ()) -> Standing:
    (found,) = standing([Control("F", "1", "t", (asked,))], values, kept, NOW, Asking())
    return found


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (value(0.99, 0.97, 1.0), "supports"),
        (value(0.90, 0.85, 0.93), "gap"),
        (value(0.96, 0.90, 0.99), "unknown"),  # as it should be, but not surely
        (value(0.99, 0.97, 1.0, unknown=50), "unknown"),
        (value(1.0, None, None), "unknown"),
        (value(None, None, None, unknown=9), "unknown"),
    ],
)
def test_evidence_is_judged_by_its_worse_end(found: Value, status: str) -> None:
    assert one(Bound(FIGURE, 0.95, at_least=True), found).status == status


def test_what_is_unknown_alone_is_asked_for_where_it_alone_is_wrong() -> None:
    few, many = value(0.90, 0.85, 0.93, unknown=50), value(0.99, 0.97, 1.0, unknown=50)
    sides = [kept(Bound(FIGURE, 0.95, at_least=True), found).against for found in (few, many)]
    assert sides == ["rest", "unknown"]


@pytest.mark.parametrize("figure", ["approvals.wait_p50", "operations.actual_cost"])
def test_of_a_time_or_an_amount_the_unknown_has_no_worst(figure: str) -> None:
    """Diluted as a share is, half a minute of a hundred would become less by all who said none."""
    of = 100 if figure == "approvals.wait_p50" else None
    known = Value(figure, None, None, 30, None, of, 0, 20, 40)
    asked = Bound(figure, 35, at_least=False)
    assert kept(asked, known).holds is False
    assert kept(asked, replace(known, unknown=50)).holds is None
    assert kept(Bound(figure, 45, at_least=False), replace(known, unknown=1)).holds is None
    found = replace(known, unknown=50)
    assert judge(FIGURES[figure], found, Target(35, 35)) == "fail"
    assert judge(FIGURES[figure], found, Target(45, 45)) == "unknown"
    assert judge(FIGURES[figure], known, Target(45, 45)) == "pass"


@pytest.mark.parametrize(("share", "status"), [(1.0, "unknown"), (0.5, "fail")])
def test_a_rate_of_too_few_runs_passes_no_target(share: float, status: str) -> None:
    found = Value(FIGURE, None, None, share, int(4 * share), 4, 0, None, None, 1.0, 9)
    assert judge(FIGURES[FIGURE], found, Target(0.9, 0.8)) == status


def test_events_to_fix_are_counted_exactly() -> None:
    hundred = Value(FIGURE, None, None, 0.06, 6, 100, 0, 0.01, 0.1)
    assert kept(Bound(FIGURE, 0.07, at_least=True), hundred).short == 1


@pytest.mark.parametrize(
    ("figure", "command"),
    [
        ("decisions.mismatch_rate", "govlab fidelity LOG"),
        ("audit.chain_anchored", "govlab audit verify LOG"),
        (FIGURE, "govlab events LOG"),
    ],
)
def test_evidence_names_the_command_that_has_it(figure: str, command: str) -> None:
    (found,) = one(Bound(figure, 0.5, at_least=True)).evidence
    assert found.query.startswith(command)


def test_a_figure_that_was_not_made_is_unknown() -> None:
    assert one(Bound(FIGURE, 0.95, at_least=True)).status == "unknown"


@pytest.mark.parametrize(("days", "status"), [(183, "unknown"), (184, "supports")])
def test_every_system_has_to_reach_back(days: int, status: str) -> None:
    old = Kept("a", "x", 5, 0, NOW - timedelta(days=900), NOW, 901, ())
    young = Kept("b", "x", 5, 0, NOW - timedelta(days=days), NOW, days + 1, ())
    found = one(Retention(184), kept=(old, young))
    assert (found.status, "of b is" in found.evidence[0].reason) == (status, True)


@pytest.mark.parametrize("kept", [(), (Kept("a", "x", 5, 1, None, None, 0, ()),)])
def test_without_times_nobody_knows_how_long_events_are_kept(kept: tuple[Kept, ...]) -> None:
    assert one(Retention(184), kept=kept).status == "unknown"


def test_a_gap_weighs_more_than_what_is_unknown() -> None:
    asked = (Bound(FIGURE, 0.95, at_least=True), Retention(184))
    (found,) = standing([Control("F", "1", "t", asked)], [value(0.5, 0.4, 0.6)], (), NOW, Asking())
    assert found.status == "gap"
    assert found.evidence[0].query.endswith(f"--figure {FIGURE} --side rest")


def test_what_no_log_can_show_is_unknown() -> None:
    (found,) = standing([Control("F", "1", "t", ())], [], (), NOW, Asking())
    assert found.status == "unknown"


def test_the_shipped_catalogue_names_each_control_once() -> None:
    named = [(c.framework, c.id) for c in shipped_controls()]
    assert len(named) == len(set(named)) > 50
    assert {f"ASI{n:02}" for n in range(1, 11)} <= {id_ for _, id_ in named}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1", "a list of frameworks"),
        ("- {framework: F}", "`framework` and `controls`"),
        ("- {framework: F, controls: [{id: 1}]}", "`id`, `title` and `evidence`"),
        ("- {framework: F, controls: [{id: 1, title: t, evidence: [{figure: audit.actr_share, "
         "at_least: 1}]}]}", "did you mean `audit.actor_share`"),
        ("- {framework: F, controls: [{id: 1, title: t, evidence: [{retention: -1}]}]}", "is none"),
        ("- {framework: F, controls: [{id: 1, title: t, evidence: [{figure: audit.actor_share, "
         "at_most: much}]}]}", "is no number"),
        ("- {framework: F, controls: [{id: 1, title: t, evidence: [{figure: audit.actor_share, "
         "at_most: .nan}]}]}", "is no number"),
        ("[]", "a list of frameworks"),
        ("- {framework: 800, controls: []}", "put it in quotes"),
        ("- {framework: F, controls: [{id: 1, title: t, evidence: []}, "
         "{id: '1', title: u, evidence: []}]}", "is there 2 times"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_catalogue_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "controls.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        load_controls(path)
