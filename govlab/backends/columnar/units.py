"""What guards ask of a unit, evaluated once for each of its values.

A unit's value is a small id: of a tuple of codes, or of a bin among constants. Its table holds a
verdict for each part and id: 0 false, 1 true, 2 error, 3 unknown. Tables grow as values are met.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from govlab.backends.columnar.attributes import prepare
from govlab.backends.columnar.bins import samples, shape, thresholds
from govlab.backends.columnar.cells import Cells, dtype_of, malformed_name, unknown_name
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.dictionaries import FIRST, NOT_SEEN, Dictionary, buffer
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.parts import Part, Unit
from govlab.backends.columnar.steps import step_inputs, step_outputs, with_risk, with_steps
from govlab.lang.nodes import And, Call, Node, Variable, variables
from govlab.plan.model import Plan, Step

__all__ = ["Pairs", "Table", "bounds_of", "leaf_codes", "states_frame"]

_SPARSE = 2**24  # entries of a table of pairs, before their ids are looked up by hashing
_TERM = "#term"


def leaf_codes(cells: Cells) -> pl.Series:
    """0 false, 1 true (or any other value), 2 error, 3 unknown."""
    return _leaf_codes([cells])[0]


def _leaf_codes(found: Sequence[Cells]) -> list[pl.Series]:
    """The same of many cells of one height, which takes less time than of one after the other."""
    values = [c.value if c.value.dtype == pl.Boolean else _there(c.value) for c in found]
    known = pl.DataFrame([v.alias(str(at)) for at, v in enumerate(values)])
    codes = known.cast(pl.UInt8).fill_null(2).get_columns()
    return [
        code if cells.unknown is None else code + cells.unknown.cast(pl.UInt8)
        for code, cells in zip(codes, found, strict=True)
    ]


def _there(value: pl.Series) -> pl.Series:
    """True for a value, null where there is none."""
    there = value.is_not_null()
    return there.set(~there, None)


def states_frame(
    plan: Plan, number: int, names: frozenset[str], frame: pl.DataFrame, *, absent: bool = False
) -> pl.DataFrame:
    """The states of the attributes `names` in rows of the log, as bundle `number` sees them.

    With `absent`, unknown is read as absent (S4.2c); bundle -1 computes nothing.
    """
    if number < 0:
        events = prepare(frame, {n: t for n, t in plan.reads().items() if n in names})
        return (events.as_absent() if absent else events).states
    scope, wanted = plan.scopes[number], set(names)
    risk = scope.risk if "risk" in names else None
    wanted.update(name for _, when in risk or () for name in variables(when))
    steps: list[Step] = []
    for step in reversed(scope.steps):
        if step_outputs(step) & wanted:
            wanted |= step_inputs(step)
            steps.insert(0, step)
    events = prepare(frame, {n: t for n, t in scope.reads.items() if n in wanted})
    states = (events.as_absent() if absent else events).states
    states = with_steps(replace(scope, steps=tuple(steps)), states, frozenset())
    return states if risk is None else with_risk(risk, states)


def bounds_of(parts: Sequence[Part]) -> tuple[Any, ...]:
    """The sorted numbers at which what `parts` ask of their unit's number can change."""
    native = Native()
    found = {
        b for p in parts if p.unit.term is not None
        for b in thresholds(p.node, p.unit.term, native) or ()
    }  # fmt: skip
    return tuple(sorted(found))


@dataclass(slots=True)
class Pairs:
    """Ids of pairs of ids, in the order met; the pair of id n is `(left[n], right[n])`."""

    left: array[int] = field(default_factory=lambda: array("I"))
    right: array[int] = field(default_factory=lambda: array("I"))
    _width: int = 64
    _ids: array[int] = field(default_factory=lambda: array("I"))
    _table: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt32))
    _by_key: dict[tuple[int, int], int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.left)

    def encode(self, a: pl.Series, b: pl.Series) -> pl.Series:
        """The ids of the pairs, new ones added."""
        if not len(a):
            return a
        wide, high = int(str(b.max())), int(str(a.max()))
        if wide >= self._width:
            self._widen(wide + 1)
        if (high + 1) * self._width > _SPARSE:
            return self._hashed(a, b)
        self._reach((high + 1) * self._width)
        key = a * self._width + b
        ids = self._table[key]
        if ids.max() != NOT_SEEN:
            return ids
        for at in key.filter(ids == NOT_SEEN).unique().sort():
            self._ids[at] = self._id(*divmod(at, self._width))
        self._table = buffer(self._ids[:])
        return self._table[key]

    def _id(self, a: int, b: int) -> int:
        found = self._by_key.get((a, b))
        if found is None:
            found = self._by_key[a, b] = len(self.left)
            self.left.append(a)
            self.right.append(b)
        return found

    def _widen(self, least: int) -> None:
        self._width = 1 << (least - 1).bit_length()
        self._ids = array("I")
        if self.left:
            self._reach((max(self.left) + 1) * self._width)
        for (a, b), number in self._by_key.items():
            self._ids[a * self._width + b] = number
        self._table = buffer(self._ids[:])

    def _reach(self, size: int) -> None:
        if size > len(self._ids):
            self._ids.extend([NOT_SEEN] * (size - len(self._ids)))
            self._table = buffer(self._ids[:])

    def _hashed(self, a: pl.Series, b: pl.Series) -> pl.Series:
        key = a.cast(pl.UInt64) * 2**32 + b
        distinct = key.unique().sort()
        ids = [self._id(*divmod(k, 2**32)) for k in distinct]
        return pl.Series(ids, dtype=pl.UInt32)[distinct.search_sorted(key)]


