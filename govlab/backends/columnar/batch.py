"""Rows of the log as machines ask for them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from govlab.backends.columnar.attributes import columns_of, source_column
from govlab.backends.columnar.bins import reached
from govlab.backends.columnar.cells import flag, malformed_name, unknown_name
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.dictionaries import (
    ABSENT,
    FIRST,
    MALFORMED,
    UNKNOWN,
    Dictionary,
)
from govlab.backends.columnar.layout import Ints
from govlab.backends.columnar.marks import MARKED
from govlab.backends.columnar.parts import INDEX, Part, origins
from govlab.backends.columnar.places import among, gaps, places, raw, where
from govlab.backends.columnar.session import Session
from govlab.backends.columnar.units import Table, leaf_codes, states_frame
from govlab.backends.columnar.values import Apart, Binned, Coded, Listed, Values
from govlab.lang.nodes import Node, Variable, variables
from govlab.runtime.event import COUNTS
from govlab.runtime.withheld import is_withheld
from govlab.schema import LIST_TEXT
from govlab.types import Type

__all__ = ["Batch"]


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A number for each row, once `turned`; the places of those that have none, and flags of
    others."""

    value: NDArray[Any]
    none: Ints
    malformed: pl.Series | None
    unknown: pl.Series | None = None
    turned: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray


