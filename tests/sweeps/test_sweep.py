"""Every point of a sweep is what loading its values and replaying the log says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import govlab
from govlab.cube import build_cube, read_cube, write_cube
from govlab.errors import UsageError
from govlab.report.sweep import sweep_chart, sweep_text
from govlab.sweeps import Figure, Point
from govlab.sweeps.frontier import frontier, objectives_of
from tests import generators

_TREE: dict[str, Any] = {
    "name": "limits", "version": "1.0.0", "default": "ALLOW",
    "params": {
        "most": {"value": 10.0, "range": [0.0, 1000.0]}, "rows": 5, "envs": ["production"],
        "strict": False, "since": {"value": "2026-01-01T00:00:00Z", "type": "timestamp"},
    },
    "policies": [
        {"name": "money", "rules": [
            {"id": "dear", "condition": "cost > params.most && env in params.envs",
             "decision": "REQUIRE_APPROVAL", "approvers": ["ann"], "expires_after": "1h"},
        ]},
        {"name": "size", "rules": [
            {"id": "big", "condition": "records_affected > params.rows", "decision": "DENY"},
        ]},
        {"name": "time", "rules": [
            {"id": "late", "condition": "params.strict && ts < params.since", "decision": "DENY"},
        ]},
        {"name": "still", "rules": [
            {"id": "gone", "condition": "tool == 'rm'", "decision": "DENY"},
        ]},
    ],
}  # fmt: skip
_REMEDY = {
    "id": "cut", "condition": "records_affected > params.rows", "decision": "REMEDIATE",
    "remediation": {"set": {"records_affected": "3"}, "suggestion": "fewer", "apply": "automatic"},
}  # fmt: skip


def _bundle(folder: Path, tree: dict[str, Any] = _TREE) -> Path:
    folder.mkdir(parents=True)
    (folder / "bundle.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return folder


def _log() -> pl.DataFrame:
    height = 400
    at = range(height)
    return pl.DataFrame({
        "event_id": [f"e{n}" for n in at],
        "ts": pl.Series([f"2026-01-{1 + n % 9:02}T00:00:00Z" for n in at]).str.to_datetime(
            time_unit="us", time_zone="UTC"),
        "tool": [("rm", "ls", None)[n % 3] for n in at],
        "env": [("production", "dev", None, "test")[n % 4] for n in at],
        "cost_micro_usd": [None if n % 11 == 0 else n * 250_000 for n in at],
        "records_affected": [None if n % 13 == 0 else n % 21 for n in at],
        "harmful": [None if n % 5 else n % 2 == 0 for n in at],
        "unknown_columns": ["env" if n % 29 == 0 else None for n in at],
    })  # fmt: skip


def _as_loaded(tree: dict[str, Any], values: dict[str, Any], folder: Path) -> Path:
    """The bundle with `values` written into its file."""
    params = dict(tree["params"])
    for name, value in values.items():
        known = params[name]
        params[name] = {**known, "value": value} if isinstance(known, dict) else value
    return _bundle(folder, {**tree, "params": params})


def _check(point: Point, log: pl.DataFrame, tree: dict[str, Any], folder: Path) -> None:
    values = {n: list(v) if isinstance(v, tuple) else v for n, v in point.params.items()}
    bundle = govlab.load_bundle(_as_loaded(tree, values, folder))
    assert point.digest == bundle.digest
    counts = govlab.replay(log, bundle).summary
    assert point.decisions == counts.decisions
    found = {"default": point.default, "error": point.error, "undecidable": point.undecidable}
    assert found == {origin: counts.origins[origin] for origin in found}


@pytest.mark.parametrize("remedied", [False, True])
def test_every_point_is_a_replay_of_its_bundle(tmp_path: Path, remedied: bool) -> None:
    tree = _TREE
    if remedied:
        tree = {**_TREE, "policies": [*_TREE["policies"], {"name": "cure", "rules": [_REMEDY]}]}
        tree["policies"] = [p for p in tree["policies"] if p["name"] != "size"]
    swept: dict[str, list[Any]] = {
        "most": [1.0, 20.5], "rows": [2, 19], "strict": [True, False],
        "envs": [["production"], ["dev", "test"]], "since": ["2026-01-04T00:00:00Z"],
    }  # fmt: skip
    found = govlab.sweep(_log(), _bundle(tmp_path / "base", tree), swept)
    assert len(found.points) == 16
    assert len({point.digest for point in found.points}) == 16
    for at, point in enumerate(found.points):
        _check(point, _log(), tree, tmp_path / str(at))


def _rules(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rules of a bundle and of what it extends."""
    yield from (rule for policy in tree["policies"] for rule in policy["rules"])
    yield from _rules(tree["parent"]) if "parent" in tree else ()


def _without_remedies(tree: dict[str, Any]) -> dict[str, Any]:
    for rule in _rules(tree):
        if rule["decision"] == "REMEDIATE":
            rule["decision"] = "ALLOW"
            rule.pop("remediation", None)
    return tree


