"""Literals that are compiled when the bundle loads: patterns, zones, times, type names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from govlab.lang import regex
from govlab.runtime import clock
from govlab.runtime.values import CelError, TypeValue, Uint

__all__ = ["Pattern", "compile_literal", "compile_pattern"]


_HINTS = {
    "timestamp": "write it like `2026-01-31T12:00:00Z`",
    "duration": "write it like `1h30m` or `90s`",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in RE2 syntax: its text, and what the two engines run."""

    text: str
    program: tuple[Any, ...]
    rust: str


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """The compiled pattern; raises ValueError (cause; cure) where it is not in the RE2 subset."""
    try:
        tree = regex.parse(text)
        return Pattern(text, regex.program(tree), regex.rust(tree))
    except regex.RegexError as error:
        raise ValueError(f"bad regular expression: {error}") from None


def compile_literal(use: str, value: Any) -> Any:
    """`value` as its use wants it; `use` is a literal kind or the function it is given to.

    Raises ValueError with `cause; cure` where a pattern, zone, timestamp or duration is bad.
    """
    try:
        match use:
            case "uint" if type(value) is int:
                return Uint(value)
            case "type" if isinstance(value, str):
                return TypeValue(value)
            case "matches" if isinstance(value, str):
                return compile_pattern(value)
            case "timestamp" if isinstance(value, str):
                clock.read_timestamp(value)
            case "timestamp" if type(value) is int:
                clock.timestamp(value * 10**9)
            case "duration" if isinstance(value, str):
                clock.read_duration(value)
            case _ if use in clock.TIMESTAMP_FIELDS and isinstance(value, str):
                clock.zone(value)
            case _:
                pass
    except CelError as error:
        hint = _HINTS.get(use, "write `Area/City`, `UTC` or an offset such as `+02:00`")
        raise ValueError(f"{error}; {hint}") from None
    return value
