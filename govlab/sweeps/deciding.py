"""A cube decided at every point: only policies that name a swept param are decided again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar import Engine, needed, written
from govlab.backends.columnar.batch import Batch
from govlab.backends.columnar.machine import Machine
from govlab.backends.columnar.session import Session, machine_of
from govlab.cube import Cube
from govlab.cube.build import BESIDE
from govlab.plan import Plan
from govlab.plan.combine import combine
from govlab.plan.model import PolicyPlan
from govlab.schema import LIST_TEXT

__all__ = ["Counts", "Fixed", "Layers", "Part", "Together", "decided_slowly", "is_plain"]

Ids = NDArray[np.int64]
Counts = dict[tuple[str, str], tuple[int, ...]]
"""For each origin and decision how many events there are, and in each of the other layers."""

_WANTED = ("decision", "status", "rule")
_SPARSE = 4  # keys a row, above which they are made dense before they are counted


@dataclass(frozen=True, slots=True)
class Layers:
    """How many events rows stand for: all, those labelled harmful, those labelled harmless."""

    weights: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(cls, cube: Cube) -> Layers:
        """The layers of a cube."""
        events = cube.counts.cast(pl.Float64).to_numpy()
        harm = cube.frame["harmful"] if "harmful" in cube.frame.columns else None
        none = np.zeros_like(events)
        if harm is None:
            return cls((events, none, none))
        flags = [(harm == label).fill_null(False).to_numpy() for label in (True, False)]
        return cls((events, *(np.where(f, events, 0.0) for f in flags)))

    def totals(self) -> tuple[int, ...]:
        """All events of each layer."""
        return tuple(int(w.sum()) for w in self.weights)

    def counted(self, keys: Ids, bound: int) -> NDArray[np.float64]:
        """For each key below `bound` the events of each layer."""
        return np.stack([np.bincount(keys, w, minlength=bound) for w in self.weights], axis=1)


def is_plain(plan: Plan) -> bool:
    """Whether outcomes combine at once: no rule sets anything, so no row is decided twice."""
    return not any(rule.set or rule.decision == "REMEDIATE"
                   for policy in plan.policies for rule in policy.rules)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """The outcomes of some policies in every row: `codes[ids[row]]`, in the order of `at`."""

    at: tuple[int, ...]  # places of the policies in the plan
    ids: Ids
    codes: tuple[tuple[int, ...], ...]


class Fixed:
    """Policies that no swept param is named in, decided while the log is read."""

    def __init__(self, plan: Plan, at: Sequence[int]) -> None:
        self.at = tuple(at)
        self.plan = replace(plan, policies=tuple(plan.policies[place] for place in at))
        self.odd = False  # whether a row's marks name a part of its arguments
        self.finish = _Finish(self.plan)
        self._made: list[tuple[Session, Machine]] = []
        self._lock = Lock()

    def reads(self, have: Sequence[str]) -> Sequence[str]:
        """The columns that the policies need, lists as the texts beside them."""
        wanted = {n + LIST_TEXT if n + LIST_TEXT in have else n
                  for n in needed(self.plan, _WANTED)} - {"event_id"}  # fmt: skip
        return [n for n in have if n in wanted]

    def ids(self, batch: pl.DataFrame) -> pl.Series:
        """The place in `codes` of each row's outcomes."""
        if not self.at:
            self.finish(())
            return pl.repeat(0, batch.height, dtype=pl.UInt32, eager=True)
        with self._lock:
            if not self._made:
                session = Session.of(self.plan, batch)
                self._made.append((session, machine_of(session, self.plan, self.finish)))
            session, machine = self._made[0]
        rows = Batch(session, batch)
        self.odd = self.odd or len(rows.odd(self.plan.reads())) > 0
        return machine.run(rows)


