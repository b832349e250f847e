"""A plan deciding batch after batch: machines first, what they cannot say by rounds (S4, S6, S14).

Every row's outcomes come from a machine, also those of its variant where a remedy sets constants,
and those with unknown read as absent. Rows with remedies that compute their values, and rows whose
marks name a part of a column, are decided by `rounds`, which knows everything and is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from govlab.backends.columnar.answers import Answers, Book, answers_frame, overlay
from govlab.backends.columnar.attributes import prepare, source_column
from govlab.backends.columnar.batch import Batch
from govlab.backends.columnar.dictionaries import FIRST
from govlab.backends.columnar.distinct import Groups, group
from govlab.backends.columnar.machine import Machine
from govlab.backends.columnar.missing import Asked, Seen, lacks_of
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.parts import Part, Unit, number_of, origins
from govlab.backends.columnar.places import where
from govlab.backends.columnar.session import Session, machine_of
from govlab.backends.columnar.settle import settle
from govlab.backends.columnar.steps import step_outputs
from govlab.backends.columnar.telling import Telling
from govlab.backends.columnar.units import Pairs, Table
from govlab.lang.nodes import Variable
from govlab.lang.syntax import Span
from govlab.plan.combine import Combined, combine, conclude, refuse
from govlab.plan.model import NO_RULE, Plan, PolicyPlan, decode
from govlab.plan.remedy import agreed, remedy
from govlab.plan.risk import highest
from govlab.runtime.states import Mark
from govlab.runtime.variants import variant
from govlab.types import BOOL

__all__ = ["Decided", "Engine", "rows_alike"]


@dataclass(frozen=True, slots=True)
class Decided:
    """Each row's places in an engine's book, and where it is undecidable.

    There `answers` reads unknown as absent, and `first` does not.
    """

    answers: Answers
    undecidable: pl.Series
    first: Answers


def rows_alike(decided: Decided, *more: pl.Series) -> tuple[Groups, Decided]:
    """The rows that agree in decision, in what is missing and in `more`, and one of each."""
    told = [decided.answers["combined"], decided.undecidable, decided.first["missing"], *more]
    groups = group(told, decided.answers.height)
    rows = groups.rows
    return groups, Decided(decided.answers[rows], decided.undecidable[rows], decided.first[rows])


@dataclass(slots=True)
class Engine:
    """What decides a log's batches; `book` has the distinct parts of all decisions."""

    plan: Plan
    session: Session
    book: Book
    machine: Machine
    risks: Machine | None
    computed: frozenset[str]  # rules that set what they compute
    concluded: dict[tuple[int, int], int]
    lacks: dict[tuple[int, str], Table | None]

    @classmethod
    def of(cls, plan: Plan, frame: pl.DataFrame, wanted: Collection[str] = ("matched",)) -> Engine:
        """An engine for logs that look like `frame`, for the columns `wanted` of decisions.

        With `matched` among these it tells all of them.
        """
        session, book, computed = Session.of(plan, frame), Book(), _computed(plan)

        def finish(codes: tuple[int, ...]) -> int:
            return book.add([combine(plan, codes)])

        telling = None if computed else Telling.of(plan, wanted)  # what matched may have failed
        machine = machine_of(session, plan, finish, telling)
        risks = _risks(session, plan, book)
        return cls(plan, session, book, machine, risks, computed, {}, {})

    def decided(self, frame: pl.DataFrame, wanted: Collection[str]) -> Decided:
        """The decision of each row of `frame`, as far as the columns `wanted` need it."""
        batch = Batch(self.session, frame)
        first = answers = self._settled(batch, wanted)
        undecidable = self._flags("unknown", lambda c: c.status == "unknown")[
            answers.get_column("combined")
        ]
        if undecidable.any():
            rows = where(undecidable)
            known = self._settled(batch.take(rows).as_absent(), wanted)
            answers = overlay(answers, rows, known)
        return Decided(answers, undecidable, first)

    def _flags(self, name: str, test: Callable[[Combined], bool]) -> pl.Series:
        """Of each decision in the book whether `test`, by its name, is true."""
        return self.book.column(name, test, pl.Boolean())

    def _flags_at(self, some: Collection[int]) -> pl.Series:
        flags = pl.Series([False]).new_from_index(0, len(self.book.combined))
        return flags.scatter(pl.Series(some, dtype=pl.UInt32), True)

    def _settled(self, batch: Batch, wanted: Collection[str]) -> Answers:
        """Both rounds."""
        which = self.machine.run(batch)
        risk = self._reported(batch) if "risk" in wanted else None
        answers = self._first(batch, which, risk, wanted)
        again = self._flags("again", self._again)
        held = which.filter(again[which]).unique().to_list() if again.any() else []
        alike: dict[tuple[str, ...], list[int]] = {}
        for place in sorted(held):
            combined = self.book.combined[place]
            rules = () if self._computes(combined) else tuple(r.rule.id for r in combined.remedies)
            alike.setdefault(rules, []).append(place)
        for some in alike.values():
            rows = where(self._flags_at(some)[which])
            others = self._second(some[0], which[rows], batch.take(rows), answers[rows], wanted)
            answers = overlay(answers, rows, others)
        odd = batch.odd(self.plan.reads())
        return overlay(answers, odd, self._slowly(batch.take(odd))) if len(odd) else answers

    def _first(
        self, batch: Batch, which: pl.Series, risk: pl.Series | None, wanted: Collection[str]
    ) -> Answers:
        none = pl.repeat(0, len(which), dtype=pl.UInt32, eager=True)
        missing = self._missing(batch, which) if _lacking(wanted) else none
        return answers_frame(which, missing, None, none if risk is None else risk)

    def _slowly(self, batch: Batch) -> Answers:
        events = prepare(batch.columns(), self.plan.reads())
        given = events.as_absent() if batch.absent else events
        with self.session.lock:
            return settle(self.plan, given, self.book, tables=True)

    # -- second round ------------------------------------------------------------------------

    def _again(self, combined: Combined) -> bool:
        """Whether a second round follows, or a rule that matched may have failed after all."""
        waits = combined.status == "decided" and bool(combined.remedies)
        return waits or self._computes(combined)

    def _computes(self, combined: Combined) -> bool:
        """Whether a rule that matched sets what it computes: that may fail."""
        return not self.computed.isdisjoint(combined.matched)

    def _second(
        self, place: int, held: pl.Series, batch: Batch, first: Answers, wanted: Collection[str]
    ) -> Answers:
        """Answers for rows that were decided as `held` says at first: as `book.combined[place]`, or
        else with the same remedies."""
        combined = self.book.combined[place]
        names = {name for r in combined.remedies for name, _ in r.rule.set}
        if self._computes(combined) or not self._tabled(names):
            return self._slowly(batch)
        native = Native()
        sets = [{name: native.constant(n) for name, n in r.rule.set} for r in combined.remedies]
        values, risk = agreed(sets), first.get_column("risk")
        if values is None:
            refused = self._both(held, None)
            return self._first(batch, refused, risk, wanted)
        changed = batch.with_cells(values)
        second = self.machine.run(changed)
        if self._flags("computes", self._computes)[second].any():
            return self._slowly(batch)
        which = self._both(held, second)
        missing = first.get_column("missing")
        if _lacking(wanted):
            own, after = self._missing(batch, which), self._missing(changed, which)
            of_variant = self._flags("variant", lambda c: c.of_variant)[which]
            missing = own.zip_with(~of_variant, after)
        return answers_frame(which, missing, self._remedies(which, values), risk)

    def _tabled(self, names: Iterable[str]) -> bool:
        """Whether attributes are read through tables alone, and nothing derives them."""
        made = {n for scope in self.plan.scopes for s in scope.steps for n in step_outputs(s)}
        by_row = {
            c for u in self.machine.tables if u.kind in ("rows", "number") for c in u.columns
        }  # fmt: skip
        for number, scope in enumerate(self.plan.scopes):
            known = origins(scope)
            for columns in (known[n] for n in self._mentioned(number)):
                by_row |= columns if not columns <= self.session.coded else set()
        kept = self.session.coded - by_row
        return all(n == source_column(n) and n in kept and n not in made for n in names)

    def _mentioned(self, number: int) -> set[str]:
        """The attributes that decisions may report as missing in the sense of bundle `number`."""
        own = [p for p in self.plan.policies if p.scope == number]
        rules = {name for p in own for r in p.rules for name in r.mentions}
        return rules.union(*(p.mentions for p in own))

    def _both(self, first: pl.Series, second: pl.Series | None) -> pl.Series:
        """The places of the decisions of both rounds; of rows whose remedies conflict without."""
        key = first.cast(pl.UInt64) * 2**32 + (2**32 - 1 if second is None else second)
        distinct = key.unique().sort()
        found = [self._concluded(*divmod(at, 2**32)) for at in distinct]
        return pl.Series(found, dtype=pl.UInt32)[distinct.search_sorted(key)]

    def _concluded(self, first: int, second: int) -> int:
        with self.session.lock:
            if (first, second) not in self.concluded:
                held = self.book.combined[first]
                result = (
                    refuse(held, "remediation_conflict") if second == 2**32 - 1
                    else conclude(held, self.book.combined[second])
                )  # fmt: skip
                self.concluded[first, second] = self.book.add([result])
            return self.concluded[first, second]

    def _remedies(self, which: pl.Series, values: dict[str, Any]) -> pl.Series:
        distinct = which.unique().sort()
        with self.session.lock:
            places = [self._remedy(self.book.combined[at], values) for at in distinct]
        return pl.Series(places, dtype=pl.UInt32)[distinct.search_sorted(which)]

    def _remedy(self, result: Combined, values: dict[str, Any]) -> int:
        if result.reason == "remediation_refused":
            return 0
        return self.book.add_remedy(remedy(result.remedies, values, variant({}, values)))

    # -- on demand ---------------------------------------------------------------------------

    def _reported(self, batch: Batch) -> pl.Series:
        """The place of what each row reports as risk."""
        if self.risks is not None:
            return self.risks.run(batch)
        place = self.book.risk(highest(()))
        return pl.repeat(place, len(batch), dtype=pl.UInt32, eager=True)

    def _missing(self, batch: Batch, which: pl.Series) -> pl.Series:
        """The place of what each row's deciding rule lacks."""
        asked = self.book.asked

        def number(combined: Combined) -> int:
            return asked.setdefault(Asked.of(combined), len(asked))

        kinds = self.book.column("asked", number, pl.UInt32())[which]

        def lacking(seen: Seen, rows: pl.Series) -> pl.Series:
            return self._without(batch.take(rows), seen)

        return lacks_of(self.book, list(asked), kinds, lacking)

    def _without(self, batch: Batch, seen: Seen) -> pl.Series:
        """Whether each row has no value of an attribute."""
        table = self._lacks(seen.scope, seen.name)
        if table is None:
            states = batch.states(seen.scope, frozenset({seen.name}))
            return states.get_column(seen.name).is_null()
        ids = batch.ids(table)
        if table.unit.kind == "number":
            return ids < FIRST
        (codes,) = table.verdicts.values()
        flags = [code >= 2 for code in codes[: table.size]]
        return pl.Series(flags, dtype=pl.Boolean)[ids]

    def _lacks(self, number: int, name: str) -> Table | None:
        """A table of whether attribute `name` has a value; None where rows must be read."""
        with self.session.lock:
            if (number, name) not in self.lacks:
                self.lacks[number, name] = self._lacking(number, name)
            return self.lacks[number, name]

    def _lacking(self, number: int, name: str) -> Table | None:
        columns = tuple(sorted(origins(self.plan.scopes[number])[name]))
        if not columns:
            return None
        if not self.session.coded.issuperset(columns):
            unit = number_of(self.plan, number, name)
            known = None if unit is None else self.machine.tables.get(unit)
            return known if known or unit is None else Table(unit, [], (0,))
        unit = Unit("columns", number, columns, ())
        pairs = [
            self.session.pairs.setdefault(columns[:end], Pairs())
            for end in range(2, len(columns) + 1)
        ]
        return Table(unit, [Part(unit, Variable(BOOL, Span(0, 0), name))], (), pairs=pairs)


