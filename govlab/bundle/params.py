"""Params: named constants and their types (S7)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from govlab.bundle.documents import ParamDocument
from govlab.bundle.expressions import Expressions
from govlab.bundle.quantities import parse_duration
from govlab.bundle.tree import Tree, key_at, node_at
from govlab.lang.checker import Constant
from govlab.runtime import clock
from govlab.runtime.values import CelError, Duration
from govlab.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
    list_of,
    parse_type,
)

__all__ = ["constant", "read_params"]

_KINDS = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}
_TYPES = frozenset({*_KINDS.values(), DURATION, TIMESTAMP, *map(list_of, _KINDS.values())})
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,6})?", re.ASCII)


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
            constants[name] = Constant(DYN, None)  # one cause is one problem
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
    if wanted not in _TYPES:
        raise ValueError(
            f"cannot be a {declared}; use bool, int, double, string, duration, "
            "timestamp or a list of the first four"
        )
    empty = value == () and wanted.name == "list"
    return Constant(wanted, value if wanted == natural or empty else _converted(value, wanted))


def _natural(value: Any) -> Type:
    if isinstance(value, tuple):
        return list_of(_natural(value[0]) if value else STRING)
    return _KINDS[type(value)]


def _converted(value: Any, wanted: Type) -> Any:
    """The three conversions there are: to duration, timestamp and double."""
    try:
        if wanted == DURATION and isinstance(value, str):
            return Duration(parse_duration(value) * 1000)
        if wanted == TIMESTAMP and isinstance(value, str):
            return clock.read_timestamp(value)
    except (CelError, ValueError) as error:
        raise ValueError(f"is wrong: {error}") from None
    if wanted == DOUBLE and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted == DOUBLE and isinstance(value, str) and _NUMBER.fullmatch(value):
        number = float(value)
        if math.isfinite(number):
            return number
    raise ValueError(f"is a {_natural(value)}, not a {wanted}; write it as one")
