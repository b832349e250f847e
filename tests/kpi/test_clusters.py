"""Sums over clusters against plain Python: runs of two tenants, runs in several places, giants."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from govlab.kpi.clusters import Runs
from govlab.kpi.kinds import Kinds

TENANTS, PLACES, CLASSES = 2, 3, 4
KINDS = [(t, p, c) for t in range(TENANTS) for p in range(PLACES) for c in range(CLASSES)]

_rows = st.lists(
    st.tuples(
        st.sampled_from("rst"),
        st.sampled_from(range(len(KINDS))),
        st.sampled_from([1, 1, 2, 70, 2**31]),
    ),
    max_size=40,
)


def kinds_of(rows: list[tuple[str, int, int]]) -> Kinds:
    tenants = pl.Series([f"t{t}" for t, _, _ in KINDS]).cast(pl.Categorical)
    schema = {"run": pl.Categorical, "kind": pl.UInt32, "events": pl.UInt32}
    return Kinds(pl.DataFrame({"tenant": tenants}), pl.DataFrame(rows, schema=schema, orient="row"))


@given(_rows, st.lists(st.sets(st.sampled_from(range(CLASSES))), min_size=1, max_size=12))
def test_sums_over_clusters_are_those_of_plain_python(
    rows: list[tuple[str, int, int]], sets: list[set[int]]
) -> None:
    places = np.array([p for _, p, _ in KINDS], np.uint32)
    classes = np.array([c for _, _, c in KINDS], np.uint32)
    clusters: dict[tuple[str, int, int], Counter[int]] = defaultdict(Counter)
    for run, kind, events in rows:
        tenant, place, class_ = KINDS[kind]
        clusters[run, tenant, place][class_] += events
    found = Runs.of(kinds_of(rows)).clustered(places, classes)
    masks = [np.isin(np.arange(CLASSES), sorted(wanted)) for wanted in sets]
    for wanted, counts in zip(sets, found.counts(masks), strict=True):
        sums: Counter[int] = Counter()
        several: Counter[int] = Counter()
        for (_, _, place), events in clusters.items():
            sums[place] += sum(events[c] for c in wanted)
            several[place] += sum(events[c] for c in wanted) > 0
        by_place = dict(zip(found.places.tolist(), found.by_place(counts).tolist(), strict=True))
        assert by_place == dict(sums)
        there = dict(zip(found.places.tolist(), found.by_place(counts > 0).tolist(), strict=True))
        assert there == dict(several)


@given(_rows)
def test_clusters_that_are_alike_are_one(rows: list[tuple[str, int, int]]) -> None:
    places = np.array([p for _, p, _ in KINDS], np.uint32)
    classes = np.array([c for _, _, c in KINDS], np.uint32)
    clusters: dict[tuple[str, int, int], Counter[int]] = defaultdict(Counter)
    for run, kind, events in rows:
        tenant, place, class_ = KINDS[kind]
        clusters[run, tenant, place][class_] += events
    found = Runs.of(kinds_of(rows)).clustered(places, classes)
    alike = {(place, frozenset(events.items())) for (_, _, place), events in clusters.items()}
    assert len(found.starts) == len(alike)
    assert found.times.sum() == len(clusters)


def test_a_run_with_actions_in_two_places_is_parted() -> None:
    runs = Runs.of(kinds_of([("r", 0, 1), ("r", CLASSES, 1), ("s", 0, 1)]))
    assert runs.parted(np.array([p for _, p, _ in KINDS], np.uint32))
    assert not runs.parted(np.zeros(len(KINDS), np.uint32))