@dataclass(slots=True)
class Table:
    """What every part asks of one unit."""

    unit: Unit
    parts: list[Part]
    bounds: tuple[Any, ...]
    verdicts: dict[Part, bytearray] = field(default_factory=dict)
    size: int = 0
    pairs: list[Pairs] = field(default_factory=list)

    def grow(self, plan: Plan, dictionaries: Mapping[str, Dictionary]) -> bool:
        """Evaluates the parts for ids that are new; whether there were any."""
        if self.unit.kind == "number":
            return self._grow_number()
        height = len(self.pairs[-1]) if self.pairs else len(dictionaries[self.unit.columns[0]])
        if height <= self.size:
            return False
        ids = pl.int_range(self.size, height, dtype=pl.UInt32, eager=True)
        frame = _cells(self.unit.columns, self._codes(ids), dictionaries)
        names = frozenset[str]().union(*(variables(p.node) for p in self.parts))
        self._add(states_frame(plan, self.unit.scope, names, frame), [p.node for p in self.parts])
        return True

    def _codes(self, ids: pl.Series) -> list[pl.Series]:
        """The codes of each column in the tuples `ids`."""
        found: list[pl.Series] = []
        for pairs in reversed(self.pairs):
            found.insert(0, buffer(pairs.right[:])[ids])
            ids = buffer(pairs.left[:])[ids]
        return [ids, *found]

    def _grow_number(self) -> bool:
        if self.size:
            return False
        term = self.unit.term
        assert term is not None  # a number has a term  # noqa: S101
        dtype = dtype_of(term.type) or pl.Int64()
        cells = samples(self.bounds, dtype)
        some = pl.Series([None] * FIRST, dtype=dtype)
        name = term.name if isinstance(term, Variable) else _TERM
        places = pl.int_range(FIRST + len(cells), dtype=pl.UInt32, eager=True)
        frame = pl.DataFrame([
            places.alias("#row"), pl.concat([some, cells]).alias(name),
            (places == 1).alias(malformed_name(name)), (places == 2).alias(unknown_name(name)),
        ])  # fmt: skip
        stand_in = Variable(term.type, term.span, name)
        key = shape(term)
        self._add(frame, [_replaced(p.node, key, stand_in) for p in self.parts])
        return True

    def _add(self, frame: pl.DataFrame, nodes: Sequence[Node]) -> None:
        found = _leaf_codes(evaluate_nodes(nodes, frame))
        for part, codes in zip(self.parts, found, strict=True):
            self.verdicts.setdefault(part, bytearray()).extend(codes.to_numpy().tobytes())
        self.size += frame.height


def _replaced(node: Node, key: tuple[Any, ...], name: Variable) -> Node:
    """`node` with its term as a variable of its own."""
    match node:
        case And(type_, span, left, right):
            return And(type_, span, _replaced(left, key, name), _replaced(right, key, name))
        case Call(type_, span, function, args):
            return Call(type_, span, function, tuple(name if shape(a) == key else a for a in args))
        case _:
            return node


def _cells(
    columns: Sequence[str], codes: Sequence[pl.Series], dictionaries: Mapping[str, Dictionary]
) -> pl.DataFrame:
    """Rows of the log that have the cells which the codes stand for."""
    found = {n: dictionaries[n].frame(c) for n, c in zip(columns, codes, strict=True)}
    marks = {
        mark: pl.concat_str(
            [pl.when(pl.col(f"{n}/{at}")).then(pl.lit(n)) for n in columns],
            separator=",", ignore_nulls=True,
        )
        for at, mark in ((1, "malformed_columns"), (2, "unknown_columns"))
    }  # fmt: skip
    flags = [s[at].alias(f"{n}/{at}") for n, s in found.items() for at in (1, 2)]
    values = [s[0].alias(n) for n, s in found.items()]
    frame = pl.DataFrame([*values, *flags])
    return frame.with_columns(**marks).select(*columns, *marks)
