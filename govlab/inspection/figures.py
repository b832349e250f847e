"""Which columns each figure needs; what a log can answer, and what would unlock more.

The catalogue says what its figures read; what drift and outcomes ask beyond it is in a table here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from govlab.inspection.model import Answer, FigureState, Fill, Unlock
from govlab.kpi.catalog import FIGURES, spec_of
from govlab.kpi.facts import FACT_READS
from govlab.kpi.model import Stored
from govlab.kpi.spec import Spec
from govlab.schema import ACTIONS, RUNS

__all__ = ["Need", "figure_states", "needs", "unlocks"]


@dataclass(frozen=True, slots=True)
class Need:
    """A figure and the columns it needs, each as the alternatives of which one is enough.

    Without a column of `gaps` it can be computed and counts a gap. `check` is what made its result
    beside the log, where it is not computed from columns.
    """

    id: str
    question: str
    columns: tuple[tuple[str, ...], ...]
    gaps: tuple[str, ...] = ()
    check: str | None = None


# id, question, columns (`a|b`: one of them is enough)
_BEYOND: Final[tuple[tuple[str, str, str], ...]] = (
    ("drift.volume", "Does a source fall silent?", "ts"),
    ("drift.new.actor", "Are there agents never seen before?", "ts actor"),
    ("drift.new.env", "Are there environments never seen before?", "ts env"),
    ("drift.values.decision", "Does the mix of decisions shift?", "ts decision"),
    ("drift.approval_wait", "Do approvals take longer than before?",
     "approval_requested_at approval_decided_at"),
    ("outcomes.task_done", "How many runs did what was asked?", "run.utility|run.reward"),
    ("outcomes.attack_success", "How many attacks reached their goal?", "run.attack_succeeded"),
    ("outcomes.harm", "Which actions did harm?", "harmful|incident"),
)  # fmt: skip
_ALWAYS: Final = frozenset({"tool", "action", "tenant", "source_format"})
"""What no figure lacks: one of the first two is there, and without tenants there is one."""


@cache
def needs() -> tuple[Need, ...]:
    """The figures with what they need, in the order they are shown."""
    own = [_of_catalogue(id_) for id_ in FIGURES]
    beyond = [
        Need(id_, question, tuple(tuple(one.split("|")) for one in columns.split()))
        for id_, question, columns in _BEYOND
        if id_ not in FIGURES
    ]
    families = dict.fromkeys(need.id.partition(".")[0] for need in (*own, *beyond))
    order = list(families)
    together = sorted((*own, *beyond), key=lambda n: order.index(n.id.partition(".")[0]))
    return tuple(together)


def _of_catalogue(id_: str) -> Need:
    spec = spec_of(id_)
    columns = dict.fromkeys(base for name in _hard(spec) for base in FACT_READS.get(name, (name,)))
    said = dict.fromkeys(
        name for term in spec.terms if term.lacking != "NULL" for name in term.reads
    )
    needed = tuple((name,) for name in columns if name not in _ALWAYS)
    gaps = tuple(n for n in said if n not in columns and n != "decision_mode")
    measure = FIGURES[id_].measure
    check = measure.result if isinstance(measure, Stored) else None
    return Need(id_, FIGURES[id_].question, needed, gaps, check)


def _hard(spec: Spec) -> Iterator[str]:
    """What a figure is unknown without: not what its absence is counted as."""
    for term in spec.terms:
        yield from term.reads if term.lacking == "NULL" else ()
    for quantity in spec.quantities:
        yield from (at for at in (quantity.start, quantity.end) if at)
    for table in spec.tables:
        yield from (*table.keys, *(column for column, _ in table.ranges))
    yield from spec.totals


def figure_states(fills: Iterable[Fill], checks: Collection[str] = ()) -> tuple[FigureState, ...]:
    """For each figure whether the columns are there; `checks` are those whose results are.

    `yes`: each is filled somewhere; `mostly unknown`: so, but one is unknown in most events, and
    then no value is given; `nothing recorded`: the sources could fill all of them, and one is
    empty throughout; `no`: one is recorded by no source.
    """
    by_name = {fill.column: fill for fill in fills}
    return tuple(
        _state(need, by_name) if need.check is None else _of_check(need, need.check in checks)
        for need in needs()
    )


def _of_check(need: Need, there: bool) -> FigureState:
    """A figure that is read from the result of a check, which no column gives."""
    lacks = () if there else (f"the result of the check `{need.check}`",)
    return FigureState(need.id, need.question, "no" if lacks else "yes", (), lacks)


def _state(need: Need, fills: Mapping[str, Fill]) -> FigureState:
    filled = [any(_is(fills, name, "filled", "partly") for name in one) for one in need.columns]
    known = [any(not _is(fills, name, "unknown") for name in one) for one in need.columns]
    told = [any(_is_told(fills, name) for name in one) for one in need.columns]
    computable: Answer = (
        "no"
        if not all(known)
        else "nothing recorded"
        if not all(filled)
        else "yes"
        if all(told)
        else "mostly unknown"
    )
    names = tuple("|".join(one) for one in need.columns)
    lacks = tuple(name for name, there in zip(names, known, strict=True) if not there)
    gaps = tuple(name for name in need.gaps if _is(fills, name, "unknown"))
    enough = [name for name, there in zip(names, told, strict=True) if not there]
    one = enough[0].partition("|")[0] if computable == "no" and len(enough) == 1 else None
    key = one if one in _COLUMNS else None  # what no log has comes from a registry or a bundle
    return FigureState(need.id, need.question, computable, names, lacks, gaps, key)


def _is_told(fills: Mapping[str, Fill], name: str) -> bool:
    """Whether the sources tell of at least half of the events what stands in the column."""
    fill = fills.get(name)
    if fill is None:
        return False
    return fill.unknown <= fill.filled + fill.absent + fill.malformed


def _is(fills: Mapping[str, Fill], name: str, *status: str) -> bool:
    return (fills[name].status if name in fills else "unknown") in status


_COLUMNS: Final = frozenset({*ACTIONS, *(f"run.{name}" for name in RUNS)})


def unlocks(
    states: Iterable[FigureState], starters: Mapping[str, frozenset[str]]
) -> tuple[Unlock, ...]:
    """The columns the log lacks by what they would add, most first.

    `starters` are the attributes each starter reads and the log does not have. Of alternatives
    the first is named.
    """
    alone: dict[str, list[str]] = {}
    beside: dict[str, list[str]] = {}
    for state in states:
        if state.unlocked_by:
            alone.setdefault(state.unlocked_by, []).append(state.id)
        lacks = [lack.partition("|")[0] for lack in state.lacks]
        for name in (*lacks, *state.gaps):
            if name in _COLUMNS and name != state.unlocked_by:
                beside.setdefault(name, []).append(state.id)
    read = sorted({name for names in starters.values() for name in names})
    found = [
        Unlock(
            name,
            tuple(alone.get(name, ())),
            tuple(beside.get(name, ())),
            tuple(starter for starter, names in starters.items() if name in names),
        )
        for name in dict.fromkeys((*alone, *beside, *read))
    ]
    return tuple(sorted(found, key=lambda u: (-len(u.figures), -len(u.also_needed_by), u.column)))
