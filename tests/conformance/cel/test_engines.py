"""Every engine of this checkout against the reference walker: random conditions on whole frames.

`GOVLAB_PROFILE=deep` runs 200,000 rows for each engine instead of 12,000.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from govlab.backends.reference.walker import evaluate
from govlab.lang.checker import Scope, check
from govlab.lang.nodes import variables
from govlab.lang.parser import parse
from govlab.runtime.states import ABSENT, MALFORMED, UNKNOWN, Mark
from tests.conformance.cel.engines import ENGINES, engine
from tests.conformance.cel.expressions import TYPES, VARIABLES, expression, row
from tests.conformance.cel.vectors import identical

ROWS = 30
EXPRESSIONS = 100
SEEDS = range(67 if os.environ.get("GOVLAB_PROFILE") == "deep" else 4)


def states(rng: random.Random) -> dict[str, Any]:
    """A row in which any state of an attribute occurs."""
    marked = {name: rng.choice((MALFORMED, UNKNOWN)) for name in VARIABLES if rng.random() < 0.1}
    return {**row(rng), **marked}


def differing(text: str, rows: list[dict[str, Any]], run: Any, seen: Counter[str]) -> Iterator[str]:
    node = check(parse(text), Scope(VARIABLES), want=None).node
    types = {name: VARIABLES[name] for name in sorted(variables(node))}
    for given, theirs in zip(rows, run(node, types, rows), strict=True):
        ours = evaluate(node, given)
        marks = isinstance(ours, Mark) or isinstance(theirs, Mark)
        seen[ours.value if isinstance(ours, Mark) else "value"] += 1
        if not (ours is theirs if marks else identical(ours, theirs)):
            used = {name: given[name] for name in types}
            yield f"{text}: {theirs!r} is not {ours!r} where {used}"


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "reference"])
@pytest.mark.parametrize("seed", SEEDS)
def test_random_conditions_give_what_the_reference_gives(name, seed):
    run = engine(name)
    if run is None:
        pytest.skip(f"this checkout has no back-end `{name}`")
    rng, seen = random.Random(seed), Counter[str]()
    for at in range(EXPRESSIONS):
        kind = TYPES[at // 2 % len(TYPES)] if at % 2 else "bool"
        text = expression(kind, rng, rng.choice((1, 2, 2, 3, 4)))
        assert list(differing(text, [states(rng) for _ in range(ROWS)], run, seen)) == []
    assert min(seen[word] for word in ("value", "error", "unknown")) > 0.05 * seen.total()


TEXTS = ["7 < i", "i > 7", "'ab' >= s", "0.5 == d", "i / j > 1 || b", "xs.exists(x, x == i)",
         "m.k + size(ss)", "t < timestamp('2026-01-01T00:00:00Z')", "'a' in ss || !b"]  # fmt: skip


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("text", TEXTS)
def test_small_frames_and_columns_of_one_value(name, text):
    run = engine(name)
    if run is None:
        pytest.skip(f"this checkout has no back-end `{name}`")
    some, none = row(random.Random(1)), dict.fromkeys(VARIABLES, ABSENT)
    for rows in ([], [some], [none], [some, some], [none] * 3, [none, some]):
        assert list(differing(text, rows, run, Counter())) == [], len(rows)
