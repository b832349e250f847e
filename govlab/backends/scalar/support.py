"""What generated conditions call: marks absorbed, Python made as strict as CEL.

An exported engine carries this module behind those of `runtime`, as it does `fields`, `policies`,
`attributes` and `joins`; standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from govlab.runtime.automaton import Automaton, search
from govlab.runtime.states import ABSENT, ERROR, UNKNOWN, Mark
from govlab.runtime.values import CelError, Map, kind

__all__ = ["has_key", "lack", "negation", "remembered", "search_text", "settable", "unnamed"]


def lack(*states: Any) -> Mark:
    """What comes of states or results of which one is no value: UNKNOWN where any is."""
    return UNKNOWN if any(state is UNKNOWN for state in states) else ERROR


def unnamed(state: Any, other: Any) -> Any:
    """What a target says of `tool` or `action` that has no value; of the two one may be absent."""
    if state is ABSENT and other is not ABSENT:
        return UNKNOWN if other is UNKNOWN else False
    return lack(state)


def negation(operand: Any) -> bool:
    """`!operand`, of any type."""
    if isinstance(operand, bool):
        return not operand
    raise CelError("`!` of something that is no bool")


def has_key(operand: Any, key: str) -> bool:
    """`has(operand.key)`, of any type."""
    if isinstance(operand, Map):
        return key in operand
    raise CelError("`has` of something that is no map")


def search_text(program: Automaton, text: Any) -> bool:
    """`text.matches(...)`, of any type."""
    if kind(text) == "string":
        return search(program, text)
    raise CelError("`matches` of something that is no text")


def remembered(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function`, which takes long and whose results do not change, asked once for a text."""
    known = lru_cache(maxsize=64)(function)
    return lambda value: known(value) if type(value) is str else function(value)


def settable(*values: Any) -> Any:
    """The verdict of a rule that matched, whose values to set are `values`."""
    marks = [value for value in values if type(value) is Mark]
    return lack(*marks) if marks else True
