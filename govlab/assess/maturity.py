"""Maturity from evidence: the level whose criteria and all below surely hold (metrics 7).

A criterion holds by the worse end of its figure's interval, with all that is unknown counted
against it. What cannot be told never passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from govlab.assess.bounds import Bound, Side, is_number, kept, meets
from govlab.errors import UsageError, did_you_mean
from govlab.kpi.catalog import FIGURES
from govlab.kpi.model import Value

__all__ = [
    "CAPABILITIES",
    "LEVELS",
    "PLACES",
    "Criterion",
    "Judgement",
    "Maturity",
    "assess",
    "load_criteria",
    "shipped_criteria",
]

LEVELS = (
    "Uncontrolled automation",
    "Basic visibility",
    "Guardrails added",
    "Policy-driven operations",
    "Deterministic governance",
)
"""The names of the levels 0 to 4."""
CAPABILITIES = ("visibility", "enforcement", "approvals", "constraints", "audit", "lifecycle")
PLACES = ("tenant", "system", "workflow")
"""The cuts by which an organisation is placed, unless others are asked for."""
_OWNERS = ("platform", "security", "app", "compliance")
_KEYS = frozenset({"level", "capability", "figure", "owner", "phase"})
_BOUNDS = ("at_least", "at_most")


@dataclass(frozen=True, slots=True)
class Criterion(Bound):
    """A bound that must hold for a level."""

    level: int
    capability: str
    owner: str
    phase: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a criterion holds, by which value, and what it would take."""

    criterion: Criterion
    value: Value
    holds: bool
    reason: str
    short: int | None  # events that would have to be otherwise; None where nobody can tell
    against: Side  # of the figure: its counter-examples

    @property
    def next_step(self) -> str:
        """What to do: the figure's own step, but where only more runs could show that it holds."""
        value, bound = self.value.value, self.criterion
        if value is not None and meets(bound, value) and not self.value.unknown:
            return "nothing to mend: a log of more runs would show it"
        return FIGURES[bound.figure].next_step


@dataclass(frozen=True, slots=True)
class Maturity:
    """The level of an organisation: in all, by capability, and by the values of cuts."""

    level: int
    capabilities: Mapping[str, int]
    judgements: tuple[Judgement, ...]
    cuts: Mapping[str, Mapping[str, int]]

    @property
    def blocking(self) -> tuple[Judgement, ...]:
        """The criteria of the next level that do not hold."""
        failed = [j for j in self.judgements if not j.holds]
        return tuple(j for j in failed if j.criterion.level == self.level + 1)

    @property
    def next_steps(self) -> tuple[Judgement, ...]:
        """What blocks, in the roadmap's order, the least work first, the unknown last."""
        return tuple(sorted(self.blocking, key=_work))

    def to_dict(self) -> dict[str, Any]:
        """`govlab maturity --json`."""
        return {
            "level": self.level,
            "name": LEVELS[self.level],
            "capabilities": dict(self.capabilities),
            "blocking": [_plain(j) for j in self.blocking],
            "next_steps": [j.next_step for j in self.next_steps],
            "criteria": [_plain(j) | {"holds": j.holds} for j in self.judgements],
            "cuts": {cut: dict(levels) for cut, levels in self.cuts.items()},
            "thresholds": "govlab's own; edit them with --criteria",
        }


def _work(judgement: Judgement) -> tuple[bool, int, int]:
    return judgement.short is None, judgement.criterion.phase, judgement.short or 0


def _plain(judgement: Judgement) -> dict[str, Any]:
    criterion = judgement.criterion
    return {
        "level": criterion.level,
        "capability": criterion.capability,
        "figure": criterion.figure,
        "asks": criterion.asks,
        "reason": judgement.reason,
        "events_to_fix": judgement.short,
        "owner": criterion.owner,
        "phase": criterion.phase,
        "next_step": judgement.next_step,
        "side": judgement.against,
    }


