"""Strict functions as Python: a table of what is exact for known types, and names for the rest.

A template's `{0}`, `{1}` are expressions of values, never of marks. Where the table has no entry
for the static types, the call goes to `runtime.calls.CALLS` under a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from govlab.runtime.calls import CALLS

__all__ = ["ALIASES", "CALLED", "REMEMBERED", "TOTAL", "exact", "partial"]

_OPERATORS = {
    "_==_": "equal",
    "_!=_": "unequal",
    "_<_": "before",
    "_<=_": "not_after",
    "_>_": "after",
    "_>=_": "not_before",
    "_+_": "add",
    "_-_": "subtract",
    "_*_": "multiply",
    "_/_": "divide",
    "_%_": "remainder",
    "-_": "negative",
    "@in": "is_in",
    "_[_]": "item_of",
    "@glob": "matches_glob",
    "@any_glob": "any_matches_glob",
}
_CONVERSIONS = ("int", "uint", "double", "bool", "string", "bytes", "timestamp", "duration")


def _alias(function: str) -> str:
    """A Python name for a CEL function; none is a builtin's.

    >>> _alias("_/_"), _alias("getDayOfWeek"), _alias("shell.parsed"), _alias("int")
    ('divide', 'get_day_of_week_of', 'shell_parsed_of', 'to_int')
    """
    if function in _CONVERSIONS:
        return f"to_{function}"
    words = re.sub(r"([A-Z])", lambda capital: f"_{capital[1].lower()}", function)
    plain = re.sub(r"[^a-z0-9]+", "_", words).strip("_")
    return _OPERATORS.get(function) or f"{plain}_of"


ALIASES = {function: _alias(function) for function in sorted(CALLS)}
"""What generated code calls each function of `CALLS`."""

REMEMBERED = frozenset({"cidr", "ip", "path.clean", "shell", "url"})
"""Functions that read a text at length, which several rules do for one event."""

TOTAL = frozenset({"_==_", "_!=_", "type", "dyn"})
"""Functions that give a value whatever the values of their arguments."""

_ORDERED = ("bool", "int", "uint", "double", "string", "bytes")
_INSTANTS = ("timestamp", "duration")
_SIGNS = {"_==_": "==", "_!=_": "!=", "_<_": "<", "_<=_": "<=", "_>_": ">", "_>=_": ">="}
_Key = tuple[str, tuple[str, ...]]


def _comparisons() -> Iterator[tuple[_Key, str]]:
    """Equality and order: of equal static types Python's are CEL's, NaN included."""
    for function, sign in _SIGNS.items():
        for kind in _ORDERED:
            yield (function, (kind, kind)), f"{{0}} {sign} {{1}}"
        for kind in _INSTANTS:
            yield (function, (kind, kind)), f"{{0}}.ns {sign} {{1}}.ns"


_SUMS: dict[_Key, str] = {
    **{(f"_{s}_", ("double", "double")): f"{{0}} {s} {{1}}" for s in "+-*"},
    **{("_+_", (kind, kind)): "{0} + {1}" for kind in ("string", "bytes")},
    ("_+_", ("list", "list")): "(*{0}, *{1})",
    ("-_", ("double",)): "-{0}",
}
_TEXTS: dict[_Key, str] = {
    ("startsWith", ("string", "string")): "{0}.startswith({1})",
    ("endsWith", ("string", "string")): "{0}.endswith({1})",
    **{("size", (kind,)): "len({0})" for kind in ("string", "bytes", "list", "map")},
}
CALLED = frozenset({"len({0})"})
"""Templates that need no brackets, inside or out."""

_EXACT: dict[_Key, str] = {**dict(_comparisons()), **_SUMS, **_TEXTS}
# Python's integers have no bounds: these give a value or raise CelError
_CHECKED: dict[_Key, str] = {
    **{(f"_{s}_", ("int", "int")): f"int64({{0}} {s} {{1}})" for s in "+-*"},
    **{(f"_{s}_", ("uint", "uint")): f"uint64({{0}} {s} {{1}})" for s in "+-*"},
    ("-_", ("int",)): "int64(-{0})",
}


def exact(function: str, kinds: tuple[str, ...]) -> str | None:
    """The template that gives what `function` gives for all values of these types."""
    return _EXACT.get((function, kinds))


def partial(function: str, kinds: tuple[str, ...]) -> str | None:
    """The template that gives what `function` gives, or raises CelError where it errs."""
    return _CHECKED.get((function, kinds))
