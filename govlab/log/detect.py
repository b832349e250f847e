"""Which format a file is in, by what stands in it; extensions only say how to open it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice

import msgspec

from govlab.errors import UsageError
from govlab.log import protobuf, tables
from govlab.log.adapters import (
    agentdojo,
    authzen,
    claudecode,
    claudecode_hook,
    cloudtrail,
    cordum,
    govlab_decisions,
    langfuse,
    langsmith,
    mcp,
    ms_agt,
    ms_agt_mesh,
    opa,
    openai_messages,
    otlp,
    scopeblind,
    table,
    tau2bench,
)
from govlab.log.decode import EMPTY, NotJsonError, decode
from govlab.log.documents import are_lines, elements
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
        mcp.FORMAT,
        opa.FORMAT,
        authzen.FORMAT,
        langsmith.FORMAT,
        claudecode_hook.FORMAT,
        cordum.FORMAT,
        govlab_decisions.FORMAT,
    )
}
"""The formats by name; `table` besides, which differs from file to file."""

MAPPED: Mapping[str, Callable[[ColumnMap], Format]] = {
    "otlp": otlp.format_of,
    "langfuse": langfuse.format_of,
    "cloudtrail": cloudtrail.format_of,
    "ms_agt_mesh": ms_agt_mesh.format_of,
    "mcp": mcp.format_of,
    "opa": opa.format_of,
    "authzen": authzen.format_of,
    "langsmith": langsmith.format_of,
    "claudecode_hook": claudecode_hook.format_of,
    "cordum": cordum.format_of,
    **{known.name: partial(scopeblind.format_of, known.name) for known in scopeblind.FORMATS},
}
"""The formats that a user's map changes: words for decisions, attributes of spans."""

ENVELOPES = ("message", "msg", "payload", "rpc", "data", "body", "raw", "request", "response",
             "input", "event", "stdin", "record", "items", "events", "approvals")  # fmt: skip
"""Fields that recorders put records into, one, a list, or JSON text: looked into for signs."""

SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"suite_name", "pipeline_name", "user_task_id"}), "agentdojo"),
    (frozenset({"simulations"}), "tau2bench"),
    (frozenset({"traj"}), "taubench"),
    (frozenset({"jsonrpc", "method"}), "mcp"),
    (frozenset({"jsonrpc", "id"}), "mcp"),
    *((frozenset({f"{field}.jsonrpc"}), "mcp") for field in ENVELOPES),
    (frozenset({"dir", "method"}), "mcp"),
    (frozenset({"type", "event_id", "seq", "record_hash"}), "govlab_decisions"),
    (frozenset({"hook_event_name"}), "claudecode_hook"),
    (frozenset({"hookSpecificOutput"}), "claudecode_hook"),
    *((frozenset({f"{field}.hook_event_name"}), "claudecode_hook") for field in ENVELOPES),
    (frozenset({"request.subject", "response"}), "authzen"),
    (frozenset({"request.evaluations", "response"}), "authzen"),
    (frozenset({"request", "response.decision"}), "authzen"),
    (frozenset({"run_type", "trace_id"}), "langsmith"),
    (frozenset({"run_type", "inputs"}), "langsmith"),
    (frozenset({"run_type", "start_time"}), "langsmith"),
    (frozenset({"decision_id", "path", "timestamp"}), "opa"),
    (frozenset({"decision_id", "labels"}), "opa"),
    (frozenset({"decision_id", "input"}), "opa"),
    (frozenset({"sessionId", "type"}), "claudecode"),
    (frozenset({"resourceSpans"}), "otlp"),
    (frozenset({"resourceLogs"}), "otlp"),
    (frozenset({"resourceMetrics"}), "otlp"),
    (frozenset({"spanContext", "attributes"}), "otlp"),
    (frozenset({"context", "attributes", "start_time"}), "otlp"),
    (frozenset({"gen_ai.operation.name"}), "otlp"),
    (frozenset({"openinference.span.kind"}), "otlp"),
    (frozenset({"trace", "observations"}), "langfuse"),
    (frozenset({"projectId", "observations"}), "langfuse"),
    (frozenset({"traceId", "parentObservationId", "startTime"}), "langfuse"),
    (frozenset({"Records"}), "cloudtrail"),
    (frozenset({"eventSource", "eventName", "userIdentity"}), "cloudtrail"),
    (frozenset({"event_type", "severity", "tenant_id"}), "cordum"),
    (frozenset({"items.event_type", "items.tenant_id"}), "cordum"),
    (frozenset({"events.event_type", "events.tenant_id"}), "cordum"),
    (frozenset({"approval_ref", "action_hash"}), "cordum"),
    (frozenset({"items.approval_ref"}), "cordum"),
    (frozenset({"approvals.approval_ref"}), "cordum"),
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
"""The keys of a record that tell its format, the most telling first; `a.b` is a key inside `a`."""

