"""Which constraints stop a request before it is dispatched (S10); what cannot be told stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from govlab.enforcing.engines import Event
from govlab.runtime.arguments import parse
from govlab.runtime.limits import checked

__all__ = ["Check", "checks", "stopped"]

Check = Callable[[Mapping[str, Any], Event], tuple[str, ...]]

_PATHS = frozenset({"allow_paths", "deny_paths"})
_HOSTS = frozenset({"network_egress_allowlist"})


def stopped(constraints: Mapping[str, Any], event: Event) -> tuple[str, ...]:
    """The constraints that `event` breaks, or of which it does not say that it keeps them.

    Paths and hosts are those of `resource`; `rate` is the store's to check.

    >>> stopped({"max_files": 3, "allow_envs": ["dev"]}, {"files_changed": 4, "env": "dev"})
    ('max_files',)
    >>> stopped({"max_files": 3}, {})
    ('max_files',)
    """
    found = checked({n: limit for n, limit in constraints.items() if n != "rate"}, event)
    return tuple(name for name, broken in found.items() if broken is not False)


def checks(paths: Iterable[str] = (), urls: Iterable[str] = ()) -> Check:
    """As `stopped`, where paths and hosts stand in the arguments named, not in `resource`.

    An argument that is absent goes nowhere; one that is no text, or no list of texts, is stopped.

    >>> check = checks(paths=["file"])
    >>> check({"deny_paths": ["/etc/**"]}, {"args": '{"file": "/etc/../etc/passwd"}'})
    ('deny_paths',)
    """
    places = {**dict.fromkeys(_PATHS, tuple(paths)), **dict.fromkeys(_HOSTS, tuple(urls))}

    def check(constraints: Mapping[str, Any], event: Event) -> tuple[str, ...]:
        elsewhere = {n: limit for n, limit in constraints.items() if places.get(n)}
        rest = {n: limit for n, limit in constraints.items() if n not in elsewhere}
        told = [n for n in elsewhere if not _keeps(n, elsewhere[n], event, places[n])]
        return tuple(sorted({*told, *stopped(rest, event)}))

    return check


def _keeps(name: str, limit: Any, event: Event, arguments: Iterable[str]) -> bool:
    parsed = _arguments(event)
    if parsed is None:
        return False
    found = [parsed.get(argument) for argument in arguments]
    values = [v for each in found if each is not None for v in _texts(each)]
    return all(not stopped({name: limit}, {"resource": value}) for value in values)


def _texts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _arguments(event: Event) -> dict[str, Any] | None:
    raw = event.get("args")
    return {} if raw is None else parse(raw) if isinstance(raw, str) else None
