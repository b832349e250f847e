"""A sweep: one pass over the log for all points, then each point on the cube."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from govlab.bundle.digest import digests
from govlab.cube import Cube, admit, cube_of, read_cube
from govlab.cube.asked import asked, together
from govlab.cube.family import refuse_filters, refuse_history
from govlab.log.citation import cite
from govlab.log.cubefile import is_cube
from govlab.plan import Plan, compile_plan
from govlab.schema import DECISIONS
from govlab.selection import Selection
from govlab.selection.model import Instant
from govlab.sweeps.deciding import Counts, Fixed, Layers, Part, Together, decided_slowly, is_plain
from govlab.sweeps.frontier import frontier, objectives_of, usual_objectives
from govlab.sweeps.model import Figure, Point, Sweep
from govlab.sweeps.points import Source, Swept, combinations, mentions, named_in, swept

__all__ = ["sweep", "sweep_selection"]

Progress = Callable[[int], None] | None


def sweep(  # noqa: PLR0913  the options of the command, one argument each
    log: Any,
    bundle: str | Path,
    params: Mapping[str, Sequence[Any]],
    *,
    objectives: Sequence[str] = (),
    where: str | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    last: str | None = None,
    as_of: Instant | None = None,
    tz: str = "UTC",
) -> Sweep:
    """The bundle decided under every combination of values of its params, on one log.

    `log` is as for `replay`, or a cube; `params` gives each param its values, of its type.
    `objectives` are figures, `name`, `name:min` or `name:max`; without any, those that the log's
    labels and times allow. Filters are as for `replay`; a cube takes none. Every count is what a
    replay of the point gives; `digest` of a point is that of the bundle with its values. Raises
    UsageError for a param, value or filter that is none, and for a bundle that reads history.

    >>> import polars as pl
    >>> log = pl.DataFrame({"tool": ["aws-cli"], "cost_micro_usd": [40_000_000], "env": ["dev"]})
    >>> found = sweep(log, "prod-safety", {"max_unattended_cost": [10.0, 100.0]})
    >>> [dict(point.params) for point in found.points]
    [{'max_unattended_cost': 10.0}, {'max_unattended_cost': 100.0}]
    """
    asked_for = Selection(where, since, until, last, as_of, tz)
    return sweep_selection(log, bundle, params, asked_for, objectives=objectives)


def sweep_selection(
    log: Any,
    bundle: str | Path,
    params: Mapping[str, Sequence[Any]],
    selection: Selection,
    *,
    objectives: Sequence[str] = (),
) -> Sweep:
    """As `sweep`, with its filters as one value."""
    start = time.perf_counter()
    source = Source.of(bundle)
    given = swept(source, params)
    wanted = objectives_of(objectives)
    plan = compile_plan(source.base)
    refuse_history(plan)
    shared = _shared(source, plan, given)
    family = shared if shared is not None else _whole(source, given)
    cube, decide = _decided(log, selection, source, plan, family)
    points = tuple(_points(source, given, cube, decide))
    aims = wanted or usual_objectives(points[0])
    taken = time.perf_counter() - start
    cited = cite(log) if isinstance(log, str | Path) and not is_cube(log) else None
    return Sweep(source.base, cube, points, aims, frontier(points, aims), taken, cited)


Places = tuple[int, ...]
"""A point: the place of each param's value."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Policies that name the same swept params: their plans for each combination of values."""

    params: tuple[int, ...]
    at: tuple[int, ...]  # places of the policies in the plan
    plans: Mapping[Places, Plan]


