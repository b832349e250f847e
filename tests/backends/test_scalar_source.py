"""The text that a plan becomes: nothing of a bundle runs, equal bytes, readable, few names."""

from __future__ import annotations

import ast
import builtins
import linecache
import random
import re
import subprocess
import sys
import traceback
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from govlab.backends.reference import decide
from govlab.backends.scalar import compile_condition, compile_engine, generate, generate_condition
from govlab.backends.scalar.literals import identifier, literal
from govlab.backends.scalar.names import TAKEN, namespace
from govlab.backends.scalar.strict import ALIASES
from govlab.bundle import load_bundle
from govlab.errors import BundleError
from govlab.lang.nodes import Call, Literal, MakeList, Node, Not, Or, Present, Variable
from govlab.lang.syntax import Span
from govlab.plan import Plan, compile_plan
from govlab.runtime.calls import CALLS
from govlab.runtime.states import ABSENT, UNKNOWN
from govlab.runtime.values import Duration, Map, Timestamp, TypeValue, Uint, equals
from govlab.types import BOOL, STRING
from tests import generators
from tests.conformance.test_decisions import Tree, plan_of

POLICIES = Path(__file__).parents[2] / "policies"
STARTERS = sorted(p.parent for p in POLICIES.glob("*/bundle.yaml"))
NOWHERE = Span(0, 0)

RUN = "__import__('builtins').__dict__.__setitem__('pwned', 1)"
HOSTILE = [
    RUN, f"'; {RUN}; '", f'"""\n{RUN}\n"""', f"'''\n{RUN}\n'''", f"\\'+{RUN}+\\'", f"x\n{RUN}\n#",
    f"x\r{RUN}\r#", f"\x0c{RUN}", f"a\x85{RUN}", f"a\u2028{RUN}\u2029", f"{{{RUN}}}", "\0", "\\",
    "\\\n", "'", '"', "\ud800", "\U0001f431", "{0}", "%s", "%(x)s", "\ufeff# -*- coding: utf-7 -*-",
    "\x1b[2J", "\u202e", "None", "True", "lambda: 0", "__class__", "é" * 500, "#", ")", "]}",
    "a" * 2_000,
]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_of_a_bundle_runs():
    yield
    assert not hasattr(builtins, "pwned")


# -- nothing of a bundle becomes code --------------------------------------------------------------

METHODS = {"startswith", "endswith", "isdisjoint", "append", "ns"}
NODES = (ast.Import, ast.ImportFrom, ast.Lambda, ast.JoinedStr, ast.ClassDef, ast.Global, ast.Await,
         ast.With, ast.Delete, ast.NamedExpr, ast.Starred)  # fmt: skip
BUILTINS = {"type", "len", "tuple", "frozenset", "any", "float"}


def assert_harmless(source: str) -> ast.Module:
    """Only plain statements, and names that the generator means."""
    source.encode()  # what cannot be encoded could not be written to a file
    tree = ast.parse(source)
    defined = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    defined |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    defined |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in defined)
    for node in ast.walk(tree):
        assert not isinstance(node, NODES) or isinstance(node, ast.Starred), ast.dump(node)
        if isinstance(node, ast.Name):
            assert node.id in defined | BUILTINS | namespace().keys(), node.id
        if isinstance(node, ast.Attribute):
            assert node.attr in METHODS
    return tree


def hostile_plan(plan: Plan, word: str) -> Plan:
    """`plan` with every name of it replaced: more than the loader lets through."""
    policies = tuple(
        replace(p, name=f"{word}{at}", rules=tuple(
            replace(r, id=f"{word}{at}/{n}", reason=word) for n, r in enumerate(p.rules)))
        for at, p in enumerate(plan.policies)
    )  # fmt: skip
    return replace(plan, name=word, version=word, digest=word, policies=policies)


