"""What the names of generated code stand for: the run-time functions it may call, and no others."""

from __future__ import annotations

import builtins
from typing import Any

from govlab.backends.scalar import attributes, joins, policies, support
from govlab.backends.scalar.strict import ALIASES
from govlab.runtime.automaton import compile_program, search
from govlab.runtime.calls import CALLS
from govlab.runtime.globs import matches_any
from govlab.runtime.integers import int64, uint64
from govlab.runtime.states import ABSENT, ERROR, MALFORMED, UNKNOWN, Mark
from govlab.runtime.values import CelError, Duration, Map, Timestamp, TypeValue, Uint, kind
from govlab.types import Type

__all__ = ["TAKEN", "namespace"]

_MODULES = (support, policies, attributes, joins)
_RUNTIME = {
    **{name: getattr(module, name) for module in _MODULES for name in module.__all__},
    "ABSENT": ABSENT,
    "CALLS": CALLS,
    "CelError": CelError,
    "Duration": Duration,
    "ERROR": ERROR,
    "MALFORMED": MALFORMED,
    "Map": Map,
    "Mark": Mark,
    "Timestamp": Timestamp,
    "Type": Type,
    "TypeValue": TypeValue,
    "UNKNOWN": UNKNOWN,
    "Uint": Uint,
    "compile_program": compile_program,
    "int64": int64,
    "kind": kind,
    "matches_any": matches_any,
    "search": search,
    "uint64": uint64,
}
# variables of generated functions; their further ones begin with `_`, which no attribute's does
_VARIABLES = frozenset({"count", "held", "kept", "marks", "s", "tag", "target"})

TAKEN = frozenset({*dir(builtins), *_RUNTIME, *_VARIABLES, *ALIASES.values()})
"""Names that an attribute's variable may not have."""


def namespace() -> dict[str, Any]:
    """A fresh namespace for generated code: the run-time functions by their names.

    >>> namespace()["int64"](7)
    7
    """
    return dict(_RUNTIME)
