"""Which format a file is in, by what stands in it; extensions only say how to open it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from govlab.errors import UsageError
from govlab.log.adapters import agentdojo, claudecode, openai_messages, table, tau2bench
from govlab.log.decode import NotJsonError, decode
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
    )
}
"""The formats by name; `table` besides, which differs from file to file."""

SIGNS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"suite_name", "pipeline_name", "user_task_id"}), "agentdojo"),
    (frozenset({"simulations"}), "tau2bench"),
    (frozenset({"traj"}), "taubench"),
    (frozenset({"sessionId", "type"}), "claudecode"),
    (frozenset({"messages"}), "messages"),
    (frozenset({"conversations"}), "messages"),
    (frozenset({"tool"}), "table"),
    (frozenset({"action"}), "table"),
)
"""The keys of a record that tell its format, the most telling first."""

_TABLES = {".parquet", ".pq", ".csv", ".tsv"}
_JSON = {".json", ".jsonl", ".ndjson"}
_LINES = {".jsonl", ".ndjson"}
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
        return _named(source, name, given) if name else _seen(source, head, given)
    except UnreadableError as error:
        return Detected(None, bad=str(error).partition(": ")[2])


def _named(source: Source, name: str, given: ColumnMap) -> Detected:
    if source.path != source.path.with_suffix("") and not _may_be_log(source):
        return Detected(None, skip="no log file")
    return _table(source, given) if name == "table" else Detected(FORMATS[name])


def _may_be_log(source: Source) -> bool:
    return source.extension in _TABLES | _JSON


def _seen(source: Source, head: bytes, given: ColumnMap) -> Detected:
    if source.extension in _TABLES or head.startswith(b"PAR1"):
        return _table(source, given)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return _no_json(source, head, given)
    keys, why = _sample(source)
    for found in keys:
        for sign, name in SIGNS:
            if sign <= found.keys():
                return _table(source, given) if name == "table" else Detected(FORMATS[name])
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
    found = next((n for k in keys for sign, n in SIGNS if sign <= k.keys()), None)
    if found is None:
        return Detected(None, bad=why or _reason(head))
    return _table(source, given) if found == "table" else Detected(FORMATS[found])


def _reason(head: bytes) -> str:
    try:
        decode(head, msgspec.Raw)
    except NotJsonError as error:
        return str(error)
    return "no JSON object"


def _table(source: Source, given: ColumnMap) -> Detected:
    found = table.format_of(source, given)
    return Detected(found) if found else Detected(None, skip="table without `tool` or `action`")


def _sample(source: Source) -> tuple[list[dict[str, msgspec.Raw]], str]:
    """The first records of the file, and why there are none."""
    found: list[dict[str, msgspec.Raw]] = []
    why = "no JSON object"
    for text in islice(_texts(source), _SAMPLE):
        try:
            found.append(decode(text, dict[str, msgspec.Raw]))
        except NotJsonError as error:
            why = str(error)
    return found, why


def _texts(source: Source) -> Iterator[bytes]:
    if source.extension in _LINES:
        yield from (line.text for line in source.lines() if not line.cut)
        return
    data = source.read()
    try:
        whole = decode(data, msgspec.Raw)
    except NotJsonError:
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
