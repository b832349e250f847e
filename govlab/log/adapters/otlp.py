"""OpenTelemetry traces: OTLP/JSON lines, span dumps of the JavaScript and Python SDKs.

Also plain objects of one span's attributes, as test fixtures of the conventions are. Which
spans are actions, and what their attributes mean, is said by a map (`presets/spans.yaml`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from govlab.log.adapters.otlp_spans import spans_of
from govlab.log.adapters.spans import RUN_FILLS, Reading, Span, filled, reading, records
from govlab.log.decode import NotJsonError, shown
from govlab.log.documents import documents
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import Bad, Format, Options, Record
from govlab.log.sources import Source

__all__ = ["FORMAT", "format_of", "read"]


def read(source: Source, options: Options, *, how: Reading) -> Iterator[Record]:
    """The runs and actions of one file; a span's agents may stand anywhere in it."""
    del options  # all times are in UTC
    spans: list[Span] = []
    for found in documents(source):
        if isinstance(found, Bad):
            yield found
            continue
        line, data = found
        try:
            for span in spans_of(data, line):
                if isinstance(span, Bad):
                    yield span
                else:
                    spans.append(span)
        except NotJsonError as error:
            yield Bad(line, str(error), shown(data))
    yield from records(spans, how, _NOTHING)


_NOTHING: Mapping[str, Any] = {}


def format_of(given: ColumnMap) -> Format:
    """The format as a user's map has it."""
    how = reading(given)
    return Format(
        name="otlp" if given.spans is None else f"otlp-{(given.digest or '')[:8]}",
        read=partial(read, how=how),
        fills=filled(how),
        runs=RUN_FILLS,
        hindsight=frozenset({"cost_micro_usd"}) & filled(how),
        notes=(
            "times are cut to microseconds, `ts` is the start of the call",
            "a span of a call is there because the call was made: `executed` is true",
            "spans do not say what was decided, unless a map names the attribute",
        ),
    )


FORMAT = format_of(EMPTY_MAP)
