"""Whether a request itself breaks a constraint that is checked before dispatch (S10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from govlab.runtime.hosts import host_in
from govlab.runtime.paths import path_in
from govlab.runtime.urls import read_url
from govlab.runtime.values import CelError

__all__ = ["breaks", "broken", "checked"]

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


def _text(event: Event) -> str | None:
    resource = event.get("resource")
    return resource if isinstance(resource, str) and resource else None


def _inside(path: str, globs: list[str]) -> bool | None:
    """Whether `path` is in `globs`; None where it could be read in two ways, or climbs out."""
    try:
        return path_in(path, globs)
    except CelError:
        return None


def _not_allowed(lists: list[list[str]], event: Event) -> bool | None:
    """A path that cannot be read for sure is none that is allowed: the guard stops it."""
    path = _text(event)
    return None if path is None else not all(_inside(path, globs) for globs in lists)


def _denied(globs: list[str], event: Event) -> bool | None:
    path = _text(event)
    return None if path is None else _inside(path, globs) is not False


def _egress(lists: list[list[str]], event: Event) -> bool | None:
    """Only a URL says where it goes; one that cannot be read for sure is stopped."""
    resource = _text(event)
    if resource is None or "://" not in resource:
        return None
    try:
        host = read_url(resource).host
        return not all(host_in(host, patterns) for patterns in lists)
    except CelError:
        return True


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


def checked(constraints: Mapping[str, Any], event: Event) -> dict[str, bool | None]:
    """Of each limit that can be checked before dispatch whether it is broken; None: not to be told.

    >>> checked({"max_files": 3, "timeout_s": 60}, {"files_changed": 3})
    {'max_files': False}
    """
    return {n: _CHECKS[n](limit, event) for n, limit in constraints.items() if n in _CHECKS}


def broken(constraints: Mapping[str, Any], event: Event) -> tuple[str, ...]:
    """The limits that are broken for sure.

    >>> broken({"max_files": 3, "max_records": 5}, {"files_changed": 4})
    ('max_files',)
    """
    return tuple(name for name, found in checked(constraints, event).items() if found)


def breaks(constraints: Mapping[str, Any], event: Event) -> bool | None:
    """True where a limit is broken, None where one cannot be told and none is, else False.

    Paths and hosts are read from `resource`.

    >>> breaks({"max_files": 3}, {"files_changed": 4}), breaks({"max_files": 3}, {})
    (True, None)
    """
    results = checked(constraints, event).values()
    return True if True in results else None if None in results else False