@dataclass(slots=True)
class Batch:
    """Rows of the log: those of `frame`, or of it those at the places `rows`.

    With `absent`, unknown is read as absent; `fixed` are cells that a remedy has set.
    """

    session: Session
    frame: pl.DataFrame
    rows: pl.Series | None = None
    absent: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)
    found: dict[str, pl.Series] = field(default_factory=dict)
    known: dict[int, pl.Series] = field(default_factory=dict)
    marked: dict[str, tuple[pl.Series, pl.Series]] = field(default_factory=dict)
    above: tuple[Batch, pl.Series] | None = None  # rows that these are some of, and at what places
    unsure: Batch | None = None  # these rows before unknown was read as absent

    def __len__(self) -> int:
        return self.frame.height if self.rows is None else len(self.rows)

    def take(self, rows: pl.Series) -> Batch:
        """The rows at the places `rows`."""
        rows = rows.cast(pl.UInt32)
        own = rows if self.rows is None else self.rows[rows]
        return self._like(rows=own, above=(self, rows), unsure=None)

    def as_absent(self) -> Batch:
        """The same rows with unknown read as absent."""
        return self._like(absent=True, above=None, unsure=self)

    def with_cells(self, cells: Mapping[str, Any]) -> Batch:
        """The same rows with these values in every row."""
        above = (self, places(len(self)))
        fixed = {**self.fixed, **cells}
        return self._like(fixed=fixed, above=above, unsure=None)

    def _like(self, **changes: Any) -> Batch:
        """The same but for `changes`; nothing is known of it yet."""
        return replace(self, found={}, known={}, marked={}, **changes)

    def columns(self, names: Collection[str] | None = None) -> pl.DataFrame:
        """The cells of the columns `names` (all), as the log has them."""
        cells = []
        for column in self.frame.columns:
            name = column.removesuffix(LIST_TEXT)
            twice = column + LIST_TEXT in self.frame.columns
            if (names is None or name in names) and name in self.session.read and not twice:
                lists = name != column
                cells.append(self._list(name) if lists else self._cells(column))
        return pl.DataFrame(cells)

    def _cells(self, column: str) -> pl.Series:
        cells = self.frame.get_column(column)
        return cells if self.rows is None else cells[self.rows]

    def _list(self, name: str) -> pl.Series:
        """The lists that the log has as texts."""
        known = self.session.dictionaries[name]
        codes = self._encoded(known, name + LIST_TEXT)
        with self.session.lock:
            values = pl.Series([None, None, None, *known.values], dtype=pl.List(pl.String))
        return values[codes].alias(name)

    # -- codes -------------------------------------------------------------------------------

    def codes(self, column: str) -> pl.Series:
        """The code of each cell of a column that has a dictionary."""
        if column not in self.found:
            if self.above is None or column in self.fixed:
                self.found[column] = self._codes(column)
            else:
                batch, rows = self.above
                self.found[column] = batch.codes(column)[rows]
        return self.found[column]

    def _codes(self, column: str) -> pl.Series:
        known = self.session.dictionaries[column]
        if self.unsure is not None:
            codes = self.unsure.codes(column)
            unknown = where(codes == UNKNOWN)
            return codes.clone().scatter(unknown, ABSENT) if len(unknown) else codes
        if column in self.fixed:
            with self.session.lock:
                return self._same(known.code(self.fixed[column]))
        texts = column + LIST_TEXT
        if texts in self.frame.columns:
            return self._marked(self._encoded(known, texts), frozenset({column}))
        if column not in self.frame.columns or column not in self.session.read:
            hidden = column not in INDEX and not self.absent and column not in MARKED
            codes = self._same(UNKNOWN if hidden else ABSENT)
            return codes if column in MARKED else self._marked(codes, frozenset({column}))
        codes = self._encoded(known, column)
        return codes if column in MARKED else self._marked(codes, frozenset({column}))

    def _encoded(self, known: Dictionary, column: str) -> pl.Series:
        cells = self._cells(column)
        found = known.seen(cells)
        if found is None:
            with self.session.lock:
                found = known.encode(cells)  # may add values
        return found

    def _same(self, code: int) -> pl.Series:
        return pl.repeat(code, len(self), dtype=pl.UInt32, eager=True)

    def _marked(
        self, codes: pl.Series, names: frozenset[str], hidden: frozenset[str] = frozenset()
    ) -> pl.Series:
        """`codes`, which it changes, with what the rows' marks say of `names`; what is unknown may
        go by `hidden`."""
        rows = self.named("malformed_columns", names)
        if len(rows):
            codes.scatter(rows, MALFORMED)
        if self.absent:
            return codes
        rows = self.named("unknown_columns", hidden or names)
        if len(rows):
            codes.scatter(rows.filter(codes[rows] == ABSENT), UNKNOWN)
        return codes

    def named(self, mark: str, names: frozenset[str]) -> pl.Series:
        """The rows whose list of marked columns has one of `names`."""
        return self._where(mark, names, lambda marked: bool(names & marked))

    def _where(
        self, mark: str, key: Hashable, holds: Callable[[frozenset[str]], bool]
    ) -> pl.Series:
        """The rows of whose list of marked columns `holds`, by its `key`, is true."""
        nothing = pl.Series(dtype=pl.UInt32)
        if mark not in self.frame.columns:
            return nothing
        rows, codes = self._with_marks(mark)
        if not len(rows):
            return nothing
        with self.session.lock:
            flags = self.session.marks[mark].flags(key, holds)
        return nothing if flags is None else rows.filter(flags[codes])

    def _with_marks(self, mark: str) -> tuple[pl.Series, pl.Series]:
        """The rows that have a list of marked columns, and the codes of these."""
        if mark not in self.marked:
            codes = self.codes(mark)
            rows = where(codes >= FIRST)
            self.marked[mark] = rows, codes[rows]
        return self.marked[mark]

    def odd(self, reads: Mapping[str, Type]) -> pl.Series:
        """The rows whose marks speak of a part of `args`, or of what a given text may lack."""
        names = frozenset(n for n in reads if n.startswith("args."))
        if not (names or "args" in reads) or "args" not in self.session.coded:
            return pl.Series(dtype=pl.UInt32)
        found = [self.named(mark, names) for mark in MARKED]
        read = [*names, *(["args"] if "args" in reads else [])]
        gone = self._where(
            MARKED[1], (*read,), lambda marked: any(is_withheld(n, marked) for n in read)
        )
        found.append(gone)
        hidden = self.named("unknown_columns", frozenset({"args"}))
        if len(hidden):
            found.append(hidden.filter(self.codes("args")[hidden] >= FIRST))
        return pl.concat(found).unique()

    # -- what the machine asks for -----------------------------------------------------------

    def ids(self, table: Table) -> pl.Series:
        """The id of each row's value of the table's unit; the table knows them all."""
        if id(table) not in self.known:
            self.known[id(table)] = self._ids(table)
        return self.known[id(table)]

    def _ids(self, table: Table) -> pl.Series:
        unit, session = table.unit, self.session
        if self.above is not None and self.fixed.keys().isdisjoint(unit.columns):
            batch, rows = self.above
            if id(table) in batch.known or not unit.computed():
                return batch.ids(table)[rows]
        if unit.kind == "number":
            with session.lock:
                table.grow(session.plan, session.dictionaries)
            return self._number(table)
        ids = self.codes(unit.columns[0])
        for pairs, column in zip(table.pairs, unit.columns[1:], strict=True):
            if id(pairs) not in self.known:
                right = self.codes(column)
                with session.lock:
                    self.known[id(pairs)] = pairs.encode(ids, right)
            ids = self.known[id(pairs)]
        with session.lock:
            table.grow(session.plan, session.dictionaries)
        return ids

    def values(self, table: Table) -> Values:
        """The same to be read in blocks; what nobody met yet is `UNSEEN` until `ids` is asked."""
        unit = table.unit
        found: Values | None = None
        if self.rows is None and not self.absent and not self.fixed:
            if isinstance(unit.term, Variable):
                found = self._binned(table, unit.term.name)
            elif len(unit.columns) == 1 and unit.term is None:
                found = self._coded(unit.columns[0])
        if found is None:
            return Listed(self.ids(table).to_numpy())
        with self.session.lock:
            table.grow(self.session.plan, self.session.dictionaries)
        return found

    def _coded(self, column: str) -> Coded | None:
        texts = column + LIST_TEXT
        name = texts if texts in self.frame.columns else column
        if name not in self.frame.columns or column not in self.session.read:
            return None
        cells = self._cells(name)
        with self.session.lock:
            placed = self.session.dictionaries[column].placed(cells)
        if placed is None:
            return None
        none = gaps(cells.to_physical())  # without its categories, which arrow would copy
        return Coded(*placed, self._apart(none, None, frozenset({column})))

    def _binned(self, table: Table, name: str) -> Binned | None:
        found = self._plain(name)
        if found is None:
            return None
        apart = self._apart(found.none, found.malformed, *_marks_of(name))
        return Binned(found.value, found.turned, table.bounds, apart)

    def _apart(
        self, absent: Ints, bad: pl.Series | None,
        names: frozenset[str], hidden: frozenset[str] = frozenset(),
    ) -> Apart:  # fmt: skip
        """The rows that have no value, by why; as `_marked` has it."""
        malformed = self.named("malformed_columns", names).to_numpy()
        if bad is not None and bad.any():
            malformed = np.union1d(malformed, where(bad).to_numpy())
        unknown = self.named("unknown_columns", hidden or names).to_numpy()
        absent = absent[~among(absent, malformed)]
        told = among(absent, unknown)
        found = ((absent[~told], ABSENT), (absent[told], UNKNOWN), (malformed, MALFORMED))
        return tuple((rows.astype(np.intp), code) for rows, code in found if len(rows))

    def _number(self, table: Table) -> pl.Series:
        """The bin of each row's number, above the codes of what is no number."""
        term = table.unit.term
        plain = self._plain(term.name) if isinstance(term, Variable) else None
        found = self._term(term) if plain is None else plain
        ids = pl.Series(reached(found.turned(found.value), table.bounds) + np.uint32(FIRST))
        ids.scatter(pl.Series(found.none), ABSENT)
        for flags, code in ((found.malformed, MALFORMED), (found.unknown, UNKNOWN)):
            if flags is not None and flags.any():
                ids.scatter(where(flags), code)
        if plain is None or not isinstance(term, Variable):
            return ids
        return self._marked(ids, *_marks_of(term.name))

    def _plain(self, name: str) -> _Numbers | None:
        """A column of numbers as it stands, before marks; None where it needs another reading."""
        column = source_column(name)
        if (
            self.frame.schema.get(column) not in (pl.Int64, pl.Float64)
            or "cost" in self.frame.columns
        ):
            return None
        cells = self._cells(column)
        kind = self.session.plan.reads()[name].name
        if kind != "double" and cells.dtype == pl.Float64 and name != "cost":
            return None
        value, bad = raw(cells), None
        if cells.dtype == pl.Float64 and not np.isfinite(value).all():
            bad = ~cells.is_finite()
        if name in COUNTS and (value < 0).any():
            bad = cells < 0 if bad is None else bad | (cells < 0)
        turned = _dollars if name == "cost" else _doubles if kind == "double" else np.asarray
        return _Numbers(value, gaps(cells), bad, None, turned)

    def _term(self, term: Node | None) -> _Numbers:
        """The number, and where it is malformed and unknown."""
        assert term is not None  # a number has a term  # noqa: S101
        states = self.states(-1, variables(term))
        if not isinstance(term, Variable):
            cells = evaluate_nodes([term], states)[0]
            return _Numbers(raw(cells.value), gaps(cells.value), None, cells.unknown)
        bad, unknown = (flag(states, f(term.name)) for f in (malformed_name, unknown_name))
        own = states.get_column(term.name)
        return _Numbers(raw(own), gaps(own), bad, unknown)

    def states(self, scope: int, names: frozenset[str]) -> pl.DataFrame:
        """The states of attributes in these rows, as bundle `scope` sees them."""
        frame = self.columns(self._reads(scope, names).union(MARKED))
        if not frame.width:  # the log has none of the columns: they are unknown in every row
            frame = pl.DataFrame(
                {MARKED[0]: pl.repeat(None, len(self), dtype=pl.String, eager=True)}
            )
        return states_frame(self.session.plan, scope, names, frame, absent=self.absent)

    def _reads(self, scope: int, names: frozenset[str]) -> set[str]:
        if scope < 0:
            return {c for n in names for c in columns_of(n)}
        known = origins(self.session.plan.scopes[scope])
        found = {c for n in names for c in known[n]}
        return found | ({"cost"} if "cost_micro_usd" in found else set())

    def verdict(self, part: Part, rows: pl.Series) -> pl.Series:
        """What `part` comes to in some rows, by reading them."""
        states = self.take(rows).states(part.unit.scope, variables(part.node))
        return leaf_codes(evaluate_nodes([part.node], states)[0])


def _marks_of(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """What a row's lists of malformed and of unknown columns call a number."""
    names = frozenset(columns_of(name)) if name == "cost" else frozenset({name})
    return names, names | ({"cost"} if "cost" in name else frozenset())


def _dollars(micro: NDArray[Any]) -> NDArray[np.float64]:
    return micro / 1e6


def _doubles(numbers: NDArray[Any]) -> NDArray[np.float64]:
    return numbers.astype(np.float64)
