"""A plan's code generated and run: an engine, or one condition."""

from __future__ import annotations

import linecache
from hashlib import sha256
from typing import Any

from govlab.backends.scalar.deciding import Condition, Engine
from govlab.backends.scalar.names import namespace
from govlab.backends.scalar.program import generate, generate_condition
from govlab.lang.nodes import Node
from govlab.plan.model import Plan

__all__ = ["Engine", "compile_condition", "compile_engine"]


def compile_engine(plan: Plan) -> Engine:
    """The engine of `plan`; tracebacks show the generated lines."""
    source = generate(plan)
    found = _run(source, f"{plan.name} {plan.digest[:12]}")
    return Engine(plan, found["SCOPES"], found["SETS"], source)


def compile_condition(node: Node) -> Condition:
    """A function from states by name (a value or a mark) to the result of the checked `node`.

    The result is a value, ERROR or UNKNOWN; it never raises for anything an event can hold.
    """
    source = generate_condition(node)
    condition: Condition = _run(source, sha256(source.encode()).hexdigest()[:12])["condition"]
    return condition


def _run(source: str, name: str) -> dict[str, Any]:
    """The names that generated code defines, run under a file name that `linecache` knows."""
    file = f"<govlab {name!r}>".replace("'", "")  # no NUL, no line ends
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    found = namespace()
    # the text holds nothing of a bundle but through `repr`: see `literals`
    exec(compile(source, file, "exec"), found)  # noqa: S102
    return found
