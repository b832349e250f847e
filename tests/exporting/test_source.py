"""The text of an exported engine: alone, stable, small, harmless, and equal to the oracle."""

from __future__ import annotations

import builtins
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from govlab.backends.reference import decide
from govlab.bundle import load_bundle, starters
from govlab.errors import BundleError
from govlab.exporting import engine_source, open_engine
from govlab.exporting.source import PUBLIC, plan_source
from govlab.plan import compile_plan
from tests import generators
from tests.backends.test_scalar_source import HOSTILE, hostile_bundle, hostile_plan
from tests.conformance.test_decisions import plan_of
from tests.exporting.engines import bundle_of, differing, engine_of

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"
BUNDLES, ROWS = (1000, 1000) if DEEP else (40, 30)
ROOT = Path(__file__).parents[2]

ALONE = """
import runpy, sys
found = runpy.run_path(sys.argv[1])
assert set(found["__all__"]) <= found.keys()
print(found["decide"]({"tool": "aws-cli", "env": "production"}).decision)
strange = {m for m in map(lambda n: n.partition(".")[0], sys.modules)
           if m not in sys.stdlib_module_names and not m.startswith("_") and m != "__main__"}
assert not strange, strange
"""


def bare(*arguments: str, **environment: str) -> str:
    """What a Python without site packages prints."""
    done = subprocess.run([sys.executable, "-I", "-S", *arguments], capture_output=True, text=True,
                          check=True, env=environment)  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("name", starters())
def test_a_starter_runs_on_the_standard_library_alone(name: str, tmp_path: Path) -> None:
    file = tmp_path / "engine.py"
    file.write_text(engine_source(load_bundle(name)), encoding="utf-8")
    assert bare("-c", ALONE, str(file)).strip() in ("ALLOW", "REQUIRE_APPROVAL", "DENY")


READS = ("open(", "os.", "socket", "subprocess", "time.time", ".now(", "utcnow", "random",
         "environ", "__import__", "eval(", "exec(", "input(", "print(")  # fmt: skip


@pytest.mark.parametrize("name", starters())
def test_an_engine_does_no_input_or_output_and_has_no_clock(name: str) -> None:
    code = "\n".join(_without_texts(engine_source(load_bundle(name))))
    assert not [word for word in READS if word in code]


def _without_texts(source: str) -> Iterator[str]:
    import ast  # noqa: PLC0415  # used here alone

    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=function):
                yield f"{ast.unparse(function)}("
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str() as module):
                yield module


PRINT = """
import sys
from govlab.bundle import load_bundle
from govlab.exporting import engine_source
sys.stdout.buffer.write(engine_source(load_bundle(sys.argv[1])).encode())
"""


@pytest.mark.parametrize("name", ["coding-agent", "prod-safety"])
def test_equal_bytes_in_every_process(name: str) -> None:
    here = engine_source(load_bundle(name)).encode()
    for seed in ("0", "1"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", PRINT, name], env=environment,
                              capture_output=True, check=True)  # fmt: skip
        assert done.stdout == here


@pytest.mark.parametrize("name", starters())
def test_the_text_passes_ruff(name: str) -> None:
    pytest.importorskip("ruff", reason="ruff is the judge")
    source = engine_source(load_bundle(name))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "-",
         "--select", "F,E9,W,PLE"],
        input=source, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stdout == ""


def test_an_engine_carries_nothing_that_its_bundle_does_not_call(tmp_path: Path) -> None:
    rule = {"condition": "env == 'a'", "decision": "DENY"}
    tree = {"name": "b", "policies": [{"name": "p", "rules": [rule]}]}
    plain = engine_source(bundle_of(tree, tmp_path / "plain"))
    rule["condition"] = "shell(env).programs.exists(p, p == 'rm')"
    shell = engine_source(bundle_of(tree, tmp_path / "shell"))
    for word in ("ShellWord", "ip_address", "def read_url", "ZoneInfo(name", "class Automaton"):
        assert word not in plain
    assert "class ShellWord" in shell
    assert len(plain) < 75_000 < len(shell)


def test_the_conditions_of_rules_can_be_read_in_it(tmp_path: Path) -> None:
    rule = {"condition": "env == 'a' && cost > 3.0", "decision": "DENY"}
    tree = {"name": "b", "policies": [{"name": "p", "rules": [rule]}]}
    assert 'env == "a" && cost > 3.0' in engine_source(bundle_of(tree, tmp_path))


