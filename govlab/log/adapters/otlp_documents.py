"""OTLP/JSON documents, decoded as far as they are read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from govlab.log.adapters.otlp_spans import RawSpan
from govlab.log.adapters.otlp_values import Pair
from govlab.log.decode import NotJsonError, decode, shown
from govlab.log.records import Bad

__all__ = ["Document", "Resource", "mended", "opened"]


class Resource(msgspec.Struct):
    """What emitted spans or log records."""

    attributes: list[Pair] = msgspec.field(default_factory=list)


class _Spans(msgspec.Struct, gc=False):
    spans: list[RawSpan] = msgspec.field(default_factory=list)


class _Records(msgspec.Struct, rename="camel"):
    log_records: list[msgspec.Raw] = msgspec.field(default_factory=list)


class _SpansOf(msgspec.Struct, rename="camel"):
    resource: Resource | None = None
    scope_spans: list[_Spans] = msgspec.field(default_factory=list)
    instrumentation_library_spans: list[_Spans] = msgspec.field(default_factory=list)  # to 2022


class _LogsOf(msgspec.Struct, rename="camel"):
    resource: Resource | None = None
    scope_logs: list[_Records] = msgspec.field(default_factory=list)


class _LooseSpans(msgspec.Struct):
    spans: list[msgspec.Raw] = msgspec.field(default_factory=list)


class _LooseSpansOf(msgspec.Struct, rename="camel"):
    resource: Resource | None = None
    scope_spans: list[_LooseSpans] = msgspec.field(default_factory=list)
    instrumentation_library_spans: list[_LooseSpans] = msgspec.field(default_factory=list)


class _Loose(msgspec.Struct, rename="camel"):
    resource_spans: list[_LooseSpansOf] | None = None
    resource_logs: list[_LogsOf] | None = None
    resource_metrics: list[msgspec.Raw] | None = None


class Document(msgspec.Struct, rename="camel"):
    """One document: traces, logs or metrics, in practice one of them."""

    resource_spans: list[_SpansOf] | None = None
    resource_logs: list[_LogsOf] | None = None
    resource_metrics: list[msgspec.Raw] | None = None

    def spans(self) -> Iterator[tuple[Resource | None, list[RawSpan]]]:
        """The spans of each scope, with their resource."""
        for of in self.resource_spans or ():
            for scope in (*of.scope_spans, *of.instrumentation_library_spans):
                yield of.resource, scope.spans

    def logs(self) -> Iterator[tuple[Resource | None, list[msgspec.Raw]]]:
        """The log records of each scope, with their resource."""
        for of in self.resource_logs or ():
            for scope in of.scope_logs:
                yield of.resource, scope.log_records

    @property
    def known(self) -> bool:
        """Whether it holds any signal at all."""
        signals = (self.resource_spans, self.resource_logs, self.resource_metrics)
        return any(signal is not None for signal in signals)


_DOCUMENT = msgspec.json.Decoder(Document)


def opened(data: bytes | memoryview) -> Document | None:
    """The document in `data`; None where one of its parts is not as it should be."""
    try:
        return _DOCUMENT.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def mended(data: bytes, line: int) -> tuple[Document, list[Bad]]:
    """The document in `data` without its spans that cannot be read, and these.

    Raises `NotJsonError` where more than spans is amiss.
    """
    loose = decode(data, _Loose)
    bad: list[Bad] = []
    spans: list[_SpansOf] = []
    for of in loose.resource_spans or ():
        kept: list[RawSpan] = []
        for scope in (*of.scope_spans, *of.instrumentation_library_spans):
            for raw in scope.spans:
                try:
                    kept.append(decode(bytes(raw), RawSpan))
                except NotJsonError as error:
                    bad.append(Bad(line, str(error), shown(bytes(raw))))
        spans.append(_SpansOf(of.resource, [_Spans(kept)]))
    traces = None if loose.resource_spans is None else spans
    return Document(traces, loose.resource_logs, loose.resource_metrics), bad
