"""Names of the module around a statement, told from those of inner scopes."""

from __future__ import annotations

import ast

import pytest

from govlab.exporting.references import references

CASES = {
    "x = a": "x a",
    "def f(a, *b, c=d, **e): return a, b, c, e, g": "d g",
    "def f():\n    x = 1\n    return x, y": "y",
    "def f(): return [x for x in y if x.z]": "y",
    "def f(): return {k: v for k, v in d.items() if k in e}": "d e",
    "h = lambda a, b=c: a + d": "h c d",
    "class A(B):\n    x: int = y\n    def m(self): return x": "B int y x",
    "@d\ndef f(a: T) -> R: pass": "T d R",
    "def f():\n    try: pass\n    except E as e: raise e": "E",
    "def f(v):\n    match v:\n        case C(n=n) if n: return n\n        case [*r]: return r": "C",
    "def f():\n    import os\n    return os.path": "",
    "def f():\n    def g(): return h\n    return g": "h",
    "def f():\n    for i, (j, k) in p: q(i, j, k)": "p q",
    "def f():\n    with o() as n: return n": "o",
    "a.b.c(d.e)": "a d",
}


@pytest.mark.parametrize("text", CASES)
def test_what_a_statement_needs_of_its_module(text: str) -> None:
    found = [each.name for each in references(ast.parse(text).body[0])]
    assert found == CASES[text].split()


def test_annotations_are_known_as_such() -> None:
    found = references(ast.parse("def f(a: list[T]) -> R: return a.x + b").body[0])
    assert [(each.name, each.annotation is not None) for each in found] == [
        ("list", True), ("T", True), ("R", True), ("b", False),
    ]  # fmt: skip
