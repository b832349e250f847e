"""Which attributes of a span are which column: the `spans` part of a map, a preset or a user's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from govlab.errors import did_you_mean
from govlab.schema import ACTIONS

__all__ = ["SpanMap", "span_map", "span_problems"]

_MARKS = ("actions", "agents")
_NAMES = ("agent", "run")
_READ = ("columns", "inherited")
_KEYS = (*_MARKS, *_NAMES, *_READ)
_MADE = frozenset({"event_id", "run_id", "trace_id", "span_id", "step", "source_format",
                   "source_ref", "extra", "args_sha256", "time_source"})  # fmt: skip
_TARGETS = sorted({*ACTIONS, "cost"} - _MADE)


@dataclass(frozen=True, slots=True)
class SpanMap:
    """What makes a span an action or an agent, and the attributes each column is read from."""

    actions: tuple[Mapping[str, str], ...] = ()
    agents: tuple[Mapping[str, str], ...] = ()
    agent: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inherited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def span_map(given: Mapping[str, Any]) -> SpanMap:
    """The map that `given`, in which `span_problems` found nothing, is."""
    read = {key: {name: tuple(of) for name, of in (given.get(key) or {}).items()} for key in _READ}
    return SpanMap(
        actions=tuple(given.get("actions") or ()),
        agents=tuple(given.get("agents") or ()),
        agent=tuple(given.get("agent") or ()),
        run=tuple(given.get("run") or ()),
        columns=read["columns"],
        inherited=read["inherited"],
    )


def span_problems(given: Any) -> Iterator[str]:
    """What is wrong in the `spans` part of a map file."""
    if not isinstance(given, dict):
        yield "`spans` has the keys " + ", ".join(f"`{key}`" for key in _KEYS)
        return
    for key in given:
        if key not in _KEYS:
            yield f"`spans`: unknown key `{key}`{_meant(key, _KEYS)}"
    if not given.get("actions"):
        yield "`spans`: `actions` says which spans are actions; without it there are none"
    for key in _MARKS:
        if not _all(given.get(key), _is_mark):
            yield f"`spans`: `{key}` is a list of `{{attribute: value}}`"
    for key in _NAMES:
        if not _all(given.get(key), _is_text):
            yield f"`spans`: `{key}` is a list of attributes"
    for key in _READ:
        yield from _column_problems(key, given.get(key) or {})


def _column_problems(key: str, columns: Any) -> Iterator[str]:
    if not isinstance(columns, dict):
        yield f"`spans`: `{key}` maps columns to lists of attributes"
        return
    for name, attributes in columns.items():
        if name not in _TARGETS:
            yield f"`spans`: `{key}` has no column `{name}`{_meant(name, _TARGETS)}"
        elif not attributes or not _all(attributes, _is_text):
            yield f"`spans`: `{key}.{name}` is a list of attributes"


def _all(values: Any, good: Any) -> bool:
    return not values or (isinstance(values, list) and all(map(good, values)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mark(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_text, value.values()))


def _meant(word: Any, known: Iterable[str]) -> str:
    near = did_you_mean(str(word), known)
    return f"; {near}" if near else ""
