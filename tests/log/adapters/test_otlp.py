"""OpenTelemetry traces: spans of calls with the agents above them, in three notations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govlab.errors import LogError
from govlab.log.adapters.otlp import FORMAT
from govlab.log.adapters.otlp_spans import hex_id, hex_ids
from govlab.log.adapters.span_values import all_micros, micros
from govlab.log.ingestion import ingest
from govlab.log.records import Bad, Options, Record, Run, Skipped
from govlab.log.scan import scan_log
from govlab.log.sources import Source
from tests.log.fixtures import log_of, manifest, quarantine, rows_of, write

TRACE = "0AF7651916CD43DD8448EB211C80319C"
AT = 1_700_000_000_123_456_789
CALL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
AGENT = {"gen_ai.operation.name": "invoke_agent"}


def value(of: Any) -> dict[str, Any]:
    """AnyValue."""
    match of:
        case bool():
            return {"boolValue": of}
        case int():
            return {"intValue": str(of)}
        case float():
            return {"doubleValue": of}
        case list():
            return {"arrayValue": {"values": [value(each) for each in of]}}
        case dict():
            return {"kvlistValue": {"values": pairs(of)}}
        case _:
            return {"stringValue": of}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(of)} for key, of in attributes.items()]


def span(name: str, id: int, parent: int = 0, **more: Any) -> dict[str, Any]:
    """A span of OTLP/JSON; `attributes` in Python's own values."""
    above = f"{parent:016X}" if parent else ""
    return {
        "traceId": TRACE, "spanId": f"{id:016X}", "parentSpanId": above, "name": name,
        "startTimeUnixNano": str(AT), "endTimeUnixNano": AT + 2_000_000,
        "status": more.pop("status", {}), "attributes": pairs(more.pop("attributes", {})), **more,
    }  # fmt: skip


def traces(*spans: Any, **resource: Any) -> dict[str, Any]:
    scope = {"scope": {"name": "s"}, "spans": list(spans), "schemaUrl": "u"}
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource)}, "scopeSpans": [scope]}]}


def read(tmp_path: Path, *lines: Any) -> list[Record]:
    path = write(tmp_path / "traces.jsonl", *lines)
    return list(FORMAT.read(Source(path, path.name), Options()))


actions = rows_of


def test_a_call_has_its_agents_run_and_times(tmp_path: Path) -> None:
    agents = [
        span("invoke_agent lead", 1, attributes={
            **AGENT, "gen_ai.agent.name": "lead", "gen_ai.conversation.id": "c1",
            "gen_ai.request.model": "m", "enduser.id": "ann"}),
        span("invoke_agent clerk", 2, 1, attributes={**AGENT, "gen_ai.agent.name": "clerk"}),
        span("chat m", 3, 2, attributes={"gen_ai.operation.name": "chat"}),
    ]  # fmt: skip
    call = span("execute_tool refund", 4, 3, attributes={
        **CALL, "gen_ai.tool.call.arguments": {"amount": 3, "to": ["x"]}})  # fmt: skip
    resource = {"deployment.environment.name": "production", "service.name": "shop"}
    # the agents come after the call, and in another line: spans have no order
    found = read(tmp_path, traces(call, **resource), traces(*agents))
    (row,) = actions(found)
    assert (row["tool"], row["args"]) == ("refund", '{"amount":3,"to":["x"]}')
    assert (row["actor"], row["parent_agent"]) == ("clerk", "lead")
    assert (row["delegation_chain"], row["delegation_depth"]) == (["lead", "clerk"], 1)
    assert (row["run_id"], row["principal"], row["model"]) == ("c1", "ann", "m")
    assert (row["env"], row["system"]) == ("production", "shop")
    assert row["event_id"] == f"{TRACE.lower()}/{4:016x}"
    assert row["ts"] == datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)
    assert row["ended_at"] == row["ts"].replace(microsecond=125_456)
    assert (row["executed"], row["outcome"]) == (True, "success")
    assert [r.values["run_id"] for r in found if isinstance(r, Run)] == ["c1"]


def test_other_spans_are_counted_by_type_and_name(tmp_path: Path) -> None:
    ids = "123e4567-e89b-12d3-a456-426614174000"
    found = read(
        tmp_path,
        traces(
            span("chat m", 1, attributes={"gen_ai.operation.name": "chat"}),
            span(f"run {ids}", 2, attributes={"openinference.span.kind": "CHAIN"}),
            span("GET /", 3),
        ),
    )
    kinds = [record.kind for record in found if isinstance(record, Skipped)]
    assert kinds == ["chat chat m", "CHAIN run *", "span GET /"]


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"status": {"code": 2}}, "error"),
        ({"status": {"code": 1}}, "success"),
        ({"attributes": {**CALL, "error.type": "tool_error"}}, "error"),
        ({"attributes": {**CALL, "error.type": "TimeoutError"}}, "timeout"),
    ],
)
def test_outcomes(tmp_path: Path, more: dict[str, Any], outcome: str) -> None:
    (row,) = actions(read(tmp_path, traces(span("x", 1, **{"attributes": CALL, **more}))))
    assert row["outcome"] == outcome


