"""Tables of functions by name, without the entries that a program does not call.

What only they need is then not needed at all: an engine without `shell(...)` has no shell parser.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from functools import lru_cache

from govlab.exporting.modules import Module, Statement, parse_module, read_module

__all__ = ["TABLES", "shaken"]

TABLES = frozenset(
    {
        "CALLS",
        "CONVERSION_CALLS",
        "DURATION_FIELDS",
        "ENCODER_CALLS",
        "MATH_CALLS",
        "NETWORK_CALLS",
        "OPERATOR_CALLS",
        "PATH_CALLS",
        "SET_CALLS",
        "STRING_CALLS",
        "TIMESTAMP_FIELDS",
        "URL_CALLS",
        "_BLOCKS",
        "_CALENDAR",
        "_MATH",
        "_STRINGS",
    }
)
"""The names of tables whose keys are functions of the rule language."""


@lru_cache(maxsize=256)
def shaken(name: str, called: frozenset[str]) -> Module:
    """The module `name` of govlab, its tables with the functions `called` alone."""
    module = read_module(name)
    tables = [s for s in module.statements if not TABLES.isdisjoint(s.defines)]
    if not tables or not name.startswith("govlab.runtime."):
        return module
    lines = list(module.lines)
    for table in reversed(tables):  # from the last, so that the places of the others hold
        lines[table.start - 1 : table.end] = _written(module, table, called)
    return parse_module(name, "\n".join(lines))


def _written(module: Module, table: Statement, called: frozenset[str]) -> list[str]:
    value = _value(table)
    if not isinstance(value, ast.Dict):
        return list(module.lines[table.start - 1 : table.end])
    kept = [
        _entry(module, key, entry)
        for key, entry in zip(value.keys, value.values, strict=True)
        if _is_kept(module, key, entry, called)
    ]
    head = module.lines[table.node.lineno - 1].partition(" = ")[0]
    return [f"{head} = {{", *kept, "}"]


def _value(table: Statement) -> ast.expr | None:
    match table.node:
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return value
        case _:
            return None


def _entry(module: Module, key: ast.expr | None, value: ast.expr) -> str:
    written = module.segment(value)
    return f"    **{written}," if key is None else f"    {module.segment(key)}: {written},"


def _is_kept(
    module: Module, key: ast.expr | None, value: ast.expr, called: Collection[str]
) -> bool:
    """Whether an entry may be asked for; one that spreads a table, if that has any."""
    if key is not None:
        return isinstance(key, ast.Constant) and key.value in called
    return _has_any(module, value, called)


def _has_any(module: Module, value: ast.expr, called: Collection[str]) -> bool:
    for node in ast.walk(value):
        match node:
            case ast.Name(id=name) if name in TABLES:
                home = module.imports.get(name)
                return _lists(read_module(home.module) if home else module, name, called)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in TABLES:
                return _lists(read_module(module.imports[owner].module), name, called)
    return True


def _lists(module: Module, name: str, called: Collection[str]) -> bool:
    """Whether the table `name` of `module` has one of the functions `called`."""
    value = _value(module.defined[name])
    if isinstance(value, ast.Dict):
        return any(
            _is_kept(module, key, entry, called)
            for key, entry in zip(value.keys, value.values, strict=True)
        )
    return value is not None and _has_any(module, value, called)
