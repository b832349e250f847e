"""Which format a file is in, by what stands in it; extensions only say how to open it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice

import msgspec

from govlab.errors import UsageError
from govlab.log import csvrows, protobuf
from govlab.log.adapters import (
    agentdojo,
    claudecode,
    cloudtrail,
    langfuse,
    ms_agt,
    ms_agt_mesh,
    openai_messages,
    otlp,
    scopeblind,
    table,
    tau2bench,
)
from govlab.log.decode import NotJsonError, decode
from govlab.log.documents import elements
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import Format
from govlab.log.sources import Source, UnreadableError

__all__ = ["FORMATS", "SIGNS", "Detected", "detect", "nearest"]

FORMATS: Mapping[str, Format] = {
    known.name: known
    for known in (
        agentdojo.FORMAT,
        claudecode.FORMAT,
        openai_messages.TAUBENCH,
        tau2bench.FORMAT,
        openai_messages.MESSAGES,
        otlp.FORMAT,
        langfuse.FORMAT,
        cloudtrail.FORMAT,
        ms_agt.FORMAT,
        ms_agt_mesh.FORMAT,
        *scopeblind.FORMATS,
    )
}
"""The formats by name; `table` besides, which differs from file to file."""

MAPPED: Mapping[str, Callable[[ColumnMap], Format]] = {
    "otlp": otlp.format_of,
    "langfuse": langfuse.format_of,
    "cloudtrail": cloudtrail.format_of,
    "ms_agt_mesh": ms_agt_mesh.format_of,
    **{known.name: partial(scopeblind.format_of, known.name) for known in scopeblind.FORMATS},
}
"""The formats that a user's map changes: words for decisions, attributes of spans."""

SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"suite_name", "pipeline_name", "user_task_id"}), "agentdojo"),
    (frozenset({"simulations"}), "tau2bench"),
    (frozenset({"traj"}), "taubench"),
    (frozenset({"sessionId", "type"}), "claudecode"),
    (frozenset({"resourceSpans"}), "otlp"),
    (frozenset({"spanContext", "attributes"}), "otlp"),
    (frozenset({"context", "attributes", "start_time"}), "otlp"),
    (frozenset({"gen_ai.operation.name"}), "otlp"),
    (frozenset({"openinference.span.kind"}), "otlp"),
    (frozenset({"trace", "observations"}), "langfuse"),
    (frozenset({"projectId", "observations"}), "langfuse"),
    (frozenset({"traceId", "parentObservationId", "startTime"}), "langfuse"),
    (frozenset({"Records"}), "cloudtrail"),
    (frozenset({"eventSource", "eventName", "userIdentity"}), "cloudtrail"),
    (frozenset({"agent_id", "event_type", "decision", "timestamp"}), "ms_agt"),
    (frozenset({"agent_id", "event_type", "call_count"}), "ms_agt"),
    (frozenset({"entry_id", "agent_did"}), "ms_agt_mesh"),
    (frozenset({"receipt_id", "tool_name", "decision"}), "scopeblind_flat"),
    (frozenset({"payload", "signature", "pubkey"}), "scopeblind_envelope"),
    (frozenset({"tool_name", "decision", "policy_id"}), "scopeblind"),
    (frozenset({"payload", "signature"}), "scopeblind"),
    (frozenset({"payloadType", "payload", "signatures"}), "scopeblind"),
    (frozenset({"predicateType", "predicate"}), "scopeblind"),
    (frozenset({"audit_log_entry_id", "policy_decision"}), "scopeblind"),
    (frozenset({"request_id", "agent_id", "tool", "params"}), "scopeblind"),
    (frozenset({"tool_name", "tool_input", "expected_decision"}), "scopeblind"),
    (frozenset({"messages"}), "messages"),
    (frozenset({"conversations"}), "messages"),
    (frozenset({"tool"}), "table"),
    (frozenset({"action"}), "table"),
)
"""The keys of a record that tell its format, the most telling first."""

_TABLES = {".parquet", ".pq", ".csv", ".tsv"}
_JSON = {".json", ".jsonl", ".ndjson"}
_LINES = {".jsonl", ".ndjson"}
_AS_CSV = {"ms_agt"}
_SAMPLE = 50


@dataclass(frozen=True, slots=True)
class Detected:
    """The format of a file; else why there is none: `skip` (no log) or `bad` (to quarantine)."""

    format: Format | None
    skip: str = ""
    bad: str = ""
    keys: tuple[str, ...] = ()


