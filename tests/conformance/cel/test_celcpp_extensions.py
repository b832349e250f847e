"""Extension libraries against Google's cel-cpp: every function over adversarial values."""

from __future__ import annotations

import random
from typing import Any

import pytest

from govlab.backends.reference.walker import evaluate
from govlab.lang.checker import Scope, check
from govlab.lang.parser import parse
from govlab.runtime.states import Mark
from govlab.types import STRING
from tests.conformance.cel.expressions import VALUES, VARIABLES
from tests.conformance.cel.vectors import identical

pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python is the oracle")
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_strings

from tests.conformance.cel.celcpp import Oracle

ROWS = 60
EXTENSIONS = (ext_strings.ExtStrings, ext_math.ExtMath, ext_encoders.ExtEncoders,
              ext_bindings.ExtBindings)  # fmt: skip

TEXTS = [*VALUES["string"], "abcabc", "aaa", " a\tb ", "\u00a0x\u3000", "\x1cq", "ſK", "%s %d",
         'q"\\', "\a\b\f\v\r", "-1,2,,3"]  # fmt: skip
PARTS = ["", "a", "ab", "é", ",", "b", "🐱", "c", "aa"]
PLACES = [*range(-2, 9), 2**31, -(2**63), 2**63 - 1]
KINDS: dict[str, list[Any]] = {
    **{name: VALUES[str(of)] for name, of in VARIABLES.items()},
    "s": TEXTS, "w": PARTS, "i": PLACES, "j": [*PLACES, 0, 63, 64, 65],
    "ss": [*VALUES["list(string)"], ("a", "b", "é")],
}  # fmt: skip

EXPRESSIONS = [
    "s.charAt(i)", "s.indexOf(w)", "s.indexOf(w, i)", "s.lastIndexOf(w)", "s.lastIndexOf(w, i)",
    "ss.join()", "ss.join(w)", "s.lowerAscii()", "s.upperAscii()", "s.replace(w, s)",
    "s.replace(w, 'x', i % 1000)", "s.reverse()", "s.split(w)", "s.split(w, i % 1000)",
    "s.substring(i)", "s.substring(i, j)", "s.trim()", "strings.quote(s)",
    "'%s %s %s %s'.format([s, i, u, b])", "'%d %x %X %o'.format([i, i, u, j])",
    "'%b %b'.format([i, b])", "'%.3f %e'.format([d, d])", "'%x %X'.format([s, y])",
    "'%s'.format([xs])", "'%s'.format([m])", "'%s'.format([ss])", "'%f'.format([i])",
    "math.greatest(i, j)", "math.greatest(i, d)", "math.greatest(d, e)", "math.greatest(i, u, d)",
    "math.greatest(xs)", "math.greatest(ds)", "math.greatest(u)", "math.least(i, j)",
    "math.least(i, d)", "math.least(d, e, i)", "math.least(i, u)", "math.least(ds)",
    "math.ceil(d)", "math.floor(d)", "math.round(d)", "math.trunc(d)", "math.abs(i)", "math.abs(u)",
    "math.abs(d)", "math.sign(i)", "math.sign(u)", "math.sign(d)", "math.sqrt(d)", "math.sqrt(i)",
    "math.sqrt(u)", "math.isNaN(d)", "math.isInf(d)", "math.isFinite(d)", "math.bitAnd(i, j)",
    "math.bitOr(i, j)", "math.bitXor(u, u)", "math.bitXor(i, j)", "math.bitNot(i)",
    "math.bitNot(u)", "math.bitShiftLeft(i, j)", "math.bitShiftRight(i, j)",
    "math.bitShiftLeft(u, j)", "math.bitShiftRight(u, j)", "base64.encode(y)",
    "base64.decode(base64.encode(y))", "base64.decode(w)",
    "cel.bind(x, i / j, b ? x + x : 7)", "cel.bind(x, s + w, x.contains(w) && size(x) > 2)",
    "cel.bind(x, ss, cel.bind(y, xs, x.exists(x, x == s) || y.exists(z, z in y)))",
    "xs.map(x, cel.bind(y, x % 3, y * y - y))", "cel.bind(i, s, size(i)) + i % 10",
]  # fmt: skip

# condition -> ours, cel-cpp's: where the two differ, and why ours is as it is
DIFFERENCES = [
    ("'%s'.format([1e21])", "1000000000000000000000", "1e+21", "the spec: base 10, no exponent"),
    ("'%s'.format([0.1 + 0.2])", "0.30000000000000004", "0.3", "ours is the number"),
    ("'%d'.format([1.5])", "1.5", "1.500000", "no zeros that say nothing, as the spec has it"),
    ("'%s'.format([duration('1.5s')])", "1.5s", "1.500s", "cel-go's form"),
    ("'%f'.format(['NaN'])", "error", "NaN", "a text is no number"),
    ("string(base64.decode('aGVsbG8=\\n'))", "error", "hello", "one spelling"),
]


@pytest.fixture(scope="module")
def oracle():
    return Oracle(VARIABLES, [extension() for extension in EXTENSIONS])


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, Mark) or isinstance(theirs, Mark):
        return ours is theirs
    return identical(ours, theirs)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_function_gives_what_cel_cpp_gives(oracle, text):
    checked = check(parse(text), Scope(VARIABLES), want=None)
    assert checked.problems == ()
    program, rng, values = oracle.program(text), random.Random(text), 0
    for _ in range(ROWS):
        row = {name: rng.choice(some) for name, some in KINDS.items()}
        ours, theirs = evaluate(checked.node, row), program.run(row)
        assert same(ours, theirs), (ours, theirs, row)
        values += not isinstance(ours, Mark)
    assert values >= 2


@pytest.mark.parametrize(("text", "ours", "theirs", "why"), DIFFERENCES)
def test_differences_on_purpose(oracle, text, ours, theirs, why):
    checked = check(parse(text), Scope({"s": STRING}), want=None)
    assert checked.problems == (), why
    for expected, found in (
        (ours, evaluate(checked.node, {})),
        (theirs, oracle.program(text).run({})),
    ):
        assert (found.value if isinstance(found, Mark) else found) == expected
