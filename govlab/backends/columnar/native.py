"""What columns can hold and compute themselves; the rest runs by dictionary evaluation.

A result is *storable* where a column holds every value it can have: scalars and lists of scalars,
times and spans only where they are whole microseconds.
"""

from __future__ import annotations

from typing import Any

from govlab.backends.columnar.calls import NATIVE
from govlab.backends.reference.walker import evaluate
from govlab.lang.nodes import (
    And,
    Call,
    Conditional,
    HasKey,
    Literal,
    Local,
    Macro,
    MakeList,
    MakeMap,
    Node,
    Not,
    Or,
    Present,
    Variable,
    children,
)
from govlab.runtime.states import Mark
from govlab.runtime.values import Duration, Timestamp
from govlab.types import BOOL, Type

__all__ = ["Native"]

_SCALARS = frozenset({"bool", "int", "uint", "double", "string"})
_TIMES = frozenset({"timestamp", "duration"})
_UNROLLED = 64  # a macro over more literals than this is laid flat or evaluated by value


class Native:
    """Answers about the nodes of one condition, each node looked at once."""

    def __init__(self) -> None:
        self._constants: dict[int, Any] = {}
        self._fixed: dict[int, bool] = {}
        self._kept: list[Node] = []  # ids are of living objects only

    def is_constant(self, node: Node) -> bool:
        """Whether `node` reads nothing."""
        found = self._fixed.get(id(node))
        if found is None:
            reads = isinstance(node, Variable | Present | Local)
            found = not reads and all(map(self.is_constant, children(node)))
            self._fixed[id(node)] = found
            self._kept.append(node)
        return found

    def constant(self, node: Node) -> Any:
        """The value of a constant node, or ERROR."""
        if id(node) not in self._constants:
            self._constants[id(node)] = evaluate(node, {})
            self._kept.append(node)
        return self._constants[id(node)]

    def storable(self, node: Node) -> bool:
        """Whether a column can hold whatever `node` comes to."""
        if self.is_constant(node):
            value = self.constant(node)
            return (
                isinstance(value, Mark) or value == () or (self._holds(node.type) and _whole(value))
            )
        return self._holds(node.type) and (not _has_times(node.type) or self._exact(node))

    def runs(self, node: Node) -> bool:
        """Whether `node` itself has a native form, given columns for its operands."""
        match node:
            case Literal() | MakeMap() | HasKey() | MakeList():
                return False
            case Variable() | Local() | Present():
                return self._holds(node.type)
            case Not(operand=operand):
                return operand.type == BOOL
            case And(left=left, right=right) | Or(left=left, right=right):
                return left.type == BOOL and right.type == BOOL
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                same = then.type == otherwise.type == node.type
                return condition.type == BOOL and same and self._all(then, otherwise)
            case Call(function=function, args=args):
                return self._call(function, args)
            case Macro():
                return self._macro(node)

    def elements(self, node: Node) -> tuple[Node, ...] | None:
        """The few elements of a literal list, as nodes; None where `node` is no such list."""
        if isinstance(node, MakeList) and not self.is_constant(node):
            few = len(node.elements) <= _UNROLLED and self._all(*node.elements)
            return node.elements if few else None
        value = self.constant(node) if self.is_constant(node) else None
        if not isinstance(value, tuple) or len(value) > _UNROLLED or not self.storable(node):
            return None
        inner = node.type.params[0] if node.type.params else node.type
        return tuple(Literal(inner, node.span, item) for item in value)

    def _all(self, *parts: Node) -> bool:
        return all(map(self.storable, parts))

    def _call(self, function: str, args: tuple[Node, ...]) -> bool:
        types = tuple(a.type.name for a in args)
        if (function, types) not in NATIVE:
            return False
        if function == "@in":
            return self._in(args[0], args[1])
        if function == "matches":
            return self.storable(args[0])
        return self._all(*args)

    def _in(self, needle: Node, over: Node) -> bool:
        if not self.storable(needle):
            return False
        if self.is_constant(over):
            return self.storable(over) and (
                self.constant(over) == () or over.type.params == (needle.type,)
            )
        scalar = needle.type.name != "list" and over.type.params == (needle.type,)
        return scalar and (
            self.storable(over)
            if not isinstance(over, MakeList)
            else self.elements(over) is not None
        )

    def _macro(self, node: Macro) -> bool:
        bodies = [p for p in (node.condition, node.body if node.kind != "map" else None) if p]
        if any(p.type != BOOL for p in bodies):
            return False
        if node.kind in ("all", "exists", "exists_one") and self.elements(node.range) is not None:
            return True
        if node.range.type.name != "list" or isinstance(node.range, MakeList):
            return False
        flat = self._holds(node.range.type) and self.storable(node.range)
        if self.is_constant(node.range) and isinstance(self.constant(node.range), Mark):
            return False
        return flat and (
            node.kind != "map" or (self.storable(node.body) and self._holds(node.type))
        )

    def _holds(self, type_: Type) -> bool:
        """Whether a column can hold `type_`: a scalar, or a list of scalars."""
        if type_.name == "list":
            return type_.params[0].name in _SCALARS | _TIMES
        return type_.name in _SCALARS | _TIMES

    def _exact(self, node: Node) -> bool:
        """Whether the times that `node` comes to are whole microseconds."""
        if self.is_constant(node):
            return _whole(self.constant(node))
        match node:
            case Conditional(then=then, otherwise=otherwise):
                return self._exact(then) and self._exact(otherwise)
            case Call(function="_+_" | "_-_", args=args):
                return all(map(self._exact, args))
            case Call(function="_[_]", args=(over, _)):
                return self._exact(over)
            case Call(function="timestamp" | "duration", args=(arg,)):
                return arg.type.name == "int" or (_has_times(arg.type) and self._exact(arg))
            case Macro(kind="map", body=body):
                return self._exact(body)
            case Macro(kind="filter", range=over):
                return self._exact(over)
            case _:
                return isinstance(node, Variable | Local)


def _has_times(type_: Type) -> bool:
    return type_.name in _TIMES or any(map(_has_times, type_.params))


def _whole(value: Any) -> bool:
    match value:
        case Timestamp(ns=ns) | Duration(ns=ns):
            return ns % 1000 == 0
        case tuple() | list():
            return all(map(_whole, value))
        case _:
            return True
