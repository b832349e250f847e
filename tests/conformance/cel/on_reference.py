"""The reference walker over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from govlab.backends.reference.walker import evaluate
from govlab.lang.nodes import Node
from govlab.types import Type

__all__ = ["evaluate_rows"]


def evaluate_rows(
    node: Node, types: Mapping[str, Type], rows: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """The result of `node` for each of `rows`."""
    assert all(row.keys() >= types.keys() for row in rows)
    return [evaluate(node, row) for row in rows]
