"""Bundles that share the reading of a log: each decides and counts as it does by itself."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.cube import build
from govlab.errors import BundleError, UsageError
from govlab.log import kinds, scan_log
from govlab.log.whole import whole_log
from govlab.replays import Replay, Replays, many, replay, replay_many
from govlab.synthesis import synth
from tests import generators, histories
from tests.work import steps

DEEP = os.environ.get("GOVLAB_PROFILE") == "deep"
_LOG = pl.DataFrame({
    "event_id": [f"e{n}" for n in range(40)],
    "tool": ["send", "rm"] * 20,
    "args": [json.dumps({"n": n}) for n in range(40)],
    "cost_micro_usd": [n * 1_000_000 for n in range(40)],
})  # fmt: skip


def alone(log: Any, bundle: Path, **how: Any) -> Replay:
    """The replay of one bundle, its events decided and counted row by row."""
    return replace(replay(log, bundle, **how), shared=None, kinds=None)


def texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Categories as texts: their numbers are of no matter."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))


def said(one: Replay) -> dict[str, Any]:
    """All that a replay counts."""
    return {name: value for name, value in one.to_dict().items() if name != "seconds"}


def differing(found: Replays, log: Any, bundles: Sequence[Path], **how: Any) -> list[str]:
    """The columns and counts in which replays that share differ from those that do not."""
    together = texts(found.frame.collect())
    odd = []
    for n, (one, bundle) in enumerate(zip(found, bundles, strict=True)):
        single = alone(log, bundle, **how)
        rows = texts(single.frame.collect())
        odd += [
            f"{bundle.name}: {c}"
            for c in rows.columns
            if not rows[c].equals(together["event_id" if c == "event_id" else f"{c}.{n}"])
        ]
        odd += [f"{bundle.name}: {key}" for key, value in said(single).items()
                if said(one)[key] != value]  # fmt: skip
    return odd


def random_bundles(rng: random.Random, folder: Path) -> list[Path]:
    """Two bundles of columns and one that reads history."""
    trees = [generators.bundle(rng), generators.bundle(rng), histories.bundle(rng)]
    return [generators.write(tree, folder / str(n)) for n, tree in enumerate(trees)]


@pytest.mark.parametrize("seed", range(40 if DEEP else 5))
def test_random_bundles_together(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "BATCH", 70)
    monkeypatch.setattr(build, "BATCH", 90)
    rng = random.Random(f"many-{seed}")
    bundles = random_bundles(rng, tmp_path)
    lacking = frozenset(rng.sample(["region", "args", "cost_micro_usd", "ts"], rng.choice([0, 1])))
    rows = [{n: v for n, v in e.items() if n not in lacking} for e in histories.rows(rng, 200)]
    log = generators.frame_of(rows, lacking)
    by = [name for name in ("env",) if name in log.columns]
    assert differing(replay_many(log, bundles, by=by), log, bundles, by=by) == []


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log on disk that has kinds."""
    folder = tmp_path_factory.mktemp("many") / "log"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kinds, "LEAST", 1)
        patched.setattr(kinds, "SPARSE", 1)
        synth(folder, events=3000, seed=5, profile="startup")
    assert whole_log(folder).kinds is not None
    return folder


def test_starters_on_a_log_with_kinds(stored: Path) -> None:
    names = ("prod-safety", "cloud-ops", "mcp-gateway", "coding-agent")
    bundles = [Path(__file__).parents[2] / "policies" / name for name in names]
    found = replay_many(stored, bundles, by=["workflow"])
    assert differing(found, stored, bundles, by=["workflow"]) == []


def test_filters_are_those_of_single_replays(stored: Path) -> None:
    bundles = [Path(__file__).parents[2] / "policies" / n for n in ("prod-safety", "cloud-ops")]
    how = {"where": "env == 'production'", "last": "7d"}
    found = replay_many(stored, bundles, **how)
    assert 0 < found[0].summary.events < 3000
    assert differing(found, stored, bundles, **how) == []


def _bundle(folder: Path, condition: str, **more: Any) -> Path:
    rules = [{"id": "r", "condition": condition, "decision": "DENY"}]
    tree = {"name": folder.name, "version": "1.0.0", "default": "ALLOW",
            "policies": [{"name": "p", "rules": rules}], **more}  # fmt: skip
    return generators.write(tree, folder)