@dataclass(frozen=True, slots=True)
class _Units:
    """All that is decided again, unit by unit; the other policies are decided once."""

    units: tuple[_Unit, ...]

    def plans(self) -> Iterator[Plan]:
        """Every plan of the family, as far as it differs."""
        for unit in self.units:
            yield from unit.plans.values()

    def fixed(self, plan: Plan) -> list[int]:
        """The places of the policies that are in no unit."""
        moving = {at for unit in self.units for at in unit.at}
        return [at for at in range(len(plan.policies)) if at not in moving]

    def decide(
        self, plan: Plan, cube: Cube, known_fixed: Fixed | None = None
    ) -> Callable[[Places], Counts]:
        """What gives the counts of a point."""
        tabled = Together(plan, cube)
        if known_fixed is not None:
            rest = tabled.beside(known_fixed)
        elif tabled.is_tabled():
            fixed = self.fixed(plan)
            rest = tabled.part(fixed, [plan.policies[at] for at in fixed])
        else:
            return self._slowly(plan, cube, tabled.layers)
        known: dict[tuple[int, Places], Part] = {}

        def counts(point: Places) -> Counts:
            parts = [rest]
            for number, unit in enumerate(self.units):
                own = tuple(point[p] for p in unit.params)
                if (number, own) not in known:
                    known[number, own] = tabled.part(unit.at, unit.plans[own].policies)
                parts.append(known[number, own])
            return tabled.counts(parts)

        return counts

    def _slowly(self, plan: Plan, cube: Cube, layers: Layers) -> Callable[[Places], Counts]:
        return lambda point: decided_slowly(self._at(plan, point), cube, layers)

    def _at(self, plan: Plan, point: Places) -> Plan:
        """The whole plan of a point."""
        policies = list(plan.policies)
        for unit in self.units:
            own = unit.plans[tuple(point[p] for p in unit.params)]
            for place, policy in zip(unit.at, own.policies, strict=True):
                policies[place] = policy
        return _with(plan, policies)


@dataclass(frozen=True, slots=True)
class _Whole:
    """Every point as a plan of its own: what it computes depends on the values."""

    by_point: Mapping[Places, Plan]

    def plans(self) -> Iterator[Plan]:
        """Every plan of the family."""
        yield from self.by_point.values()

    def decide(self, plan: Plan, cube: Cube) -> Callable[[Places], Counts]:  # noqa: ARG002  as above
        """What gives the counts of a point."""
        layers = Layers.of(cube)
        return lambda point: decided_slowly(self.by_point[point], cube, layers)


def _with(plan: Plan, policies: Sequence[Any]) -> Plan:
    return replace(plan, policies=tuple(policies))


def _shared(source: Source, plan: Plan, given: Sequence[Swept]) -> _Units | None:
    """The units; None where more than conditions rests on the params, or rows go twice."""
    base = source.base
    names = [one.name for one in given]
    computed = [e.text for _, e in base.risk]
    computed += [e.text for d in base.derive for rule in d.rules for e in rule]
    if named_in(computed, names) or not is_plain(plan):
        return None
    first = len(plan.policies) - len(base.policies)
    by_params: dict[tuple[int, ...], list[int]] = {}
    for at, policy in enumerate(base.policies):
        found = mentions(policy, names)
        if found:
            key = tuple(n for n, name in enumerate(names) if name in found)
            by_params.setdefault(key, []).append(at)
    return _Units(tuple(
        _unit(source, given, key, first, own) for key, own in by_params.items()
    ))  # fmt: skip


def _unit(
    source: Source, given: Sequence[Swept], params: tuple[int, ...], first: int, own: Sequence[int]
) -> _Unit:
    named = [source.base.policies[at].name for at in own]
    plans = {}
    for places in product(*(range(len(given[p].values)) for p in params)):
        values = {given[p].name: given[p].written[at]
                  for p, at in zip(params, places, strict=True)}  # fmt: skip
        loaded = compile_plan(source.with_values(values, named))
        plans[places] = _with(loaded, loaded.policies[-len(named) :])
    return _Unit(params, tuple(first + at for at in own), plans)


def _whole(source: Source, given: Sequence[Swept]) -> _Whole:
    def plan(point: Places) -> Plan:
        values = {one.name: one.written[at] for one, at in zip(given, point, strict=True)}
        return compile_plan(source.with_values(values))

    return _Whole({point: plan(point) for point in combinations(given)})


