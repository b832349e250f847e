"""A user's column map (YAML): which source column is which canonical one. Maps rename only."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from govlab.errors import LogError
from govlab.log.spanmap import SpanMap, span_map, span_problems
from govlab.schema import ACTIONS, RECORDED_DECISIONS, RUN_REQUEST

__all__ = ["EMPTY_MAP", "UNITS", "ColumnMap", "From", "load_map", "zone"]

UNITS: Mapping[str, tuple[str, ...]] = {
    "timestamp": ("s", "ms", "us", "ns"),
    "cost": ("usd", "cents", "micro_usd"),
}
"""Units a column may be given in, by the kind of its target."""

_KEYS = ("columns", "tz", "decision_map", "spans")
_TARGETS = {**ACTIONS, **RUN_REQUEST}


@dataclass(frozen=True, slots=True)
class From:
    """Where a canonical column comes from: a column, its unit, what splits text into a list."""

    column: str
    unit: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A column map: target to source column, zone of times without offset, decision words.

    `spans` says the same of the attributes of spans; None where a shipped preset is to hold.
    """

    columns: Mapping[str, From] = field(default_factory=dict)
    tz: str | None = None
    decisions: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None
    spans: SpanMap | None = None


EMPTY_MAP = ColumnMap()


def load_map(path: Path) -> ColumnMap:
    """The map in `path`. Raises `LogError` with everything that is wrong in it."""
    text = path.read_bytes()
    try:
        # every scalar stays the text that was written: `no` is a word of some policy engine
        given = yaml.load(text, Loader=yaml.BaseLoader) or {}  # noqa: S506  builds text, lists, maps
    except yaml.YAMLError as error:
        raise LogError(f"{path}: no YAML: {error}") from error
    except RecursionError as error:
        raise LogError(f"{path}: nested too deep; a map is two levels deep") from error
    if not isinstance(given, dict):
        raise LogError(f"{path}: a map has the keys {_listed(_KEYS)}")
    problems = list(_problems(given))
    if problems:
        raise LogError("\n".join(f"{path}: {problem}" for problem in problems))
    columns = {name: _from(source) for name, source in (given.get("columns") or {}).items()}
    words = {str(word): name for word, name in (given.get("decision_map") or {}).items()}
    spans = span_map(given["spans"]) if "spans" in given else None
    digest = hashlib.sha256(text).hexdigest()
    return ColumnMap(columns, given.get("tz") or None, words, digest, spans)


def zone(name: str | None) -> str | None:
    """`name`, known to be a time zone; raises `LogError` where it is none."""
    try:
        return name and ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise LogError(
            f"no such time zone `{name}`; write e.g. `Europe/Berlin` or `UTC`"
        ) from error


def _from(source: Any) -> From:
    return From(source) if isinstance(source, str) else From(**source)


def _problems(given: Mapping[str, Any]) -> list[str]:
    found = [f"unknown key `{key}`{_meant(key, _KEYS)}" for key in given if key not in _KEYS]
    columns = given.get("columns") or {}
    if not isinstance(columns, dict):
        return [*found, "`columns` maps canonical columns to columns of the source"]
    for name, source in columns.items():
        found += _column_problems(str(name), source)
    for word, decision in (given.get("decision_map") or {}).items():
        if decision not in RECORDED_DECISIONS:
            near = _meant(str(decision), RECORDED_DECISIONS)
            found.append(f"`decision_map`: `{word}: {decision}` is no decision{near}")
    if "spans" in given:
        found += span_problems(given["spans"])
    try:
        zone(given.get("tz"))
    except LogError as error:
        found.append(str(error))
    return found


def _column_problems(name: str, source: Any) -> list[str]:
    if name not in _TARGETS and name != "cost":
        return [f"unknown column `{name}`{_meant(name, (*_TARGETS, 'cost'))}"]
    if isinstance(source, str):
        return []
    if not isinstance(source, dict) or not isinstance(source.get("column"), str):
        return [f"`{name}`: write the source's column, or `{{column: ..., unit: ...}}`"]
    allowed = ("column", "unit", "split")
    found = [f"`{name}`: unknown key `{k}`{_meant(k, allowed)}" for k in source if k not in allowed]
    return found + _unit_problems(name, source.get("unit"))


def _unit_problems(name: str, unit: Any) -> list[str]:
    kind = "cost" if name == "cost" else _TARGETS[name].type.name
    allowed = UNITS.get(kind, ())
    if unit is None or unit in allowed:
        return []
    return [
        f"`{name}`: no unit `{unit}`; "
        + (f"allowed: {_listed(allowed)}" if allowed else "it has none")
    ]


def _meant(word: str, allowed: Any) -> str:
    near = difflib.get_close_matches(word, list(allowed), n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; allowed: {_listed(allowed)}"


def _listed(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in list(names)[:12])
