"""What every CEL function and operator does to Python values (representation: `values`).

One table, `CALLS`: function name -> Python function, which raises CelError for an evaluation
error. Types are looked at when called, as the language definition has it; the checker only
refuses earlier. Each family has its module; here are matching, times and `shell`. Standard
library only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from govlab.runtime import arguments, clock
from govlab.runtime.automaton import compile_program, search
from govlab.runtime.conversions import CONVERSION_CALLS
from govlab.runtime.encoders import ENCODER_CALLS
from govlab.runtime.globs import matches_any
from govlab.runtime.mathext import MATH_CALLS
from govlab.runtime.network import NETWORK_CALLS
from govlab.runtime.operators import OPERATOR_CALLS
from govlab.runtime.paths import PATH_CALLS
from govlab.runtime.sets import SET_CALLS
from govlab.runtime.shell import Shell, analyse
from govlab.runtime.signatures import no_overload, takes
from govlab.runtime.strings import STRING_CALLS
from govlab.runtime.urls import URL_CALLS
from govlab.runtime.values import CelError, kind

__all__ = ["CALLS"]


def _matches(text: Any, pattern: Any) -> bool:
    if kind(text) != "string":
        raise no_overload("matches", text, pattern)
    return search(_automaton(pattern.program), text)


_automaton = lru_cache(maxsize=1024)(compile_program)


def _field(name: str) -> Callable[..., int]:
    def apply(value: Any, *where: Any) -> int:
        if kind(value) == "timestamp":
            return clock.TIMESTAMP_FIELDS[name](value, *where)
        if kind(value) == "duration" and not where and name in clock.DURATION_FIELDS:
            return clock.DURATION_FIELDS[name](value)
        raise no_overload(name, value, *where)

    return apply


def _shell_field(name: str) -> Callable[[Shell], Any]:
    def read(shell: Shell) -> Any:
        if not shell.parsed and name != "parsed":
            raise CelError("this command could not be parsed")
        return getattr(shell, name)

    return read


def _any_glob(values: Any, patterns: Any) -> bool:
    return any(matches_any(value, patterns) for value in values)


def _arguments(text: str) -> bool:
    if arguments.parse(text) is None:
        raise CelError("the arguments are not one JSON object")
    return True


CALLS: dict[str, Callable[..., Any]] = {
    **OPERATOR_CALLS,
    **CONVERSION_CALLS,
    "contains": takes("contains", lambda text, part: part in text, "string string"),
    "startsWith": takes("startsWith", str.startswith, "string string"),
    "endsWith": takes("endsWith", str.endswith, "string string"),
    "matches": _matches,
    **{name: _field(name) for name in clock.TIMESTAMP_FIELDS},
    "shell": takes("shell", analyse, "string"),
    "shell.parsed": _shell_field("parsed"),
    "shell.programs": _shell_field("programs"),
    "shell.commands": _shell_field("commands"),
    "shell.writes": _shell_field("writes"),
    "shell.substitution": _shell_field("substitution"),
    **STRING_CALLS,
    **MATH_CALLS,
    **SET_CALLS,
    **ENCODER_CALLS,
    **NETWORK_CALLS,
    **URL_CALLS,
    **PATH_CALLS,
    "@glob": matches_any,
    "@any_glob": _any_glob,
    "@arguments": _arguments,
}
