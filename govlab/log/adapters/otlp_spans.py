"""The spans in a JSON document: OTLP's, the JavaScript SDK's, the Python SDK's, or attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from govlab.log.adapters.span_values import instant
from govlab.log.adapters.spans import Span
from govlab.log.decode import NotJsonError, decode, shown
from govlab.log.records import Bad
from govlab.runtime import arguments

__all__ = ["spans_of"]

_FAILED = frozenset({2, "STATUS_CODE_ERROR", "ERROR"})
_BARE = ("gen_ai.operation.name", "openinference.span.kind", "ai.operationId")


class _Any(msgspec.Struct, rename="camel"):
    """AnyValue: one of these is there."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    array_value: _Array | None = None
    kvlist_value: _Pairs | None = None
    bytes_value: str | None = None


class _Array(msgspec.Struct):
    values: list[_Any] = msgspec.field(default_factory=list)


class _Pair(msgspec.Struct):
    key: str
    value: _Any | None = None


class _Pairs(msgspec.Struct):
    values: list[_Pair] = msgspec.field(default_factory=list)


class _Status(msgspec.Struct):
    code: int | str | None = None
    status_code: str | None = None  # the Python SDK's name


class _Span(msgspec.Struct, rename="camel"):
    name: str = ""
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: list[_Pair] = msgspec.field(default_factory=list)
    status: _Status | None = None


class _Resource(msgspec.Struct):
    attributes: list[_Pair] = msgspec.field(default_factory=list)


class _Scoped(msgspec.Struct):
    spans: list[msgspec.Raw] = msgspec.field(default_factory=list)


class _Resourced(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_Scoped] = msgspec.field(default_factory=list)
    instrumentation_library_spans: list[_Scoped] = msgspec.field(default_factory=list)  # to 2022


class _Traces(msgspec.Struct, rename="camel"):
    resource_spans: list[_Resourced] = msgspec.field(default_factory=list)


class _Named(msgspec.Struct):
    attributes: dict[str, Any] = msgspec.field(default_factory=dict)


class _Context(msgspec.Struct):
    trace_id: str | None = None
    span_id: str | None = None
    traceId: str | None = None  # noqa: N815  the JavaScript SDK's name
    spanId: str | None = None  # noqa: N815


class _Dumped(msgspec.Struct):
    name: str = ""
    context: _Context | None = None
    span_context: _Context | None = msgspec.field(default=None, name="spanContext")
    parent_id: str | None = None
    parent_span_id: str | None = msgspec.field(default=None, name="parentSpanId")
    parent_context: _Context | None = msgspec.field(default=None, name="parentSpanContext")
    start_time: Any = None
    end_time: Any = None
    started: Any = msgspec.field(default=None, name="startTime")
    ended: Any = msgspec.field(default=None, name="endTime")
    attributes: dict[str, Any] | None = None
    resource: _Named | None = None
    status: _Status | None = None


def spans_of(data: bytes, line: int) -> Iterator[Span | Bad]:
    """The spans of one document, each that cannot be read as `Bad`. Raises `NotJsonError`."""
    keys = decode(data, dict[str, msgspec.Raw])
    if "resourceSpans" in keys:
        yield from _traces(decode(data, _Traces), line)
    elif "spanContext" in keys or "context" in keys:
        yield _dumped(decode(data, _Dumped), line)
    elif any(name in keys for name in _BARE):
        attributes = decode(data, dict[str, Any])
        yield Span(line, str(attributes.get("gen_ai.tool.name") or ""), attributes=attributes)
    else:
        raise NotJsonError("no span: none of `resourceSpans`, `spanContext`, `context` is there")


def _traces(traces: _Traces, line: int) -> Iterator[Span | Bad]:
    for part in traces.resource_spans:
        resource = _plain(part.resource.attributes) if part.resource else {}
        for scoped in (*part.scope_spans, *part.instrumentation_library_spans):
            for raw in scoped.spans:
                try:
                    yield _span(decode(bytes(raw), _Span), resource, line)
                except NotJsonError as error:
                    yield Bad(line, str(error), shown(bytes(raw)))


def _span(span: _Span, resource: Mapping[str, Any], line: int) -> Span:
    return Span(
        line,
        span.name,
        trace_id=_id(span.trace_id),
        span_id=_id(span.span_id),
        parent_id=_id(span.parent_span_id),
        started=instant(span.start_time_unix_nano),
        ended=instant(span.end_time_unix_nano),
        failed=span.status is not None and span.status.code in _FAILED,
        attributes=_plain(span.attributes),
        resource=resource,
    )


def _id(text: str | None) -> str | None:
    """Ids are hexadecimal in any case; a parent of none is empty, or all zeros."""
    found = (text or "").lower().removeprefix("0x")
    return found if found.strip("0") else None


def _plain(pairs: list[_Pair]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs if pair.value is not None}


def _value(value: _Any) -> Any:
    if value.int_value is not None:
        return _number(value.int_value, int)
    if value.double_value is not None:
        return _number(value.double_value, float)
    if value.array_value is not None:
        return [_value(element) for element in value.array_value.values]
    if value.kvlist_value is not None:
        return _plain(value.kvlist_value.values)
    plain = (value.string_value, value.bool_value, value.bytes_value)
    return next((found for found in plain if found is not None), None)


def _number(value: int | float | str, kind: type[int] | type[float]) -> Any:
    """64-bit integers are decimal text in OTLP; text that is none stays text."""
    try:
        return kind(value)
    except ValueError:
        return value


def _dumped(span: _Dumped, line: int) -> Span:
    own = span.span_context or span.context or _Context()
    above = span.parent_context or _Context()
    status = span.status or _Status()
    return Span(
        line,
        span.name,
        trace_id=_id(own.traceId or own.trace_id),
        span_id=_id(own.spanId or own.span_id),
        parent_id=_id(above.spanId or above.span_id or span.parent_span_id or span.parent_id),
        started=_time(span.started or span.start_time),
        ended=_time(span.ended or span.end_time),
        failed=status.code in _FAILED or status.status_code in _FAILED,
        attributes=span.attributes or {},
        resource=span.resource.attributes if span.resource else {},
    )


def _time(said: Any) -> datetime | None:
    """The JavaScript SDK writes [seconds, nanoseconds], the Python SDK RFC 3339."""
    match said:
        case [int() as seconds, int() as nanos]:
            return instant(seconds * 1_000_000_000 + nanos)
        case _:
            return arguments.timestamp(said) or instant(said)
