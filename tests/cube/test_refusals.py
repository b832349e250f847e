"""What a cube cannot tell apart is refused by name, and nothing that no rule reads is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import govlab
from govlab.cli.main import run
from govlab.cube import build_cube, read_cube, write_cube
from govlab.errors import LogError, UsageError

_ATTRIBUTES = {"args.to": "string", "args.n": "int"}


def _bundle(folder: Path, condition: str, **more: Any) -> Path:
    folder.mkdir()
    rule = {"id": "r", "condition": condition, "decision": "DENY"}
    tree = {"name": folder.name, "version": "1.0.0", "default": "ALLOW", "attributes": _ATTRIBUTES,
            "policies": [{"name": "p", "rules": [rule]}], **more}  # fmt: skip
    (folder / "bundle.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    return folder


@pytest.fixture
def log() -> pl.DataFrame:
    return pl.DataFrame({
        "tool": ["send"] * 60,
        "resource": [f"secret-{n}" for n in range(60)],
        "principal": [f"person-{n}" for n in range(60)],
        "args": [json.dumps({"to": f"p{n}@example.com", "n": n, "body": "hush"})
                 for n in range(60)],
        "cost_micro_usd": [n * 1000 for n in range(60)],
    })  # fmt: skip


def _texts(cube: Any) -> str:
    return repr(cube.frame.rows())


def test_nothing_that_no_rule_reads_is_in_it(log: pl.DataFrame, tmp_path: Path) -> None:
    rules = "args.to == 'p3@example.com' || cost > 0.01"
    cube = build_cube(log, [_bundle(tmp_path / "b", rules)])
    assert cube.events == 60
    assert cube.classes == 3
    assert not [w for w in ("secret-", "person-", "hush", "body") if w in _texts(cube)]


def test_hashes_stand_for_texts_that_are_only_compared(log: pl.DataFrame, tmp_path: Path) -> None:
    bundle = _bundle(tmp_path / "b", "args.to == 'p3@example.com' && resource != 'secret-3'")
    shown = _texts(build_cube(log, [bundle], hashed=True))
    assert "p3@example.com" in shown
    assert "sha256:" in shown
    assert "p0@example.com" not in shown
    assert "secret-0" not in shown
    assert "p0@example.com" in _texts(build_cube(log, [bundle]))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("resource == 'secret-3'", "`other` reads `resource`, and the cube does not have it"),
        ("args.to == 'p4@example.com'", "`args.to`, and the cube was made for other conditions"),
        ("args.n > 3", "`args.n`, and the cube does not have it"),
        ("cost > 0.02", "`cost`, and the cube does not part it at 20001"),
        ("cost_micro_usd % 2 == 0", "`cost_micro_usd`, and the cube knows it only in steps"),
    ],
)
def test_another_question_is_refused_by_name(
    log: pl.DataFrame, tmp_path: Path, condition: str, said: str
) -> None:
    own = _bundle(tmp_path / "b", "args.to == 'p3@example.com' || cost > 0.01")
    write_cube(build_cube(log, [own]), tmp_path / "c.parquet")
    with pytest.raises(UsageError, match="make the cube again") as refused:
        govlab.replay(tmp_path / "c.parquet", _bundle(tmp_path / "other", condition))
    assert said in str(refused.value)


def test_a_column_that_the_log_never_had_is_as_unknown(log: pl.DataFrame, tmp_path: Path) -> None:
    cube = build_cube(log, [_bundle(tmp_path / "b", "cost > 0.01")])
    other = _bundle(tmp_path / "other", "env == 'production'")
    found = govlab.replay(cube, other).summary
    assert found == govlab.replay(log, other).summary
    assert found.origins["undecidable"] == 60


def test_history_filters_and_single_events_are_refused(log: pl.DataFrame, tmp_path: Path) -> None:
    counted = {"history": {"seen": {"count": "true", "per": ["tool"]}}}
    past = _bundle(tmp_path / "past", "history.seen > 3", **counted)
    with pytest.raises(UsageError, match="reads history"):
        build_cube(log, [past])
    own = _bundle(tmp_path / "b", "cost > 0.01")
    cube = build_cube(log, [own])
    with pytest.raises(UsageError, match="no single events to filter"):
        govlab.replay(cube, own, where="tool == 'send'")
    with pytest.raises(UsageError, match="no single events"):
        govlab.replay(cube, own).events("DENY")
    with pytest.raises(UsageError, match="make it again with `--by principal`"):
        govlab.replay(cube, own, by=["principal"])
    with pytest.raises(UsageError, match="no column `enw` to cut by"):
        build_cube(log, [own], by=["enw"])


def test_other_readers_of_logs_refuse_a_cube(log: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    write_cube(build_cube(log, [_bundle(tmp_path / "b", "cost > 0.01")]), path)
    with pytest.raises(LogError, match="this is a cube"):
        govlab.scan_log(path)
    with pytest.raises(LogError, match="no cube"):
        read_cube(tmp_path / "b" / "bundle.yaml")


def test_the_commands_say_the_same(
    log: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "log.parquet", tmp_path / "c.parquet"
    log.write_parquet(table)
    own = str(_bundle(tmp_path / "b", "cost > params.most", params={"most": 0.01}))
    assert run(["cube", str(table), "--bundle", own, "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["events"], said["classes"]) == (60, 2)
    counts = []
    for source in (table, out):
        assert run(["replay", str(source), own, "--json"]) == 0
        counts.append(json.loads(capsys.readouterr().out))
    assert counts[0]["decisions"] == counts[1]["decisions"]
    assert counts[0]["replayability"] == counts[1]["replayability"]
    chart = tmp_path / "chart.json"
    swept = ["sweep", str(table), own, "--param", "most=0.01:0.05:5", "--chart", str(chart)]
    assert run([*swept, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["points"]) == 5
    assert found["frontier"]
    assert chart.exists()
    assert run(["sweep", str(table), own, "--param", "most=x"]) == 2
    assert run(["scorecard", str(out)]) == 2


def test_one_argument_of_two_types_is_refused_by_both_names(
    log: pl.DataFrame, tmp_path: Path
) -> None:
    """Where neither reads a value as the other does, one cell cannot stand for both."""
    number = _bundle(tmp_path / "a", "args.n > 3")
    text = _bundle(tmp_path / "b", "args.n == '3'", attributes={"args.n": "string"})
    said = (
        r"`a` 1\.0\.0 \(\w{12}\) reads `args\.n` as `int`, `b` 1\.0\.0 \(\w{12}\) as `string`: "
        "a cube keeps one reading of each value; declare it alike in both, or make a cube for each"
    )
    with pytest.raises(UsageError, match=said):
        build_cube(log, [number, text])
    unread = _bundle(tmp_path / "c", "args.to == 'x'", attributes={**_ATTRIBUTES, "args.n": "bool"})
    assert build_cube(log, [number, unread]).events == 60
    write_cube(build_cube(log, [number]), tmp_path / "c.parquet")
    with pytest.raises(
        UsageError, match=r"`b` reads `args\.n` as `string`, and the cube has it as"
    ):
        govlab.replay(tmp_path / "c.parquet", text)


def test_a_cube_is_inspected_no_further_than_that_it_is_one(
    log: pl.DataFrame, tmp_path: Path
) -> None:
    write_cube(build_cube(log, [_bundle(tmp_path / "b", "args.n > 3")]), tmp_path / "c.parquet")
    with pytest.raises(LogError, match="rows stand for many events"):
        govlab.inspect_log(tmp_path / "c.parquet")
