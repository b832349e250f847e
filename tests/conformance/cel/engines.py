"""The back-ends that the vectors run on, by name: a checked condition over many rows.

An engine takes the tree, the types of its variables and rows of states (a value or a mark of
`runtime.states` for each variable) and gives a value or a mark for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from govlab.lang.nodes import Node
from govlab.types import Type

__all__ = ["ENGINES", "Engine", "engine"]

Row = Mapping[str, Any]
Engine = Callable[[Node, Mapping[str, Type], Sequence[Row]], Sequence[Any]]

# name -> module that must exist, module of the adapter here
ENGINES: dict[str, tuple[str, str]] = {
    "reference": ("govlab.backends.reference", "tests.conformance.cel.on_reference"),
    "columnar": ("govlab.backends.columnar", "tests.conformance.cel.on_columnar"),
    "scalar": ("govlab.backends.scalar", "tests.conformance.cel.on_scalar"),
}


def engine(name: str) -> Engine | None:
    """The engine `name`, or None where this checkout does not have it (yet)."""
    back_end, adapter = ENGINES[name]
    if find_spec(back_end) is None or find_spec(adapter) is None:
        return None
    run: Engine = import_module(adapter).evaluate_rows
    return run
