"""The vectors on the scalar engine: the condition as generated Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from govlab.backends.scalar import compile_condition
from govlab.lang.nodes import Node
from govlab.types import Type

__all__ = ["evaluate_rows"]


def evaluate_rows(
    node: Node,
    types: Mapping[str, Type],  # noqa: ARG001  # the tree has them already
    rows: Sequence[Mapping[str, Any]],
) -> list[Any]:
    """A value or a mark for each row."""
    condition = compile_condition(node)
    return [condition(row) for row in rows]
