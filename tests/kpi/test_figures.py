"""The figures are what plain Python makes of the same rows, whole, in pieces and in parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govlab.kpi.catalog import FIGURES, spec_of
from govlab.kpi.classes import classes_of
from govlab.kpi.finish import finish
from govlab.kpi.model import KeyCount, KeyRate, KeyTop, Quantile, Rate, RunRate, Stored, Value
from govlab.kpi.partials import Partial, merge, partial
from govlab.kpi.rates import Share, rates
from govlab.kpi.spec import texts_of
from tests.kpi import brute
from tests.kpi.logs import Log, frame_of, known_of, logs, rows_of

SPEC = spec_of()
RELAXED = settings(
    max_examples=max(settings().max_examples // 4, 8),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
COUNTED = tuple(name for name, f in FIGURES.items() if not isinstance(f.measure, Stored))


def pieces(log: Log, ends: Sequence[int]) -> Partial:
    rows, sources = log
    known = known_of(sources)
    starts = [0, *ends, len(rows)]
    parts = [frame_of(rows[a:b]) for a, b in pairwise(starts)]
    return merge([partial(part, SPEC, known) for part in parts])


def whole(log: Log) -> Partial:
    rows, sources = log
    return partial(frame_of(rows), SPEC, known_of(sources))


def told(value: Value) -> tuple[Any, ...]:
    return value.value, value.numerator, value.denominator, value.unknown


def test_every_figure_has_an_independent_twin() -> None:
    assert set(brute.FIGURES) == set(COUNTED)


@RELAXED
@given(logs())
def test_every_figure_is_what_plain_python_makes_of_the_rows(log: Log) -> None:
    rows = rows_of(log)
    values = {value.id: value for value in finish(whole(log), SPEC)}
    for name in COUNTED:
        found = brute.figure(name, rows)
        wanted = (found.value, found.numerator, found.denominator, found.unknown)
        assert told(values[name]) == wanted, name


@RELAXED
@given(logs(), st.data())
def test_any_pieces_make_the_same_whole(log: Log, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.lists(st.integers(0, len(log[0])), max_size=4)))
    cuts = (None, "workflow", "tool", "day", "week")
    assert finish(pieces(log, ends), SPEC, cuts=cuts) == finish(whole(log), SPEC, cuts=cuts)


@RELAXED
@given(logs(), st.sampled_from(["tenant", "workflow", "actor", "tool", "env", "day", "week"]))
def test_a_cut_sums_to_the_whole(log: Log, cut: str) -> None:
    values = finish(whole(log), SPEC, cuts=(None, cut))
    for name in COUNTED:
        measure = FIGURES[name].measure
        if isinstance(measure, KeyRate | KeyCount | KeyTop | RunRate):
            continue
        (all_,) = [v for v in values if v.id == name and v.cut is None]
        parts = [v for v in values if v.id == name and v.cut == cut]
        assert sum(v.unknown for v in parts) == all_.unknown, name
        assert sum(v.denominator or 0 for v in parts) == (all_.denominator or 0), name
        if not isinstance(measure, Quantile):
            assert sum(v.numerator or 0 for v in parts) == (all_.numerator or 0), name


@RELAXED
@given(logs(), st.sampled_from(["tenant", "workflow", "tool"]))
def test_a_part_is_the_figure_of_its_own_rows(log: Log, cut: str) -> None:
    values = finish(whole(log), SPEC, cuts=(cut,))
    for value in values:
        if (
            isinstance(FIGURES[value.id].measure, RunRate)
            or value.id == "approvals.pending_age_max"
        ):
            continue  # a run is judged whole; ages count to the end of the whole
        rows = [row for row in rows_of(log) if row.cells.get(cut) == value.at]
        found = brute.figure(value.id, rows)
        wanted = (found.value, found.numerator, found.denominator, found.unknown)
        assert told(value) == wanted, (value.id, value.at)


@RELAXED
@given(logs(), st.sampled_from([None, "workflow"]))
def test_a_day_of_a_part_is_the_figure_of_its_own_rows(log: Log, cut: str | None) -> None:
    classes = classes_of(whole(log).kinds, SPEC)
    measures = {name: FIGURES[name].measure for name in COUNTED}
    named = {name: texts_of(m) for name, m in measures.items() if isinstance(m, Rate)}
    states = classes.states([text for texts in named.values() for text in texts])
    shares = {name: Share.of(states[of], states[among]) for name, (of, among) in named.items()}
    for name, values in rates(classes.by_day(cut), shares, cut).items():
        for value in values:
            if value.at is None or not value.at[:1].isdigit():
                continue  # of no day
            day, part = value.at[:10], value.at[11:] or None
            rows = [
                row
                for row in rows_of(log)
                if row.cells.get("ts") is not None
                and row.cells["ts"].date().isoformat() == day
                and (cut is None or (row.cells.get(cut) or None) == part)
            ]
            found = brute.figure(name, rows)
            assert told(value) == (
                found.value, found.numerator, found.denominator, found.unknown,
            ), (name, value.at)  # fmt: skip


def test_money_is_exact() -> None:
    rows = [{"source_format": "a", "cost_micro_usd": 9_007_199_254_740_993}] * 3
    source = brute.Source(frozenset({"source_format", "cost_micro_usd"}))
    values = {v.id: v for v in finish(whole((rows, {"a": source})), SPEC)}  # type: ignore[arg-type]
    assert values["operations.estimated_cost"].value == 27_021_597_764_222_979


def test_what_no_source_can_tell_is_unknown_and_never_a_zero() -> None:
    rows: list[dict[str, Any]] = [{"source_format": "a", "tool": "rm"}] * 50
    source = brute.Source(frozenset({"source_format", "tool"}))
    for value in finish(whole((rows, {"a": source})), SPEC):
        if not value.id.startswith("audit."):
            assert value.value is None, value
            assert value.unknown, value
