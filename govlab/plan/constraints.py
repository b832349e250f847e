"""How constraints merge to the tightest (S10): one table, by canonical name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from govlab.bundle.constraints import CONSTRAINTS, canonical_key
from govlab.bundle.model import ConstraintType

__all__ = ["MERGES", "merge"]


def _intersection(a: list[Any], b: list[Any]) -> list[Any]:
    return sorted(set(a) & set(b))


def _union(a: list[Any], b: list[Any]) -> list[Any]:
    return sorted({*a, *b})


def _all(a: list[Any], b: list[Any]) -> list[Any]:
    """Every one must hold: kept side by side, each once, in an order of their own."""
    return sorted([*a, *(item for item in b if item not in a)], key=_canonical)


def _canonical(item: Any) -> Any:
    return (item["per_s"], item["n"]) if isinstance(item, Mapping) else item


_RULES: dict[str, Callable[[Any, Any], Any]] = {
    "min": min,
    "max": max,
    "or": lambda a, b: a or b,
    "union": _union,
    "intersection": _intersection,
    "all": _all,
}

MERGES = {canonical_key(c.name, c.kind): c.merge for c in CONSTRAINTS.values()}
"""Canonical constraint name -> how two of them merge."""


def merge(
    parts: Iterable[Mapping[str, Any]], declared: Mapping[str, ConstraintType]
) -> dict[str, Any]:
    """All of `parts` at once, names sorted.

    >>> merge([{"timeout_s": 300}, {"timeout_s": 60, "allow_envs": ["dev"]}], {})
    {'allow_envs': ['dev'], 'timeout_s': 60}
    """
    merged: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            how = declared[name].merge if name in declared else MERGES[name]
            merged[name] = _RULES[how](merged[name], value) if name in merged else value
    return dict(sorted(merged.items()))
