"""The parser: what is read, what is refused and where, and that nothing makes it fall over."""

from __future__ import annotations

import inspect
import json
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govlab.lang.lexer import MAX_SOURCE
from govlab.lang.parser import MAX_DEPTH, MAX_NESTING, SyntaxProblem, parse
from govlab.lang.printer import same, show
from govlab.lang.syntax import Call, Ident, Literal, Macro, Select, Span, Syntax
from govlab.lang.tree import children

CASES = yaml.safe_load((Path(__file__).parents[1] / "conformance/parse.yaml").read_text("utf-8"))
# Why a vector of the language's extensions is refused: nothing else may stop one.
UNSUPPORTED = ("later version", "optional syntax", "must be a simple name")


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["expr"]))
def test_case(case: dict) -> None:
    if "error" in case:
        with pytest.raises(SyntaxProblem) as caught:
            parse(case["expr"])
        problem = caught.value
        assert case["error"] in problem.message
        assert case.get("hint", "") in problem.hint
        assert case.get("at", [problem.span.start, problem.span.end]) == list(span(problem))
        return
    tree = parse(case["expr"])
    assert case.get("show", show(tree)) == show(tree)
    if "value" in case:
        assert isinstance(tree, Literal)
        assert repr(tree.value) == case["value"]


def test_cases_say_what_they_want_and_stand_once() -> None:
    assert all({"show", "value", "error"} & case.keys() for case in CASES)
    assert len({case["expr"] for case in CASES}) == len(CASES)


def span(problem: SyntaxProblem) -> tuple[int, int]:
    return problem.span.start, problem.span.end


def test_public_vectors(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/cel/cel-public.json").read_text("utf-8"))["vectors"]
    core = [v["expr"] for v in vectors if v["class"] == "core"]
    assert len(core) == 544
    for expr in core:
        tree = parse(expr)
        assert same(parse(show(tree)), tree), expr


def test_extension_vectors_are_read_or_refused_for_a_listed_reason(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/cel/cel-public.json").read_text("utf-8"))["vectors"]
    problems = [p for v in vectors if v["class"] == "ext" and (p := problem_of(v["expr"]))]
    assert problems
    assert [p for p in problems if not any(reason in str(p) for reason in UNSUPPORTED)] == []


def problem_of(text: str) -> SyntaxProblem | None:
    try:
        parse(text)
    except SyntaxProblem as problem:
        return problem
    return None


def test_the_tree_of_each_form() -> None:
    here = Span(0, 1)
    assert parse("a") == Ident(here, "a")
    assert parse(".a") == Ident(Span(0, 2), "a", absolute=True)
    assert parse("has(a.b)") == Select(Span(0, 8), Ident(Span(4, 5), "a"), "b", test=True)
    assert parse("a[1]") == Call(
        Span(0, 4), "_[_]", None, (Ident(here, "a"), Literal(Span(2, 3), "int", 1))
    )
    assert parse("a.f(b)") == Call(Span(0, 6), "f", Ident(here, "a"), (Ident(Span(4, 5), "b"),))
    assert parse("a.map(x,y,z)") == Macro(
        Span(0, 12), "map", Ident(here, "a"), "x", Ident(Span(8, 9), "y"), Ident(Span(10, 11), "z")
    )


def names(function: str, count: int) -> str:
    return f" {function} ".join(f"a{i}" for i in range(count))


@pytest.mark.parametrize(("sign", "function"), [("&&", "_&&_"), ("||", "_||_")])
def test_chains_are_balanced(sign: str, function: str) -> None:
    def shallow(node: Syntax) -> str:
        return f"({' '.join(map(shallow, node.args))})" if isinstance(node, Call) else node.name

    tree = parse(names(sign, 7))
    assert isinstance(tree, Call)
    assert tree.function == function
    assert shallow(tree) == "(((a0 a1) (a2 a3)) ((a4 a5) a6))"
    assert shallow(parse(f"a0 {sign} (a1 {sign} a2)")) == shallow(parse(names(sign, 3)))


@pytest.mark.parametrize("opening", ["(", "[", "{", "f(", "a[", "a.f(", "!(", "-(", "[a,", "{a:"])
def test_thousands_of_brackets_are_refused_at_once(opening: str) -> None:
    started = time.process_time()
    with pytest.raises(SyntaxProblem, match="nested more than 64 brackets deep") as caught:
        parse(opening * 5_000)
    assert time.process_time() - started < 0.5
    bracket = next(i for i, char in enumerate(opening) if char in "([{")
    assert caught.value.span.start == len(opening) * MAX_NESTING + bracket


@pytest.mark.parametrize(
    "opening", ["(", "[", "f(", "a.f(", "!(", "-(", "[a,", "{a:", "a||b&&c==d+e*("]
)
def test_nesting_up_to_the_bound_needs_little_of_pythons_stack(opening: str) -> None:
    closing = {"(": ")", "[": "]", "{": "}"}
    levels = MAX_NESTING if opening in ("(", "[", "f(", "a.f(", "{a:") else MAX_DEPTH // 6
    ends = next(closing[char] for char in reversed(opening) if char in closing)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 700)
    try:
        tree = parse(opening * levels + "a" + ends * levels)
        assert same(parse(show(tree)), tree)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "text",
    ["a" + " + a" * 2_000, "a" + ".b" * 2_000, "a" + "[0]" * 2_000, "!" * 2_000 + "a",
     "a ? b : " * 2_000 + "c", "a" + " in a" * 2_000, "a" + ".f()" * 2_000],
)  # fmt: skip
def test_deep_trees_are_refused(text: str) -> None:
    with pytest.raises(SyntaxProblem, match=f"more than {MAX_DEPTH} operators"):
        parse(text)


