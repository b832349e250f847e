"""What the names of generated code stand for: the run-time functions it may call, and no others."""

from __future__ import annotations

import builtins
from importlib import import_module
from typing import Any

from govlab.backends.scalar import attributes, features, joins, policies, support
from govlab.backends.scalar.strict import ALIASES

__all__ = ["HOMES", "TAKEN", "namespace"]

_MODULES = (support, policies, attributes, features, joins)
_RUNTIME = {
    "automaton": ("compile_program", "search"),
    "calls": ("CALLS",),
    "globs": ("matches_any",),
    "integers": ("int64", "uint64"),
    "states": ("ABSENT", "ERROR", "MALFORMED", "Mark", "UNKNOWN"),
    "values": ("CelError", "Duration", "Map", "Timestamp", "TypeValue", "Uint", "kind"),
}

HOMES = {
    **{name: module.__name__ for module in _MODULES for name in module.__all__},
    **{name: f"govlab.runtime.{module}" for module, names in _RUNTIME.items() for name in names},
    "Type": "govlab.types",
}
"""The names that generated code may use, and the module that has each."""

# variables of generated functions; their further ones begin with `_`, which no attribute's does
_VARIABLES = frozenset({"count", "held", "kept", "marks", "s", "tag", "target"})

TAKEN = frozenset({*dir(builtins), *HOMES, *_VARIABLES, *ALIASES.values()})
"""Names that an attribute's variable may not have."""


def namespace() -> dict[str, Any]:
    """A fresh namespace for generated code: the run-time functions by their names.

    >>> namespace()["int64"](7)
    7
    """
    return {name: getattr(import_module(module), name) for name, module in HOMES.items()}