def shipped_criteria() -> tuple[Criterion, ...]:
    """govlab's own criteria.

    >>> {criterion.level for criterion in shipped_criteria()}
    {1, 2, 3, 4}
    """
    return load_criteria(Path(__file__).with_name("criteria.yaml"))


def load_criteria(path: Path) -> tuple[Criterion, ...]:
    """The criteria in the YAML file `path`. Raises UsageError with all that is wrong in it."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: the criteria cannot be read: {error}") from error
    entries = read if isinstance(read, list) and read else [read]
    problems = [
        f"{path}: criterion {place}: {said}"
        for place, entry in enumerate(entries, 1)
        for said in _problems(entry)
    ]
    if problems:
        raise UsageError("\n".join(problems))
    return tuple(_criterion(entry) for entry in entries)


def _problems(entry: Any) -> Iterable[str]:
    if not isinstance(entry, dict) or not set(entry) >= _KEYS:
        yield f"it must have {', '.join(sorted(_KEYS))} and at_least or at_most"
        return
    if len(bounds := set(entry) - _KEYS) != 1 or not bounds <= set(_BOUNDS):
        yield "it must have either at_least or at_most"
    if str(entry["figure"]) not in FIGURES:
        yield f"no figure `{entry['figure']}`; {did_you_mean(str(entry['figure']), FIGURES)}"
    if type(entry["level"]) is not int or entry["level"] not in range(1, len(LEVELS)):
        yield f"`level: {entry['level']}` is none of 1 to {len(LEVELS) - 1}"
    for key, known in (("capability", CAPABILITIES), ("owner", _OWNERS), ("phase", (1, 2, 3))):
        if entry[key] not in known:
            yield f"`{key}: {entry[key]}` is none of {', '.join(map(str, known))}"
    for bound in bounds & set(_BOUNDS):
        if not is_number(entry[bound]):
            yield f"`{bound}: {entry[bound]}` is no number"


def _criterion(entry: Mapping[str, Any]) -> Criterion:
    least = "at_least" in entry
    bound = float(entry["at_least" if least else "at_most"])
    kept = {name: entry[name] for name in ("level", "capability", "figure", "owner", "phase")}
    return Criterion(**kept, bound=bound, at_least=least)


def assess(
    values: Iterable[Value],
    criteria: Sequence[Criterion],
    *,
    cuts: Sequence[str] = PLACES,
) -> Maturity:
    """The maturity that `values`, figures for all and for the values of cuts, bear out.

    Where a figure has no value for a part, that of the whole stands for it.
    """
    known: dict[tuple[str | None, str | None], dict[str, Value]] = {}
    for value in values:
        known.setdefault((value.cut, value.at), {})[value.id] = value
    whole = known.get((None, None), {})
    judged = _judge(criteria, whole)
    highest = max((one.level for one in criteria), default=0)
    by_capability = {
        name: _level([j for j in judged if j.criterion.capability == name], highest)
        for name in CAPABILITIES
    }
    parts = {
        cut: {
            str(at): _level(_judge(criteria, {**whole, **found}), highest)
            for (of, at), found in sorted(known.items(), key=str)
            if of == cut and at is not None
        }
        for cut in cuts
    }
    return Maturity(_level(judged, highest), by_capability, judged, parts)


def _level(judged: Sequence[Judgement], highest: int) -> int:
    """Up to the `highest` that is asked for; of what nothing is asked nobody knows: that is 0."""
    failed = [j.criterion.level for j in judged if not j.holds]
    return min(failed) - 1 if failed else highest if judged else 0


def _judge(criteria: Sequence[Criterion], values: Mapping[str, Value]) -> tuple[Judgement, ...]:
    return tuple(
        _judgement(one, values.get(one.figure) or Value(one.figure, None, None, None, 0, 0, 0))
        for one in criteria
    )


def _judgement(criterion: Criterion, value: Value) -> Judgement:
    found = kept(criterion, value)
    return Judgement(
        criterion, value, found.holds is True, found.reason, found.short, found.against
    )
