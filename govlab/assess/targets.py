"""Targets: which value of a figure is good enough. Without them nothing passes or fails (J15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from govlab.assess.bounds import is_number, worst
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Figure, Value

__all__ = ["SHIPPED", "STATUSES", "Status", "Target", "judge", "load_targets", "targets_named"]

Status = Literal["pass", "warn", "fail", "unknown", "none"]
STATUSES: tuple[Status, ...] = ("pass", "warn", "fail", "unknown", "none")
"""`unknown`: the log cannot tell; `none`: nothing was asked of the figure."""


@dataclass(frozen=True, slots=True)
class Target:
    """The value to reach, and the one from which on it is only a warning; in the figure's unit."""

    good: float
    fair: float


SHIPPED = "govlab"
"""The name of the targets that govlab ships; a file of that name is `./govlab`."""


def targets_named(name: str | Path) -> dict[str, Target]:
    """The targets of that name, or in the YAML file `name`. Raises UsageError as `load_targets`.

    >>> targets_named("govlab")["audit.complete_runs"]
    Target(good=0.95, fair=0.8)
    """
    shipped = Path(__file__).with_name("targets.yaml")
    return load_targets(shipped if str(name) == SHIPPED else Path(name).expanduser())


def load_targets(path: Path) -> dict[str, Target]:
    """The targets in the YAML file `path`: figure id to `{good, fair}` or a single number.

    Raises UsageError with every line that is wrong.
    """
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: the targets cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise UsageError(
            f"{path}: write figure ids and their targets, e.g. audit.complete_runs: 0.95"
        )
    problems = [
        f"{path}: {said}" for name, value in read.items() if (said := _problem(name, value))
    ]
    if problems:
        raise UsageError("\n".join(problems))
    return {name: _target(value) for name, value in read.items()}


def _problem(name: Any, value: Any) -> str | None:
    if name not in FIGURES:
        return f"no figure `{name}`; {did_you_mean(str(name), FIGURES) or 'see `govlab scorecard`'}"
    if FIGURES[name].better == "none":
        return f"`{name}` has no better or worse; it cannot have a target"
    if is_number(value) or (isinstance(value, dict) and _complete(value)):
        return None
    return f"`{name}: {value}` is no target; write a number or {{good: 0.95, fair: 0.9}}"


def _complete(value: Mapping[Any, Any]) -> bool:
    return set(value) == {"good", "fair"} and all(map(is_number, value.values()))


def _target(value: Any) -> Target:
    if isinstance(value, dict):
        return Target(float(value["good"]), float(value["fair"]))
    return Target(float(value), float(value))


def judge(figure: Figure, value: Value, target: Target | None) -> Status:
    """How `value` stands against `target`, judged by the worse end of its interval.

    What cannot be told counts against the figure: where that alone, or that it is of too few runs
    to have an interval, keeps it from passing, the status is unknown. Where there is nothing to
    count, nothing passes or fails.

    >>> figure = FIGURES["audit.complete_runs"]
    >>> judge(figure, Value(figure.id, None, None, 1.0, 50, 50, 0), Target(0.9, 0.8))
    'pass'
    >>> judge(figure, Value(figure.id, None, None, 1.0, 50, 50, 50), Target(0.9, 0.8))
    'unknown'
    """
    if value.value is None:
        return "unknown" if value.unknown else "none"
    if target is None:
        return "none"
    high = figure.better == "high"
    bound = value.low if high else value.high
    worse = float(value.value if bound is None else bound)
    with_unknown = worst(worse, value, least=high)
    sure = bound is not None or value.clusters is None  # a rate of too few runs has no interval
    if sure and with_unknown is not None and _meets(with_unknown, target.good, high):
        return "pass"
    if _meets(worse, target.good, high):
        return "unknown"
    return "warn" if _meets(worse, target.fair, high) else "fail"


def _meets(value: float, wanted: float, high: bool) -> bool:
    return value >= wanted if high else value <= wanted
