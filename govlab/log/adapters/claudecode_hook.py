"""Claude Code hook records: what hooks were told, collected as JSON lines, and what they answered.

A line is a hook's standard input, alone or under `input` beside its `output` and a time; an
answer on a line of its own belongs to the last call asked about before it. One action per
`tool_use_id`. Field table (Claude Code, Hooks reference; types of claude-agent-sdk):

| field | column |
|---|---|
| session_id, permission_mode, agent_id, agent_type | run_id, permission_mode, actor, agent_role |
| tool_name, tool_input, tool_use_id | tool, args, event_id |
| PostToolUse, PostToolUseFailure | executed, outcome |
| permissionDecision, permissionDecisionReason | decision, reason |
| updatedInput beside an allow | REMEDIATE |
| govlab (of govlab's own hook, which says what it decided) | decision, rule, policy_digest ... |
| exit code 2 (stderr is the reason) | DENY |
| PermissionRequest | REQUIRE_APPROVAL, approved where the call was made |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from govlab.log.adapters.claudecode_hook_lines import Told, told
from govlab.log.adapters.claudecode_hook_rows import Asked, row
from govlab.log.adapters.claudecode_joined import hear_later, is_joined, remember
from govlab.log.adapters.objects import each_object, text_of
from govlab.log.adapters.rotated import each_of, enlist, enlisted, tallied, turned
from govlab.log.decode import NotJsonError
from govlab.log.maps import EMPTY_MAP, ColumnMap
from govlab.log.records import Action, Format, Options, Record, Run, Skipped
from govlab.log.sources import Source

__all__ = ["FORMAT", "format_of", "heed", "read"]

_NAME = "claudecode_hook"
_RESULTS = {"PostToolUse": "success", "PostToolUseFailure": "error"}
_RUN_FIELDS = {"SessionStart": "model", "UserPromptSubmit": "prompt"}


@dataclass(slots=True)
class _Log:
    """The calls of a log, held until their results and answers were seen.

    `file` is the number of the file that is being read.
    """

    file: int = 0
    calls: list[Asked] = field(default_factory=list)
    by_id: dict[tuple[str | None, str], Asked] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: Asked | None = None  # the call that was asked about last

    def take(self, data: bytes, place: int) -> Iterator[Record]:
        """Keeps what one line says; what is about no call is given as skipped."""
        one = told(data)
        if one.event is None:
            if one.answered and self.last:
                self.last.answer(one)
            else:
                yield Skipped("answer to no call" if one.answered else "no hook record")
            return
        self._met(one, place)
        if one.tool is None:
            yield Skipped(f"hook {one.event}")
            return
        call = self._call(one, place)
        call.heard(one, _RESULTS.get(one.event))
        self.last = call

    def _met(self, one: Told, place: int) -> None:
        """What the line says of its session."""
        if one.session is None:
            return
        run = self.runs.setdefault(one.session, {"file": self.file, "line": place, "calls": 0})
        if one.ts:
            run["started"] = min(one.ts, run.get("started", one.ts))
            run["ended"] = max(one.ts, run.get("ended", one.ts))
        if name := _RUN_FIELDS.get(one.event or ""):
            run.setdefault(name, text_of(one.rest.get(name)))

    def _call(self, one: Told, place: int) -> Asked:
        """The call that a line is about: by its id, else an open one with the same input."""
        known = self.by_id.get((one.session, one.call)) if one.call else self._same(one)
        if known:
            return known
        run = self.runs.get(one.session or "", {"calls": 0})
        call = Asked(place, one, run["calls"], file=self.file)
        run["calls"] += 1
        self.calls.append(call)
        if one.call:
            self.by_id[one.session, one.call] = call
        return call

    def _same(self, one: Told) -> Asked | None:
        """The latest call without a result that has the same tool and input."""
        for call in reversed(self.calls):
            if call.outcome is None and call.first.same_call(one):
                opens = one.event == "PreToolUse" and "PreToolUse" in call.events
                return None if opens else call
        return None


def heed(source: Source, options: Options, *, words: Mapping[str, str]) -> None:
    """Notes a file; what it says of calls is kept for the transcripts that hold them too."""
    enlist(source, options, _NAME)
    hear_later(options, partial(_remember, options, words))


def _remember(options: Options, words: Mapping[str, str]) -> None:
    left = {file.path: file for file in enlisted(options, _NAME)}
    while left:
        log, files = _Log(), turned(next(iter(left.values())), options, _NAME, _time)
        for file in files:
            left.pop(file.path)
            tallied(each_object(file, log.take))  # said when the file is read
        for call in log.calls:
            remember(options, row(call, words))


def read(source: Source, options: Options, *, words: Mapping[str, str]) -> Iterator[Record]:
    """The sessions and calls of one file, but for calls that a transcript had."""
    told = partial(_told, options=options, words=words)
    yield from each_of(source, options, _NAME, _time, told)


def _told(
    files: Sequence[Source], *, options: Options, words: Mapping[str, str]
) -> list[list[Record]]:
    """What each file of a log says."""
    log, found = _Log(), list[list[Record]]()
    for log.file, file in enumerate(files):
        found.append(tallied(each_object(file, log.take)))
    for name, run in log.runs.items():
        columns = {k: v for k, v in run.items() if k not in ("file", "line", "calls")}
        known = {"run_id": name, "system": "claude-code", **columns}
        found[run["file"]].append(Run(run["line"], known))
    for call in log.calls:
        values = row(call, words)
        joined = is_joined(options, values)
        kept = (
            Skipped("hook record of a transcript's call") if joined else Action(call.line, values)
        )
        found[call.file].append(kept)
    return found


def _time(data: bytes) -> datetime | None:
    """When a line was written."""
    try:
        return told(data).ts
    except NotJsonError:
        return None


def format_of(given: ColumnMap) -> Format:
    """The format with a user's words for decisions."""
    return Format(
        name=_NAME,
        read=partial(read, words=given.decisions),
        fills=frozenset({
            "event_id", "ts", "run_id", "step", "system", "actor", "agent_role", "parent_agent",
            "delegation_depth", "delegation_chain", "permission_mode", "tool", "server",
            "resource", "resource_type", "args", "args_sha256", "decision", "decided_at",
            "policy", "policy_version", "policy_digest", "rule", "reason", "constraints",
            "remediation", "decision_mode", "decision_origin", "approval_requested_at",
            "approval_status", "executed", "started_at", "ended_at", "outcome", "error_class",
            "time_source", "source_format", "source_ref", "extra",
        }),
        partly=frozenset({
            "decision", "decided_at", "policy", "policy_version", "policy_digest", "rule",
            "reason", "constraints", "remediation", "decision_mode", "decision_origin",
            "approval_requested_at", "approval_status", "executed", "outcome",
        }),
        runs=frozenset({
            "run_id", "started", "ended", "system", "model", "prompt", "source_format",
            "source_ref",
        }),
        notes=(
            "hooks are told no time: it is known where the collector wrote one beside the record",
            "a call whose answer was not logged has no recorded decision",
            "an allow in the mode bypassPermissions is a bypass and no ALLOW",
            "where the session's transcript is ingested too, its rows say what hooks answered",
        ),
        heed=partial(heed, words=given.decisions),
    )  # fmt: skip


FORMAT = format_of(EMPTY_MAP)
