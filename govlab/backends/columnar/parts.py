"""A plan's guards in parts, each of which reads one unit of a row (S24).

A guard (a policy's target, or one alternative of a rule's condition) holds where all its parts do:
false wins, then unknown, then error, as CEL's `&&` has it. A unit is what a part is a function of:
one column of the log, a few columns together, where a number stands among constants, or, where
none of these will do, the row itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from govlab.backends.columnar.attributes import source_column
from govlab.backends.columnar.bins import shape, thresholds
from govlab.backends.columnar.native import Native
from govlab.backends.columnar.steps import step_inputs, step_outputs
from govlab.lang.nodes import And, Call, Node, Or, Variable, variables
from govlab.lang.syntax import Span
from govlab.plan.model import Plan, Scope
from govlab.types import BOOL

__all__ = ["INDEX", "Guard", "Part", "Unit", "guards", "number_of", "origins"]

INDEX = ("tool", "action")
"""What tells most guards apart: rows are first parted by these."""

_NUMBERS = frozenset({"int", "double", "timestamp"})
_MOST = 3  # columns that are looked at as one
_COMPARED = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})


@dataclass(frozen=True, slots=True)
class Unit:
    """What parts read: `columns` of the log, or the number `term`; `key` tells units apart.

    `scope` is the bundle in whose sense names are meant.
    """

    kind: Literal["index", "columns", "number", "rows"]
    scope: int
    columns: tuple[str, ...]
    key: tuple[Any, ...]
    term: Node | None = None

    def computed(self) -> bool:
        """Whether its value is worked out from others, row by row."""
        return self.term is not None and not isinstance(self.term, Variable)

    def __hash__(self) -> int:
        return hash((self.kind, self.scope, self.columns, self.key))

    def __eq__(self, other: object) -> bool:
        mine = (self.kind, self.scope, self.columns, self.key)
        return isinstance(other, Unit) and mine == (
            other.kind,
            other.scope,
            other.columns,
            other.key,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What guards ask of one unit; guards that ask the same have the same part."""

    unit: Unit
    node: Node


@dataclass(frozen=True, slots=True)
class Guard:
    """A conjunction of parts: the target (rule -1) or an alternative of a rule of a policy."""

    policy: int
    rule: int
    parts: tuple[Part, ...]


def origins(scope: Scope) -> dict[str, frozenset[str]]:
    """For each attribute that `scope` can read, the columns of the log that it depends on."""
    found = {name: frozenset({source_column(name)}) for name in scope.reads}
    for step in scope.steps:
        none = frozenset[str]()
        together = none.union(*(found.get(n, frozenset({n})) for n in step_inputs(step)))
        found |= dict.fromkeys(step_outputs(step), together)
    read = [name for _, when in scope.risk or () for name in variables(when)]
    return found | {"risk": frozenset[str]().union(*(found[n] for n in read))}


def number_of(plan: Plan, scope: int, name: str) -> Unit | None:
    """The unit that attribute `name` is as a number; None where it is none, or computed."""
    made = {name for step in plan.scopes[scope].steps for name in step_outputs(step)}
    kind = plan.scopes[scope].reads.get(name)
    if name in made or kind is None or kind.name not in _NUMBERS or plan.reads()[name] != kind:
        return None
    term = Variable(kind, Span(0, 0), name)
    return Unit("number", -1, (source_column(name),), shape(term), term)


def guards(plan: Plan, coded: Collection[str]) -> tuple[Guard, ...]:
    """The guards of every policy in order, targets before rules.

    `coded` are the columns of the log whose values are few enough for a table.
    """
    made: dict[tuple[Any, ...], Part] = {}
    sorters = [_Sorter(scope, number, coded, made) for number, scope in enumerate(plan.scopes)]
    found = []
    for at, policy in enumerate(plan.policies):
        sorter = sorters[policy.scope]
        if policy.target is not None:
            found.append(Guard(at, -1, sorter.parts(policy.target)))
        for number, rule in enumerate(policy.rules):
            found += [Guard(at, number, sorter.parts(n)) for n in _parted(rule.condition, Or)]
    return tuple(found)


def _parted(node: Node, kind: type[And] | type[Or]) -> Iterator[Node]:
    """The operands of nested `&&` (or `||`), in order."""
    if isinstance(node, And | Or) and isinstance(node, kind):
        yield from _parted(node.left, kind)
        yield from _parted(node.right, kind)
    else:
        yield node


class _Sorter:
    """Puts the conjuncts of one bundle's guards to units."""

    def __init__(
        self, scope: Scope, number: int, coded: Collection[str], known: dict[tuple[Any, ...], Part]
    ) -> None:
        made = {name for step in scope.steps for name in step_outputs(step)}
        self.origins: Mapping[str, frozenset[str]] = origins(scope)
        self.plain = {name: type_ for name, type_ in scope.reads.items() if name not in made}
        self.number = number
        self.coded = coded
        self.known = known
        self.native = Native()

    def parts(self, node: Node) -> tuple[Part, ...]:
        """The parts of a guard, one a unit, in a fixed order."""
        by_unit: dict[Unit, list[Node]] = {}
        for conjunct in _parted(node, And):
            by_unit.setdefault(self._unit(conjunct), []).append(conjunct)
        return tuple(self._part(unit, nodes) for unit, nodes in by_unit.items())

    def _part(self, unit: Unit, nodes: Sequence[Node]) -> Part:
        node = nodes[0]
        for other in nodes[1:]:
            node = And(BOOL, node.span, node, other)
        return self.known.setdefault((unit, shape(node)), Part(unit, node))

    def _unit(self, node: Node) -> Unit:
        names = variables(node)
        columns = frozenset[str]().union(*(self.origins[n] for n in names))
        scope = -1 if names <= self.plain.keys() else self.number
        coded = columns <= frozenset(self.coded)
        if columns <= set(INDEX) <= frozenset(self.coded):
            return Unit("index", scope, INDEX, ())
        number = None if coded else self._number(node, names)
        if number is not None:
            return Unit("number", -1, tuple(sorted(columns)), shape(number), number)
        if coded and len(columns) <= _MOST:
            return Unit("columns", scope, tuple(sorted(columns)), ())
        return Unit("rows", self.number, tuple(sorted(columns)), shape(node))

    def _number(self, node: Node, names: frozenset[str]) -> Node | None:
        """The number that `node` compares with constants, where it does nothing else."""
        if not names <= self.plain.keys():
            return None
        if len(names) == 1:
            name = min(names)
            variable = Variable(self.plain[name], node.span, name)
            if variable.type.name in _NUMBERS and thresholds(node, variable, self.native):
                return variable
        match node:
            case Call(function=function, args=(term, other)) if function in _COMPARED:
                for side in (term, other):
                    if self._is_term(side) and thresholds(node, side, self.native):
                        return side
        return None

    def _is_term(self, node: Node) -> bool:
        numbers = all(self.plain[n].name in _NUMBERS for n in variables(node))
        return node.type.name in ("int", "double") and bool(variables(node)) and numbers
