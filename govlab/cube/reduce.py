"""Cells in place of cells that no plan of a family tells from them, batch by batch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import polars as pl

from govlab.backends.columnar.attributes import Events, prepare
from govlab.backends.columnar.bins import bin_numbers, samples
from govlab.backends.columnar.cells import malformed_name, unknown_name
from govlab.backends.columnar.compile import evaluate_nodes
from govlab.backends.columnar.dictionaries import with_lists
from govlab.backends.columnar.distinct import group
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.units import leaf_codes
from govlab.cube.model import Kept
from govlab.lang.nodes import Call, Node, Variable, variables, walk
from govlab.runtime.arguments import parse
from govlab.schema import LIST_TEXT, MARKS
from govlab.types import STRING, Type, parse_type

__all__ = ["Classes", "bins", "paths_apart", "unbinned"]

_PARSED = "args.#"  # a path that no arguments have: malformed where they are no object
_BROKEN = "?"  # arguments that are no object


def bins(cells: pl.Series, bounds: Sequence[Any]) -> pl.Series:
    """A number for each cell, the same between two bounds; each kind of no number has its own."""
    numbers = cells.cast(pl.Int64) if isinstance(cells.dtype, pl.Datetime) else cells
    found = bin_numbers(numbers, bounds)
    if numbers.dtype == pl.Float64 and not numbers.is_finite().all():
        above, below = numbers == math.inf, numbers == -math.inf
        for at, odd in enumerate((numbers.is_nan(), above, below), len(bounds) + 1):
            found = found.set(odd.fill_null(False), at)
    return found.alias(cells.name)


def unbinned(numbers: pl.Series, bounds: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """A cell for each number that `bins` gave for cells of type `dtype`."""
    one = samples(bounds, pl.Float64() if dtype == pl.Float64 else pl.Int64())
    if dtype == pl.Float64:
        one = pl.concat([one, pl.Series([math.nan, math.inf, -math.inf])])
    return one[numbers].cast(dtype).alias(numbers.name)


def paths_apart(names: Iterable[str]) -> bool:
    """Whether no path that is read of arguments lies in another, and their text is not read.

    >>> paths_apart(["args.a", "args.ab"]), paths_apart(["args.a", "args.a.b"])
    (True, False)
    """
    known = set(names)
    paths = [n for n in known if n.startswith("args.")]
    return "args" not in known and not any(b.startswith(a + ".") for a in paths for b in paths)


@dataclass(slots=True)
class Classes:
    """The classes of some columns' cells met so far, each with the first cells of it."""

    kept: Kept
    leaves: tuple[Node, ...]
    cells: list[dict[str, Any]] = field(default_factory=list)
    _numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def ids(self, frame: pl.DataFrame) -> pl.Series:
        """The class of each row (UInt32); `frame` has the log's columns."""
        names = {*self.kept.columns, *(c + LIST_TEXT for c in self.kept.columns), *MARKS[:2]}
        own = frame.select([c for c in frame.columns if c in names])
        if all(_is_number(dtype) for c, dtype in own.schema.items() if c not in MARKS):
            return self._ids(own)  # of many values, and quicker asked than told apart
        groups = group(own.get_columns(), own.height)
        return self._ids(with_lists(own[groups.rows]))[groups.ids]

    def _ids(self, table: pl.DataFrame) -> pl.Series:
        keys = self._keys(table)
        classes = group(keys, table.height)
        firsts = zip(*(_plain(k[classes.rows]) for k in keys), strict=True)
        wanted = [self._number(key, table, row)
                  for key, row in zip(firsts, classes.rows, strict=True)]  # fmt: skip
        return pl.Series(wanted, dtype=pl.UInt32)[classes.ids]

    def _number(self, key: tuple[Any, ...], table: pl.DataFrame, row: int) -> int:
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.cells)
            self.cells.append(self._shown(table[row]))
        return found

    # -- what tells rows apart ---------------------------------------------------------------

    def _types(self) -> dict[str, Type]:
        return {n: parse_type(t) or STRING for n, t in self.kept.types}

    def _keys(self, table: pl.DataFrame) -> list[pl.Series]:
        types = self._types()
        if "args" in self.kept.columns:
            types[_PARSED] = STRING
        events = prepare(table, types)
        keys = [table.get_column(c) for c in MARKS[:2] if c in table.columns]
        for name in types:
            keys += self._states(events, name)
        keys += map(leaf_codes, evaluate_nodes(list(self.leaves), events.states))
        if any("#" in c and c.endswith("unknown") for c in events.states.columns):
            keys += map(leaf_codes, evaluate_nodes(list(self.leaves), events.as_absent().states))
        return keys

    def _states(self, events: Events, name: str) -> Iterable[pl.Series]:
        """Whether an attribute has a value, why not, and which where that is asked."""
        value = events.states.get_column(name)
        yield value if name in self.kept.exact else value.is_null()
        for flag in (malformed_name(name), unknown_name(name)):
            none = pl.repeat(False, events.states.height, dtype=pl.Boolean, eager=True)
            yield events.states.get_column(flag) if flag in events.states.columns else none

    # -- what stands for a class -------------------------------------------------------------

    def _shown(self, row: pl.DataFrame) -> dict[str, Any]:
        found = {c: row.get_column(c)[0] for c in self.kept.columns if c in row.columns}
        found = {c: v.to_list() if isinstance(v, pl.Series) else v for c, v in found.items()}
        for name in self.kept.hashed:
            if isinstance(found.get(name), str):
                found[name] = self._masked(name, found[name])
        if found.get("args") is not None and paths_apart(n for n, _ in self.kept.types):
            found["args"] = self._arguments(found["args"], row)
        return found

    def _arguments(self, text: str, row: pl.DataFrame) -> str:
        """Arguments with the paths alone that are read, what is malformed as an empty object."""
        parsed = parse(text)
        if parsed is None:
            return _BROKEN
        made: dict[str, Any] = {}
        types = {n: t for n, t in self._types().items() if n.startswith("args.")}
        marked = [c for c in MARKS[:2] if c in row.columns]
        states = prepare(row.drop(marked), types).states
        for name in types:
            if malformed_name(name) in states.columns and states[malformed_name(name)][0]:
                _put(made, name, {})
            elif states[name][0] is not None:
                value = _at(parsed, name)
                masks = name in self.kept.hashed and isinstance(value, str)
                _put(made, name, self._masked(name, value) if masks else value)
        return json.dumps(made, ensure_ascii=False, separators=(",", ":"))

    def _masked(self, name: str, text: str) -> str:
        """A text that no condition names, as its hash."""
        named = {c for leaf in self.leaves if name in variables(leaf) for c in _constants(leaf)}
        return text if text in named else "sha256:" + sha256(text.encode()).hexdigest()


def _constants(leaf: Node) -> Iterable[str]:
    """The texts that a leaf compares with."""
    native = Native()
    for node in walk(leaf):
        if isinstance(node, Call) and not any(isinstance(a, Variable) for a in node.args):
            continue
        for part in node.args if isinstance(node, Call) else ():
            if native.is_constant(part):
                value = native.constant(part)
                some = value if isinstance(value, list | tuple) else [value]
                yield from (v for v in some if isinstance(v, str))


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _plain(cells: pl.Series) -> list[Any]:
    return [tuple(v) if isinstance(v, list) else repr(v) if isinstance(v, float) else v
            for v in cells.to_list()]  # fmt: skip


def _at(parsed: Mapping[str, Any], name: str) -> Any:
    found: Any = parsed
    for key in name.split(".")[1:]:
        found = found[key]
    return found


def _put(made: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")[1:]
    for key in above:
        made = made.setdefault(key, {})
    made[last] = value
