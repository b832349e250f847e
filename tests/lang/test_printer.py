"""The printer: `parse` undoes it, it undoes itself, and its text shows what is there."""

from __future__ import annotations

import math
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.lang.lexer import SyntaxProblem, tokens
from govlab.lang.operators import OPERATORS
from govlab.lang.parser import parse
from govlab.lang.printer import same, show
from govlab.lang.syntax import (
    Call,
    Ident,
    ListDisplay,
    Literal,
    Macro,
    MapDisplay,
    Select,
    Span,
    Syntax,
)

S = Span(0, 0)
NAMES = st.sampled_from(["a", "b", "_c", "size", "x1", "all", "map"])
FIELDS = st.one_of(NAMES, st.sampled_from(["in", "true", "package", "b-c", "d e", "1", "has"]))
STRICT = sorted(o.function for o in OPERATORS.values() if not o.chained)
CHARACTERS = st.characters(exclude_categories=["Cs"])


def literal(kind: str, values: st.SearchStrategy) -> st.SearchStrategy[Syntax]:
    return values.map(lambda value: Literal(S, kind, value))


LITERALS = st.one_of(
    literal("null", st.none()),
    literal("bool", st.booleans()),
    literal("int", st.integers(-(2**63), 2**63 - 1)),
    literal("uint", st.integers(0, 2**64 - 1)),
    literal("double", st.floats(allow_nan=False, allow_infinity=False)),
    literal("string", st.text(CHARACTERS)),
    literal("bytes", st.binary()),
)
LEAVES = st.one_of(LITERALS, st.builds(Ident, st.just(S), NAMES, st.booleans()))


