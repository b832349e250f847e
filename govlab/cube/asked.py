"""What a family of plans asks of each column of a log: what rows must keep to be decided alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from govlab.backends.columnar.attributes import columns_of
from govlab.backends.columnar.bins import shape
from govlab.backends.columnar.classes import leaves, scope_nodes
from govlab.backends.columnar.steps import step_inputs, step_outputs
from govlab.lang.nodes import Node, variables
from govlab.plan import Plan
from govlab.types import Type

__all__ = ["Asked", "asked", "clashing", "together", "token"]

_SIMPLE = frozenset({"string", "int", "double", "bool", "timestamp", "list"})


@dataclass(slots=True)
class Asked:
    """What plans ask of attributes: `types` of those read, `exact` those whose value they need.

    `leaves` are the parts of conditions that read the event alone, by what identifies them.
    """

    types: dict[str, Type] = field(default_factory=dict)
    exact: set[str] = field(default_factory=set)
    leaves: dict[str, Node] = field(default_factory=dict)

    def joined(self) -> list[set[str]]:
        """The columns that are read, those together that one leaf reads together."""
        parts = [set(columns_of(name)) - {"cost"} for name in self.types]
        parts += [{c for n in variables(leaf) for c in columns_of(n)} - {"cost"}
                  for leaf in self.leaves.values()]  # fmt: skip
        found: list[set[str]] = []
        for part in parts:
            near = [one for one in found if one & part]
            found = [one for one in found if not one & part]
            found.append(part.union(*near))
        return sorted((f for f in found if f), key=min)


def token(node: Node) -> str:
    """What identifies a leaf in a file: equal leaves have equal tokens."""
    return sha256(repr(shape(node)).encode()).hexdigest()[:24]


def asked(plan: Plan) -> Asked:
    """What one plan asks."""
    found = Asked()
    sets = {name for p in plan.policies for r in p.rules for name, _ in r.set}
    for number, scope in enumerate(plan.scopes):
        _read(found, scope.reads)
        inputs = {n for step in scope.steps for n in step_inputs(step)}
        later = {n for step in scope.steps for n in step_outputs(step)} | {"risk"}
        found.exact |= inputs & scope.reads.keys()
        values = {n for p in plan.policies if p.scope == number for r in p.rules
                  for _, v in r.set for n in variables(v)}  # fmt: skip
        found.exact |= values - later
        for leaf in _distinct(leaves(scope_nodes(plan, number))):
            names = variables(leaf)
            if names & later:
                found.exact |= (names - later) & scope.reads.keys()
            elif len(names) > 1 and names & _changed(names, sets):
                found.exact |= names
            elif names:
                found.leaves[token(leaf)] = leaf
    if any(n.startswith("args") for n in sets) and "args_sha256" in found.types:
        found.exact.add("args")
        found.types.setdefault("args", Type("string"))
    return found


def _distinct(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes that are not the same object; plans of a sweep share most of theirs."""
    yield from {id(node): node for node in nodes}.values()


def _changed(names: Iterable[str], sets: set[str]) -> set[str]:
    """Those of `names` that a remedy may change."""
    money = {"cost", "cost_micro_usd"}
    return {n for n in names if n in sets or (n in money and sets & money)
            or (n.startswith("args.") and "args" in sets)}  # fmt: skip


def _read(found: Asked, reads: Mapping[str, Type]) -> None:
    for name, kind in reads.items():
        if found.types.setdefault(name, kind) != kind or kind.name not in _SIMPLE:
            found.exact.add(name)  # two readings of one cell: only the cell itself serves both


def together(parts: Iterable[Asked]) -> Asked:
    """What several plans ask, in all."""
    found = Asked()
    for part in parts:
        _read(found, part.types)
        found.exact |= part.exact
        found.leaves |= part.leaves
    return found


def clashing(first: Asked, second: Asked) -> list[str]:
    """The attributes that both read, but as values of different types, sorted."""
    both = first.types.keys() & second.types.keys()
    return sorted(name for name in both if first.types[name] != second.types[name])