@pytest.mark.parametrize(
    ("attributes", "tool", "args"),
    [
        ({"openinference.span.kind": "TOOL", "tool.name": "t", "input.value": '{"a": 1}'},
         "t", '{"a":1}'),
        ({"openinference.span.kind": "TOOL", "input.value": "{'a': None}"},
         "the name", '{"a":null}'),
        ({"openinference.span.kind": "TOOL", "input.value": "plain"}, "the name", "plain"),
        ({"ai.operationId": "ai.toolCall", "ai.toolCall.name": "t", "ai.toolCall.args": "{}"},
         "t", "{}"),
        ({"gen_ai.tool.name": "t", "gen_ai.tool.call.id": "c"}, "t", None),
    ],
)  # fmt: skip
def test_conventions(
    tmp_path: Path, attributes: dict[str, Any], tool: str, args: str | None
) -> None:
    (row,) = actions(read(tmp_path, traces(span("the name", 1, attributes=attributes))))
    assert (row["tool"], row.get("args")) == (tool, args)


def test_a_circle_of_parents_ends(tmp_path: Path) -> None:
    spans = [span("a", 1, 2, attributes=AGENT), span("b", 2, 1, attributes={**AGENT, **CALL})]
    (row,) = actions(read(tmp_path, traces(*spans)))
    assert row["delegation_chain"] == ["a"]


def test_a_span_that_cannot_be_read_is_lost_alone(tmp_path: Path) -> None:
    found = read(
        tmp_path, traces({"spanId": 7}, span("x", 1, attributes=CALL)), '{"resourceSpans": 1}'
    )
    assert len(actions(found)) == 1
    assert [record.line for record in found if isinstance(record, Bad)] == [1, 2]


def test_span_dumps_of_both_sdks_are_the_same_call(tmp_path: Path) -> None:
    javascript = {
        "name": "execute_tool refund", "spanContext": {"traceId": TRACE, "spanId": "0" * 15 + "1"},
        "attributes": CALL, "startTime": [1_700_000_000, 5_000], "endTime": [1_700_000_001, 0],
        "status": {"code": 2}, "parentSpanContext": {"traceId": TRACE, "spanId": "0" * 15 + "2"},
    }  # fmt: skip
    python = {
        "name": "execute_tool refund", "parent_id": "0x" + "0" * 15 + "2",
        "context": {"trace_id": "0x" + TRACE.lower(), "span_id": "0x" + "0" * 15 + "1"},
        "start_time": "2023-11-14T22:13:20.000005Z", "end_time": "2023-11-14T22:13:21.000000Z",
        "status": {"status_code": "ERROR"}, "attributes": CALL, "resource": {"attributes": {}},
    }  # fmt: skip
    one, two = actions(read(tmp_path, javascript, python))
    assert one == two
    assert (one["outcome"], one["run_id"]) == ("error", TRACE.lower())


def test_detection_and_unknown_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.jsonl",
        traces(span("x", 1, attributes=CALL), **{"service.name": "unknown_service"}),
    )
    report, rows = log_of(path, out=tmp_path / "log")
    assert report.by_format == {"otlp": 1}
    assert rows["system"].to_list() == [None]
    unknown = set(rows["unknown_columns"][0].split(","))
    assert {"resource", "cost", "read_only", "step", "tenant"} <= unknown
    assert not {"tool", "args", "actor", "env"} & unknown


MAP = """
spans:
  actions: [{kind: tool}]
  columns: {tool: [my.tool], decision: [my.verdict], cost: [my.usd], approval_decided_at: [my.at]}
decision_map: {fine: ALLOW}
"""


