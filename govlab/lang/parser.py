"""The parser: text -> `Syntax`, by the grammar of google/cel-spec doc/langdef.md.

Operators wait on a stack of their own and what repeats is read in loops, so that Python's stack
grows only with brackets, which are bounded. The depth of the tree is bounded too: whoever walks
it may recurse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from govlab.lang.constants import negative_number, written_literal
from govlab.lang.lexer import SyntaxProblem, Token
from govlab.lang.macros import global_call, method_call
from govlab.lang.operators import OPERATORS, Operand, Operator, goes_first, join
from govlab.lang.source import MAX_NESTING, Source
from govlab.lang.syntax import (
    Call,
    Ident,
    ListDisplay,
    Literal,
    LiteralKind,
    MapDisplay,
    Select,
    Syntax,
)
from govlab.lang.tree import MAX_DEPTH, check_depth

__all__ = ["MAX_DEPTH", "MAX_NESTING", "SyntaxProblem", "parse"]

_SIGNS = {"!": "!_", "-": "-_"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_KEYWORDS = frozenset({*_WORDS, "in"})
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)

_Item = TypeVar("_Item")


def parse(text: str) -> Syntax:
    """The tree of the condition `text`; each node's span covers its source.

    Raises `SyntaxProblem` at the first thing that is not CEL, that is left to a later version
    (messages, optionals, macros with two variables), or that is nested too deeply.

    >>> parse("cost > 50.0").function
    '_>_'
    """
    source = Source(text)
    tree = _expression(source)
    if source.token.kind != "end":
        raise source.unexpected("an operator")
    check_depth(tree)
    return tree


def _expression(source: Source) -> Syntax:
    """Expr: a chain of `condition ? then : otherwise`, read without recursion."""
    heads: list[tuple[Syntax, Syntax, int]] = []
    while True:
        start = source.token.span.start
        last = _operators(source)
        if not source.take("?"):
            break
        heads.append((last, _operators(source), start))
        source.expect(":")
    for condition, then, start in reversed(heads):
        last = Call(source.since(start), "_?_:_", None, (condition, then, last))
    return last


def _operators(source: Source) -> Syntax:
    """ConditionalOr: operands and the binary operators between them, by precedence."""
    terms = [_term(source)]
    waiting: list[Operator] = []
    while operator := _operator(source):
        while waiting and goes_first(waiting[-1], operator):
            join(terms, waiting)
        source.advance()
        waiting.append(operator)
        terms.append(_term(source))
    while waiting:
        join(terms, waiting)
    return terms[0][0]


def _operator(source: Source) -> Operator | None:
    known = source.token.kind == "operator" or source.token.text == "in"
    return OPERATORS.get(source.token.text) if known else None


def _term(source: Source) -> Operand:
    """Unary, and all of its source, brackets around it included."""
    start = source.token.span.start
    node = _unary(source)
    return node, source.since(start)


def _unary(source: Source) -> Syntax:
    """`!!a`, `--a`, or a member; a single `-` before a number belongs to the number."""
    if not source.at("!", "-"):
        return _member(source, source.token.span.start, _primary(source))
    signs = [source.advance()]
    while source.at(signs[0].text):
        signs.append(source.advance())
    if source.token.kind in ("int", "double") and len(signs) == 1 and signs[0].text == "-":
        number = negative_number(signs[0], source.advance())
        return _member(source, number.span.start, number)
    node = _member(source, source.token.span.start, _signed(source))
    for sign in reversed(signs):
        node = Call(source.since(sign.span.start), _SIGNS[sign.text], None, (node,))
    return node


def _signed(source: Source) -> Syntax:
    """What may follow `!`s or `-`s: a negative number after `!`, else a primary."""
    if not source.at("-", "!"):
        return _primary(source)
    sign, before = source.token, source.before.text
    if sign.text == "-":
        source.advance()
        if source.token.kind in ("int", "double"):
            return negative_number(sign, source.advance())
    message = f"`{sign.text}` cannot follow `{before}` directly"
    hint = f"write `{before}({sign.text}...)`"
    raise SyntaxProblem(message, sign.span, hint)


def _member(source: Source, start: int, node: Syntax) -> Syntax:
    """`node` and the selections, calls and indexes that follow it."""
    while True:
        if source.take("."):
            node = _selection(source, start, node)
        elif opening := source.take("["):
            source.refuse_optional("?")
            index = _inside(source, opening, "]")
            node = Call(source.since(start), "_[_]", None, (node, index))
        elif source.at("{") and isinstance(node, Ident | Select):
            hint = "conditions have no protocol buffers"
            raise SyntaxProblem("messages are not supported", source.since(start), hint)
        else:
            return node


def _selection(source: Source, start: int, operand: Syntax) -> Syntax:
    """`.field`, `` .`field` `` or `.method(args)`; the dot is read."""
    source.refuse_optional("?")
    if source.token.kind == "escaped":
        name = source.advance().text[1:-1]
        return Select(source.since(start), operand, name)
    name = source.token.text
    if name in _KEYWORDS:
        hint = f"write `` .`{name}` `` for the field"
        raise SyntaxProblem(f"`{name}` is a keyword", source.token.span, hint)
    if source.token.kind != "name":
        raise source.unexpected("a field name")
    source.advance()
    if opening := source.take("("):
        args = _listed(source, opening, ")", _expression)
        return method_call(source.since(start), operand, name, args)
    return Select(source.since(start), operand, name)


def _primary(source: Source) -> Syntax:
    token = source.token
    match token.kind:
        case "int" | "uint" | "double" | "string" | "bytes":
            return written_literal(source.advance())
        case "name":
            return _word(source)
        case "operator":
            return _bracket(source)
        case "escaped":
            hint = "names in backticks are fields, as in `` a.`b-c` ``"
            raise SyntaxProblem(f"{token.text} is not an operand", token.span, hint)
        case "end":
            raise source.unexpected("an operand")


def _word(source: Source) -> Syntax:
    """A name, a call of it, or one of the constants `true`, `false`, `null`."""
    text = source.token.text
    if text in _WORDS:
        kind: LiteralKind = "null" if text == "null" else "bool"
        return Literal(source.advance().span, kind, _WORDS[text])
    return _name(source, source.token.span.start, absolute=False)


def _name(source: Source, start: int, *, absolute: bool) -> Syntax:
    text, span = source.token.text, source.token.span
    if source.token.kind != "name" or text in _KEYWORDS:
        raise source.unexpected("a name" if absolute else "an operand")
    if text in _RESERVED:
        hint = "it may stand after a dot only"
        raise SyntaxProblem(f"`{text}` is a reserved word", span, hint)
    source.advance()
    opening = source.take("(")
    if opening is None:
        return Ident(source.since(start), text, absolute)
    args = _listed(source, opening, ")", _expression)
    if absolute and text == "has":
        raise SyntaxProblem("`has` takes no dot before it", source.since(start), "write `has(a.b)`")
    return global_call(source.since(start), text, args)


def _bracket(source: Source) -> Syntax:
    """`(a)`, `[a, b]`, `{k: v}` or `.name`."""
    token = source.token
    start = token.span.start
    if not source.at("(", "[", "{", "."):
        raise source.unexpected("an operand")
    source.advance()
    if token.text == "(":
        return _inside(source, token, ")")
    if token.text == "[":
        elements = _listed(source, token, "]", _element)
        return ListDisplay(source.since(start), elements)
    if token.text == "{":
        entries = _listed(source, token, "}", _entry)
        return MapDisplay(source.since(start), entries)
    return _name(source, start, absolute=True)


def _inside(source: Source, opening: Token, closing: str) -> Syntax:
    """One expression in brackets, of which the first is read."""
    source.open(opening)
    node = _expression(source)
    source.close(opening, closing, f"`{closing}`")
    return node


def _listed(
    source: Source, opening: Token, closing: str, item: Callable[[Source], _Item]
) -> tuple[_Item, ...]:
    """Items up to `closing`; all but arguments may end in a comma, even alone: `[,]`."""
    source.open(opening)
    found: list[_Item] = []
    while not source.at(closing):
        if not found and closing != ")" and source.take(","):
            break
        found.append(item(source))
        if not source.take(","):
            break
        if closing == ")" and source.at(")"):
            raise source.unexpected("an argument")
    source.close(opening, closing, f"`,` or `{closing}`")
    return tuple(found)


def _element(source: Source) -> Syntax:
    source.refuse_optional("?")
    return _expression(source)


def _entry(source: Source) -> tuple[Syntax, Syntax]:
    source.refuse_optional("?")
    key = _expression(source)
    source.expect(":")
    return key, _expression(source)