def hostile_bundle(word: str) -> Tree:
    """A bundle whose every free text is `word`."""
    said = "'" + "".join(f"\\U{ord(c):08x}" for c in word if c != "\ud800") + "'"
    fits = word.replace("\ud800", "")
    return {
        "name": "b", "attributes": {"args.path": "string"}, "params": {"w": [fits, "a"]},
        "derive": {"team": [{"when": f"region == {said}", "value": said}]},
        "policies": [
            {"name": "p", "on": [{"tool": [fits or "x", f"{fits}*"], "env": [f"*{fits}?"]}],
             "rules": [{"condition": f"args.path == {said} || {said} in params.w && team < {said}",
                        "decision": "REMEDIATE",
                        "remediation": {"set": {"resource": said}, "suggestion": fits}}]},
            {"name": "q", "rules": [
                {"condition": f"{{{said}: 1}}[resource] > 0 || actor in [{said}]",
                 "decision": "DENY", "reason": fits or "r"}]},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bundles(word: str, tmp_path: Path) -> None:
    try:
        plan = plan_of(tmp_path, hostile_bundle(word))
    except BundleError:  # the loader refuses some characters; a plan may have them all the same
        plan = plan_of(tmp_path / "plain", hostile_bundle("plain"))
    for each in (plan, hostile_plan(plan, word)):
        assert_harmless(generate(each))
        engine = compile_engine(each)
        for tool, path, env in product(
            (word, f"{word}x", "t", None), (word, "y"), (f"{word}z", None)
        ):
            event = {
                "tool": tool,
                "env": env,
                "args": {"path": path},
                "region": word,
                "actor": word,
            }
            assert engine.decide(event) == decide(each, event)


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_conditions(word: str) -> None:
    variable, text = Variable(STRING, NOWHERE, word), Literal(STRING, NOWHERE, word)
    false = Not(BOOL, NOWHERE, Literal(BOOL, NOWHERE, True))
    globs = Literal(STRING, NOWHERE, (word, f"{word}?*"))
    nodes: list[Node] = [
        Call(BOOL, NOWHERE, "_==_", (variable, text)),
        Or(BOOL, NOWHERE, Present(BOOL, NOWHERE, word), false),
        Call(BOOL, NOWHERE, "@glob", (variable, globs)),
        Call(BOOL, NOWHERE, "@in", (text, MakeList(STRING, NOWHERE, (variable,)))),
    ]
    for node in nodes:
        assert_harmless(generate_condition(node))
        assert compile_condition(node)({word: word}) is True


def test_an_attribute_named_as_generated_code_names_things() -> None:
    names = [
        *sorted(TAKEN),
        "condition",
        "_1",
        "_v1",
        "_condition_part_1",
        "VALUE_1",
        "if",
        "s",
        "x",
    ]
    for name in names:
        test = Call(BOOL, NOWHERE, "_==_", (Variable(STRING, NOWHERE, name),
                                            Variable(STRING, NOWHERE, f"{name}.")))  # fmt: skip
        either = Or(BOOL, NOWHERE, test, Not(BOOL, NOWHERE, Or(BOOL, NOWHERE, test, test)))
        condition = compile_condition(either)
        assert condition({name: "a", f"{name}.": "a"}) is True
        assert condition({name: ABSENT, f"{name}.": UNKNOWN}) is UNKNOWN


def test_subclasses_of_text_do_not_speak_for_themselves() -> None:
    class Text(str):
        def __repr__(self) -> str:
            return RUN

    assert literal(Text("a")) == "'a'"
    assert literal((Text("a"),)) == "('a',)"


VALUES = [None, True, 3, -(2**63), Uint(7), 1.5, -0.0, float("inf"), float("-inf"), "a'\"\n",
          b"\x00'", (), ("a",), (1, (2.0, "b")), Timestamp(5), Duration(-5), TypeValue("int"),
          Map([("a", 1), (True, (2,))])]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_literals_give_the_value_back(value: object) -> None:
    found = eval(literal(value), namespace())  # noqa: S307 - what is under test
    assert (type(found), equals(found, value)) == (type(value), True)


@pytest.mark.parametrize("value", [object(), {"a": 1}, {1}, lambda: 0])
def test_what_is_no_value_is_no_literal(value: object) -> None:
    with pytest.raises(TypeError, match="a plan holds no"):
        literal(value)


# -- the text --------------------------------------------------------------------------------------


def random_plan(folder: Path) -> Plan:
    path = generators.write({**generators.bundle(random.Random(8), levels=2)}, folder)
    return compile_plan(load_bundle(path))


PRINT = """
import sys
from pathlib import Path
from govlab.backends.scalar import generate
from govlab.bundle import load_bundle
from govlab.plan import compile_plan
sys.stdout.buffer.write(generate(compile_plan(load_bundle(Path(sys.argv[1])))).encode())
"""


@pytest.mark.parametrize("path", STARTERS, ids=lambda p: p.name)
def test_equal_bytes_in_every_process(path: Path) -> None:
    here = generate(compile_plan(load_bundle(path))).encode()
    for seed in ("0", "1"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(POLICIES.parent)}
        done = subprocess.run([sys.executable, "-c", PRINT, str(path)], env=environment,
                              capture_output=True, check=True)  # fmt: skip
        assert done.stdout == here


def ruff_finds(source: str, *options: str) -> str:
    known = ", ".join(f"'{name}'" for name in sorted(namespace()))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "-",
         "--config", f"builtins = [{known}]", "--config", "line-length = 100", *options],
        input=source, capture_output=True, text=True, check=False)  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize("path", STARTERS, ids=lambda p: p.name)
