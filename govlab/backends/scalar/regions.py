"""Strict parts of a condition, each one Python expression (conditions: the rest).

A region is a tree of strict nodes; what is not strict below it is computed first and named. Its
inputs are looked at for marks once: UNKNOWN wins over an error, wherever in the region each
stands, because nothing in it absorbs. Only then its expression runs, on values alone.
"""

from __future__ import annotations

from collections.abc import Callable

from govlab.backends.scalar import globs, strict
from govlab.backends.scalar.blocks import Block
from govlab.backends.scalar.literals import literal
from govlab.lang.compiled import Pattern
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
)
from govlab.runtime.calls import CALLS
from govlab.runtime.values import CelError
from govlab.types import list_of

__all__ = ["region"]

_DEEPEST = 12  # nested calls in one expression: Python's own parser has a limit of 100 brackets

Strict = HasKey | Not | Call | MakeList | MakeMap
Value = Callable[[Block, Node], str]


def region(block: Block, node: Node, value: Value) -> str:
    """An expression for the result of the strict `node`; `value` does what is not strict."""
    text, writer = _written(block, node, value)
    inputs = list(dict.fromkeys(writer.inputs))
    if writer.raises:
        return _attempt(block, text, inputs)
    if text in inputs:
        return f"{text} if type({text}) is not Mark else lack({text})"
    if not inputs:
        return text
    return f"{text} if {_no_marks(inputs)} else lack({', '.join(inputs)})"


def _no_marks(inputs: list[str]) -> str:
    return " and ".join(f"type({name}) is not Mark" for name in inputs)


def _attempt(block: Block, text: str, inputs: list[str]) -> str:
    """The name of the result of an expression that may raise CelError."""
    name, attempt = block.fresh(), block.inner()
    attempt.put("try:", f"    {name} = {text}", "except CelError:", f"    {name} = ERROR")
    if not inputs:
        block.put(*attempt.lines)
        return name
    block.nest(f"if {_no_marks(inputs)}:", attempt)
    block.put("else:", f"    {name} = lack({', '.join(inputs)})")
    return name


def _written(block: Block, node: Node, value: Value) -> tuple[str, _Writer]:
    writer = _Writer(block, value)
    return writer.text(node, 0), writer


class _Writer:
    """Writes one region; `inputs` are the variables that may hold marks."""

    def __init__(self, block: Block, value: Value) -> None:
        self.block = block
        self.value = value
        self.inputs: list[str] = []
        self.raises = False
        self.opposites: dict[str, str] = {}  # `(x in y)` -> `x not in y`
        self.calls: set[str] = set()  # texts that are one call, and need no brackets

    def text(self, node: Node, depth: int) -> str:
        """The Python expression for `node`, given that no input is a mark."""
        match node:
            case Literal(value=constant):
                return self.constant(literal(constant), constant)
            case Variable(name=name):
                return self.input(self.block.attribute(name))
            case Local(name=name):
                return self.block.local[name]
            case HasKey() | Not() | Call() | MakeList() | MakeMap() if depth < _DEEPEST:
                return self.strict(node, depth + 1)
            case (
                HasKey()
                | Not()
                | Call()
                | MakeList()
                | MakeMap()
                | Present()
                | And()
                | Or()
                | Conditional()
                | Macro()
            ):
                return self.input(self.block.bind(self.value(self.block, node)))

    def input(self, name: str) -> str:
        self.inputs.append(name)
        return name

    def constant(self, text: str, value: object) -> str:
        """A constant in place if it is a short one, else by its name."""
        plain = value is None or isinstance(value, bool | int | float | str | bytes)
        short = plain and len(text) < 60 and "(" not in text[:7]
        return text if short else self.block.module.constants.name("VALUE", text)

    def strict(self, node: Strict, depth: int) -> str:
        """A strict node over the texts of what is below it."""
        match node:
            case Not(operand=operand) if operand.type.name == "bool":
                text = self.bracketed(operand, depth)
                return self.opposites.get(text) or f"not {text}"
            case Not(operand=operand):
                return self.call("negation", [self.text(operand, depth)])
            case HasKey(operand=operand, key=key) if operand.type.name == "map":
                return self.membership(literal(key), self.bracketed(operand, depth))
            case HasKey(operand=operand, key=key):
                return self.call("has_key", [self.text(operand, depth), literal(key)])
            case MakeList(elements=elements):
                parts = [self.text(e, depth) for e in elements]
                return f"({', '.join(parts)},)" if len(parts) == 1 else f"({', '.join(parts)})"
            case MakeMap(entries=entries):
                pairs = [f"({self.text(k, depth)}, {self.text(v, depth)})" for k, v in entries]
                return self.call("Map", [f"[{', '.join(pairs)}]"])
            case Call():
                return self.function(node, depth)

    def call(self, name: str, arguments: list[str]) -> str:
        """A call of a run-time function that may raise."""
        self.raises = True
        return self.total(name, arguments)

    def total(self, name: str, arguments: list[str]) -> str:
        """A call of a function that gives a value for all that it is given here."""
        text = f"{name}({', '.join(arguments)})"
        self.calls.add(text)
        return text

    def bracketed(self, node: Node, depth: int) -> str:
        """The text of `node` as an operand."""
        text = self.text(node, depth)
        plain = text.isidentifier() or text in self.calls
        return f"({text})" if isinstance(node, Call | Not | HasKey) and not plain else text

    def membership(self, needle: str, among: str) -> str:
        """`needle in among`."""
        self.opposites[f"({needle} in {among})"] = f"{needle} not in {among}"
        return f"{needle} in {among}"

    def function(self, node: Call, depth: int) -> str:
        """A call: by its own form, by an exact template, or by the function of `CALLS`."""
        special = _special(self, node, depth)
        if special is not None:
            return special
        kinds = tuple(a.type.name for a in node.args)
        template = strict.exact(node.function, kinds) or strict.partial(node.function, kinds)
        if template is None:
            return self.aliased(node, depth)
        self.raises = self.raises or strict.exact(node.function, kinds) is None
        operand = self.text if template in strict.CALLED else self.bracketed
        text = template.format(*(operand(a, depth) for a in node.args))
        if template in strict.CALLED:
            self.calls.add(text)
        return text

    def aliased(self, node: Call, depth: int) -> str:
        """A call of the function of `CALLS` by its name."""
        self.raises = self.raises or node.function not in strict.TOTAL
        self.block.module.used.add(node.function)
        arguments = [self.text(a, depth) for a in node.args]
        return self.total(strict.ALIASES[node.function], arguments)