def detect(source: Source, given: ColumnMap = EMPTY_MAP, name: str | None = None) -> Detected:
    """The format of `source`, or of the name the caller gave. Raises `UsageError` for no format."""
    if name is not None and name not in (*FORMATS, "table"):
        known = ", ".join(f"`{n}`" for n in (*FORMATS, "table"))
        raise UsageError(f"no format `{name}`; there are {known}")
    try:
        head = source.head()
        if not head.strip():
            return Detected(None, skip="empty file")
        if protobuf.is_otlp(head):
            return Detected(None, bad=protobuf.REFUSED)
        return _named(source, name, given) if name else _seen(source, head, given)
    except UnreadableError as error:
        return Detected(None, bad=str(error).partition(": ")[2])


def _named(source: Source, name: str, given: ColumnMap) -> Detected:
    if source.path != source.path.with_suffix("") and not _may_be_log(source):
        return Detected(None, skip="no log file")
    return _as(name, source, given)


def _as(name: str, source: Source, given: ColumnMap) -> Detected:
    """The format `name`, as the user's map has it."""
    if name == "table":
        return _table(source, given)
    if name == "ms_agt":
        return Detected(ms_agt.format_for(source, given))
    mapped = MAPPED.get(name) if given != EMPTY_MAP else None
    return Detected(mapped(given) if mapped else FORMATS[name])


def _may_be_log(source: Source) -> bool:
    return source.extension in _TABLES | _JSON


def _seen(source: Source, head: bytes, given: ColumnMap) -> Detected:
    if source.extension in _TABLES or head.startswith(b"PAR1"):
        return _columnar(source, given)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return _no_json(source, head, given)
    keys, why = _sample(source)
    for found in keys:
        if name := _sign(found):
            own = given.columns and name in _AS_CSV  # the user says that it is a table
            return _table(source, given) if own else _as(name, source, given)
    if given.columns and keys:
        return _table(source, given)
    first = tuple(keys[0]) if keys else ()
    if first or not _may_be_log(source):
        return Detected(None, skip="unknown format", keys=first)
    return Detected(None, bad=why)


def _no_json(source: Source, head: bytes, given: ColumnMap) -> Detected:
    """Text that does not begin as JSON: a table on standard input, broken JSON lines, no log."""
    if source.data is not None:
        return _table(source, given)
    if not _may_be_log(source):
        return Detected(None, skip="no log file")
    if source.extension not in _LINES:
        return Detected(None, bad=_reason(head))
    keys, why = _sample(source)
    found = next((name for record in keys if (name := _sign(record))), None)
    if found is None:
        return Detected(None, bad=why or _reason(head))
    return _as(found, source, given)


def _sign(keys: Iterable[str]) -> str | None:
    """The format that a record's keys tell."""
    have = set(keys)
    return next((name for sign, name in SIGNS if sign <= have), None)


def _reason(head: bytes) -> str:
    try:
        decode(head, msgspec.Raw)
    except NotJsonError as error:
        return str(error)
    return "no JSON object"


def _columnar(source: Source, given: ColumnMap) -> Detected:
    """A table file: a format of its own where its columns tell one that is written as CSV too."""
    csv = source.extension in (".csv", ".tsv") and not given.columns
    known = _sign(csvrows.header(source)) if csv else None
    return _as(known, source, given) if known in _AS_CSV else _table(source, given)


def _table(source: Source, given: ColumnMap) -> Detected:
    found = table.format_of(source, given)
    return Detected(found) if found else Detected(None, skip="table without `tool` or `action`")


def _sample(source: Source) -> tuple[list[dict[str, msgspec.Raw]], str]:
    """The first records of the file, and why there are none."""
    found: list[dict[str, msgspec.Raw]] = []
    why = ""
    try:
        for text in islice(_texts(source), _SAMPLE):
            try:
                found.append(decode(text, dict[str, msgspec.Raw]))
            except NotJsonError as error:
                why = why or str(error)
    except NotJsonError as error:
        why = str(error)
    return found, why or "no JSON object"


def _texts(source: Source) -> Iterator[bytes]:
    if source.extension in _LINES:
        yield from (line.text for line in source.lines() if not line.cut)
        return
    data = source.read()
    try:
        whole = decode(data, msgspec.Raw)
    except NotJsonError:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
            yield from elements(data)
            raise
        first, _, rest = data.partition(b"\n")
        yield first if rest and first.strip() not in (b"{", b"[") else data
        return
    if bytes(whole).lstrip()[:1] == b"[":
        yield from (bytes(raw) for raw in decode(data, list[msgspec.Raw]))
    else:
        yield data


def nearest(keys: tuple[str, ...]) -> str | None:
    """The format whose telling keys share most with `keys`."""
    scored = [(len(sign & set(keys)) / len(sign), name) for sign, name in SIGNS]
    best = max(scored)
    return best[1] if best[0] > 0 else None
