"""Message lists: tau-bench, plain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govlab.log.adapters.openai_messages import MESSAGES, TAUBENCH
from govlab.log.ingestion import ingest
from govlab.log.records import Action, Format, Options, Record, Run
from govlab.log.scan import scan_log, scan_runs
from govlab.log.sources import Source
from tests.log.fixtures import answer, asks, write

CALL = {"id": "c", "type": "function", "function": {"name": "book", "arguments": '{"n": 1}'}}
TRAJ = [{"role": "user", "content": "hi"}, asks(CALL), answer("c", content="Error: sold out")]


def records(known: Format, tmp_path: Path, *documents: Any) -> list[Record]:
    """What the adapter yields for a file of documents."""
    path = write(tmp_path / "f.jsonl", *documents)
    return list(known.read(Source(path, path.name), Options()))


def test_a_trajectory(tmp_path: Path) -> None:
    run, action = records(
        TAUBENCH, tmp_path, {"task_id": 3, "trial": 1, "reward": 0.9, "traj": TRAJ}
    )
    assert isinstance(run, Run)
    assert isinstance(action, Action)
    assert (run.values["utility"], run.values["reward"], run.values["prompt"]) == (True, 0.9, "hi")
    assert (action.values["tool"], action.values["args"]) == ("book", '{"n": 1}')
    assert (action.values["executed"], action.values["outcome"]) == (True, "error")


@pytest.mark.parametrize(
    ("reward", "want"), [(1.0, True), (0.37, True), (0.0, False), (None, None)]
)
def test_a_reward_below_one_with_step_penalties_is_success(
    tmp_path: Path, reward: float | None, want: bool | None
) -> None:
    (run,) = records(TAUBENCH, tmp_path, {"task_id": 3, "reward": reward, "traj": []})
    assert isinstance(run, Run)
    assert run.values["utility"] is want


def test_runs_are_told_apart_by_content_never_by_file_name(tmp_path: Path) -> None:
    one = {"task_id": 3, "trial": 0, "reward": 1.0, "traj": TRAJ}
    other = {**one, "traj": [*TRAJ, {"role": "user", "content": "bye"}]}
    first, second, third = (
        [r.values["run_id"] for r in records(TAUBENCH, tmp_path / name, doc) if isinstance(r, Run)]
        for name, doc in (("a", one), ("b", one), ("c", other))
    )
    assert first == second != third


def test_plain_messages_by_object_or_list(tmp_path: Path) -> None:
    whole = tmp_path / "f.json"
    whole.write_text(json.dumps([{"messages": TRAJ, "model": "m", "id": "x"}]))
    run, action = MESSAGES.read(Source(whole, whole.name), Options())
    assert isinstance(run, Run)
    assert isinstance(action, Action)
    assert (action.values["run_id"], action.values["model"]) == ("x", "m")


def test_taubench_equals_an_independent_count(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "native" / "taubench"
    runs = [run for file in source.rglob("*.json") for run in json.loads(file.read_bytes())]
    calls = sum(
        len(m.get("tool_calls") or ()) for r in runs for m in r["traj"] if m["role"] == "assistant"
    )
    report = ingest([source], tmp_path / "log")
    assert (report.events, report.runs) == (calls, len(runs))
    failed = sum(
        m["role"] == "tool" and m["content"].startswith("Error") for r in runs for m in r["traj"]
    )
    rows = scan_log(tmp_path / "log").collect()
    assert (rows["outcome"] == "error").sum() == failed
    table = scan_runs(tmp_path / "log")
    assert table is not None
    assert table.collect()["utility"].sum() == sum(run["reward"] > 0 for run in runs)