def _special(writer: _Writer, node: Call, depth: int) -> str | None:
    """Calls whose literal arguments are worked out now: patterns, globs, sets, times."""
    constants = writer.block.module.constants
    match node:
        case Call(function="dyn", args=(operand,)):
            return writer.text(operand, depth)
        case Call(function="matches", args=(text, Literal(value=Pattern() as pattern))):
            program = constants.name("PATTERN", f"compile_program({literal(pattern.program)})")
            arguments = [program, writer.text(text, depth)]
            if text.type.name == "string":
                return writer.total("search", arguments)
            return writer.call("search_text", arguments)
        case Call(function="@glob", args=(Variable(name=name), Literal(value=patterns))):
            return globs.test(writer.input(writer.block.attribute(name)), patterns, constants)
        case Call(function="@any_glob", args=(Variable(name=name), Literal(value=patterns))):
            return globs.any_test(writer.input(writer.block.attribute(name)), patterns, constants)
        case Call(function="contains", args=(text, part)) if _are_texts(text, part):
            return writer.membership(writer.bracketed(part, depth), writer.bracketed(text, depth))
        case Call(function="@in", args=(needle, among)) if needle.type.name in ("string", "int"):
            return _membership(writer, needle, among, depth)
        case Call(function="timestamp" | "duration", args=(Literal(value=str() as said),)):
            return _instant(writer, node.function, said)
        case _:
            return None


def _are_texts(*parts: Node) -> bool:
    return all(part.type.name == "string" for part in parts)


def _membership(writer: _Writer, needle: Node, among: Node, depth: int) -> str | None:
    """`x in [...]` of texts or integers: a set if all are known, else Python's own `in`."""
    if among.type != list_of(needle.type):
        return None
    found = _known(among)
    if found:
        among_text = writer.block.module.constants.texts("AMONG", found)
    else:
        among_text = writer.bracketed(among, depth)
    return writer.membership(writer.bracketed(needle, depth), among_text)


def _known(among: Node) -> tuple[object, ...]:
    match among:
        case Literal(value=tuple() | list() as values):
            return tuple(values)
        case MakeList(elements=elements):
            values = [e.value for e in elements if isinstance(e, Literal)]
            return tuple(values) if len(values) == len(elements) else ()
        case _:
            return ()


def _instant(writer: _Writer, function: str, said: str) -> str | None:
    """A time written out, as the value it is; None where it cannot be read (an error when run)."""
    try:
        value = CALLS[function](said)
    except CelError:
        return None
    return writer.constant(literal(value), value)
