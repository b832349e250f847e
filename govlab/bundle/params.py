"""Params: named constants and their types (S7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govlab.bundle.documents import ParamDocument
from govlab.bundle.expressions import Expressions
from govlab.bundle.tree import Tree, key_at, node_at
from govlab.lang.checker import Constant
from govlab.runtime import clock
from govlab.runtime.values import CelError
from govlab.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type, list_of, parse_type

__all__ = ["constant", "read_params"]

_KINDS = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}


def read_params(
    documents: Mapping[str, ParamDocument], manifest: Tree, expressions: Expressions
) -> dict[str, Constant]:
    """Each param as a constant; GL036 for a value of another type, GL014 for one out of range."""
    constants = {}
    for name, document in documents.items():
        at = key_at(manifest, ("params", name))
        try:
            made = constant(document.value, document.type)
            ends = [constant(end, str(made.type)).value for end in document.range or ()]
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            expressions.problem(at, "GL036", f"param `{name}` {message}", hint)
            continue
        if ends and not ends[0] <= made.value <= ends[1]:
            shown = node_at(manifest, ("params", name, "range"))
            expressions.problem(shown, "GL014", f"param `{name}` is outside its own range")
        constants[name] = made
    return constants


def constant(value: Any, declared: str | None) -> Constant:
    """`value` with its YAML type, or as the type declared; raises ValueError (cause; cure).

    >>> constant(50, "double")
    Constant(type=Type(name='double', params=()), value=50.0)
    """
    natural = _natural(value)
    wanted = natural if declared is None else parse_type(declared)
    if wanted is None or wanted.name in ("dyn", "map", "type", "null", "bytes", "uint"):
        raise ValueError(
            f"cannot be a {declared}; use bool, int, double, string, duration, "
            "timestamp or a list of the first four"
        )
    if isinstance(value, tuple):
        if not value or wanted == natural:
            return Constant(wanted, value)
    elif wanted == natural:
        return Constant(wanted, value)
    return Constant(wanted, _converted(value, wanted))


def _natural(value: Any) -> Type:
    if isinstance(value, tuple):
        return list_of(_natural(value[0]) if value else STRING)
    return _KINDS[type(value)]


def _converted(value: Any, wanted: Type) -> Any:
    """The three conversions there are: to duration, timestamp and double."""
    try:
        if wanted == DURATION and isinstance(value, str):
            return clock.read_duration(value)
        if wanted == TIMESTAMP and isinstance(value, str):
            return clock.read_timestamp(value)
    except CelError as error:
        raise ValueError(f"is wrong: {error}") from None
    if wanted == DOUBLE and isinstance(value, int | str) and not isinstance(value, bool):
        return float(value)
    raise ValueError(f"is a {_natural(value)}, not a {wanted}; write it as one")
