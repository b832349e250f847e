"""AgentDojo run files and their traps."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from govlab.log.adapters.agentdojo import FORMAT, model_of
from govlab.log.ingestion import ingest
from govlab.log.records import Action, Bad, Options, Record, Run
from govlab.log.scan import scan_log, scan_runs
from govlab.log.sources import Source
from tests.log.fixtures import answer, asks, call, dojo, write

PROGENT = (
    "ValidationError: no. Please try other tools or arguments and continue to finish the user"
    " task: x"
)


def records(tmp_path: Path, *runs: Any) -> list[Record]:
    """What the adapter yields for a file of runs."""
    path = write(tmp_path / "runs.jsonl", *runs)
    return list(FORMAT.read(Source(path, path.name), Options()))


def actions(tmp_path: Path, *runs: Any) -> list[dict[str, Any]]:
    """The values of the actions alone."""
    return [dict(r.values) for r in records(tmp_path, *runs) if isinstance(r, Action)]


def test_a_run_and_its_calls(tmp_path: Path) -> None:
    run = dojo(asks(call("send_money", {"amount": 3}, "c1")), answer("c1"))
    first, *rest = records(tmp_path, run)
    assert isinstance(first, Run)
    assert first.values["run_id"] == "model-x/banking/user_task_0/none/none"
    assert first.values["prompt"] == "pay the bill"
    (action,) = [r.values for r in rest if isinstance(r, Action)]
    assert action["tool"] == "send_money"
    assert action["args"] == '{"amount":3}'
    assert (action["actor"], action["workflow"], action["system"]) == (
        "model-x",
        "banking",
        "agentdojo",
    )
    assert (action["executed"], action["outcome"]) == (True, "success")


@pytest.mark.parametrize(
    ("injection", "security", "want"),
    [("injection_task_1", True, True), ("injection_task_1", False, False), (None, True, None)],
)
def test_security_is_attack_success_only_with_an_injection(
    tmp_path: Path, injection: str | None, security: bool, want: bool | None
) -> None:
    run = dojo(injection_task_id=injection, attack_type="dos", security=security)
    (found,) = records(tmp_path, run)
    assert isinstance(found, Run)
    assert found.values["attack_succeeded"] is want
    assert found.values["attack"] == ("dos" if injection else None)


def test_a_run_without_calls_is_a_row_of_runs(tmp_path: Path) -> None:
    (found,) = records(tmp_path, dojo({"role": "assistant", "content": "no"}))
    assert isinstance(found, Run)


@pytest.mark.parametrize(
    "content", ["pay", [{"type": "text", "content": "pay"}], [{"text": "pay"}]]
)
def test_content_may_be_text_or_parts(tmp_path: Path, content: Any) -> None:
    run = dojo() | {
        "messages": [{"role": "user", "content": None}, {"role": "user", "content": content}]
    }
    (found,) = records(tmp_path, run)
    assert isinstance(found, Run)
    assert found.values["prompt"] == "pay"


def test_conversations_stand_for_messages(tmp_path: Path) -> None:
    run = dojo(asks(call("a", {}, "1")), answer("1"))
    run["conversations"] = run.pop("messages")
    assert [a["tool"] for a in actions(tmp_path, run)] == ["a"]


@pytest.mark.parametrize("ids", [(None, None), ("", ""), ("same", "same")])
def test_missing_or_repeated_ids_pair_by_order(tmp_path: Path, ids: tuple[Any, Any]) -> None:
    one, two = ids
    run = dojo(
        asks(call("a", {"n": 1}, one), call("a", {"n": 2}, two)), answer(one, "bad"), answer(two)
    )
    assert [a["outcome"] for a in actions(tmp_path, run)] == ["error", "success"]


def test_answers_pair_by_name_and_arguments_before_order(tmp_path: Path) -> None:
    run = dojo(
        asks(call("a", {"n": 1}), call("b", {"n": 2})),
        answer(None, "bad", tool_call=call("b", {"n": 2.0})),
        answer(None, None, tool_call=call("a", {"n": 1})),
    )
    assert [a["outcome"] for a in actions(tmp_path, run)] == ["success", "error"]


def test_an_answer_never_goes_to_a_call_with_another_id(tmp_path: Path) -> None:
    run = dojo(asks(call("a", {}, "x")), answer("y", "bad", tool_call=call("b", {}, "y")))
    assert "outcome" not in actions(tmp_path, run)[0]


def test_a_call_without_a_result_is_not_said_to_have_run(tmp_path: Path) -> None:
    (action,) = actions(tmp_path, dojo(asks(call("a", {}, "1"))))
    assert "executed" not in action
    assert "outcome" not in action


@pytest.mark.parametrize(
    ("notation", "want"),
    [
        ({"function": "f", "args": {"a": [1]}}, '{"a":[1]}'),
        ({"function": {"name": "f", "arguments": '{"a": [1]}'}, "type": "function"}, '{"a": [1]}'),
        ({"name": "f", "arguments": {"a": [1]}}, '{"a":[1]}'),
        ({"function": {"name": "f", "arguments": "{broken"}}, "{broken"),
        ({"function": "f", "args": None}, None),
    ],
)
def test_arguments_as_text_or_object_or_invalid(
    tmp_path: Path, notation: Any, want: str | None
) -> None:
    (action,) = actions(tmp_path, dojo(asks(notation)))
    assert (action["tool"], action["args"]) == ("f", want)


def test_duplicate_keys_in_arguments_survive_to_be_malformed(tmp_path: Path) -> None:
    text = json.dumps(dojo(asks(call("f", {"a": "A"})))).replace('{"a": "A"}', '{"a": 1, "a": 2}')
    assert actions(tmp_path, text)[0]["args"] == '{"a": 1, "a": 2}'


def test_a_policy_denial_looks_like_an_error_and_is_none(tmp_path: Path) -> None:
    turns = (
        asks(call("a", {}, "1"), call("b", {}, "2")),
        answer("1", PROGENT),
        answer("2", "ValueError"),
    )
    denied, failed = actions(tmp_path, dojo(*turns))
    assert (denied["decision"], denied["executed"], denied["outcome"]) == ("DENY", False, "blocked")
    assert (failed.get("decision"), failed["executed"], failed["outcome"]) == (None, True, "error")


def test_a_policy_that_let_a_call_pass_is_an_allow(tmp_path: Path) -> None:
    run = dojo(asks(call("a", {}, "1")), answer("1"), pipeline_name="gpt-progent")
    (action,) = actions(tmp_path, run)
    assert (action["decision"], action["policy"], action["model"]) == ("ALLOW", "progent", "gpt")


def test_a_run_of_the_wrong_shape_is_bad_and_the_others_stay(tmp_path: Path) -> None:
    good = dojo(asks(call("a", {}, "1")), answer("1"))
    found = records(tmp_path, good, dojo() | {"messages": "none"}, good)
    (bad,) = [r for r in found if isinstance(r, Bad)]
    assert bad.line == 2
    assert "expected `array | null`, got `str`" in bad.reason
    assert sum(isinstance(r, Action) for r in found) == 2


def test_nan_and_half_surrogates_do_not_lose_a_run(tmp_path: Path) -> None:
    text = json.dumps(dojo(asks(call("f", {"a": "Q"})))).replace('"Q"', '"\\ud83d"')
    (action,) = actions(tmp_path, text.replace('"duration": 1.0', '"duration": NaN'))
    assert action["args"] == '{"a": "\\ud83d"}'


def test_arguments_with_a_number_that_is_none_are_malformed(tmp_path: Path) -> None:
    text = json.dumps(dojo(asks(call("f", {"a": "Q"})))).replace('"Q"', "NaN")
    assert actions(tmp_path, text)[0]["args"] == '{"a": NaN}'


def test_the_defence_is_not_part_of_the_model() -> None:
    assert model_of("gpt-4o-2024-05-13-tool_filter") == "gpt-4o-2024-05-13"
    assert model_of("command-r") == "command-r"


def test_real_runs_equal_an_independent_count(shared: Path, tmp_path: Path) -> None:
    source = shared / "data" / "native" / "agentdojo"
    files = sorted(source.glob("runs/**/*.json"))
    labels = [json.loads(file.read_bytes()) for file in files]
    messages = [m for run in labels for m in run.get("messages") or run.get("conversations")]
    calls = sum(len(m.get("tool_calls") or ()) for m in messages if m["role"] == "assistant")
    report = ingest([source], tmp_path / "log")
    assert (report.events, report.runs, report.quarantined) == (calls, len(files), 0)
    assert scan_log(tmp_path / "log").select("event_id").collect()["event_id"].n_unique() == calls
    succeeded = sum(run["security"] for run in labels if run["injection_task_id"])
    runs = scan_runs(tmp_path / "log")
    assert runs is not None
    assert runs.select(pl.col("attack_succeeded").sum()).collect().item() == succeeded


PUBLISHED = {
    "gpt-4o-2024-05-13": (47.69, 50.08, 69.07),
    "gpt-4o-mini-2024-07-18": (27.19, 49.92, 68.04),
    "claude-3-5-sonnet-20240620": (33.86, 51.19, 79.38),
    "claude-3-haiku-20240307": (9.06, 33.39, 39.18),
    "command-r": (3.34, 30.84, 26.80),
}
"""Attack success, utility under attack, benign utility in percent (AgentDojo, 629 attack runs)."""


def rates(runs: pl.DataFrame, pipeline: str) -> tuple[int, tuple[float, float, float]]:
    """Attack runs of `pipeline`, and its three published figures from the runs table."""
    own = runs.filter(pl.col("agent_version") == pipeline)
    if own.is_empty():
        return 0, (0.0, 0.0, 0.0)
    attacked = own.filter(pl.col("attack") == "important_instructions")
    user_task = pl.col("labels").str.json_path_match("$.user_task_id").str.starts_with("user_task")
    benign = own.filter(pl.col("attack").is_null() & user_task)
    shares = [
        frame.select(pl.col(name).mean() * 100).item()
        for frame, name in (
            (attacked, "attack_succeeded"),
            (attacked, "utility"),
            (benign, "utility"),
        )
    ]
    success, under_attack, benign_utility = (round(share, 2) for share in shares)
    return attacked.height, (success, under_attack, benign_utility)


def test_published_figures_come_out_of_the_runs_table(shared: Path, tmp_path: Path) -> None:
    # the whole set, as `fetch_agentdojo` gives it, may lie elsewhere
    whole = os.environ.get("GOVLAB_AGENTDOJO", shared / "data" / "native" / "agentdojo")
    ingest([whole], tmp_path / "log")
    scanned = scan_runs(tmp_path / "log")
    assert scanned is not None
    runs = scanned.collect()
    complete = {name: found for name in PUBLISHED if (found := rates(runs, name))[0] == 629}
    if not complete:
        pytest.skip("no model's 629 attack runs are all here; fetch them and set GOVLAB_AGENTDOJO")
    assert {name: figures for name, (_, figures) in complete.items()} == {
        name: PUBLISHED[name] for name in complete
    }