def _lacking(wanted: Collection[str]) -> bool:
    return "missing" in wanted or "lacks" in wanted


def _computed(plan: Plan) -> frozenset[str]:
    native = Native()
    return frozenset(
        rule.id for policy in plan.policies for rule in policy.rules
        if any(not native.is_constant(n) or isinstance(native.constant(n), Mark)
               for _, n in rule.set)
    )  # fmt: skip


def _risks(session: Session, plan: Plan, book: Book) -> Machine | None:
    """A machine whose policies are the risk classes of each bundle of the chain (S5, S7)."""
    rated = [(n, scope.risk) for n, scope in enumerate(plan.scopes) if scope.risk is not None]
    if not rated:
        return None
    policies = tuple(
        PolicyPlan("risk", n, None, (), tuple(
            replace(plan.default, id=word, condition=when) for word, when in classes), None)
        for n, classes in rated
    )  # fmt: skip

    def finish(codes: tuple[int, ...]) -> int:
        word = highest([_word(p, code) for p, code in zip(policies, codes, strict=True)])
        return book.risk(word)

    return machine_of(session, replace(plan, policies=policies), finish)


def _word(policy: PolicyPlan, code: int) -> str:
    if code == NO_RULE:
        return "low"
    outcome = decode(code)
    if outcome is None or outcome.rule is None or outcome.verdict != "true":
        return "unknown"
    return policy.rules[outcome.rule].id