def test_the_source_passes_ruff(path: Path) -> None:
    pytest.importorskip("ruff", reason="ruff is the judge")
    source = generate(compile_plan(load_bundle(path)))
    assert_harmless(source)
    assert ruff_finds(source, "--select", "F,E1,E2,E3,E4,E7,E9,W,B,PIE,RET5,UP034,PLR17") == ""
    assert "F821" in ruff_finds(source + "nope()\n", "--select", "F")


def test_the_source_names_policies_and_rules(tmp_path: Path) -> None:
    plan = random_plan(tmp_path)
    source = generate(plan)
    for policy in plan.policies:
        assert all(f"rule {rule.id!r}" in source for rule in policy.rules)
    assert f"digest {plan.digest!r}" in source.splitlines()[0]


def test_every_function_of_cel_has_a_name_of_its_own() -> None:
    assert ALIASES.keys() == CALLS.keys()
    assert len(set(ALIASES.values())) == len(CALLS)
    assert not set(ALIASES.values()) & {*namespace(), *dir(builtins)}
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in ALIASES.values())


def test_identifiers() -> None:
    words = [
        "args.path",
        "tool_info.x",
        "run.system",
        "in",
        "9",
        "é",
        "",
        "A B",
        "x" * 100,
        "__x__",
    ]
    taken: set[str] = set()
    for word in words * 3:
        name = identifier(word, taken)
        assert name.isidentifier()
        assert name not in taken
        assert not name.startswith("_")
        taken.add(name)


def test_a_traceback_shows_the_generated_line(tmp_path: Path) -> None:
    plan = plan_of(
        tmp_path, {"name": "b", "rules": [{"condition": "env == 'x'", "decision": "ALLOW"}]}
    )
    engine = compile_engine(plan)
    file = f"<govlab {plan.name} {plan.digest[:12]}>"
    assert "".join(linecache.getlines(file)) == engine.source
    linecache.checkcache(file)
    assert linecache.getline(file, 1) == engine.source.splitlines(keepends=True)[0]

    class Refuses(str):
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("an attribute that misbehaves")

        __hash__ = None  # type: ignore[assignment]  # so that nothing finds it either

    with pytest.raises(RuntimeError) as caught:
        engine.scopes[0].policies[0].rules[0].holds({"env": Refuses("x")})
    shown = "".join(traceback.format_tb(caught.tb))
    assert file in shown
    assert "env == 'x'" in shown


CARRIED = ("attributes", "features", "fields", "joins", "policies", "recall", "support")


@pytest.mark.parametrize("name", CARRIED)
def test_what_an_exported_engine_carries_needs_only_the_runtime(name: str) -> None:
    module = sys.modules[f"govlab.backends.scalar.{name}"]
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    imported = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    carried = {f"govlab.backends.scalar.{each}" for each in CARRIED}
    ours = [m for m in imported if m.startswith("govlab")]
    assert all(m.startswith("govlab.runtime.") or m in carried | {"govlab.types"} for m in ours)
    assert {m.partition(".")[0] for m in imported} <= {*sys.stdlib_module_names, "govlab"}