def test_filters_that_bundles_understand_differently(tmp_path: Path) -> None:
    """What `where` reads is typed by each bundle, so that it may report other rows for each."""
    number = _bundle(tmp_path / "a", "args.n > 3", attributes={"args.n": "int"})
    text = _bundle(tmp_path / "b", "args.n == '3'", attributes={"args.n": "string"})
    found = replay_many(_LOG, [number, text], where="string(args.n) == '7'")
    for one, bundle in zip(found, (number, text), strict=True):
        assert said(one) == said(alone(_LOG, bundle, where="string(args.n) == '7'"))
    with pytest.raises(UsageError, match="declare differently"):
        _ = found.frame


def test_bundles_that_read_one_argument_as_different_types(tmp_path: Path) -> None:
    """What is no `int` is a number to `double`: their rows are told apart by each for itself."""
    texts = [f'{{"n": {n}}}' for n in ("1.5", "7.5", "2", "9", '"9"')]
    log = pl.DataFrame({"tool": ["t"] * 5, "args": texts})
    conditions = {"int": "args.n > 3", "double": "args.n > 3.0", "string": "args.n == '9'"}
    for order in itertools.permutations(conditions):
        bundles = [_bundle(tmp_path / "".join(order) / kind, f"has(args.n) && {conditions[kind]}",
                           attributes={"args.n": kind}) for kind in order]  # fmt: skip
        assert differing(replay_many(log, bundles), log, bundles) == []
    twice = replay_many(log, [bundles[0], *bundles])
    assert twice[0].shared is twice[1].shared
    assert twice[2].shared is not twice[1].shared


def test_what_single_replays_refuse(tmp_path: Path) -> None:
    good = _bundle(tmp_path / "a", "cost > 3.0")
    with pytest.raises(UsageError, match="no bundle at `prod-safty`"):
        replay_many(_LOG, [good, "prod-safty"])
    with pytest.raises(BundleError, match="did you mean `cost`"):
        replay_many(_LOG, [good, _bundle(tmp_path / "b", "cots > 3.0")])
    with pytest.raises(UsageError, match="no column `enw` to count by"):
        replay_many(_LOG, [good], by=["enw"])
    with pytest.raises(UsageError, match="no bundle"):
        replay_many(_LOG, [])


def test_cubes_have_counts_alone(tmp_path: Path) -> None:
    bundles = [_bundle(tmp_path / name, f"cost > {n}.0") for n, name in enumerate("ab")]
    found = replay_many(build.build_cube(_LOG, bundles), bundles)
    assert [one.summary for one in found] == [replay(_LOG, b).summary for b in bundles]
    with pytest.raises(UsageError, match="no single events"):
        _ = found.frame


def test_rows_that_hardly_repeat_are_counted_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_FEW_ROWS", 10)
    bundles = [_bundle(tmp_path / name, "cost_micro_usd % 7 == 0") for name in "ab"]
    found = replay_many(_LOG, bundles, by=["event_id"])
    assert found[0].shared is found[1].shared
    assert found[0].shared is not None
    assert found[0].shared.classes() is None
    assert said(found[0]) == said(alone(_LOG, bundles[0], by=["event_id"]))


def test_a_part_of_them_is_like_all(tmp_path: Path) -> None:
    bundles = [_bundle(tmp_path / name, f"cost > {n}.0") for n, name in enumerate("abc")]
    found = replay_many(_LOG, bundles)
    assert [one.bundle.name for one in found[1:]] == ["b", "c"]
    some = found[1:].frame.select("event_id", "decision.1").head(3).collect()
    assert some.rows() == [("e0", "ALLOW"), ("e1", "ALLOW"), ("e2", "ALLOW")]
    assert found.frame.filter(pl.col("decision.2") == "DENY").collect().height == 37


def test_the_log_is_read_once(stored: Path, tmp_path: Path) -> None:
    """Counting a further bundle costs its classes, not the log's rows."""
    log = scan_log(stored)
    bundles = [_bundle(tmp_path / name, f"cost > {n}.5") for n, name in enumerate("abcd")]
    found = replay_many(log, bundles)
    first = steps(lambda: found[0].summary)
    assert found[0].shared is not None
    assert found[0].shared.classes() is found[3].shared.classes()  # type: ignore[union-attr]
    assert steps(lambda: [one.summary for one in found[1:]]) < 3 * first
