"""Langfuse exports: tool observations, LangGraph's nodes, BeeAI's events, calls only asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from govlab.log.adapters.langfuse import FORMAT
from govlab.log.ingestion import ingest
from govlab.log.records import Action, Bad, Options, Record, Run, Skipped
from govlab.log.scan import scan_log
from govlab.log.sources import Source
from tests.log.fixtures import log_of, quarantine, write

AT = "2026-01-01T00:00:00.00{}Z"


def observation(id: str, type: str = "TOOL", parent: str | None = None, **more: Any) -> Any:
    return {
        "id": id, "traceId": "t1", "type": type, "name": id, "parentObservationId": parent,
        "startTime": AT.format(1), "endTime": AT.format(2), "environment": "prod",
        "level": "DEFAULT", "input": '{"a":1}', "output": None, "costDetails": {}, "totalCost": 0,
        "usageDetails": {}, **more, "metadata": json.dumps(more.get("metadata", {})),
    }  # fmt: skip


def export(*observations: Any, **trace: Any) -> dict[str, Any]:
    known = {"id": "t1", "name": "work", "projectId": "p", "userId": None, "sessionId": None}
    return {"trace": known | trace, "observations": list(observations)}


def read(tmp_path: Path, *documents: Any) -> list[Record]:
    path = write(tmp_path / "export.jsonl", *documents)
    return list(FORMAT.read(Source(path, path.name), Options()))


def actions(found: list[Record]) -> list[dict[str, Any]]:
    return [dict(record.values) for record in found if isinstance(record, Action)]


def kinds(found: list[Record]) -> list[str]:
    return [record.kind for record in found if isinstance(record, Skipped)]


def test_a_tool_observation_with_its_trace(tmp_path: Path) -> None:
    attributes = {"attributes": {"gen_ai.agent.name": "clerk"}}
    found = read(
        tmp_path,
        export(
            observation("g", "GENERATION", "a"),
            observation("refund", parent="a", level="ERROR", costDetails={"total": 0.5}),
            observation("a", "AGENT", metadata=attributes),
            sessionId="s", userId="ann", tags=["x"], version="1",
            scores=[{"name": "ok", "value": 1}],
        ),
    )  # fmt: skip
    (row,) = actions(found)
    assert (row["event_id"], row["run_id"], row["step"]) == ("t1/refund", "s", 0)
    assert (row["tool"], row["args"], row["actor"]) == ("refund", '{"a":1}', "clerk")
    assert (row["tenant"], row["env"], row["workflow"]) == ("p", "prod", "work")
    assert (row["principal"], row["outcome"]) == ("ann", "error")
    assert row["cost_micro_usd"] == row["actual_cost_micro_usd"] == 500_000
    assert kinds(found) == ["GENERATION g", "AGENT a"]
    (run,) = (record.values for record in found if isinstance(record, Run))
    assert (run["run_id"], run["principal"], run["agent_version"]) == ("s", "ann", "1")
    assert json.loads(run["labels"]) == {"tags": ["x"], "scores": {"ok": 1}}


def test_a_total_of_zero_is_no_cost(tmp_path: Path) -> None:
    (row,) = actions(read(tmp_path, export(observation("x"))))
    assert "cost_micro_usd" not in row
    assert "cost_micro_usd" in FORMAT.hindsight


def test_tools_of_langgraph_are_spans_under_the_node_tools(tmp_path: Path) -> None:
    node = {"langgraph_node": "tools"}
    state, given = '{"messages": []}', "{'q': 'it\\'s', 'n': None}"
    found = read(
        tmp_path,
        export(
            observation("tools", "SPAN", metadata=node, input=state),
            observation("search", "SPAN", "tools", metadata=node, input=given),
            observation("should_continue", "SPAN", "tools", metadata=node, input=state),
            observation("agent", "SPAN", metadata={"langgraph_node": "agent"}, input=state),
        ),
    )  # fmt: skip
    (row,) = actions(found)
    assert (row["tool"], row["args"]) == ("search", '{"q":"it\'s","n":null}')
    assert kinds(found) == ["SPAN tools", "SPAN should_continue", "SPAN agent"]


def test_a_tool_that_takes_messages_is_one_where_langchain_says_so(tmp_path: Path) -> None:
    node = {"langgraph_node": "tools", "inputs": {"messages": []}}
    tool = observation("send", "SPAN", "tools", metadata=node, input="{'messages': []}")
    assert [row["tool"] for row in actions(read(tmp_path, export(tool)))] == ["send"]


def test_the_events_of_a_beeai_tool_are_one_call(tmp_path: Path) -> None:
    kind = {"attributes": {"openinference.span.kind": "TOOL", "tool.parameters": '{"q":1}'}}
    found = read(
        tmp_path,
        export(
            observation("tool.find.start-12", "SPAN", "u", metadata=kind, input=None),
            observation("tool.find.error-12", "SPAN", "u", metadata=kind, input=None),
            observation("tool.find.finish-12", "SPAN", "u", metadata=kind, endTime=AT.format(9)),
        ),
    )
    (row,) = actions(found)
    assert (row["tool"], row["args"], row["outcome"]) == ("find", '{"q":1}', "error")
    assert row["ended_at"].microsecond == 9000
    assert kinds(found) == ["SPAN tool.find.error-*", "SPAN tool.find.finish-*"]


ASKED = {
    "toolCallNames": ["refund", "mail"],
    "toolCalls": ['{"id": "c1", "arguments": "{\\"a\\":1}"}', "no json"],
}


def test_calls_only_asked_for_count_where_nothing_else_does(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        export(observation("g", "GENERATION", **ASKED), observation("h", "GENERATION", **ASKED)),
    )
    first, second, third = actions(found)
    assert (first["tool"], first["args"], first["event_id"]) == ("refund", '{"a":1}', "t1/g/c1")
    assert "executed" not in first
    assert [second["tool"], third["tool"]] == ["mail", "mail"]  # without ids they are two
    both = read(tmp_path, export(observation("g", "GENERATION", **ASKED), observation("refund")))
    assert [row["event_id"] for row in actions(both)] == ["t1/refund"]


@pytest.mark.parametrize(
    ("given", "scope", "args"),
    [
        ('{"input":{"city":"x"}}', "langsmith", '{"city":"x"}'),
        ('{"input":{"city":"x"}}', "other", '{"input":{"city":"x"}}'),
        ('{"input":{"a":1},"b":2}', "langsmith", '{"input":{"a":1},"b":2}'),
        ({"a": 1}, "other", '{"a":1}'),
        ("free text", "other", "free text"),
        (None, "other", None),
    ],
)
def test_arguments(tmp_path: Path, given: Any, scope: str, args: str | None) -> None:
    call = observation("x", input=given, metadata={"scope": {"name": scope}})
    assert actions(read(tmp_path, export(call)))[0].get("args") == args


def test_observations_alone_are_put_together_by_trace(tmp_path: Path) -> None:
    late = observation("b", startTime=AT.format(5))
    found = read(tmp_path, late, observation("a"), observation("c", traceId="t2"), {"id": 1})
    rows = {row["event_id"]: row["step"] for row in actions(found)}
    assert rows == {"t1/a": 0, "t1/b": 1, "t2/c": 0}
    assert [record.line for record in found if isinstance(record, Bad)] == [4]


@pytest.mark.parametrize("shape", ["export", "trace", "observation"])
def test_detection(tmp_path: Path, shape: str) -> None:
    call = observation("x")
    document = {
        "export": export(call),
        "trace": {"id": "t1", "projectId": "p", "observations": [call]},
        "observation": call,
    }[shape]
    path = tmp_path / "e.json"
    path.write_text(json.dumps(document))
    report, rows = log_of(path, out=tmp_path / "log")
    assert report.by_format == {"langfuse": 1}
    assert {"resource", "read_only"} <= set(rows["unknown_columns"][0].split(","))


def test_langfuse_equals_an_independent_count(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "native" / "langfuse"
    tools, total = [], 0
    for path in sorted(folder.glob("*.json")):
        for found in json.loads(path.read_bytes())["observations"]:
            total += 1
            said = json.loads(found["metadata"]) if found["metadata"] else {}
            said = said if isinstance(said, dict) else {}
            of = said.get("attributes", {})
            graph = said.get("langgraph_node") == "tools" and found["name"] != "tools"
            kind = of.get("openinference.span.kind") == "TOOL"
            later = re.search(r"\.(success|finish)-\d+$", found["name"])
            named = "gen_ai.tool.call.id" in of and "gen_ai.tool.name" in of
            if found["type"] == "TOOL" or named or (kind and not later) or graph:
                tools.append(found)
    report = ingest([folder], tmp_path / "log")
    skipped = sum(n for kind, n in report.skipped.items() if not kind.startswith("file: "))
    assert (report.events, skipped) == (len(tools), total - len(tools))
    assert not quarantine(tmp_path / "log")
    rows = scan_log(tmp_path / "log").collect()
    assert sorted(rows["span_id"]) == sorted(found["id"] for found in tools)
    assert all(isinstance(json.loads(args), dict) for args in rows["args"])
    assert rows["ts"].null_count() == rows["actor"].eq("").sum() == 0