def _decided(
    log: Any, selection: Selection, source: Source, plan: Plan, family: _Units | _Whole
) -> tuple[Cube, Callable[[Places], Counts]]:
    """The cube that points are decided on, and what gives the counts of each.

    Of a log, policies that are in no unit are decided while it is read: the cube need not know
    what they ask. Rows of which only some arguments are known are decided as a whole.
    """
    if isinstance(family, _Units) and not (isinstance(log, Cube) or is_cube(log)):
        fixed = Fixed(plan, family.fixed(plan))
        moving = together(map(asked, family.plans()))
        cube = cube_of(
            log, moving, (), beside=fixed, sums=False, selection=selection,
            declared=source.base.readable(),
        )  # fmt: skip
        if not fixed.odd:
            return cube, family.decide(plan, cube, fixed)
    cube = _cube(log, selection, source, plan, family)
    return cube, family.decide(plan, cube)


def _cube(
    log: Any, selection: Selection, source: Source, plan: Plan, family: _Units | _Whole
) -> Cube:
    """The cube of the log for all points, or the one given, where it can tell them all apart."""
    plans = [plan, *family.plans()]
    if isinstance(log, Cube) or is_cube(log):
        refuse_filters(selection)
        cube = log if isinstance(log, Cube) else read_cube(Path(log))
        for one in plans:
            admit(cube, one)
        return cube
    named = ((source.base.name, source.base.version, source.base.digest),)
    return cube_of(
        log, together(map(asked, plans)), named, sums=False, selection=selection,
        declared=source.base.readable(),
    )  # fmt: skip


def _points(
    source: Source, given: Sequence[Swept], cube: Cube, decide: Callable[[Places], Counts]
) -> Iterator[Point]:
    digest = digests(source.base)
    totals = Layers.of(cube).totals()
    days = _days(cube)
    for point in combinations(given):
        chosen = {one.name: at for one, at in zip(given, point, strict=True)}
        values = {one.name: one.values[chosen[one.name]] for one in given}
        shown = {one.name: _shown(one, chosen[one.name]) for one in given}
        counts = decide(point)
        yield Point(
            shown,
            digest({**source.base.params, **values}),
            {d: counts.get(("rule", d), (0,))[0] for d in DECISIONS},
            _of(counts, "default"),
            _of(counts, "error"),
            _of(counts, "undecidable"),
            _figures(counts, totals, days),
        )


def _shown(one: Swept, at: int) -> Any:
    value = one.values[at].value
    return value if isinstance(value, int | float | str | tuple) else one.written[at]


def _of(counts: Counts, origin: str) -> int:
    return sum(n[0] for (o, _), n in counts.items() if o == origin)


def _figures(counts: Counts, totals: tuple[int, ...], days: float) -> dict[str, Figure]:
    events, harmful, harmless = totals

    def decided(layer: int, *decisions: str) -> int:
        """Events of effective decisions: default and error included, undecidable ones not."""
        return sum(n[layer] for (o, d), n in counts.items()
                   if o != "undecidable" and d in decisions)  # fmt: skip

    held = decided(0, "REQUIRE_APPROVAL")
    return {
        "coverage": Figure(_of(counts, "rule"), events),
        "denied": Figure(decided(0, "DENY"), events),
        "held": Figure(held, events),
        "held_per_day": Figure(held, days),
        "harmful_stopped": Figure(decided(1, "DENY", "REQUIRE_APPROVAL"), harmful),
        "harmless_denied": Figure(decided(2, "DENY"), harmless),
        "undecidable": Figure(_of(counts, "undecidable"), events),
    }


def _days(cube: Cube) -> float:
    """The days (of 24 hours) from the oldest to the newest event; 0 where that is unknown."""
    oldest, newest = cube.origin.period()
    if oldest is None or newest is None:
        return 0.0
    return (newest - oldest).total_seconds() / 86400
