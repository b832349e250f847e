"""One piece of an OTLP file: rows of the traces that it holds whole, and what else it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import polars as pl

from govlab.log.adapters import claudecode_otel
from govlab.log.adapters.otlp_documents import Document, Resource, mended, opened
from govlab.log.adapters.otlp_logs import event_of, span_of_event
from govlab.log.adapters.otlp_pieces import Piece
from govlab.log.adapters.otlp_spans import dumped, spans_of
from govlab.log.adapters.otlp_values import plain
from govlab.log.adapters.span_table import tabled
from govlab.log.adapters.spans import Reading, Span
from govlab.log.adapters.traced import Members, Traced
from govlab.log.decode import NotJsonError, shown
from govlab.log.records import Bad, Record, Skipped

__all__ = ["Taken", "taken"]

_SIGNS = "`resourceSpans`, `resourceLogs`, `spanContext`, `context`"
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a piece says: rows, runs, what is counted, spans of the traces that go on elsewhere."""

    frame: pl.DataFrame | None
    runs: Mapping[str, Members]
    counted: list[Record]
    open: Mapping[str | None, list[Span]]
    claude: list[claudecode_otel.Known]


def taken(piece: Piece, going_on: frozenset[str], how: Reading) -> Taken:
    """What `piece` says, where the traces `going_on` are in other pieces too."""
    reader = _Reader(how)
    traced = Traced(how)
    counted: list[Record] = []
    for document in piece.documents():
        counted += (document,) if isinstance(document, Bad) else reader.take(*document)
    open_: dict[str | None, list[Span]] = {
        t: reader.spans.pop(t) for t in sorted(going_on) if t in reader.spans
    }
    traced.add([span for spans in reader.spans.values() for span in spans])
    frame = tabled(traced.calls, how)
    return Taken(frame, traced.runs, [*counted, *traced.counted()], open_, reader.claude)


@dataclass(slots=True)
class _Reader:
    """The spans of a piece by trace, events among them, and the events of Claude Code."""

    how: Reading
    spans: dict[str | None, list[Span]] = field(default_factory=dict)
    claude: list[claudecode_otel.Known] = field(default_factory=list)
    resources: dict[bytes, Mapping[str, Any]] = field(default_factory=dict)

    def take(self, line: int, data: bytes | memoryview) -> list[Record]:
        """Reads one document; what of it is no action, or cannot be read."""
        told: list[Record] = []
        try:
            document = opened(data)
            if document is None:
                document, bad = mended(bytes(data), line)
                told += bad
            if not document.known:
                self._dumped(bytes(data), line)
            told += self._spans(document, line)
            told += self._logs(document, line)
        except NotJsonError as error:
            return [*told, Bad(line, str(error), shown(bytes(data)))]
        if document.resource_metrics is not None:
            told.append(Skipped("metrics", len(document.resource_metrics)))
        return told

    def _dumped(self, data: bytes, line: int) -> None:
        span = dumped(data, line)
        if span is None:
            raise NotJsonError(f"no span: none of {_SIGNS} is there")
        self._keep(span)

    def _keep(self, span: Span) -> None:
        together = self.spans.get(span.trace_id)
        if together is None:
            self.spans[span.trace_id] = [span]
        else:
            together.append(span)

    def _spans(self, document: Document, line: int) -> Iterator[Bad]:
        for resource, spans in document.spans():
            bad: list[Bad] = []
            for span in spans_of(spans, self._resource(resource), line, self.how, bad):
                self._keep(span)
            yield from bad

    def _logs(self, document: Document, line: int) -> Iterator[Bad]:
        for resource, found in document.logs():
            named = self._resource(resource)
            for raw in found:
                try:
                    event = event_of(raw, named, line)
                except NotJsonError as error:
                    yield Bad(line, str(error), shown(bytes(raw)))
                    continue
                if kind := claudecode_otel.kind_of(event):
                    self.claude.append(claudecode_otel.known(event, kind))
                else:
                    self._keep(span_of_event(event))

    def _resource(self, resource: Resource | None) -> Mapping[str, Any]:
        """The attributes of a resource; the same one comes again with every line."""
        if resource is None:
            return _NOTHING
        key = msgspec.json.encode(resource)
        if key not in self.resources:
            self.resources[key] = {pair.key: plain(pair.value) for pair in resource.attributes}
        return self.resources[key]