_TABLES = {".parquet", ".pq", ".csv", ".tsv"}
_JSON = {".json", ".jsonl", ".ndjson"}
_LINES = {".jsonl", ".ndjson"}
_AS_CSV = {"ms_agt"}
_AS_PARQUET = {"langsmith"}
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
            own = given.columns and (name in _AS_CSV or _mapped(found, given))
            return _table(source, given) if own else _as(name, source, given)
    if given.columns and keys:
        return _table(source, given)
    first = tuple(keys[0]) if keys else ()
    if first or not _may_be_log(source):
        return Detected(None, skip="unknown format", keys=first)
    return Detected(None, bad=why)


def _mapped(record: Mapping[str, msgspec.Raw], given: ColumnMap) -> bool:
    """Whether the user's map says of such a record which of its keys is the tool or action."""
    named = (given.columns[name].column for name in ("tool", "action") if name in given.columns)
    return any(column in record for column in named)


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


def _sign(record: Mapping[str, msgspec.Raw]) -> str | None:
    """The format that a record's keys tell."""
    have = set(record)
    for field in have & set(ENVELOPES):
        have |= {f"{field}.{key}" for key in _inside(bytes(record[field]))}
    return next((name for sign, name in SIGNS if sign <= have), None)


def _inside(value: bytes) -> Iterable[str]:
    """The keys of an object, of the first in a list, or of the JSON text of either."""
    try:
        text = decode(value, str).encode(errors="replace") if value[:1] == b'"' else value
        if text.lstrip()[:1] == b"[":
            text = next(iter(map(bytes, decode(text, list[msgspec.Raw]))), b"")
        found = decode(text, dict[str, msgspec.Raw]) if text.lstrip()[:1] == b"{" else {}
    except NotJsonError:
        return ()
    return found.keys()


def _reason(head: bytes) -> str:
    try:
        decode(head, msgspec.Raw)
    except NotJsonError as error:
        return str(error)
    return "no JSON object"


def _columnar(source: Source, given: ColumnMap) -> Detected:
    """A table file: a format of its own where its columns tell one that is written so too."""
    known = None if given.columns else _sign(dict.fromkeys(tables.columns(source), EMPTY))
    written = _AS_PARQUET if tables.kind_of(source) == "parquet" else _AS_CSV
    return _as(known, source, given) if known and known in written else _table(source, given)


def _table(source: Source, given: ColumnMap) -> Detected:
    found = table.format_of(source, given)
    return Detected(found) if found else Detected(None, skip="table without `tool` or `action`")


def _sample(source: Source) -> tuple[list[dict[str, msgspec.Raw]], str]:
    """The first records of the file, up to one that tells a format, and why there are none."""
    found: list[dict[str, msgspec.Raw]] = []
    why = ""
    try:
        for text in islice(_texts(source), _SAMPLE):
            try:
                found.append(decode(text, dict[str, msgspec.Raw]))
            except NotJsonError as error:
                why = why or str(error)
                continue
            if _sign(found[-1]):
                break
    except NotJsonError as error:
        why = str(error)
    return found, why or "no JSON object"


def _texts(source: Source) -> Iterator[bytes]:
    if are_lines(source):
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
    outer = [(frozenset(key.partition(".")[0] for key in sign), name) for sign, name in SIGNS]
    scored = [(len(sign & set(keys)) / len(sign), name) for sign, name in outer]
    best = max(scored)
    return best[1] if best[0] > 0 else None