def _random(rng: random.Random) -> dict[str, Any]:
    """A bundle, maybe in a chain, two of whose policies name params."""
    tree = _without_remedies(generators.bundle(rng))
    moving = [
        {"name": "money", "rules": [
            {"condition": "amount > params.most", "decision": "ALLOW_WITH_CONSTRAINTS",
             "constraints": {"max_cost": 5.0}}]},
        {"name": "rows", "rules": [
            {"condition": "has(event.tokens_in) && tokens_in > params.rows",
             **rng.choice([{"decision": "ALLOW"}, {"decision": "DENY"},
                           {"decision": "REQUIRE_APPROVAL", "approvers": ["ann"]}])}]},
    ]  # fmt: skip
    for policy in moving:
        tree["policies"].insert(rng.randrange(len(tree["policies"]) + 1), policy)
    return tree | {"params": {"most": 0.25, "rows": 1}}


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 21, 24, 27])  # the last are chains
def test_points_of_random_bundles_are_replays(tmp_path: Path, seed: int, marked: bool) -> None:
    rng = random.Random(f"sweep-{seed}")
    tree = _random(rng)
    log = generators.frame_of(generators.rows(rng, 150))
    log = log if marked else log.drop("unknown_columns", "malformed_columns")
    swept = {"most": [-1.0, 0.75], "rows": [0, 4]}
    found = govlab.sweep(log, generators.write(tree, tmp_path / "base"), swept)
    for at, point in enumerate(found.points):
        own = {**tree, "params": dict(point.params)}
        counts = govlab.replay(log, generators.write(own, tmp_path / str(at))).summary
        assert point.decisions == counts.decisions
        told = {"default": point.default, "error": point.error, "undecidable": point.undecidable}
        assert told == {origin: counts.origins[origin] for origin in told}


def test_labels_are_counted_by_what_becomes_of_them(tmp_path: Path) -> None:
    log = _log()
    found = govlab.sweep(log, _bundle(tmp_path / "b"), {"rows": [2, 19]})
    for point in found.points:
        decided = govlab.replay(
            log, _as_loaded(_TREE, dict(point.params), tmp_path / str(point.params["rows"]))
        ).frame.collect()
        stopped = decided["decision"].is_in(["DENY", "REQUIRE_APPROVAL"])
        sure = decided["status"] != "undecidable"
        harmful = log["harmful"].fill_null(False)
        wanted = Figure(int((stopped & sure & harmful).sum()), int(harmful.sum()))
        assert point.figures["harmful_stopped"] == wanted
        assert point.figures["held_per_day"].denominator == 8


def test_the_log_is_read_once_and_only_named_policies_are_loaded_again(tmp_path: Path) -> None:
    cube = build_cube(_log(), [_bundle(tmp_path / "b")])
    values = {"strict": [True, False], "envs": [["dev"], ["production"]]}
    found = govlab.sweep(cube, tmp_path / "b", values)
    assert found.cube is cube
    with pytest.raises(UsageError, match="reads `cost`, and the cube does not part it at 2000001"):
        govlab.sweep(cube, tmp_path / "b", {"most": [2.0]})


def test_a_cube_file_is_swept_as_its_log_is(tmp_path: Path) -> None:
    bundle = _bundle(tmp_path / "b")
    others = [_as_loaded(_TREE, {"most": v}, tmp_path / str(v)) for v in (5.0, 7.0)]
    write_cube(build_cube(_log(), [bundle, *others]), tmp_path / "c.parquet")
    values = {"most": [5.0, 7.0, 10.0]}
    on_cube = govlab.sweep(read_cube(tmp_path / "c.parquet"), bundle, values)
    assert on_cube.points == govlab.sweep(_log(), bundle, values).points


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"mots": [1.0]}, "no param `mots`; did you mean `most`"),
        ({"rows": ["1.5"]}, "`rows` is of type int, and `1.5`"),
        ({"rows": [True]}, "`rows` is of type int"),
        ({"most": [2000.0]}, "outside its range"),
        ({"strict": ["yes"]}, "of type bool"),
        ({"rows": []}, "1 to 100,000 points"),
    ],
)
def test_what_is_no_value_is_said(tmp_path: Path, params: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        govlab.sweep(_log(), _bundle(tmp_path / "b"), params)


def _point(**figures: float) -> Point:
    made = {name: Figure(round(value * 100), 100) for name, value in figures.items()}
    return Point({}, "", {}, 0, 0, 0, made)


def test_the_frontier_holds_what_no_point_beats() -> None:
    points = [
        _point(held=0.1, denied=0.5), _point(held=0.2, denied=0.5), _point(held=0.3, denied=0.7),
        _point(held=0.1, denied=0.5), _point(held=0.05, denied=0.1),
    ]  # fmt: skip
    assert frontier(points, objectives_of(["held:min", "denied:max"])) == (0, 2, 3, 4)
    assert frontier(points, objectives_of(["held:min", "denied:min"])) == (4,)


def test_the_page_and_the_chart_show_what_was_aimed_at(tmp_path: Path) -> None:
    found = govlab.sweep(_log(), _bundle(tmp_path / "b"), {"most": [1.0, 20.5], "rows": [2, 19]})
    page = sweep_text(found)
    assert page.startswith("4 points of limits 1.0.0")
    assert "harmful_stopped as high as can be" in page
    chart = sweep_chart(found).to_dict()
    said = chart["title"]
    assert said["text"] == "What does each value of most and rows cost, and what does it stop?"
    best = len(found.frontier)
    assert said["subtitle"].startswith(f"{best} of 4 points ")
    (marks,) = chart["datasets"].values()
    assert (
        sum(mark["points"].count(";") + 1 for mark in marks) == 4
    )  # one mark where they lie alike
    assert len({(mark["x"], mark["y"]) for mark in marks}) == len(marks)
    assert all(("most " in mark["label"]) == mark["kind"].startswith("no") for mark in marks)
