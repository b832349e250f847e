"""Merging constraints: to the tightest, whatever the order (S10)."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from govlab.bundle.constraints import CONSTRAINTS, canonical_key
from govlab.bundle.model import ConstraintType
from govlab.plan.constraints import MERGES, merge
from govlab.types import INT
from tests.plan.plans import LIMITS

Limits = dict[str, Any]


@given(LIMITS, LIMITS)
def test_commutative(a: Limits, b: Limits) -> None:
    assert merge([a, b], {}) == merge([b, a], {})


@given(LIMITS, LIMITS, LIMITS)
def test_associative(a: Limits, b: Limits, c: Limits) -> None:
    assert (
        merge([merge([a, b], {}), c], {})
        == merge([a, merge([b, c], {})], {})
        == merge([a, b, c], {})
    )


@given(LIMITS, LIMITS)
def test_idempotent(a: Limits, b: Limits) -> None:
    assert merge([a, a], {}) == merge([a], {}) == dict(sorted(a.items()))
    together = merge([a, b], {})
    assert merge([together, a], {}) == merge([together, b], {}) == together


def test_every_known_constraint_has_a_way_to_merge() -> None:
    assert {canonical_key(c.name, c.kind) for c in CONSTRAINTS.values()} == set(MERGES)


def test_a_declared_one_merges_as_declared() -> None:
    declared = {"seats": ConstraintType(INT, "max")}
    assert merge([{"seats": 1}, {"seats": 3}, {"seats": 2}], declared) == {"seats": 3}


def test_an_empty_intersection_stands() -> None:
    assert merge([{"allow_envs": ["a"]}, {"allow_envs": ["b"]}], {}) == {"allow_envs": []}


def test_merging_changes_no_part() -> None:
    part = {"allow_paths": [["b"]], "deny_paths": ["x"]}
    merge([part, {"allow_paths": [["a"]], "deny_paths": ["y"]}], {})
    assert part == {"allow_paths": [["b"]], "deny_paths": ["x"]}
