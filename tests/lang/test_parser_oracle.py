"""The parser against Google's cel-cpp: the same texts accepted, and the same trees built.

What differs is listed in `REFUSED_ON_PURPOSE` and `ORACLE_REFUSES`; anything else is a defect, but
for two rare ones seen in longer runs: cel-cpp takes a reserved word before `{` for a message, and
keeps a carriage return that follows a backslash in a raw triple-quoted string (we read a line feed,
as cel-go does).
"""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import pytest

from govlab.lang.parser import SyntaxProblem, parse
from govlab.lang.syntax import (
    Call,
    Ident,
    ListDisplay,
    Literal,
    Macro,
    MapDisplay,
    Select,
    Syntax,
)
from govlab.lang.tree import children

cel = pytest.importorskip("cel_expr_python.cel", reason="cel-expr-python is the oracle")

# Our message -> why cel-cpp accepts the text without checking types.
REFUSED_ON_PURPOSE = {
    "messages are not supported": "no protocol buffers in conditions",
    "left to a later version": "macros with two variables",
    "takes `(": "a macro's name with other arguments: cel-cpp leaves it to its checker",
    "`has` takes one field": "the same for `has()` and `has(a.b, 1)`",
    "`has` takes no dot": "the same for `.has(a.b)`",
    "must be a simple name": "`existsOne`, which cel-cpp has only with two variables",
    "out of the range of double": "cel-cpp reads 1e400 as infinity, cel-go refuses it",
    "a carriage return inside a comment": "cel-cpp reads on to the line feed, the spec does not",
    "operators, selections or calls": "our bound on depth is lower",
}
# What we accept and cel-cpp refuses: part of its message -> why.
ORACLE_REFUSES = {
    "String must end with": "a raw string ending in a backslash, which the spec allows",
    "cannot be __result__": "the name cel-cpp keeps for itself",
}

SEEDS = [
    "env == 'production' && cost > 50.0 && 'pii' in risk_tags",
    "has(ctx.ticket) ? ctx.ticket.startsWith('CHG-') : false",
    "risk_tags.exists(t, t.startsWith('pii:') || t == \"secret\")",
    "size(path) > 200 || tokens_out / tokens_in > 20 // why",
    "[1, 2u, 0x1F, .5, 1e-3,].all(x, x in {1: 'a', true: b'\\xff',})",
    "a.`b-c`[0].d(1, -2, !c, --e) != null",
    "r'\\d+' + \"\\u00e9\\n\" + '''x\ny''' + br\"\"\"\\z\"\"\" + .q.w.f(.g(1))",
    "-9223372036854775808 <= -(1) * (a - b) % c - -1.5",
    "xs.map(x, x > 0, [x]).filter(y, y != []).exists_one(z, z[0] == 1)",
    "!(!a || b) && (c || d && (e && f)) ? g : h ? i : (j ? k : l)",
    "a.package(b).while.m || x.has(y.z) == {}",
]
PIECES = [
    *"()[]{}.,:?!-+*/%<>=&|`'\"\\ \n\r\tru0x19aeU_é",
    "&&", "||", "==", "in", " in ", "true", "null", "has(", ".all(x,", "''", "'''", "//", "1.5",
    "0x", "1u", "as", "while", "a.b", "r'", "b'", "\\u12", "\\ud800", "\\x4", ",)", "[,]", "{,}",
    "9223372036854775808", "1e999", "__result__",
]  # fmt: skip


def mutants(seeds: list[str], count: int, rng: random.Random) -> list[str]:
    return [_mutant(rng.choice(seeds), rng) for _ in range(count)]


def _mutant(text: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 2, 4))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 0, 1, 1, 2, 8)))
        piece = rng.choice(PIECES) if rng.random() < 0.7 else ""
        text = text[:start] + piece + text[end:]
    return text


@pytest.fixture(scope="module")
def oracle():
    return cel.NewEnv()


def refusal(oracle, text: str) -> str:
    try:
        oracle.compile(text, disable_check=True)
    except (RuntimeError, ValueError) as error:
        return str(error)
    return ""


def disagreement(oracle, text: str) -> str:
    """Why the parser and the oracle differ on `text`, or nothing."""
    theirs = refusal(oracle, text)
    try:
        tree = parse(text)
    except SyntaxProblem as problem:
        known = any(part in str(problem) for part in REFUSED_ON_PURPOSE)
        return "" if theirs or known else f"{text!r}: only we refuse: {problem}"
    if theirs:
        known = any(part in theirs for part in ORACLE_REFUSES)
        return "" if known else f"{text!r}: only the oracle refuses: {theirs}"
    if any(isinstance(node, Macro) for node in walk(tree)) or "existsOne" in text:
        return ""
    ours, wanted = shape(tree), oracle_shape(oracle, text)
    return "" if ours == wanted else f"{text!r}: {ours} is not {wanted}"


