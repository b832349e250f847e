"""The checker: names become attributes, every node gets its type, what cannot run is refused.

A condition that passes has no type error left to find when it runs (dyn aside). All problems of
a condition are reported at once; a node that failed is taken as `dyn`, so that one cause is one
problem. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from govlab.errors import did_you_mean
from govlab.lang import nodes, syntax
from govlab.lang.bindings import MOST_NODES, bound_name, is_too_large
from govlab.lang.compiled import compile_literal
from govlab.lang.early import READ_EARLY, compile_argument, is_written_out
from govlab.lang.functions import FUNCTIONS, NAMESPACES, RECORDS, Overload, Style, unify
from govlab.lang.overloads import cure, joined, resolve, style_of, written
from govlab.lang.syntax import Span
from govlab.lang.type_names import LITERAL_TYPES, TYPE_VALUES
from govlab.types import (
    BOOL,
    DYN,
    STRING,
    Type,
    list_of,
    map_of,
    type_of,
)

__all__ = ["Checked", "Constant", "Problem", "Scope", "check"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a condition, at `span` of its text."""

    code: str
    message: str
    span: Span
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A name that stands for a value known when the bundle loads."""

    type: Type
    value: Any


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition may name.

    `attributes`: readable, by dotted name. `rows`: names that only `has()` may ask for (a lookup's
    row). `constants`: `params.x`, `<lookup>.keys`. `refused`: names that exist but may not be read
    here, with the reason.
    """

    attributes: Mapping[str, Type]
    rows: frozenset[str] = frozenset()
    constants: Mapping[str, Constant] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> Iterable[str]:
        """Every name a condition may write, for suggestions."""
        return (*self.attributes, *self.constants, *(f"event.{r}" for r in self.rows))


@dataclass(frozen=True, slots=True)
class Checked:
    """The result: a tree, or the problems that prevent one."""

    node: nodes.Node
    problems: tuple[Problem, ...]


def check(tree: syntax.Syntax, scope: Scope, *, want: Type | None = BOOL) -> Checked:
    """`tree` with names and types resolved in `scope`; `want` is the type it must have.

    Problems have codes GL101 (no such name), GL102 (not readable here), GL103 (no such function),
    GL104 (no overload), GL105 (a literal is needed), GL106 (a bad literal), GL107 (wrong result
    type), GL108 (not a list or map), GL109 (`has` needs a field), GL110 (mixed types), GL111
    (bindings make it too large).
    """
    checker = _Checker(scope)
    node = checker.node(tree, {})
    if want is not None and not (checker.problems or _gives(node, want)):
        checker.problem(
            "GL107",
            f"this is `{node.type}`, not `{want}`",
            node.span,
            _HOW_TO_GET.get(want.name, f"the result must be `{want}`"),
        )
    return Checked(node, tuple(checker.problems))


_Locals = dict[str, nodes.Node]
_HOW_TO_GET = {"bool": "compare it with something, as `... == true`"}


