"""One replay's memory of a log's values, and the machines of its plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import polars as pl

from govlab.backends.columnar.attributes import source_column
from govlab.backends.columnar.dictionaries import Dictionary, can_code
from govlab.backends.columnar.layout import Layout
from govlab.backends.columnar.machine import Machine
from govlab.backends.columnar.marks import MARKED, Marks
from govlab.backends.columnar.parts import INDEX, Part, Unit, guards
from govlab.backends.columnar.telling import Telling
from govlab.backends.columnar.units import Pairs, Table, bounds_of
from govlab.plan.model import Plan
from govlab.schema import LIST_TEXT
from govlab.types import Type

__all__ = ["Session", "machine_of"]

_KINDS: dict[str, tuple[Any, ...]] = {
    "string": (pl.Categorical, pl.Enum, pl.String),
    "bool": (pl.Boolean,),
    "list": (pl.List,),
}


@dataclass(slots=True)
class Session:
    """What is known of a log's values, for one plan; `lock` is held while it grows."""

    plan: Plan
    coded: frozenset[str]
    read: frozenset[str]
    dictionaries: dict[str, Dictionary]
    marks: dict[str, Marks]
    pairs: dict[tuple[str, ...], Pairs]
    lock: Any

    @classmethod
    def of(cls, plan: Plan, frame: pl.DataFrame) -> Session:
        """A session for logs that look like `frame`."""
        coded = frozenset(_coded(plan, frame))
        known = {n: Dictionary(n, lists=n + LIST_TEXT in frame.columns) for n in (*coded, *MARKED)}
        read = frozenset(map(source_column, plan.reads())) | frozenset(MARKED)
        marks = {n: Marks(known[n]) for n in MARKED}
        return cls(plan, coded, read, known, marks, {}, RLock())


def _coded(plan: Plan, frame: pl.DataFrame) -> Sequence[str]:
    """The columns whose values are few enough for a table."""
    types: dict[str, set[str]] = {}
    for scope in plan.scopes:
        for name, type_ in scope.reads.items():
            types.setdefault(source_column(name), set()).add(_kind(name, type_))
    found = [c for c in INDEX if c not in types]
    for column, kinds in types.items():
        allowed = _KINDS.get(min(kinds)) if len(kinds) == 1 else None
        absent = column not in frame.columns or column + LIST_TEXT in frame.columns
        if allowed and (absent or _suits(frame.get_column(column), allowed)):
            found.append(column)
    return found


def _suits(cells: pl.Series, allowed: tuple[Any, ...]) -> bool:
    return isinstance(cells.dtype, allowed) and can_code(cells)


def _kind(name: str, type_: Type) -> str:
    if name.startswith("args."):
        return "string"
    return type_.name if type_.name != "list" or type_.params[0].name == "string" else "other"


def machine_of(
    session: Session,
    plan: Plan,
    finish: Callable[[tuple[int, ...]], int],
    telling: Telling | None = None,
) -> Machine:
    """A machine for the guards of `plan`; outcomes are told apart as far as `telling` does."""
    made = guards(plan, session.coded)
    by_unit: dict[Unit, list[Part]] = {}
    for guard in made:
        for part in guard.parts:
            known = by_unit.setdefault(part.unit, [])
            known += [] if part in known else [part]
    tables = {u: _table(session, u, parts) for u, parts in by_unit.items()}
    return Machine(Layout.of(made, len(plan.policies)), tables, finish, telling)


def _table(session: Session, unit: Unit, parts: list[Part]) -> Table:
    coded = unit.columns if unit.kind in ("index", "columns") else ()
    pairs = [session.pairs.setdefault(coded[:end], Pairs()) for end in range(2, len(coded) + 1)]
    return Table(unit, parts, bounds_of(parts), pairs=pairs)
