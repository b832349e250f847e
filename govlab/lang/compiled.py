"""Literals that are compiled when the bundle loads: patterns, zones, times, type names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from govlab.lang import regex
from govlab.runtime import clock
from govlab.runtime.hosts import read_host_pattern
from govlab.runtime.network import read_cidr, read_ip
from govlab.runtime.paths import clean_path, read_path_pattern
from govlab.runtime.urls import read_url
from govlab.runtime.values import CelError, TypeValue, Uint

__all__ = ["Pattern", "compile_literal", "compile_pattern"]


_HINTS = {
    "timestamp": "write it like `2026-01-31T12:00:00Z`",
    "duration": "write it like `1h30m` or `90s`",
    **dict.fromkeys(("ip", "containsIP"), "write it like `10.0.0.1` or `2001:db8::1`"),
    **dict.fromkeys(("cidr", "containsCIDR"), "write it like `10.0.0.0/8` or `2001:db8::/32`"),
    "url": "write it like `https://api.example.com/path`",
    "hostIn": "write it like `api.example.com`, `*.example.com` or `10.0.0.0/8`",
    "path.clean": "write it like `/srv/reports`",
    "pathIn": "write it like `/srv/**`, `/srv/*.csv` or `**/.env`",
}
_READERS: dict[str, Callable[[str], object]] = {
    "timestamp": clock.read_timestamp,
    "duration": clock.read_duration,
    **dict.fromkeys(clock.TIMESTAMP_FIELDS, clock.zone),
    "ip": read_ip,
    "containsIP": read_ip,
    "cidr": read_cidr,
    "containsCIDR": read_cidr,
    "url": read_url,
    "hostIn": read_host_pattern,
    "path.clean": clean_path,
    "pathIn": read_path_pattern,
}  # what must not fail on a literal


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

    Raises ValueError with `cause; cure` where a pattern, zone, time, address or path is bad.
    """
    try:
        match use:
            case "uint" if type(value) is int:
                return Uint(value)
            case "type" if isinstance(value, str):
                return TypeValue(value)
            case "matches" if isinstance(value, str):
                return compile_pattern(value)
            case "timestamp" if type(value) is int:
                clock.timestamp(value * 10**9)
            case _ if use in _READERS and isinstance(value, str):
                _READERS[use](value)
            case _:
                pass
    except CelError as error:
        hint = _HINTS.get(use, "write `Area/City`, `UTC` or an offset such as `+02:00`")
        raise ValueError(f"{error}; {hint}") from None
    return value
