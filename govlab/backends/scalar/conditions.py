"""Checked trees as Python functions of an event's states: one `match` over the nodes.

A generated function gives a value, ERROR or UNKNOWN. Strict calls are Python expressions over
variables that were first looked at for marks; `&&` and `||` look at their operands in turn and
leave when one decides, whatever the others come to (both orders absorb alike).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from govlab.backends.scalar.blocks import Block, Module
from govlab.backends.scalar.globs import test as glob_test
from govlab.backends.scalar.regions import region
from govlab.backends.scalar.targets import KeyTest, key_test
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
    walk,
)

__all__ = ["write_function"]


def write_function(module: Module, name: str, node: Node, about: str = "") -> None:
    """Add the function `name(s)` that gives the result of `node`; `about` is its docstring."""
    block = Block(module, name, {})
    _tail(block, node)
    module.add(f"def {name}(s):", [*([about] if about else []), *block.lines])


def _value(block: Block, node: Node) -> str:
    """An expression for the result of `node`, which may be a mark; lines it needs are put."""
    match node:
        case Literal() | Variable() | Local() | HasKey() | Not() | Call() | MakeList() | MakeMap():
            return region(block, node, _value)
        case Present(name=name):
            state = block.attribute(name)
            return f"UNKNOWN if {state} is UNKNOWN else {state} is not ABSENT"
        case And() | Or() | Conditional() | Macro():
            named = key_test(node)
            return _part(block, node) if named is None else _key(block, named)


def _key(block: Block, named: KeyTest) -> str:
    """A target's test of `tool` or `action`, of which one may be absent (S3)."""
    state, other = block.attribute(named.key), block.attribute(named.other)
    test = glob_test(state, named.globs, block.module.constants)
    return f"{test} if type({state}) is not Mark else unnamed({state}, {other})"


def _part(block: Block, node: Node) -> str:
    """A call of a function of its own: keeps every function flat, however deep the tree is."""
    name = block.part()
    used = {n.name for n in walk(node) if isinstance(n, Local)}
    local = {source: text for source, text in block.local.items() if source in used}
    inner = Block(block.module, name, local)
    _tail(inner, node)
    parameters = ", ".join(["s", *local.values()])
    block.module.add(f"def {name}({parameters}):", inner.lines)
    return f"{name}({parameters})"


def _tail(block: Block, node: Node) -> None:
    """The lines that return the result of `node`."""
    match node:
        case And():
            _chain(block, _operands(node, And), "False", "True")
        case Or():
            _chain(block, _operands(node, Or), "True", "False")
        case Conditional() if key_test(node) is None:
            _choice(block, node)
        case Macro():
            _macro(block, node)
        case (
            Literal()
            | Variable()
            | Local()
            | Present()
            | HasKey()
            | Not()
            | Call()
            | MakeList()
            | MakeMap()
            | Conditional()
        ):
            block.put(f"return {_value(block, node)}")


def _operands(node: Node, kind: type[And | Or]) -> list[Node]:
    if isinstance(node, And | Or) and isinstance(node, kind):
        return [*_operands(node.left, kind), *_operands(node.right, kind)]
    return [node]


def _chain(block: Block, operands: Sequence[Node], decides: str, neutral: str) -> None:
    """`&&` or `||`: an operand that `decides` absorbs what stands on either side of it."""
    results: list[str] = []
    there: list[str] = []  # states that are not absent: only what is unknown has no `has`
    for operand in operands:
        if isinstance(operand, Present) and decides == "False":
            there.append(block.attribute(operand.name))
            block.put(f"if {there[-1]} is ABSENT:", "    return False")
            continue
        results.append(block.bind(_value(block, operand)))
        block.put(f"if {results[-1]} is {decides}:", f"    return {decides}")
    held = [" is ".join([*results, neutral])] if results else []
    held += [f"{state} is not UNKNOWN" for state in there]
    lacking = ", ".join([*there, *results])
    block.put(f"return {neutral} if {' and '.join(held)} else lack({lacking})")


def _choice(block: Block, node: Conditional) -> None:
    chosen = block.bind(_value(block, node.condition))
    for word, side in (("True", node.then), ("False", node.otherwise)):
        inner = block.inner()
        inner.put(f"return {_value(inner, side)}")
        block.nest(f"if {chosen} is {word}:", inner)
    block.put(f"return lack({chosen})")


# -- macros ----------------------------------------------------------------------------------------

_Loop = Callable[[Block, Macro], None]


def _macro(block: Block, node: Macro) -> None:
    over = _range(block, node.range)
    variable = f"_v{node.variable.name.rpartition('@')[2]}"
    inner = block.inner({node.variable.name: variable})
    match node.kind:
        case "all":
            before, after = _quantified(inner, node, "False", "True")
        case "exists":
            before, after = _quantified(inner, node, "True", "False")
        case "exists_one":
            before, after = _counted(inner, node)
        case "filter":
            before, after = _filtered(inner, node, variable)
        case "map":
            before, after = _mapped(inner, node)
    block.put("marks = []", *before)
    block.nest(f"for {variable} in {over}:", inner)
    block.put(f"return lack(*marks) if marks else {after}")


def _range(block: Block, node: Node) -> str:
    """What a macro runs over, once it is known to be a list or map."""
    if all(isinstance(part, Literal | MakeList) for part in walk(node)):
        return _value(block, node)
    match node:
        case Variable(name=name):
            over = block.attribute(name)
        case _:
            over = block.bind(_value(block, node))
    block.put(f"if type({over}) is Mark:", f"    return lack({over})")
    if node.type.name not in ("list", "map"):
        block.put(f"if kind({over}) not in ('list', 'map'):", "    return ERROR")
    return over


_Around = tuple[Sequence[str], str]  # the lines before a loop, and what it comes to without marks


def _quantified(inner: Block, node: Macro, decides: str, neutral: str) -> _Around:
    held = inner.bind(_value(inner, node.body))
    inner.put(f"if {held} is {decides}:", f"    return {decides}")
    inner.put(f"if {held} is not {neutral}:", f"    marks.append({held})")
    return (), neutral


def _counted(inner: Block, node: Macro) -> _Around:
    held = inner.bind(_value(inner, node.body))
    inner.put(f"if {held} is True:", "    count += 1")
    inner.put(f"elif type({held}) is Mark:", f"    marks.append({held})")
    return ("count = 0",), "count == 1"


def _filtered(inner: Block, node: Macro, variable: str) -> _Around:
    held = inner.bind(_value(inner, node.body))
    inner.put(f"if {held} is True:", f"    kept.append({variable})")
    inner.put(f"elif type({held}) is Mark:", f"    marks.append({held})")
    return ("kept = []",), "tuple(kept)"


def _mapped(inner: Block, node: Macro) -> _Around:
    """A body that is not taken cannot fail."""
    place = inner
    if node.condition is not None:
        held = inner.bind(_value(inner, node.condition))
        place = inner.inner()
    made = place.bind(_value(place, node.body))
    place.put(f"(marks if type({made}) is Mark else kept).append({made})")
    if node.condition is not None:
        inner.nest(f"if {held} is True:", place)
        inner.put(f"elif type({held}) is Mark:", f"    marks.append({held})")
    return ("kept = []",), "tuple(kept)"