class _Checker:
    """One pass over one tree; the problems found so far are its only state."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.problems: list[Problem] = []
        self.macros = 0

    def problem(self, code: str, message: str, span: Span, hint: str = "") -> nodes.Node:
        """Note a problem; what comes back stands for the node that has it."""
        self.problems.append(Problem(code, message, span, hint))
        return nodes.Literal(DYN, span, None)

    def node(self, tree: syntax.Syntax, local: _Locals) -> nodes.Node:
        """The checked form of `tree`."""
        match tree:
            case syntax.Literal(span=span, kind=kind, value=value):
                return nodes.Literal(LITERAL_TYPES[kind], span, compile_literal(kind, value))
            case syntax.Ident() | syntax.Select(test=False):
                return self.name(tree, local)
            case syntax.Select():
                return self.has(tree, local)
            case syntax.Call():
                return self.call(tree, local)
            case syntax.ListDisplay(span=span, elements=elements):
                parts = tuple(self.node(e, local) for e in elements)
                return nodes.MakeList(list_of(joined(parts)), span, parts)
            case syntax.MapDisplay(span=span, entries=entries):
                pairs = tuple((self.node(k, local), self.node(v, local)) for k, v in entries)
                keys, values = joined([k for k, _ in pairs]), joined([v for _, v in pairs])
                return nodes.MakeMap(map_of(keys, values), span, pairs)
            case syntax.Macro():
                return self.macro(tree, local)

    # -- names -------------------------------------------------------------------------------

    def name(self, tree: syntax.Ident | syntax.Select, local: _Locals) -> nodes.Node:
        """An attribute, constant, macro variable or type; or a field of a map or record."""
        path = _path(tree, local)
        if path is None or self.scope_lacks(path):
            return self.field(tree, local)
        name = ".".join(path)
        if name in self.scope.attributes:
            return nodes.Variable(self.scope.attributes[name], tree.span, name)
        if name in self.scope.constants:
            constant = self.scope.constants[name]
            return nodes.Literal(constant.type, tree.span, constant.value)
        return self.unknown_name(tree, name)

    def scope_lacks(self, path: tuple[str, ...]) -> bool:
        """Whether the whole path is no name but a prefix of it is: then the rest are fields."""

        def known(name: str) -> bool:
            return name in self.scope.attributes or name in self.scope.constants

        return not known(".".join(path)) and any(
            known(".".join(path[:n])) for n in range(1, len(path))
        )

    def field(self, tree: syntax.Ident | syntax.Select, local: _Locals) -> nodes.Node:
        """A macro variable, or a field of a value."""
        if isinstance(tree, syntax.Ident):
            return replace(local[tree.name], span=tree.span)
        operand = self.node(tree.operand, local)
        record = RECORDS.get(operand.type.name)
        if record is not None:
            if tree.field in record:
                return nodes.Call(
                    record[tree.field], tree.span, f"{operand.type.name}.{tree.field}", (operand,)
                )
            return self.problem(
                "GL101",
                f"`{operand.type.name}` has no field `{tree.field}`",
                tree.span,
                did_you_mean(tree.field, record),
            )
        if operand.type.name not in ("map", "dyn"):
            return self.problem("GL108", f"`{operand.type}` has no field `{tree.field}`", tree.span)
        key = nodes.Literal(STRING, tree.span, tree.field)
        value = operand.type.params[1] if operand.type.params else DYN
        return nodes.Call(value, tree.span, "_[_]", (operand, key))

    def unknown_name(self, tree: syntax.Ident | syntax.Select, name: str) -> nodes.Node:
        """A type's name, or no value."""
        if name in TYPE_VALUES:
            return nodes.Literal(
                type_of(TYPE_VALUES[name]), tree.span, compile_literal("type", name)
            )
        return self.no_value(tree, name)

    def no_value(self, tree: syntax.Ident | syntax.Select, name: str) -> nodes.Node:
        """A name that is refused here, or none at all."""
        scope = self.scope
        if name in scope.refused:
            return self.problem(
                "GL102", f"`{name}` cannot be read here: {scope.refused[name]}", tree.span
            )
        if name in scope.rows:
            return self.problem(
                "GL102",
                f"`{name}` is a lookup, not a value",
                tree.span,
                f"read one of its columns, or ask `has(event.{name})`",
            )
        hint = did_you_mean(name, scope.names())
        if name.startswith("args.") and not hint:
            hint = f"declare it: `attributes: {{{name}: string}}`"
        return self.problem("GL101", f"no such attribute `{name}`", tree.span, hint)

    def has(self, tree: syntax.Select, local: _Locals) -> nodes.Node:
        """`has(attribute)` or `has(map.field)`."""
        path = _path(tree, local)
        name = ".".join(path) if path else ""
        if name in self.scope.attributes or name in self.scope.rows:
            return nodes.Present(BOOL, tree.span, name)
        if name in self.scope.constants:
            return nodes.Literal(BOOL, tree.span, True)
        if path is not None and not self.scope_lacks(path):
            return self.no_value(tree, name)
        operand = self.node(tree.operand, local)
        if operand.type.name not in ("map", "dyn"):
            return self.problem(
                "GL109",
                f"`{operand.type}` has no fields to ask for",
                tree.span,
                "`has` takes `event.name`, an attribute with a dot or a map's field",
            )
        return nodes.HasKey(BOOL, tree.span, operand, tree.field)

    # -- calls -------------------------------------------------------------------------------

    def call(self, tree: syntax.Call, local: _Locals) -> nodes.Node:
        """A logical operator, or a strict function by its overloads."""
        if bound_name(tree) is not None:
            return self.bind(tree, local)
        name, span = self.qualified(tree, local), tree.span
        given = tree.args if tree.target is None or name else (tree.target, *tree.args)
        args = tuple(self.node(a, local) for a in given)
        match tree.function:
            case "!_":
                return nodes.Not(BOOL, span, self.boolean(args[0]))
            case "_&&_":
                return nodes.And(BOOL, span, self.boolean(args[0]), self.boolean(args[1]))
            case "_||_":
                return nodes.Or(BOOL, span, self.boolean(args[0]), self.boolean(args[1]))
            case "_?_:_":
                return self.conditional(span, *args)
            case _:
                style = "function" if name else style_of(tree)
                return self.strict(tree, style, name or tree.function, args)

    def qualified(self, tree: syntax.Call, local: _Locals) -> str | None:
        """The name of `math.abs(x)` with its dot; None where what is before the dot is a value.

        An attribute hides a namespace from the methods that its value may have.
        """
        match tree.target:
            case syntax.Ident(name=space) if space in NAMESPACES and space not in local:
                name = f"{space}.{tree.function}"
                hidden = space in self.scope.attributes or space in self.scope.constants
                only = ("function", name) in FUNCTIONS and (
                    "method",
                    tree.function,
                ) not in FUNCTIONS
                return name if only or not hidden else None
            case _:
                return None

    def bind(self, tree: syntax.Call, local: _Locals) -> nodes.Node:
        """`cel.bind(name, value, expression)`, the value put where the name is."""
        name, value, expression = bound_name(tree) or "", *tree.args[1:]
        inner = {**local, name: self.bounded(self.node(value, local), value.span)}
        return self.bounded(self.node(expression, inner), expression.span)

    def bounded(self, node: nodes.Node, span: Span) -> nodes.Node:
        """`node`, or a problem where bindings made it too large."""
        if not is_too_large(node):
            return node
        if any(problem.code == "GL111" for problem in self.problems):
            return nodes.Literal(DYN, span, None)  # one cause is one problem
        message = f"with its bindings written out this has more than {MOST_NODES} parts or levels"
        return self.problem("GL111", message, span, "use the names of `cel.bind` less often")

    def conditional(
        self, span: Span, condition: nodes.Node, then: nodes.Node, otherwise: nodes.Node
    ) -> nodes.Node:
        """`condition ? then : otherwise`, of one type."""
        if not unify(then.type, otherwise.type, {}):
            self.problem(
                "GL110",
                f"this conditional mixes `{then.type}` and `{otherwise.type}`",
                otherwise.span,
                "write `dyn(...)` round one of them if that is meant",
            )
        kind = joined((then, otherwise))
        return nodes.Conditional(kind, span, self.boolean(condition), then, otherwise)

    def boolean(self, node: nodes.Node) -> nodes.Node:
        """`node`, noting a problem where it is no bool."""
        if node.type not in (BOOL, DYN):
            self.problem(
                "GL104", f"this is `{node.type}`, not `bool`", node.span, _HOW_TO_GET["bool"]
            )
        return node

    def strict(
        self, tree: syntax.Call, style: Style, name: str, args: tuple[nodes.Node, ...]
    ) -> nodes.Node:
        """The call with its overload's result type."""
        overloads = FUNCTIONS.get((style, name))
        if overloads is None:
            hint = did_you_mean(name, [n for s, n in FUNCTIONS if s == style])
            return self.problem("GL103", f"no such {style} `{name}`", tree.span, hint)
        found = resolve(name, overloads, args)
        if found is None:
            message = f"no overload `{written(style, name, args)}`"
            return self.problem("GL104", message, tree.span, cure(name, overloads, args))
        overload, result = found
        return nodes.Call(result, tree.span, name, self.literals(name, overload, args))

    def literals(
        self, function: str, overload: Overload, args: tuple[nodes.Node, ...]
    ) -> tuple[nodes.Node, ...]:
        """`args`, with those that are compiled at load (patterns, zones) checked and compiled."""
        compiled = overload.literal or READ_EARLY.get(function, frozenset())
        return tuple(
            self.literal(function, arg, required=i in overload.literal) if i in compiled else arg
            for i, arg in enumerate(args)
        )

    def literal(self, function: str, arg: nodes.Node, *, required: bool) -> nodes.Node:
        if not is_written_out(arg):
            if required:
                self.problem(
                    "GL105",
                    f"`{function}` needs a literal here",
                    arg.span,
                    "it is compiled when the bundle loads; a param works too",
                )
            return arg
        try:
            return compile_argument(function, arg)
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            self.problem("GL106", message, arg.span, hint)
            return arg

    def macro(self, tree: syntax.Macro, local: _Locals) -> nodes.Node:
        """A macro over a list, or over the keys of a map."""
        over = self.node(tree.range, local)
        if over.type.name not in ("list", "map", "dyn"):
            self.problem(
                "GL108", f"`{tree.kind}` runs over a list or map, not `{over.type}`", over.span
            )
        element = over.type.params[0] if over.type.params else DYN
        self.macros += 1
        variable = nodes.Local(element, tree.span, f"{tree.variable}@{self.macros}")
        inner = {**local, tree.variable: variable}
        condition = (
            None if tree.condition is None else self.boolean(self.node(tree.condition, inner))
        )
        body = self.node(tree.body, inner)
        if tree.kind != "map":
            self.boolean(body)
        result = {"map": list_of(body.type), "filter": list_of(element)}.get(tree.kind, BOOL)
        return nodes.Macro(result, tree.span, tree.kind, over, variable, condition, body)


def _gives(node: nodes.Node, want: Type) -> bool:
    """Whether `node` has type `want`: a dyn could be anything when it runs."""
    return joined((nodes.Variable(want, node.span, ""), node)) == want


def _path(tree: syntax.Syntax, local: _Locals) -> tuple[str, ...] | None:
    """The dotted name that `tree` is, without a leading `event`.

    None where it is no name, or begins with a macro's variable: `.name` never does.
    """
    parts: list[str] = []
    while isinstance(tree, syntax.Select):
        parts.append(tree.field)
        tree = tree.operand
    if not isinstance(tree, syntax.Ident) or (tree.name in local and not tree.absolute):
        return None
    path = (tree.name, *reversed(parts))
    return path[1:] if path[0] == "event" and len(path) > 1 else path