# -- equal to the oracle ---------------------------------------------------------------------------


def test_random_bundles_and_rows(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(BUNDLES):
        rng = random.Random(f"export {seed}")
        try:
            bundle = bundle_of(generators.bundle(rng), tmp_path / str(seed))
        except BundleError:  # what it made up does not check: the loader's matter
            seen["refused"] += 1
            continue
        lacking = frozenset(rng.sample(["env", "region", "args", "amount"], rng.choice([0, 0, 1])))
        rows = [
            (
                {n: v for n, v in row.items() if n not in lacking},
                generators.unknown_of(row, lacking),
            )
            for row in generators.rows(rng, ROWS)
        ]
        plan, engine = compile_plan(bundle), engine_of(bundle)
        assert differing(plan, engine, rows) == []
        seen.update(engine.decide(e, unknown=u).status for e, u in rows)
    assert seen["refused"] < BUNDLES / 2
    assert min(seen["error"], seen["undecidable"], seen["decided"]) > 0


# -- hostile ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def nothing_of_a_bundle_runs() -> Iterator[None]:
    yield
    assert not hasattr(builtins, "pwned")


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_a_bundles_words_never_become_code(word: str, tmp_path: Path) -> None:
    try:
        plan = plan_of(tmp_path, hostile_bundle(word))
    except BundleError:  # the loader refuses some characters; a plan may have them all the same
        plan = plan_of(tmp_path / "plain", hostile_bundle("plain"))
    for each in (plan, hostile_plan(plan, word)):
        source = plan_source(each, {f"{word}0/0": word})
        source.encode()  # what cannot be encoded could not be written to a file
        engine = open_engine(source)
        for tool, path in product((word, f"{word}x", None), (word, "y")):
            event = {"tool": tool, "args": {"path": path}, "region": word, "actor": word}
            assert engine.decide(event).to_dict() == decide(each, event).to_dict()


def test_a_regular_expression_that_would_explode_does_not(tmp_path: Path) -> None:
    rule = {"condition": "env.matches('^(a|a|aa)*(a+)+(.*a){9}$')", "decision": "DENY"}
    tree = {"name": "b", "policies": [{"name": "p", "rules": [rule]}]}
    engine = engine_of(bundle_of(tree, tmp_path))
    assert engine.decide({"env": "a" * 100_000 + "!"}).reason == "no_rule"  # else it never ends
    assert engine.decide({"env": "a" * 100_000}).reason != "no_rule"


# -- whatever it is given --------------------------------------------------------------------------


class _Raising(dict[str, object]):
    def get(self, key: object, default: object = None) -> object:
        raise RuntimeError(key, default)


def _nested(depth: int) -> object:
    found: object = 1
    for _ in range(depth):
        found = [found]
    return found


BAD: list[object] = [
    None, 3, "text", [], b"", object(), _Raising(), {1: 2}, {"tool": _nested(100_000)},
    {"args": _nested(100_000), "tool": "aws-cli"}, {"args": "[" * 1_000_000, "tool": "sh"},
    {"malformed_columns": 3, "tool": "x"}, {"ts": object(), "tool": "x", "env": float("nan")},
    {"tool": "\ud800", "env": "production"}, {"cost_micro_usd": 10**400, "tool": "aws-cli"},
    {"risk_tags": {"a": 1}, "tool": "x"}, {"tool": "x" * 5_000_000},
]  # fmt: skip


@pytest.mark.parametrize("event", BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("name", ["prod-safety", "coding-agent"])
def test_decide_never_raises(event: object, name: str) -> None:
    decision = engine_of(name).decide(event)
    assert decision.decision in ("DENY", "ALLOW", "REQUIRE_APPROVAL")
    assert decision.digest == load_bundle(name).digest
    if not isinstance(event, dict) or isinstance(event, _Raising):
        assert (decision.decision, decision.status, decision.reason) == (
            "DENY", "error", "engine_error",
        )  # fmt: skip


def test_what_callers_use_is_public() -> None:
    engine = engine_of("prod-safety")
    assert set(PUBLIC) == set(engine.module.__all__)
    assert all(hasattr(engine.module, name) for name in PUBLIC)
