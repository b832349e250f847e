"""Every adapter of traces and decision logs on mutated input: rows, quarantine, or a refusal."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from govlab.errors import LogError
from govlab.log.detect import detect
from govlab.log.ingestion import ingest
from govlab.log.records import CARRIED, Options, Run
from govlab.log.scan import scan_log
from govlab.log.sources import Source
from tests.log.adapters import test_authzen as authzen
from tests.log.adapters import test_claudecode_hook as hooks
from tests.log.adapters import test_cloudtrail as cloudtrail
from tests.log.adapters import test_cordum as cordum
from tests.log.adapters import test_govlab_decisions as decisions
from tests.log.adapters import test_langfuse as langfuse
from tests.log.adapters import test_langsmith as langsmith
from tests.log.adapters import test_mcp as mcp
from tests.log.adapters import test_ms_agt as ms_agt
from tests.log.adapters import test_ms_agt_mesh as mesh
from tests.log.adapters import test_opa as opa
from tests.log.adapters import test_otlp as otlp
from tests.log.adapters import test_otlp_logs as otlp_logs
from tests.log.adapters import test_scopeblind as scopeblind
from tests.log.fixtures import log_of, rows_of, write

GRAPH = {"metadata": {"langgraph_node": "tools"}}
BEEAI = {"metadata": {"attributes": {"openinference.span.kind": "TOOL"}}}
FLAT = {
    "receipt_id": "r", "tool_name": "t", "tool_input": {"a": 1}, "decision": "allow",
    "policy_id": "p", "timestamp": "2026-01-01T00:00:00Z", "sequence": 1, "session_id": "s",
}  # fmt: skip
ACTION = {"kind": "k", "target": "t"}
GOOD: dict[str, list[Any]] = {
    "otlp": [
        otlp.traces(
            otlp.span("a", 1, attributes={**otlp.AGENT, "gen_ai.agent.name": "x"}),
            otlp.span("b", 2, 1, attributes={**otlp.CALL, "input": {"a": [1]}, "user.id": "u"}),
            **{"service.name": "s", "deployment.environment.name": "e"},
        ),
        {"name": "n", "spanContext": {"traceId": "ab", "spanId": "cd"}, "startTime": [1, 2],
         "attributes": {**otlp.CALL, "input": "{'a': 1}"}, "status": {"code": 2}},
        otlp_logs.logs(otlp_logs.record("e", body={"input": {"a": 1}}, attributes=otlp.CALL)),
    ],
    "langfuse": [
        langfuse.export(
            langfuse.observation("a", "AGENT"),
            langfuse.observation("tools", "SPAN", **GRAPH),
            langfuse.observation("s", "SPAN", "tools", **GRAPH),
            langfuse.observation("x", parent="a", costDetails={"total": 1}, model="m"),
            langfuse.observation("tool.f.start-1", "SPAN", "u", **BEEAI),
            userId="u",
        ),
        langfuse.export(langfuse.observation("g", "GENERATION", **langfuse.ASKED), id="t2"),
    ],
    "cloudtrail": [{"Records": [
        cloudtrail.event(), cloudtrail.event("f", errorCode="AccessDenied"),
        cloudtrail.event("q", userIdentity=cloudtrail.ASSUMED, resources=[{"ARN": "a"}]),
        cloudtrail.question(additionalEventData={"decision": "DENY"}),
    ]}],
    "ms_agt": ms_agt.TRAIL,
    "ms_agt_mesh": [mesh.entry("1", policy_decision="deny", approver_did="x", data={"a": 1})],
    "scopeblind": [scopeblind.APS, scopeblind.STATEMENT, scopeblind.envelope()],
    "scopeblind_flat": [FLAT],
    "scopeblind_envelope": [{"payload": {"decision": "deny", "action": ACTION}, "signature": "s",
                             "pubkey": "p"}],
    "mcp": mcp.SESSION,
    "opa": [*opa.masked(), opa.entry(result={"allow": True, "obligations": [1], "reason": "x"})],
    "authzen": [authzen.entry(), authzen.entry(False, request={
        "subject": {"id": "a"}, "evaluations": [{"action": {"name": "x"}}, {"resource": {"id": 1}}],
    })],
    "langsmith": langsmith.TRACE,
    "claudecode_hook": [
        hooks.at(0, hooks.hook(), output=hooks.says("allow", updatedInput={})),
        hooks.at(1, hooks.hook("PermissionRequest")), hooks.at(2, hooks.hook("PostToolUse")),
        hooks.hook(id=None), hooks.says("deny"),
        hooks.at(3, {"session_id": "s", "hook_event_name": "UserPromptSubmit", "prompt": "p"}),
    ],
    "govlab_decisions": decisions.LOG,
    "cordum": [
        cordum.event(job_id="j", decision="require_approval"),
        cordum.event("safety.approval", 1, job_id="j", decision="approve", identity="b"),
        cordum.edge("edge.approval_requested", "ev1", decision="require_approval"),
        cordum.approval(),
        cordum.mcp("mcp.tool_invocation", 1, latency_ms="5", result_type="ok"),
    ],
}  # fmt: skip
ODD = (
    None, True, 0, -1, 2**70, 1.5, 1e300, "", "x", "\ud800", "{'a': '\\ud800'}", [], [1], {},
    ["a", None], {"a": 1}, {"values": [{}]}, "2026-01-01T00:00:00Z", "9999999999999999999",
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00",
)  # fmt: skip


def mutated(value: Any, pick: random.Random) -> Any:
    if pick.random() < 0.1:
        return pick.choice(ODD)
    match value:
        case dict():
            return {k: mutated(v, pick) for k, v in value.items() if pick.random() > 0.04}
        case list():
            return [mutated(each, pick) for each in value]
        case str() if value.startswith('{"'):
            return json.dumps(mutated(json.loads(value), pick))
        case _:
            return value


@pytest.mark.parametrize("name", GOOD)
def test_what_an_adapter_says_its_format_can_fill(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "f.jsonl", *GOOD[name])
    source = Source(path, path.name)
    found = detect(source).format
    assert found is not None
    assert found.name.startswith(name)
    records = list(found.read(source, Options("UTC")))
    said = {k for row in rows_of(records) for k, v in row.items() if v is not None}
    told = {k for r in records if isinstance(r, Run) for k, v in r.values.items() if v is not None}
    assert said
    assert (said - found.fills - set(CARRIED), told - found.runs) == (set(), set())


@pytest.mark.parametrize("name", GOOD)
def test_mutated_input_is_read_quarantined_or_refused(tmp_path: Path, name: str) -> None:
    pick, kept = random.Random(name), 0
    for number in range(12):
        lines = [json.dumps(mutated(document, pick)) for document in GOOD[name]]
        path = write(tmp_path / str(number) / "f.jsonl", *lines)
        out = tmp_path / str(number) / "log"
        try:
            report = ingest([path], out, format=name, tz=pick.choice([None, "Europe/Berlin"]))
        except LogError:
            continue
        assert scan_log(out).collect().height == report.events
        kept += report.events
    assert kept


def test_one_trace_in_two_formats_has_the_same_ids(tmp_path: Path) -> None:
    span = otlp.span("refund", 7, attributes=otlp.CALL)
    same = langfuse.observation(span["spanId"].lower(), traceId=otlp.TRACE.lower())
    _, one = log_of(write(tmp_path / "a.jsonl", otlp.traces(span)), out=tmp_path / "one")
    _, two = log_of(write(tmp_path / "b.jsonl", langfuse.export(same)), out=tmp_path / "two")
    assert one["event_id"].to_list() == two["event_id"].to_list()