@pytest.mark.parametrize("seed", range(8))
def test_mutated_conditions_are_read_as_the_oracle_reads_them(oracle, seed):
    texts = mutants(SEEDS, 1_000, random.Random(seed))
    assert [d for text in texts if (d := disagreement(oracle, text))] == []


def test_mutants_reach_both_outcomes(oracle):
    texts = mutants(SEEDS, 1_000, random.Random(0))
    accepted = sum(not refusal(oracle, text) for text in texts)
    assert 100 < accepted < 900


def test_vectors_and_their_mutants_are_read_as_the_oracle_reads_them(oracle, shared: Path):
    vectors = json.loads((shared / "vectors/cel/cel-public.json").read_text())["vectors"]
    seeds = sorted({v["expr"] for v in vectors if len(v["expr"]) < 200 and v["class"] == "core"})
    texts = seeds + mutants(seeds, 3_000, random.Random(1))
    assert [d for text in texts if (d := disagreement(oracle, text))] == []


def walk(node: Syntax) -> list[Syntax]:
    return [node, *(below for child in children(node) for below in walk(child))]


# Trees as nested tuples; `!!a` and `--a` folded, chains flattened: each side does these its way.


def call(function: str, target: object, args: list[object]) -> tuple[object, ...]:
    function = function.removeprefix(".")
    if function in ("!_", "-_") and args[0][:2] == ("call", function):
        return args[0][3]
    if function in ("_&&_", "_||_"):
        args = [a for arg in args for a in (arg[3:] if arg[:2] == ("call", function) else [arg])]
    return ("call", function, target, *args)


def shape(node: Syntax) -> tuple[object, ...]:
    match node:
        case Literal(kind=kind, value=value):
            return (kind, repr(value))
        case Ident(name=name, absolute=absolute):
            return ("name", "." * absolute + name)
        case Select(operand=operand, field=field, test=test):
            return ("field", shape(operand), field, test)
        case Call(function=function, target=target, args=args):
            return call(function, target and shape(target), [shape(arg) for arg in args])
        case ListDisplay(elements=elements):
            return ("list", *map(shape, elements))
        case MapDisplay(entries=entries):
            return ("map", *((shape(key), shape(value)) for key, value in entries))
        case Macro():
            raise AssertionError("cel-cpp expands macros: their trees are not compared")


def oracle_shape(oracle, text: str) -> tuple[object, ...]:
    anything = fields(oracle.compile(text, disable_check=True).serialize())
    return decoded(fields(fields(anything[2][0])[2][0]))


def fields(message: bytes) -> dict[int, list[bytes | int]]:
    """A protocol buffer's fields by number (wire types 0, 1 and 2)."""
    found: dict[int, list[bytes | int]] = {}
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        size = 8
        if tag & 7 != 1:
            size, at = varint(message, at)
        value: bytes | int = size if tag & 7 == 0 else message[at : at + size]
        at += 0 if tag & 7 == 0 else size
        found.setdefault(tag >> 3, []).append(value)
    return found


def varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (message[at] & 0x7F) << shift
        shift += 7
        at += 1
        if message[at - 1] < 0x80:
            return value, at


def decoded(expr: dict[int, list]) -> tuple[object, ...]:
    """A `cel.expr.Expr` (google/cel-spec proto/cel/expr/syntax.proto)."""
    (kind,) = expr.keys() - {2}
    inner = fields(expr[kind][0])
    below = [decoded(fields(part)) for part in inner.get({5: 1, 6: 3, 7: 1}.get(kind, 0), [])]
    match kind:
        case 3:
            return constant(inner)
        case 4:
            return ("name", inner[1][0].decode())
        case 5:
            return ("field", below[0], inner[2][0].decode(), 3 in inner)
        case 6:
            target = decoded(fields(inner[1][0])) if 1 in inner else None
            return call(inner[2][0].decode(), target, below)
        case 7:
            return ("list", *below)
        case 8:
            entries = [fields(entry) for entry in inner.get(2, [])]
            return ("map", *(tuple(decoded(fields(e[n][0])) for n in (3, 4)) for e in entries))
    raise AssertionError(f"unexpected kind {kind}")


def constant(inner: dict[int, list]) -> tuple[object, ...]:
    ((number, (value,)),) = inner.items()
    match number:
        case 1:
            return ("null", "None")
        case 2:
            return ("bool", repr(bool(value)))
        case 3:
            return ("int", repr(value - 2**64 if value >= 2**63 else value))
        case 4:
            return ("uint", repr(value))
        case 5:
            return ("double", repr(struct.unpack("<d", value)[0]))
        case 6:
            return ("string", repr(value.decode()))
        case 7:
            return ("bytes", repr(value))
    raise AssertionError(f"unexpected constant {number}")
