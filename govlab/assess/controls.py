"""What a log bears out of the controls of frameworks: `supports`, never `proves` (metrics 8).

A control is supported where every piece of its evidence surely holds; a figure beyond its bound is
a gap, and what cannot be told, or not surely, is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from govlab.assess.bounds import Bound, Side, is_number, kept
from govlab.assess.commands import Asking
from govlab.audit.retention import Kept as KeptEvents
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Stored, Value

__all__ = [
    "Control",
    "Evidence",
    "Retention",
    "Standing",
    "Status",
    "load_controls",
    "shipped_controls",
    "standing",
]

Status = Literal["supports", "gap", "unknown"]


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that the events of every system must reach back."""

    days: int

    @property
    def asks(self) -> str:
        """The demand in words."""
        return f"events of every system reach back {self.days} days"


@dataclass(frozen=True, slots=True)
class Control:
    """A control of a framework by its id and title, and what a log can show of it."""

    framework: str
    id: str
    title: str
    evidence: tuple[Bound | Retention, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One demand and what the log says of it; `query` lists the events that speak against it."""

    asked: Bound | Retention
    status: Status
    reason: str
    query: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        figure = self.asked.figure if isinstance(self.asked, Bound) else None
        return {"figure": figure, "asks": self.asked.asks, "status": self.status,
                "reason": self.reason, "query": self.query}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How a control stands: a gap if any evidence is one, else unknown if any is."""

    control: Control
    evidence: tuple[Evidence, ...]

    @property
    def status(self) -> Status:
        """What the log bears out of the control; unknown where no log could say anything."""
        found = {one.status for one in self.evidence} or {"unknown"}
        return "gap" if "gap" in found else "unknown" if "unknown" in found else "supports"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        named = {"framework": self.control.framework, "control": self.control.id,
                 "title": self.control.title}  # fmt: skip
        return {
            **named,
            "status": self.status,
            "evidence": [one.to_dict() for one in self.evidence],
        }


def standing(
    controls: Iterable[Control], values: Iterable[Value], kept_events: Sequence[KeptEvents],
    as_of: datetime | None, asking: Asking,
) -> tuple[Standing, ...]:  # fmt: skip
    """How each control stands by the figures of a log, and by how far its events reach back."""
    found = {value.id: value for value in values if value.cut is None}
    return tuple(
        Standing(control, tuple(
            _retained(one, kept_events, as_of, asking) if isinstance(one, Retention)
            else _borne(one, found, asking)
            for one in control.evidence
        ))
        for control in controls
    )  # fmt: skip


def _borne(bound: Bound, values: Mapping[str, Value], asking: Asking) -> Evidence:
    value = values.get(bound.figure) or Value(bound.figure, None, None, None, 0, 0, 0)
    found = kept(bound, value)
    query = _query(bound.figure, found.against, asking)
    return Evidence(bound, _status(bound, value, holds=found.holds), found.reason, query)


def _status(bound: Bound, value: Value, *, holds: bool | None) -> Status:
    """A gap is what the log shows itself; where only the interval is too wide, nobody can tell."""
    if holds or value.value is None:
        return "supports" if holds else "unknown"
    broken = value.value < bound.bound if bound.at_least else value.value > bound.bound
    return "gap" if broken else "unknown"


_CHECKED_BY: Final[Mapping[str, Callable[[Asking], str]]] = {
    "fidelity": Asking.fidelity,
    "chain_verified": Asking.verify,
    "chain_anchored": lambda asking: asking.verify("--checkpoint", "FILE"),
}


def _query(figure: str, side: Side, asking: Asking) -> str:
    """What a check of its own found has no events of a side: its command tells them."""
    measure = FIGURES[figure].measure
    if isinstance(measure, Stored) and measure.result in _CHECKED_BY:
        return _CHECKED_BY[measure.result](asking)
    return asking.events(figure, side)


def _retained(
    asked: Retention, kept_events: Sequence[KeptEvents], as_of: datetime | None, asking: Asking
) -> Evidence:
    """A log that reaches back less far may be young: that is no gap, but nothing is shown."""
    query = asking.retention()
    spans = {one: _span(one, as_of) for one in kept_events}
    if not spans or None in spans.values():
        return Evidence(asked, "unknown", "not every event has a time", query)
    least, days = min(
        ((one, span) for one, span in spans.items() if span is not None), key=lambda item: item[1]
    )
    named = least.system or least.source_format or "the log"
    said = f"the oldest event of {named} is {days} days old"
    if days >= asked.days:
        return Evidence(asked, "supports", said, query)
    return Evidence(asked, "unknown", f"{said}: younger logs show nothing yet", query)


def _span(kept_events: KeptEvents, as_of: datetime | None) -> int | None:
    oldest, newest = kept_events.oldest, as_of or kept_events.newest
    if kept_events.untimed or oldest is None or newest is None:
        return None
    return max(newest - oldest, timedelta()).days


def shipped_controls() -> tuple[Control, ...]:
    """govlab's own catalogue.

    >>> sorted({control.framework for control in shipped_controls()})[0]
    'EU AI Act (Regulation (EU) 2024/1689)'
    """
    return load_controls(Path(__file__).with_name("controls.yaml"))


def load_controls(path: Path) -> tuple[Control, ...]:
    """The controls in the YAML file `path`. Raises UsageError with all that is wrong in it."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: the controls cannot be read: {error}") from error
    problems = [f"{path}: {said}" for said in _problems(read)]
    problems = problems or [f"{path}: {said}" for said in _twice(read)]
    if problems:
        raise UsageError("\n".join(problems))
    return tuple(
        Control(entry["framework"], str(one["id"]), str(one["title"]),
                tuple(_asked(e) for e in one["evidence"]))
        for entry in read
        for one in entry["controls"]
    )  # fmt: skip


def _asked(entry: Mapping[str, Any]) -> Bound | Retention:
    if "retention" in entry:
        return Retention(entry["retention"])
    least = "at_least" in entry
    return Bound(entry["figure"], float(entry["at_least" if least else "at_most"]), least)


def _problems(read: Any) -> Iterator[str]:
    if not isinstance(read, list) or not read:
        yield "it must be a list of frameworks"
        return
    for place, entry in enumerate(read, 1):
        if not isinstance(entry, dict) or set(entry) != {"framework", "controls"}:
            yield f"framework {place}: it must have `framework` and `controls`"
        elif not isinstance(entry["framework"], str):
            yield f"framework {place}: its name must be a text; put it in quotes"
        elif not isinstance(entry["controls"], list):
            yield f"{entry['framework']}: `controls` must be a list"
        else:
            for control in entry["controls"]:
                yield from (f"{entry['framework']}: {said}" for said in _wrong(control))


def _twice(read: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is named by framework and id has to be one thing."""
    named = Counter((of["framework"], str(one["id"])) for of in read for one in of["controls"])
    yield from (f"{of}: `{id_}` is there {n} times" for (of, id_), n in named.items() if n > 1)


def _wrong(control: Any) -> Iterator[str]:
    if not isinstance(control, dict) or set(control) != {"id", "title", "evidence"}:
        yield f"`{control}` must have `id`, `title` and `evidence`"
        return
    for entry in control["evidence"] if isinstance(control["evidence"], list) else [None]:
        said = _wrong_evidence(entry)
        if said:
            yield f"{control['id']}: {said}"


def _wrong_evidence(entry: Any) -> str | None:
    match entry:
        case {"retention": int(days), **rest} if not rest and is_number(days) and days > 0:
            return None
        case {"figure": str(name), "at_least": bound, **rest} if not rest:
            return _wrong_figure(name, bound)
        case {"figure": str(name), "at_most": bound, **rest} if not rest:
            return _wrong_figure(name, bound)
        case _:
            return f"`{entry}` is none: write a figure with at_least or at_most, or retention"


def _wrong_figure(name: str, bound: Any) -> str | None:
    if name not in FIGURES:
        return f"no figure `{name}`; {did_you_mean(name, FIGURES)}"
    if not is_number(bound):
        return f"the bound of `{name}` is no number: `{bound}`"
    return None
