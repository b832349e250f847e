"""The spans in a JSON document: OTLP's, the JavaScript SDK's, the Python SDK's, or attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from govlab.log.adapters.otlp_values import Pair, values_of
from govlab.log.adapters.span_values import all_micros, micros, micros_of
from govlab.log.adapters.spans import Reading, Span
from govlab.log.decode import NotJsonError, decode
from govlab.log.records import Bad
from govlab.runtime import arguments

__all__ = ["RawSpan", "dumped", "hex_id", "hex_ids", "spans_of"]

_FAILED = frozenset({2, "STATUS_CODE_ERROR", "ERROR"})
_NONE: Mapping[str, Any] = {}
_SOME = "f"  # any id in place of none
_BARE = ("gen_ai.operation.name", "openinference.span.kind", "ai.operationId")


class _Status(msgspec.Struct):
    code: int | str | None = None
    status_code: str | None = None  # the Python SDK's name


class RawSpan(msgspec.Struct, rename="camel", gc=False):
    """A span of OTLP as it stands; the values of its attributes are not decoded."""

    name: str = ""
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: list[Pair] = msgspec.field(default_factory=list)
    status: _Status | None = None


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


def spans_of(
    raws: Sequence[RawSpan], resource: Mapping[str, Any], line: int, how: Reading, bad: list[Bad]
) -> list[Span]:
    """Spans of OTLP with the attributes that are read; to `bad` those with one that cannot be."""
    spans: list[Span] = []
    of_all, is_action = how.of_all, how.actions.meet
    traces = hex_ids([raw.trace_id for raw in raws])
    own = hex_ids([raw.span_id for raw in raws])
    above = hex_ids([raw.parent_span_id for raw in raws])
    starts = all_micros([raw.start_time_unix_nano for raw in raws])
    ends = all_micros([raw.end_time_unix_nano for raw in raws])
    for raw, trace, span, parent, start, end in zip(
        raws, traces, own, above, starts, ends, strict=True
    ):
        try:
            held = values_of(raw.attributes, of_all)
        except NotJsonError as error:
            bad.append(Bad(line, str(error), raw.name))
            continue
        action = bool(held) and is_action(held)
        broken = _settled(held, raw.attributes, how) if action else ""
        status = raw.status
        failed = status is not None and status.code in _FAILED
        spans.append(Span(
            line, raw.name, "", trace, span, parent, start, end, failed,
            action, False, False, False, held, resource, _NONE, broken,
        ))  # fmt: skip
    return spans


def _settled(held: dict[str, Any], pairs: Sequence[Pair], how: Reading) -> str:
    """Puts what only an action's row has beside the rest; why not, where one is no value."""
    try:
        held |= values_of(pairs, how.of_actions)
    except NotJsonError as error:
        return str(error)
    return ""


def dumped(data: bytes, line: int) -> Span | None:
    """A span that an SDK dumped, or bare attributes of one; None where it is neither.

    Raises `NotJsonError`.
    """
    keys = decode(data, dict[str, msgspec.Raw])
    if "spanContext" in keys or "context" in keys:
        return _dumped(decode(data, _Dumped), line)
    if any(name in keys for name in _BARE):
        said = decode(data, dict[str, Any])
        return Span(line, str(said.get("gen_ai.tool.name") or ""), attributes=said)
    return None


def hex_id(text: str | None) -> str | None:
    """Ids are hexadecimal in any case; one of none is empty, or all zeros.

    >>> hex_id("0xAB"), hex_id("0000")
    ('ab', None)
    """
    if not text:
        return None
    found = text.lower().removeprefix("0x")
    return found if found[-1:] != "0" or found.strip("0") else None


def hex_ids(texts: Sequence[str | None]) -> Sequence[str | None]:
    """`hex_id` of each, quickly where they are as they should be.

    >>> hex_ids(["ab", "", None, "0xCD"])
    ['ab', None, None, 'cd']
    """
    some = [text or _SOME for text in texts]
    joined = "".join(some)
    plain = "x" not in joined and joined == joined.lower()
    if plain and min(some, default=_SOME).strip("0"):  # text of zeros alone would be the least
        return texts if all(texts) else [text or None for text in texts]
    return list(map(hex_id, texts))


def _dumped(span: _Dumped, line: int) -> Span:
    own = span.span_context or span.context or _Context()
    above = span.parent_context or _Context()
    status = span.status or _Status()
    return Span(
        line,
        span.name,
        trace_id=hex_id(own.traceId or own.trace_id),
        span_id=hex_id(own.spanId or own.span_id),
        parent_id=hex_id(above.spanId or above.span_id or span.parent_span_id or span.parent_id),
        started_us=_time(span.started or span.start_time),
        ended_us=_time(span.ended or span.end_time),
        failed=status.code in _FAILED or status.status_code in _FAILED,
        attributes=span.attributes or {},
        resource=span.resource.attributes if span.resource else {},
    )


def _time(said: Any) -> int | None:
    """The JavaScript SDK writes [seconds, nanoseconds], the Python SDK RFC 3339."""
    match said:
        case [int() as seconds, int() as nanos]:
            return micros(seconds * 1_000_000_000 + nanos)
        case _:
            at = micros_of(arguments.timestamp(said))
            return micros(said) if at is None else at
