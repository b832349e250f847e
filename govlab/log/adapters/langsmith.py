"""LangSmith runs: a run of type `tool` is an action, the runs above it are its agents.

Runs as the API, the SDK and bulk exports (Parquet) have them, alone, in lists, or nested under
`child_runs`. Field table (LangSmith, Run data format): id, trace_id -> event_id, span_id,
trace_id; name -> tool; inputs -> args; start_time, end_time (UTC without saying so: the same
times stand in `dotted_order` with a `Z`); error -> outcome; session_id (the project) -> tenant;
metadata thread_id, session_id, conversation_id -> run; total_cost, prompt_tokens,
completion_tokens -> cost and tokens, known afterwards. Outputs are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec

from govlab.log import tables
from govlab.log.adapters.objects import at, each_object, text_of
from govlab.log.adapters.span_values import arguments_of, micro_usd, micros_of
from govlab.log.adapters.spans import RUN_FILLS, Reading, Span, filled, reading
from govlab.log.adapters.times import utc_moment
from govlab.log.adapters.traced import records
from govlab.log.decode import decode
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import LINE, Bad, Format, Options, Record
from govlab.log.sources import Source
from govlab.runtime import arguments

__all__ = ["FORMAT", "format_of", "read"]

_AGENT: Final = "lc_agent_name"
"""Metadata in which LangChain names the agent; the runs below inherit it."""
_THREADS = ("thread_id", "session_id", "conversation_id")
_SIZES = {"prompt_tokens": "tokens_in", "completion_tokens": "tokens_out"}
_RAISED = re.compile(r"\s*([A-Za-z_][\w.]*)\(")
_PENDING = "pending"


class _Run(msgspec.Struct):
    id: str
    run_type: str
    name: str = ""
    trace_id: str | None = None
    parent_run_id: str | None = None
    session_id: str | None = None
    session_name: str | None = None
    start_time: Any = None
    end_time: Any = None
    status: str | None = None
    error: Any = None
    inputs: Any = None
    extra: Any = None
    tags: Any = None
    total_cost: Any = None
    prompt_tokens: Any = None
    completion_tokens: Any = None
    child_runs: list[msgspec.Raw] | None = None


def read(source: Source, options: Options, *, how: Reading) -> Iterator[Record]:
    """The threads and tool runs of one file; other runs are counted by type and name."""
    how = replace(how, results=options.results)
    spans: list[Span] = []
    exported = tables.kind_of(source) == "parquet"
    for found in _table(source) if exported else each_object(source, _tree):
        if isinstance(found, Span):
            spans.append(found)
        else:
            yield found
    yield from records(spans, how, {})


def _tree(data: bytes, place: int) -> Iterator[Span]:
    """A run and those nested in it."""
    waiting: list[tuple[bytes, str | None, str | None]] = [(data, None, None)]
    while waiting:
        text, parent, trace = waiting.pop()
        run = decode(text, _Run)
        run.parent_run_id = run.parent_run_id or parent
        run.trace_id = run.trace_id or trace or run.id
        yield _span(run, place)
        nested = run.child_runs or []
        waiting += [(bytes(raw), run.id, run.trace_id) for raw in reversed(nested)]


def _table(source: Source) -> Iterator[Span | Bad]:
    """The runs of a bulk export: one a row, inputs and metadata as JSON text."""
    for batch in tables.batches(source, {}):
        if isinstance(batch, Bad):
            yield batch
            continue
        for row in batch.to_dicts():
            line = row.pop(LINE)
            known = {k: v for k, v in row.items() if k in _FIELDS and v is not None}
            try:
                yield _span(msgspec.convert(known, _Run, strict=False), line)
            except msgspec.ValidationError as error:
                yield Bad(line, str(error))


_FIELDS = frozenset(_Run.__struct_fields__) - {"child_runs"}


def _span(run: _Run, place: int) -> Span:
    """A run as a span: the project is its service, metadata are its attributes."""
    metadata = _object(at(_object(run.extra), ("metadata",)))
    named = {"gen_ai.agent.name": metadata[_AGENT]} if _AGENT in metadata else {}
    root = run.parent_run_id is None
    return Span(
        place,
        run.name,
        run.run_type,
        trace_id=run.trace_id,
        span_id=run.id,
        parent_id=run.parent_run_id,
        started_us=micros_of(utc_moment(run.start_time)),
        ended_us=micros_of(utc_moment(run.end_time)),
        failed=bool(run.error) or run.status == "error",
        action=run.run_type == "tool" or None,
        agent=run.run_type == "chain" and (root or _AGENT in metadata),
        requested_only=run.status == _PENDING and run.end_time is None,
        attributes={**metadata, **named, **_raised(run.error)},
        resource={"service.name": run.session_name},
        values={
            "args": _arguments(run.inputs),
            "run_id": next((t for n in _THREADS if (t := text_of(metadata.get(n)))), None),
            "tenant": run.session_id,
            "model": text_of(metadata.get("ls_model_name")),
            **_sizes(run),
        },
    )


def _object(value: Any) -> dict[str, Any]:
    """An object, or the JSON text of one."""
    if isinstance(value, str):
        return arguments.parse(value) or {}
    return value if isinstance(value, dict) else {}


def _raised(error: Any) -> dict[str, str]:
    """The name of the exception that LangChain writes before its text."""
    found = _RAISED.match(error) if isinstance(error, str) else None
    return {"error.type": found.group(1)} if found else {}


def _arguments(inputs: Any) -> str | None:
    """The arguments; LangChain puts those of a structured tool as text under `input`."""
    text = arguments_of(inputs)
    given = arguments.parse(text) if text else None
    if given is None or given.keys() != {"input"}:
        return text
    inner = arguments_of(given["input"])
    return inner if inner and arguments.parse(inner) is not None else text


def _sizes(run: _Run) -> dict[str, Any]:
    """Cost and tokens where any were counted: zero is what LangSmith writes of a plain tool."""
    sizes = {target: getattr(run, name) for name, target in _SIZES.items()}
    sizes["cost_micro_usd"] = micro_usd(run.total_cost)
    known = {name: size for name, size in sizes.items() if size}
    return known | {f"actual_{name}": size for name, size in known.items()}


_SIZED = frozenset({"cost_micro_usd", "tokens_in", "tokens_out"})


def format_of(given: ColumnMap) -> Format:
    """The format as a user's map has it: metadata are attributes of spans."""
    how = reading(given)
    return Format(
        name="langsmith" if given.spans is None else f"langsmith-{(given.digest or '')[:8]}",
        read=partial(read, how=how),
        fills=filled(how) | _SIZED | {f"actual_{name}" for name in _SIZED}
        | {"tenant", "model", "args", "args_sha256"},
        runs=RUN_FILLS,
        hindsight=_SIZED,
        notes=(
            "times have no offset: LangSmith writes UTC",
            "a run of type tool is there because the tool was called: `executed` is true",
            "the agent is the chain at the root of the trace, and those that metadata name",
            "cost and tokens are known once the run has ended; LangSmith does not say what was "
            "decided, unless a map names the metadata that does",
        ),
    )  # fmt: skip


FORMAT = format_of(EMPTY_MAP)