def calls(below: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    def call(function: str, *args: Syntax) -> Call:
        return Call(S, function, None, args)

    few = st.lists(below, max_size=3).map(tuple)
    return st.one_of(
        st.builds(call, st.sampled_from([*STRICT, "_[_]", "_&&_", "_||_"]), below, below),
        st.builds(call, st.sampled_from(["!_", "-_"]), below),
        st.builds(call, st.just("_?_:_"), below, below, below),
        st.builds(Call, st.just(S), NAMES, st.none(), few),
        st.builds(Call, st.just(S), st.sampled_from(["f", "has", "if"]), below, few),
    )


def displays(below: st.SearchStrategy[Syntax]) -> st.SearchStrategy[Syntax]:
    kinds = st.sampled_from(["all", "exists", "exists_one", "filter", "map"])
    return st.one_of(
        st.builds(Select, st.just(S), below, FIELDS, st.booleans()),
        st.builds(ListDisplay, st.just(S), st.lists(below, max_size=3).map(tuple)),
        st.builds(MapDisplay, st.just(S), st.lists(st.tuples(below, below), max_size=3).map(tuple)),
        st.builds(Macro, st.just(S), kinds, below, NAMES, st.none(), below),
        st.builds(Macro, st.just(S), st.just("map"), below, NAMES, below, below),
    )


TREES = st.recursive(LEAVES, lambda below: calls(below) | displays(below), max_leaves=25)


def rebalanced(node: Syntax) -> str:
    """The tree as text with every bracket, chains of `&&` and `||` as flat lists."""
    match node:
        case Call(function=("_&&_" | "_||_") as function):
            return f"{function}[{', '.join(operands(function, node))}]"
        case Call(function=function, target=target, args=args):
            receiver = "" if target is None else rebalanced(target)
            return f"{receiver}.{function}({', '.join(map(rebalanced, args))})"
        case Select(operand=operand, field=field, test=test):
            return f"({rebalanced(operand)}.{field}?{test})"
        case ListDisplay(elements=elements):
            return f"[{', '.join(map(rebalanced, elements))}]"
        case MapDisplay(entries=entries):
            return f"{{{', '.join(f'{rebalanced(k)}: {rebalanced(v)}' for k, v in entries)}}}"
        case Macro(kind=kind, range=over, variable=variable, condition=condition, body=body):
            guard = "" if condition is None else rebalanced(condition)
            return f"{kind}({rebalanced(over)}, {variable}, {guard}, {rebalanced(body)})"
        case Literal(kind=kind, value=value):
            return f"{kind} {value!r}"
        case Ident(name=name, absolute=absolute):
            return f"{'.' * absolute}{name}"


def operands(function: str, node: Syntax) -> list[str]:
    if isinstance(node, Call) and node.function == function:
        return [text for arg in node.args for text in operands(function, arg)]
    return [rebalanced(node)]


@given(TREES)
def test_the_text_of_a_tree_is_read_as_that_tree(tree: Syntax) -> None:
    read = parse(show(tree))
    assert rebalanced(read) == rebalanced(tree)
    assert show(read) == show(tree)
    assert same(parse(show(read)), read)


@given(TREES)
def test_no_brackets_of_a_text_can_be_left_out(tree: Syntax) -> None:
    text = show(tree)
    for start, end in groups(text):
        bare = f"{text[:start]} {text[start + 1 : end]} {text[end + 1 :]}"
        assert differs(bare, text), (bare, text)


def groups(text: str) -> list[tuple[int, int]]:
    """The places of brackets that group; not those of calls, nor of `(-1).f()` for the reader."""
    found, opened = [], []
    before = None
    for token in tokens(text):
        if token.text == "(":
            called = before is not None and before.kind == "name" and before.text != "in"
            opened.append((token.span.start, called))
        elif token.text == ")":
            start, called = opened.pop()
            inside = text[start + 1 : token.span.start]
            if not called and not re.fullmatch(r"-?[0-9].*", inside):
                found.append((start, token.span.start))
        before = token
    return found


def differs(one: str, other: str) -> bool:
    try:
        return not same(parse(one), parse(other))
    except SyntaxProblem:
        return True


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_keep_every_bit_and_never_look_like_ints(value: float) -> None:
    text = show(Literal(S, "double", value))
    read = parse(text)
    assert isinstance(read, Literal)
    assert struct.pack("<d", read.value) == struct.pack("<d", value)
    assert "." in text or "e" in text


@given(st.text(CHARACTERS))
def test_strings_show_on_one_line_without_hidden_characters(value: str) -> None:
    text = show(Literal(S, "string", value))
    assert parse(text).value == value
    assert text.splitlines() == [text]
    # Unassigned characters are shown as they are: which they are depends on Python's version.
    assert all(c.isprintable() or c not in "\n\r\t\x00\u200b\u202e\ufeff\u00a0" for c in text)


@pytest.mark.parametrize(
    "hidden",
    "\x00\x1b\x7f\x85\xa0\xad\u034f\u061c\u200b\u200d\u2028\u202e\u2066\u3000"
    "\ue000\ufe0f\ufeff\uffff\U000e0041\U0001fffe\U0010ffff",
)
def test_hidden_characters_are_escaped(hidden: str) -> None:
    text = show(Literal(S, "string", f"a{hidden}b"))
    assert text.isascii()
    assert parse(text).value == f"a{hidden}b"


@pytest.mark.parametrize("shown", ["é", "ß", "日本", "😀", "\u0301", "€", "ñ"])
def test_letters_and_signs_are_not_escaped(shown: str) -> None:
    assert show(Literal(S, "string", shown)) == f'"{shown}"'


def test_same_tells_apart_what_python_takes_for_equal() -> None:
    assert not same(parse("1"), parse("1.0"))
    assert not same(parse("1"), parse("1u"))
    assert not same(parse("1"), parse("true"))
    assert not same(parse("0.0"), parse("-0.0"))
    assert not same(parse("a"), parse(".a"))
    assert not same(parse("a.b"), parse("has(a.b)"))
    assert not same(parse("f(a)"), parse("a.f()"))
    assert not same(parse("a.map(x, y, z)"), parse("a.map(x, z, y)"))
    assert same(parse("a  +  (b)"), parse("a+b"))


def test_numbers_have_one_spelling() -> None:
    assert [show(parse(t)) for t in ("0x10", "016", "16u", "0x10U")] == ["16", "16", "16u", "16u"]
    assert [show(parse(t)) for t in ("3e0", ".30e1", "3.000")] == ["3.0"] * 3
    assert show(parse("1e22")) == "1e+22"
    assert math.copysign(1, parse(show(parse("-0.0"))).value) == -1