def test_a_users_map_takes_the_presets_place(tmp_path: Path) -> None:
    def call(id: int, verdict: str, **more: Any) -> dict[str, Any]:
        said = {"kind": "tool", "my.tool": "t", "my.verdict": verdict, **more}
        return span("n", id, attributes=said)

    path = write(
        tmp_path / "t.jsonl",
        traces(
            call(1, "fine", **{"my.usd": "0.0000025", "my.at": "2026-01-01T00:00:00Z"}),
            call(2, "nope"), span("execute_tool x", 3, attributes=CALL),
        ),
    )  # fmt: skip
    (tmp_path / "map.yaml").write_text(MAP)
    report, rows = log_of(path, out=tmp_path / "log", map=tmp_path / "map.yaml")
    assert (report.events, report.unmapped) == (2, {"nope": 1})
    rows = rows.sort("span_id")
    assert rows["decision"].to_list() == ["ALLOW", None]
    assert rows["cost_micro_usd"].to_list() == rows["actual_cost_micro_usd"].to_list() == [2, None]
    assert rows["approval_decided_at"].to_list() == [datetime(2026, 1, 1, tzinfo=UTC), None]
    assert json.loads(rows["extra"][1])["decision (source)"] == "nope"
    (name,) = report.by_format
    assert name.startswith("otlp-")
    assert "args" not in manifest(tmp_path / "log")["formats"][name]["columns"]
    assert manifest(tmp_path / "log")["formats"][name]["hindsight"] == ["cost_micro_usd"]


def test_times_that_some_spans_say_otherwise(tmp_path: Path) -> None:
    said = {**CALL, "my.at": "2026-01-01T00:00:00Z"}
    path = write(
        tmp_path / "t.jsonl", traces(span("a", 1, attributes=said), span("b", 2, attributes=CALL))
    )
    mark = "spans: {actions: [{gen_ai.tool.name: '*'}], columns: {ts: [my.at]}}"
    (tmp_path / "map.yaml").write_text(mark)
    _, rows = log_of(path, out=tmp_path / "log", map=tmp_path / "map.yaml")
    first, second = rows.sort("span_id")["ts"].to_list()
    assert first == datetime(2026, 1, 1, tzinfo=UTC)
    assert second == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)


def test_traces_of_something_else_are_no_runs(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="1 span GET /"):
        ingest([write(tmp_path / "t.jsonl", traces(span("GET /", 1)))], tmp_path / "log")
    assert not [r for r in read(tmp_path, traces(span("GET /", 1))) if isinstance(r, Run)]


def test_openinference_equals_an_independent_count(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "native" / "openinference"
    documents = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    spans = [
        each for found in documents for each in (found if isinstance(found, list) else [found])
    ]
    bare = [each.get("attributes", each) for each in spans]
    calls = [
        each for each in bare
        if each.get("gen_ai.operation.name") == "execute_tool"
        or each.get("openinference.span.kind") == "TOOL"
        or each.get("ai.operationId") == "ai.toolCall"
    ]  # fmt: skip
    report = ingest([folder], tmp_path / "log")
    skipped = sum(n for kind, n in report.skipped.items() if not kind.startswith("file: "))
    assert (report.events, skipped) == (len(calls), len(spans) - len(calls))
    assert not quarantine(tmp_path / "log")
    rows = scan_log(tmp_path / "log").collect()
    assert sorted(rows["tool"]) == sorted(call["gen_ai.tool.name"] for call in calls)


@pytest.mark.parametrize(
    ("text", "why"),
    [(b"b\xffd", "not UTF-8: byte 0xff"), (b'", "stringValue": 5, "x": "', "expected")],
)
@pytest.mark.parametrize("of", ["gen_ai.tool.name", "gen_ai.tool.call.arguments"])
def test_a_value_that_cannot_be_read_is_its_spans(
    tmp_path: Path, of: str, text: bytes, why: str
) -> None:
    odd = span("x", 1, attributes=CALL | {of: "bad"})
    path = write(tmp_path / "t.jsonl", traces(odd, span("y", 2, attributes=CALL)))
    path.write_bytes(path.read_bytes().replace(b"bad", text))
    report = ingest([path], tmp_path / "log")
    assert (report.events, report.quarantined) == (1, 1)
    assert quarantine(tmp_path / "log")[0]["reason"].startswith(why)


@given(st.lists(st.none() | st.text("0fFxg", max_size=4) | st.sampled_from(["ab", "00", "0x0"])))
def test_ids_are_read_together_as_each_is_alone(texts: list[str | None]) -> None:
    assert hex_ids(texts) == list(map(hex_id, texts))


@given(
    st.lists(
        st.integers(10**18, 10**19 - 1).map(str)
        | st.sampled_from(
            ["0" * 19, "1" * 20, "\u0661" * 19, "-" + "1" * 18, "1,2", " 3", "", 0, 10**18, None]
        ),
        max_size=5,
    )
)
def test_times_are_read_together_as_each_is_alone(nanos: list[Any]) -> None:
    assert all_micros(nanos) == list(map(micros, nanos))
