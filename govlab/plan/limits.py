"""Whether a request itself breaks a constraint that is checked before dispatch (S10)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from govlab.runtime.globs import matches

__all__ = ["breaks"]

Event = Mapping[str, Any]


def _count(event: Event, column: str) -> int | None:
    """A count as the event has it; None where it has none that is one."""
    value = event.get(column)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _over(column: str, free: int = 0) -> Callable[[Any, Event], bool | None]:
    def check(limit: Any, event: Event) -> bool | None:
        count = _count(event, column)
        return None if count is None else count - free > limit

    return check


def _outside(column: str) -> Callable[[Any, Event], bool | None]:
    def check(allowed: Any, event: Event) -> bool | None:
        value = event.get(column)
        return value not in allowed if isinstance(value, str) else None

    return check


def _writes(only: bool, event: Event) -> bool | None:
    """`read_only`: broken by an action said to write or destroy; unknown where nothing is said."""
    if not only:
        return False
    if event.get("destructive") or event.get("read_only") is False:
        return True
    return False if event.get("read_only") else None


@lru_cache(maxsize=1024)
def _path_glob(glob: str) -> re.Pattern[str]:
    """`*` stops at `/`, `**` does not."""
    parts = re.split(r"(\*\*|\*|\?)", glob)
    wild = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(wild.get(p, re.escape(p)) for p in parts), re.DOTALL)


def _path(event: Event) -> str | None:
    """The resource as a clean path; None where it is none, or cannot be trusted (NUL)."""
    resource = event.get("resource")
    usable = isinstance(resource, str) and "\0" not in resource
    if not usable or not resource:
        return None
    clean: str = posixpath.normpath(resource)
    return clean[1:] if clean.startswith("//") else clean  # POSIX lets two slashes stand


def _any_path(path: str, globs: list[str]) -> bool:
    return any(_path_glob(glob).fullmatch(path) for glob in globs)


def _not_allowed(lists: list[list[str]], event: Event) -> bool | None:
    path = _path(event)
    return None if path is None else not all(_any_path(path, globs) for globs in lists)


def _denied(globs: list[str], event: Event) -> bool | None:
    path = _path(event)
    return None if path is None else _any_path(path, globs)


def _egress(lists: list[list[str]], event: Event) -> bool | None:
    host = _hostname(event.get("resource"))
    return None if host is None else not all(any(_host(host, w) for w in ws) for ws in lists)


def _hostname(resource: Any) -> str | None:
    if not isinstance(resource, str):
        return None
    try:
        return urlsplit(resource).hostname
    except ValueError:  # a bracket that is not closed
        return None


def _host(host: str, wanted: str) -> bool:
    """`wanted` is a host glob or a network in CIDR form."""
    try:
        return ip_address(host) in ip_network(wanted, strict=False)
    except ValueError:
        return matches(host, wanted.lower())


_CHECKS: dict[str, Callable[[Any, Event], bool | None]] = {
    "read_only": _writes,
    "max_lines_changed": _over("lines_changed"),
    "max_files": _over("files_changed"),
    "max_records": _over("records_affected"),
    "max_retries": _over("attempt", free=1),
    "allow_tools": _outside("tool"),
    "allow_envs": _outside("env"),
    "allow_paths": _not_allowed,
    "deny_paths": _denied,
    "network_egress_allowlist": _egress,
    "rate": lambda _, __: None,  # the history of its key is not modelled
}


def breaks(constraints: Mapping[str, Any], event: Event) -> bool | None:
    """True where a limit is broken, None where one cannot be told and none is, else False.

    Paths and hosts are read from `resource`.

    >>> breaks({"max_files": 3}, {"files_changed": 4}), breaks({"max_files": 3}, {})
    (True, None)
    """
    results = [
        _CHECKS[name](limit, event) for name, limit in constraints.items() if name in _CHECKS
    ]
    return True if True in results else None if None in results else False