@pytest.mark.parametrize("count", [32, MAX_DEPTH - 1])
@pytest.mark.parametrize(
    "text", ["a" + "{0} + a", "a{0}.b", "a{0}[0]", "{0}!a", "{0}a ? b : c", "a{0} == a"]
)
def test_the_repetitions_the_language_demands(text: str, count: int) -> None:
    before, after = text.split("{0}")
    repeated = after if before else "a ? b : " if "?" in text else "!"
    tree = parse(before + repeated * count if before else repeated * count + after[-1])
    assert depth(tree) == count + 1


def depth(node: Syntax) -> int:
    return 1 + max(map(depth, children(node)), default=0)


def test_long_chains_take_time_in_proportion() -> None:
    started = time.process_time()
    parse("a" + " && a" * 19_000)
    assert time.process_time() - started < 5  # a quarter of a second; joined one by one, a minute


def test_long_chains_and_lists_are_fine() -> None:
    for sign in ("&&", "||"):
        assert depth(parse(names(sign, 2_000))) == 12
    assert depth(parse(f"[{', '.join(['a'] * 20_000)}]")) == 2


def test_a_source_too_long_is_refused() -> None:
    assert isinstance(parse("a" + " " * (MAX_SOURCE - 1)), Ident)
    with pytest.raises(SyntaxProblem, match="the condition has 100,001 characters"):
        parse("a" + " " * MAX_SOURCE)


def test_a_number_of_thousands_of_digits_is_out_of_range() -> None:
    with pytest.raises(SyntaxProblem, match="out of the range of int"):
        parse("9" * 50_000)


def test_a_lone_surrogate_in_the_source_is_refused() -> None:
    with pytest.raises(SyntaxProblem, match="`U\\+D800` is half of a character") as caught:
        parse("a == '\ud800'")
    assert caught.value.span == Span(6, 7)


def walk(node: Syntax) -> list[Syntax]:
    return [node, *(below for child in children(node) for below in walk(child))]


@pytest.mark.parametrize(
    "case", [c for c in CASES if "error" not in c], ids=lambda c: repr(c["expr"])
)
def test_every_span_covers_its_source(case: dict) -> None:
    for node in walk(parse(case["expr"])):
        assert all(within(child.span, node.span) for child in children(node))
        if not unwritten(node) and case["expr"] != "--1":
            assert same(parse(case["expr"][node.span.start : node.span.end]), node)


def within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start < inner.end <= outer.end


def unwritten(node: Syntax) -> bool:
    """Chains are regrouped, so that a part of one may span more than its own operands."""
    return isinstance(node, Call) and node.function in ("_&&_", "_||_")


WORDS = st.sampled_from([
    *"()[]{},.:?!-+*/%<", "<=", "==", "!=", "in", "&&", "||", "1", "1u", "1.5", ".5", "'x'", "b'y'",
    "a", "b.c", 'r"z"', "true", "null", "has(", ".all(x,", ".map(x,", "`a-b`", "//", "\n", "\\",
    "'", '"""', "as", "\ud800", "\x00", "é",
])  # fmt: skip
NOISE = st.binary(max_size=200)
TEXTS = st.one_of(
    st.text(),
    st.lists(WORDS, max_size=30).map(" ".join),
    NOISE.map(lambda noise: noise.decode("latin-1")),
    NOISE.map(lambda noise: noise.decode("utf-8", "surrogateescape")),
)


@given(TEXTS)
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    problem = problem_of(text)
    if problem is None:
        tree = parse(text)
        assert same(parse(show(tree)), tree)
        assert all(0 <= node.span.start < node.span.end <= len(text) for node in walk(tree))
    else:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
        assert problem.message
        assert not problem.message.endswith(".")
