"""Traces and observations as Langfuse exports them, and an observation as a span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from govlab.log.adapters.span_values import arguments_of, micro_usd, micros_of
from govlab.log.adapters.spans import Span
from govlab.log.decode import NotJsonError, decode
from govlab.log.records import RESULT
from govlab.runtime import arguments

__all__ = ["Observation", "Trace", "opened", "span_of"]

_WRAPPED = {"langsmith": "input"}
"""Tracers (by scope) that put a tool's arguments under a key of their own."""
_TYPED = frozenset({"TOOL"})
_GRAPH, _NODE = "langgraph_node", "tools"


class Score(msgspec.Struct):
    """A judgement of a trace."""

    name: str | None = None
    value: Any = None


class Trace(msgspec.Struct, rename="camel"):
    """A trace without its observations."""

    id: str | None = None
    name: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    environment: str | None = None
    version: str | None = None
    release: str | None = None
    tags: list[str] | None = None
    scores: list[Score] | None = None


class Observation(msgspec.Struct, rename="camel"):
    """An observation; what is not read is not named."""

    id: str
    type: str
    trace_id: str | None = None
    name: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    parent_observation_id: str | None = None
    environment: str | None = None
    project_id: str | None = None
    level: str | None = None
    model: str | None = None
    input: Any = None
    output: Any = None
    metadata: Any = None
    usage_details: dict[str, Any] | None = None
    cost_details: dict[str, Any] | None = None
    tool_calls: list[Any] | None = None
    tool_call_names: list[str] | None = None


class _Export(msgspec.Struct):
    trace: Trace | None = None
    observations: list[msgspec.Raw] | None = None


def opened(data: bytes) -> tuple[Trace | None, Sequence[msgspec.Raw]]:
    """A trace and its observations; no trace for an observation alone. Raises `NotJsonError`."""
    export = decode(data, _Export)
    if export.observations is None:
        return None, [msgspec.Raw(data)]
    return export.trace or decode(data, Trace), export.observations


def span_of(found: Observation, trace: Trace, line: int) -> Span:
    """An observation as a span: its own fields say more than its attributes."""
    said = _object(found.metadata)
    attributes = _object(said.get("attributes"))
    graph = said.get(_GRAPH) == _NODE and found.type == "SPAN" and found.name != _NODE
    action = found.type in _TYPED or (graph and _is_tool(found, said))
    return Span(
        line,
        found.name or "",
        found.type,
        trace_id=found.trace_id or trace.id,
        span_id=found.id,
        parent_id=found.parent_observation_id,
        started_us=micros_of(arguments.timestamp(found.start_time)),
        ended_us=micros_of(arguments.timestamp(found.end_time)),
        failed=found.level == "ERROR",
        action=action or None,
        agent=found.type == "AGENT",
        attributes=dict(attributes),
        resource=_object(said.get("resourceAttributes")),
        values={
            "args": _arguments(found.input, _object(said.get("scope")).get("name")),
            "run_id": trace.session_id,
            "tenant": found.project_id or trace.project_id,
            "env": found.environment or trace.environment,
            "workflow": trace.name,
            "principal": trace.user_id,
            "model": found.model,
            RESULT: found.output,
            **_sizes(found),
        },
    )


def _object(value: Any) -> Mapping[str, Any]:
    """An object, or the JSON text of one: Langfuse writes either."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return decode(value.encode(errors="replace"), dict[str, Any])
        except NotJsonError:
            return {}
    return value if isinstance(value, dict) else {}


def _is_tool(found: Observation, said: Mapping[str, Any]) -> bool:
    """A tool under the node `tools`; edges of the graph stand there too, and get its state."""
    if "inputs" in said or _object(found.output).get("type") == "tool":
        return True
    given = arguments.parse(arguments_of(found.input) or "{}") or {}
    return "messages" not in given


def _arguments(given: Any, scope: Any) -> str | None:
    """The arguments, without what the tracer put around them."""
    text = arguments_of(given)
    key = _WRAPPED.get(scope) if isinstance(scope, str) else None
    inner = arguments.parse(text) if text and key else None
    if inner is None or key is None or inner.keys() != {key} or not isinstance(inner[key], dict):
        return text
    return arguments_of(inner[key])


def _sizes(found: Observation) -> dict[str, Any]:
    """Cost and tokens where any were counted: a bare total of zero is Langfuse's default."""
    cost = micro_usd((found.cost_details or {}).get("total"))
    usage = found.usage_details or {}
    sizes = {
        "cost_micro_usd": cost,
        "tokens_in": usage.get("input"),
        "tokens_out": usage.get("output"),
    }
    known = {name: size for name, size in sizes.items() if size is not None}
    return known | {f"actual_{name}": size for name, size in known.items()}
