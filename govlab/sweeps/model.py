"""What a sweep gives: points with their counts and figures, and those that no other one beats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govlab.bundle import Bundle
from govlab.cube import Cube
from govlab.log.citation import Citation
from govlab.selection import Scope

__all__ = ["FIGURES", "Figure", "Objective", "Point", "Sweep"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of events over another; None where nothing can be said."""

    numerator: int
    denominator: float

    @property
    def value(self) -> float | None:
        """The quotient; None over nothing."""
        return self.numerator / self.denominator if self.denominator else None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "value": self.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
        }


FIGURES: dict[str, tuple[str, str]] = {
    "coverage": ("max", "share of events that a rule decided"),
    "denied": ("min", "share of events denied, by default or error too"),
    "held": ("min", "share of events held for approval"),
    "held_per_day": ("min", "events held for approval a day of the log"),
    "harmful_stopped": ("max", "share of events labelled harmful that are denied or held"),
    "harmless_denied": ("min", "share of events labelled not harmful that are denied"),
    "undecidable": ("min", "share of events that the log cannot decide"),
}
"""The figures of a point: which way is better where nothing else is said, and what they are."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A figure and which way it is to go, `min` or `max`."""

    figure: str
    direction: str


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of values: the digest of the bundle that has them, counts, figures.

    `decisions` are those of rules; `default`, `error` and `undecidable` stand beside (J1).
    """

    params: Mapping[str, Any]
    digest: str
    decisions: Mapping[str, int]
    default: int
    error: int
    undecidable: int
    figures: Mapping[str, Figure]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "params": {name: _json(value) for name, value in self.params.items()},
            "digest": self.digest,
            "decisions": dict(self.decisions),
            "default": {"events": self.default},
            "error": {"events": self.error},
            "undecidable": {"events": self.undecidable},
            "figures": {name: figure.to_dict() for name, figure in self.figures.items()},
        }


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Sweep:
    """Every point in the order of its values; `frontier` are the places of those unbeaten."""

    bundle: Bundle
    cube: Cube
    points: tuple[Point, ...]
    objectives: tuple[Objective, ...]
    frontier: tuple[int, ...]
    seconds: float = field(default=0.0, compare=False)
    source: Citation | None = None

    @property
    def scope(self) -> Scope:
        """The filters that the events were chosen by."""
        return self.cube.origin.scope

    def to_dict(self) -> dict[str, Any]:
        """The JSON form of `govlab sweep --json`; `seconds` is wall time."""
        named = {"name": self.bundle.name, "version": self.bundle.version}
        return {
            "bundle": {**named, "digest": self.bundle.digest},
            "events": self.cube.events,
            "classes": self.cube.classes,
            "scope": self.scope.to_dict(self.cube.events, self.cube.origin.period(), self.source),
            "source": self.source and self.source.to_dict(),
            "objectives": [{"figure": o.figure, "direction": o.direction} for o in self.objectives],
            "points": [point.to_dict() for point in self.points],
            "frontier": [
                {"point": at, "params": self.points[at].to_dict()["params"]} for at in self.frontier
            ],
            "seconds": round(self.seconds, 3),
        }

    def chart(self) -> Any:
        """An Altair chart of the trade-off between the first two objectives."""
        from govlab.report.sweep import sweep_chart  # noqa: PLC0415  # drawn on demand

        return sweep_chart(self)

    def __repr__(self) -> str:
        from govlab.report.sweep import sweep_text  # noqa: PLC0415  # drawn on demand

        return sweep_text(self)
