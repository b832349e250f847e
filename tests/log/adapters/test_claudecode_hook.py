"""Claude Code hook records: one action per tool use, with what hooks answered."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from govlab.log import scan_runs
from tests.log.fixtures import column, log_of, quarantine, write

AT = "2026-01-01T00:00:0{}Z"


def hook(event: str = "PreToolUse", id: str | None = "t1", **more: Any) -> dict[str, Any]:
    call = {"tool_name": "Bash", "tool_input": {"command": "ls"}}
    known = {"tool_use_id": id} if id else {}
    return {
        "session_id": "s", "transcript_path": "/home/kim/x.jsonl", "cwd": "/repo",
        "permission_mode": "default", "hook_event_name": event, **call, **known, **more,
    }  # fmt: skip


def says(decision: str, reason: str = "because", **more: Any) -> dict[str, Any]:
    said = {"hookEventName": "PreToolUse", "permissionDecision": decision,
            "permissionDecisionReason": reason, **more}  # fmt: skip
    return {"hookSpecificOutput": said}


def at(second: int, record: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"timestamp": AT.format(second), "input": record, **more}


def test_one_action_per_tool_use(tmp_path: Path) -> None:
    path = write(
        tmp_path / "hooks.jsonl",
        at(0, {"session_id": "s", "hook_event_name": "SessionStart", "model": "m"}),
        at(1, {"session_id": "s", "hook_event_name": "UserPromptSubmit", "prompt": "list"}),
        at(2, hook(), output=says("allow")),
        at(3, hook("PostToolUse", tool_response={"stdout": "secret"})),
        at(4, hook(id="t2", tool_name="mcp__db__drop", tool_input={"table": "x"}),
           output=says("deny", "no drops")),
        at(5, hook(id="t3", tool_name="Read", tool_input={"file_path": "/a"}, agent_id="a1",
                   agent_type="explorer")),
        at(6, hook("PostToolUseFailure", id="t3", tool_name="Read", agent_id="a1")),
        at(7, {"session_id": "s", "hook_event_name": "Stop"}),
    )  # fmt: skip
    report, rows = log_of(path, out=tmp_path / "log")
    assert report.by_format == {"claudecode_hook": 3}
    assert report.skipped == {"hook SessionStart": 1, "hook UserPromptSubmit": 1, "hook Stop": 1}
    assert column(rows, "event_id") == ["t1", "t2", "t3"]
    assert column(rows, "args") == ['{"command":"ls"}', '{"table":"x"}', '{"file_path":"/a"}']
    assert column(rows, "decision") == ["ALLOW", "DENY", None]
    assert column(rows, "executed") == [True, False, True]
    assert column(rows, "outcome") == ["success", "blocked", "error"]
    assert column(rows, "server") == [None, "db", None]
    assert column(rows, "resource") == [None, None, "/a"]
    assert column(rows, "actor") == ["claude-code", "claude-code", "a1"]
    assert column(rows, "agent_role") == [None, None, "explorer"]
    assert column(rows, "step") == [0, 1, 2]
    assert (rows["ended_at"][0] - rows["started_at"][0]).total_seconds() == 1
    assert "secret" not in json.dumps(rows.to_dicts(), default=str)
    runs = scan_runs(tmp_path / "log")
    assert runs is not None
    assert runs.collect().select("run_id", "system", "model", "prompt").rows() == [
        ("s", "claude-code", "m", "list")
    ]


def lines(*calls: tuple[str, str | None]) -> list[dict[str, Any]]:
    """A transcript of session `s`: calls with what the tool gave back, if it did."""
    said = {"sessionId": "s", "timestamp": AT.format(1)}
    found: list[dict[str, Any]] = []
    for name, result in calls:
        block = {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": "ls"}}
        message = {"role": "assistant", "id": f"m{name}", "model": "m", "content": [block]}
        found.append({"type": "assistant", **said, "message": message})
        if result is not None:
            back = {"type": "tool_result", "tool_use_id": name, "content": result,
                    "is_error": result.startswith("The user")}  # fmt: skip
            found.append({"type": "user", **said, "message": {"role": "user", "content": [back]}})
    return found


REFUSED = "The user doesn't want to proceed with this tool use"


@pytest.mark.parametrize("names", [("a.jsonl", "b.jsonl"), ("b.jsonl", "a.jsonl")])
def test_a_call_of_a_transcript_and_of_hooks_is_one_row_whichever_file_comes_first(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    write(tmp_path / "in" / names[0], *lines(("t1", "done"), ("t2", REFUSED), ("t3", "done")))
    write(
        tmp_path / "in" / names[1],
        at(0, hook(id="t1"), output=says("ask", "look first")),
        at(2, hook("PostToolUse", id="t1")),
        at(3, hook(id="t2"), output=says("allow", "fine")),
        at(4, hook(id="t4"), output=says("deny")),
    )
    report, rows = log_of(tmp_path / "in", out=tmp_path / "log")
    assert report.by_format == {"claudecode": 3, "claudecode_hook": 1}
    assert (report.quarantined, report.duplicates) == (0, 0)
    assert report.skipped == {"hook record of a transcript's call": 2}
    by_id = {row["event_id"]: row for row in rows.to_dicts()}
    held, refused, plain, _ = (by_id[name] for name in ("t1", "t2", "t3", "t4"))
    assert (held["decision"], held["reason"]) == ("REQUIRE_APPROVAL", "look first")
    assert (held["approval_status"], held["outcome"]) == ("approved", "success")
    assert (held["model"], held["permission_mode"]) == ("m", "default")
    assert (refused["decision"], refused["approval_status"]) == ("REQUIRE_APPROVAL", "rejected")
    assert json.loads(refused["extra"])["decided_too"] == "ALLOW"
    assert plain["decision"] is None
    assert by_id["t4"]["decision"] == "DENY"


@pytest.mark.parametrize(
    ("answer", "mode", "decision", "executed"),
    [
        ({"output": says("ask")}, "default", "REQUIRE_APPROVAL", None),
        ({"output": says("allow", updatedInput={"command": "ls -l"})}, "default", "REMEDIATE",
         None),
        ({"output": says("allow")}, "bypassPermissions", None, None),
        ({"output": says("deny")}, "bypassPermissions", "DENY", False),
        ({"output": json.dumps(says("deny"))}, "default", "DENY", False),
        ({"exit_code": 2, "stderr": "stop"}, "default", "DENY", False),
        ({"output": {"decision": "approve"}}, "default", "ALLOW", None),
        ({"output": {"decision": "block", "reason": "x"}}, "default", "DENY", False),
        ({"output": {}}, "default", None, None),
        ({"exit_code": 0}, "default", None, None),
    ],
)  # fmt: skip
def test_answers(
    tmp_path: Path, answer: Any, mode: str, decision: str | None, executed: bool | None
) -> None:
    path = write(tmp_path / "a.jsonl", at(0, hook(permission_mode=mode), **answer))
    report, rows = log_of(path, out=tmp_path / "log")
    assert rows.select("decision", "executed").row(0) == (decision, executed)
    assert report.unmapped == {}
    assert column(rows, "permission_mode") == [mode]


def test_an_answer_that_defers_is_no_decision(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", at(0, hook(), output=says("defer")))
    report, rows = log_of(path, out=tmp_path / "log")
    assert (column(rows, "decision"), report.unmapped) == ([None], {"defer": 1})


def test_of_several_hooks_the_strictest_holds(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        at(0, hook(), output=says("allow")),
        at(0, hook(), output=says("deny", "second")),
        at(0, hook(), output=says("ask")),
    )
    _, rows = log_of(path, out=tmp_path / "log")
    assert rows.select("decision", "reason").rows() == [("DENY", "second")]


def test_bare_lines_and_answers_on_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", hook(), says("deny"), hook(id="t2"), says("allow"))
    _, rows = log_of(path, out=tmp_path / "log")
    assert column(rows, "decision") == ["DENY", "ALLOW"]
    assert set(column(rows, "time_source")) == {"none"}


def test_without_ids_input_pairs_the_lines(tmp_path: Path) -> None:
    other = {"tool_input": {"command": "pwd"}}
    path = write(
        tmp_path / "a.jsonl",
        hook(id=None), hook("PostToolUse", id=None), hook(id=None), hook(id=None, **other),
        hook("PostToolUseFailure", id=None, **other),
    )  # fmt: skip
    _, rows = log_of(path, out=tmp_path / "log")
    assert column(rows, "outcome") == ["success", None, "error"]
    assert rows["event_id"].n_unique() == 3


def test_a_person_was_asked(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        at(0, hook()), at(1, hook("PermissionRequest")), at(2, hook("PostToolUse")),
        at(3, hook(id="t2")), at(4, hook("PermissionRequest", id="t2")),
    )  # fmt: skip
    _, rows = log_of(path, out=tmp_path / "log")
    assert column(rows, "decision") == ["REQUIRE_APPROVAL"] * 2
    assert column(rows, "approval_status") == ["approved", None]
    assert column(rows, "approval_requested_at")[0].second == 1


def test_a_packed_list_and_broken_lines(tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "a.json.gz").write_bytes(gzip.compress(json.dumps([hook(), says("deny")]).encode()))
    write(source / "b.jsonl", hook(id="t9"), "{", {"x": 1}, says("ask"), {"y": 2})
    report, rows = log_of(source, out=tmp_path / "log")
    assert sorted(column(rows, "decision")) == ["DENY", "REQUIRE_APPROVAL"]
    assert report.skipped == {"no hook record": 2}
    assert len(quarantine(tmp_path / "log")) == 1


@pytest.mark.parametrize("prompt", [0, True, [1], {"a": 1}, 2**70])
def test_a_prompt_that_is_no_text(tmp_path: Path, prompt: Any) -> None:
    asked = {"session_id": "s", "hook_event_name": "UserPromptSubmit", "prompt": prompt}
    log_of(write(tmp_path / "a.jsonl", asked, hook()), out=tmp_path / "log")
    runs = scan_runs(tmp_path / "log")
    assert runs is not None
    told = runs.collect()["prompt"].to_list()
    assert told == [str(prompt) if isinstance(prompt, int) and prompt is not True else None]


def test_a_map_turns_words(tmp_path: Path) -> None:
    given = tmp_path / "map.yaml"
    given.write_text("decision_map: {defer: REQUIRE_APPROVAL}")
    path = write(tmp_path / "a.jsonl", at(0, hook(), output=says("defer")))
    _, rows = log_of(path, out=tmp_path / "log", map=given)
    assert column(rows, "decision") == ["REQUIRE_APPROVAL"]


def ours(decision: str, **more: Any) -> dict[str, Any]:
    return {"govlab": {"decision": decision, "rule": "r/1", "decision_mode": "enforced", **more}}


@pytest.mark.parametrize(
    ("answer", "mode", "wanted"),
    [
        ({**ours("ALLOW_WITH_CONSTRAINTS"), "output": says("allow")}, "default",
         ("ALLOW_WITH_CONSTRAINTS", "r/1", "enforced", None, None)),
        ({**ours("REQUIRE_APPROVAL"), "output": says("deny")}, "default",
         ("REQUIRE_APPROVAL", "r/1", "enforced", False, None)),
        ({**ours("DENY", decision_mode="monitor"), "output": {}}, "default",
         ("DENY", "r/1", "monitor", None, None)),
        ({**ours("DENY", decision_mode="monitor"), "output": says("deny")}, "default",
         ("DENY", "r/1", "monitor", False, None)),
        ({**ours("ALLOW"), "output": says("allow")}, "bypassPermissions",
         (None, None, None, None, None)),
        ({**ours("PERHAPS"), "output": says("deny")}, "default",
         ("DENY", None, None, False, None)),
        ({**ours("DENY", policy=3), "output": says("deny")}, "default",
         ("DENY", "r/1", "enforced", False, None)),
    ],
)  # fmt: skip
def test_what_govlab_decided_says_more_than_its_answer(
    tmp_path: Path, answer: Any, mode: str, wanted: tuple[Any, ...]
) -> None:
    path = write(tmp_path / "a.jsonl", at(0, hook(permission_mode=mode), **answer))
    _, rows = log_of(path, out=tmp_path / "log")
    names = ("decision", "rule", "decision_mode", "executed", "approval_requested_at")
    assert tuple(column(rows, name)[0] for name in names) == wanted


def test_a_watched_call_that_was_made_keeps_what_would_have_been_said(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jsonl", *lines(("t1", "done")))
    watched = ours("DENY", decision_mode="monitor", policy_digest="ab")
    write(tmp_path / "in" / "b.jsonl", at(0, hook(id="t1"), output={}, **watched))
    _, rows = log_of(tmp_path / "in", out=tmp_path / "log")
    names = ("decision", "decision_mode", "executed", "outcome", "policy_digest")
    assert [column(rows, name) for name in names] == [
        ["DENY"], ["monitor"], [True], ["success"], ["ab"],
    ]  # fmt: skip