class _Finish:
    """Numbers for the outcomes of some policies of a plan; what comes to the same has one number.

    What these policies come to decides, with what others do, whatever the rules are: none spoke,
    or the status, the decision and whether there are limits. Not so in a chain of bundles, where
    what the root's policies leave open is its default's: there every outcome counts.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.codes: list[tuple[int, ...]] = []  # of each number the first outcomes
        self._places: dict[Any, int] = {}

    def __call__(self, found: tuple[int, ...]) -> int:
        """The number of outcomes."""
        told = found if len(self.plan.scopes) > 1 else self._told(found)
        if told not in self._places:
            self._places[told] = len(self.codes)
            self.codes.append(found)
        return self._places[told]

    def _told(self, found: tuple[int, ...]) -> tuple[Any, ...]:
        made = combine(self.plan, found, default=False)
        return bool(made.matched), made.status, made.decision, bool(made.constraints)


class Together:
    """One plan's policies over one cube; some have conditions of their own at each point."""

    def __init__(self, plan: Plan, cube: Cube) -> None:
        self.plan, self.layers = plan, Layers.of(cube)
        rows = cube.rows
        none = pl.repeat(0, rows.height, dtype=pl.UInt32, eager=True)
        self.beside_ids = cube.frame[BESIDE] if BESIDE in cube.frame.columns else none
        self.session = Session.of(plan, rows)
        self.batch = Batch(self.session, rows)
        self.kept: list[Machine] = []  # a batch knows tables by their identity: none may go
        self.known: dict[tuple[int, ...], tuple[str, str]] = {}

    def beside(self, fixed: Fixed) -> Part:
        """The outcomes that were found when the log was read."""
        ids = self.beside_ids.cast(pl.Int64).to_numpy()
        return Part(fixed.at, ids, tuple(fixed.finish.codes))

    def is_tabled(self) -> bool:
        """Whether no row's marks name a part of its arguments: those are decided on their own."""
        return not len(self.batch.odd(self.plan.reads()))

    def part(self, at: Sequence[int], policies: Sequence[PolicyPlan]) -> Part:
        """The outcomes of `policies`, which stand at the places `at` of the plan."""
        if not policies:
            return Part((), np.zeros(len(self.layers.weights[0]), dtype=np.int64), ((),))
        plan = replace(self.plan, policies=tuple(policies))
        finish = _Finish(plan)
        machine = machine_of(self.session, plan, finish)
        self.kept.append(machine)
        ids = machine.run(self.batch).cast(pl.Int64).to_numpy()
        return Part(tuple(at), ids, tuple(finish.codes))

    def counts(self, parts: Sequence[Part]) -> Counts:
        """The counts where the plan's policies come out as `parts` have it."""
        key, bound = np.zeros(len(self.layers.weights[0]), dtype=np.int64), 1
        for part in parts:
            key, bound = key * len(part.codes) + part.ids, bound * len(part.codes)
        some = np.arange(bound)
        if bound > _SPARSE * len(key):
            some, key = np.unique(key, return_inverse=True)
        totals = self.layers.counted(key, len(some))
        found: dict[tuple[str, str], NDArray[np.float64]] = {}
        for at in np.flatnonzero(totals[:, 0]):
            kind = self._kind(parts, int(some[at]))
            found[kind] = found.get(kind, 0.0) + totals[at]
        return {kind: tuple(int(n) for n in row) for kind, row in found.items()}

    def _kind(self, parts: Sequence[Part], number: int) -> tuple[str, str]:
        """The origin and the decision that outcomes come to."""
        codes = [0] * len(self.plan.policies)
        for part in reversed(parts):
            number, at = divmod(number, len(part.codes))
            for place, code in zip(part.at, part.codes[at], strict=True):
                codes[place] = code
        key = tuple(codes)
        if key not in self.known:
            made = combine(self.plan, key)
            origins = {"unknown": "undecidable", "error": "error"}
            usual = "default" if made.rule == "default" else "rule"
            self.known[key] = origins.get(made.status, usual), made.decision
        return self.known[key]


def decided_slowly(plan: Plan, cube: Cube, layers: Layers) -> Counts:
    """The counts of one plan, decided as a whole."""
    rows = cube.rows
    engine = Engine.of(plan, rows)
    frame = written(rows, engine.decided(rows, _WANTED), engine.book, _WANTED)
    kinds = frame.select(
        pl.when(pl.col("status").is_in(["undecidable", "error"])).then(pl.col("status"))
        .when(pl.col("rule") == "default").then(pl.lit("default")).otherwise(pl.lit("rule")),
        pl.col("decision").cast(pl.String),
    )  # fmt: skip
    weighted = pl.DataFrame({str(at): w for at, w in enumerate(layers.weights)})
    both = pl.DataFrame([c.alias(n) for c, n in zip(kinds, ("origin", "what"), strict=True)])
    totals = both.hstack(weighted).group_by("origin", "what").sum()
    return {(o, d): tuple(int(n) for n in rest) for o, d, *rest in _rows(totals)}


def _rows(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    yield from frame.iter_rows()
