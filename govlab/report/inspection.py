"""An inspection as one page: what this log is, and what can be asked of it (J4)."""

from __future__ import annotations

import html
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from govlab.inspection.model import Actor, FigureState, Fill, Inspection, Of, SourceFile, StarterFit
from govlab.report.disclosure import CLOSED, SMALLEST_GROUP, Disclosure, few_by_person, plain
from govlab.report.inspection_times import period_lines
from govlab.report.scope import privacy_lines, scope_lines
from govlab.report.tables import table_lines
from govlab.report.text import clean, counted, listed, middle, percent, share, table, wrapped

__all__ = ["inspection_html", "inspection_text"]

_MOST: Final = 10
_FILES: Final = 6
_STATUS: Final = {
    "filled": "filled in every event",
    "partly": "filled in some events",
    "absent": "known to the source, filled in none",
    "unknown": "unknown: no source of this log records it",
}
_ASKED: Final = 3
_SHARES: Final = ("destructive", "production", "failed", "denied")


def inspection_text(found: Inspection, *, disclosure: Disclosure = CLOSED) -> str:
    """The page `govlab inspect` prints."""
    if found.unread:
        return "\n".join(table_lines(found, disclosure))
    parts = [
        list(_head(found)),
        list(_sources(found)),
        list(period_lines(found)),
        *(list(_actors(found, plural, disclosure)) for plural in ("agents", "tools", "actions")),
        list(_decisions(found)),
        list(_columns(found)),
        list(_figures(found)),
        list(_starters(found)),
        list(_next(found)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(found: Inspection) -> Iterator[str]:
    runs = found.runs
    in_runs = f" in {runs.named:,} runs" if runs and runs.named else ", no runs named"
    yield f"{clean(found.log)}: {counted(found.events, 'event')}{in_runs}"
    yield from scope_lines(found.scope, found.events, found.times())
    yield from wrapped(f"{_can(found)} can be computed; {_best(found)}", 2)
    if runs and runs.without_events:
        yield f"  {runs.without_events:,} runs have no event: they count where figures are per run"
    if runs and runs.named and runs.events_without_run:
        yield f"  {share(runs.events_without_run, found.events)} events name no run"


def _can(found: Inspection) -> str:
    can = sum(state.computable == "yes" for state in found.figures)
    return f"{can} of {len(found.figures)} figures"


def _fitting(found: Inspection) -> StarterFit | None:
    """The starter most of whose rules speak; one rule alone is a catch-all."""
    best = max(found.starters, key=lambda fit: (fit.rules_that_decided, _ruled(fit)), default=None)
    return None if best is None or best.rules_that_decided < 2 else best


def _next(found: Inspection) -> Iterator[str]:
    """The command that says most of the log as a whole."""
    best = _fitting(found)
    if best is not None and found.scope.is_all():
        yield f"next: govlab check {clean(shlex.quote(found.log))} {clean(shlex.quote(best.name))}"


def _best(found: Inspection) -> str:
    best = _fitting(found)
    if best is None:
        return "no starter fits: none has more than one rule that decides any of it"
    return (
        f"the starter that fits best is {clean(best.name)}: {best.rules_that_decided} of its rules "
        f"decide {percent(_ruled(best), best.events)} of the events"
    )


def _ruled(fit: StarterFit) -> int:
    return fit.origins.get("rule", 0)


def _sources(found: Inspection) -> Iterator[str]:
    sources = found.sources
    formats = ", ".join(f"{clean(name)} {n:,}" for name, n in sources.formats.items() if n)
    whole = "" if found.scope.is_all() else " of the whole log"
    yield f"sources{whole}{f' (events by format: {formats})' if formats else ''}"
    read = [file for file in sources.files if not file.not_read]
    yield from table(*_files(read[:_FILES]), indent=4, right=(2,))
    if len(read) > _FILES:
        yield f"    and {len(read) - _FILES:,} more files (--json has them all)"
    unread = Counter(file.not_read for file in sources.files if file.not_read)
    for why, n in sorted(unread.items()):
        yield f"    {n:,} not read: {clean(why)}"
    if sources.duplicates:
        yield f"    {sources.duplicates:,} identical duplicates were dropped"
    if sources.quarantined:
        rows = counted(sources.quarantined, "row")
        yield f"    {rows} in `quarantine/`, each with what is wrong with it"
    if sources.manifest_sha256:
        yield f"    manifest {sources.manifest_sha256[:12]} (MANIFEST.json lists every file)"
    yield from (f"    {line}" for line in privacy_lines(sources.privacy))


def _files(files: Sequence[SourceFile]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows; a column for why rows are no events where a file has such rows."""
    told = any(f.duplicates or f.quarantined for f in files)
    rows = [
        (middle(clean(f.path), 44), clean(f.format), f"{f.kept:,}" if f.rows else "-",
         f.sha256[:12], *((_left_out(f),) if told else ()))
        for f in files
    ]  # fmt: skip
    return ("file", "format", "events", "sha256", *(("left out",) if told else ())), rows


def _left_out(file: SourceFile) -> str:
    why = (
        (file.duplicates, "the same as events read before"),
        (file.quarantined, "in quarantine"),
    )
    return ", ".join(f"{n:,} {what}" for n, what in why if n)


def _actors(found: Inspection, plural: str, disclosure: Disclosure) -> Iterator[str]:
    """The most frequent, with a column for each share that the log can tell."""
    all_rows: tuple[Actor, ...] = getattr(found, plural)
    count: int = getattr(found, f"{plural}_in_all")
    if not all_rows:
        return
    rows = [row for row in all_rows if not few_by_person(row.name, row.events, disclosure)]
    told = [name for name in _SHARES if any(getattr(row, name).known for row in rows)]
    times = any(row.first for row in rows)
    in_runs = any(row.runs for row in rows)
    header = [plural[:-1], "events", *(["runs"] if in_runs else []), *told]
    header += ["first seen", "last seen"] if times else []
    first = f", the first {len(rows)}" if count > len(rows) else ""
    yield f"{plural}: {count:,}{first}{_scope(told) if plural == _first(found) else ''}"
    cells = [
        [
            middle(clean(plain(row.name, disclosure)), 44),
            f"{row.events:,}",
            *([f"{row.runs:,}"] if in_runs and row.runs is not None else []),
            *(_of(name, getattr(row, name)) for name in told),
            *([_day(row.first), _day(row.last)] if times else []),
        ]
        for row in rows
    ]
    yield from table(header, cells, indent=4, right=range(1, 2 + in_runs + len(told)))
    if any(plain(row.name, disclosure) != row.name for row in rows):
        yield "    names of people are hidden (--show-people shows them)"
    if len(rows) < len(all_rows):
        yield (
            f"    left out: {len(all_rows) - len(rows)} people with fewer than {SMALLEST_GROUP} "
            "events each (--show-people shows them)"
        )


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "-"


def _first(found: Inspection) -> str:
    """The first of the tables that is not empty: it says what its shares are of."""
    return next(name for name in ("agents", "tools", "actions") if getattr(found, name))


def _scope(told: Sequence[str]) -> str:
    """What the shares are of, and which the log cannot tell."""
    silent = ", ".join(name for name in _SHARES if name not in told)
    unknown = f"; unknown here: {silent}" if silent else ""
    return f" (shares are of the events that tell, denied is a count{unknown})"


def _of(name: str, found: Of) -> str:
    """A share; of denials the number, since many sources record a decision only where it is one."""
    return f"{found.part:,}" if name == "denied" else percent(found.part, found.known)


def _decisions(found: Inspection) -> Iterator[str]:
    recorded = found.decisions
    if recorded is None:
        return
    if not recorded.recorded_by_source:
        yield (
            "recorded decisions: none; no source of this log records them, so that figures on "
            "decisions need a replay"
        )
        return
    yield f"recorded decisions: {share(found.events - recorded.none, found.events)} events"
    rows = [*recorded.words.items(), ("none recorded", recorded.none)]
    yield from table(
        ("decision", "events", "share"),
        ((word, f"{n:,}", percent(n, found.events)) for word, n in rows if n),
        indent=4,
        right=(1, 2),
    )
    if recorded.unmapped:
        words = ", ".join(f"`{clean(word)}` {n:,}" for word, n in recorded.unmapped.items())
        yield f"    words that no table knows, so no decision: {words}"
        yield "    say what they mean under `decision_map` (--write-map writes the form)"


def _columns(found: Inspection) -> Iterator[str]:
    yield "columns"
    for status, words in _STATUS.items():
        fills = [fill for fill in found.columns if fill.status == status]
        if fills:
            yield f"    {words} ({len(fills)}):"
            yield from listed((_fill(fill, found.events) for fill in fills), 8)
    malformed = [fill for fill in found.columns if fill.malformed]
    if malformed:
        bad = (f"{fill.column} {fill.malformed:,}" for fill in malformed)
        yield "    cells that are no value of their type; rules that read them deny:"
        yield from listed(bad, 8)
    yield from _other_names(found)


def _other_names(found: Inspection) -> Iterator[str]:
    """Columns of the table that may be columns of the log under another name."""
    own = {fill.column for fill in found.columns}
    guesses = [g for table_ in found.tables for g in table_.guesses if g.source not in own]
    near = [f"`{guess.source}` may be {guess.target}" for guess in guesses if guess.target]
    if near:
        yield "    columns of this table that rules cannot read as they are named:"
        yield from listed(near, 8)
        yield "        write a column map with --write-map FILE.yaml and ingest with it"


def _fill(fill: Fill, events: int) -> str:
    if fill.status != "partly":
        return fill.column
    unknown = f", unknown in {percent(fill.unknown, events)}" if fill.unknown else ""
    return f"{fill.column} ({percent(fill.filled, events)}{unknown})"


def _figures(found: Inspection) -> Iterator[str]:
    yield f"what can be computed from this log: {_can(found)}"
    families = dict.fromkeys(state.id.partition(".")[0] for state in found.figures)
    for family in families:
        states = [s for s in found.figures if s.id.startswith(f"{family}.")]
        names = {
            answer: [_short(state) for state in states if state.computable == answer]
            for answer in _ANSWER
        }
        if len(names["no"]) == len(states):
            yield f"    {family}: none of {len(states)}"
            continue
        parts = [f"{_ANSWER[answer]} {', '.join(ids)}" for answer, ids in names.items() if ids]
        yield from wrapped(f"{family}: {'; '.join(parts)}", indent=4, hang=8)
    gaps = dict.fromkeys(name for state in found.figures for name in state.gaps)
    if gaps:
        yield "    * counts as a gap what no source of this log records:"
        yield from listed(gaps, 8)
    yield from _unlocks(found)


_ANSWER: Final = {
    "yes": "can:",
    "mostly unknown": "unknown in most events, so no value:",
    "nothing recorded": "nothing recorded for:",
    "no": "cannot:",
}


def _short(state: FigureState) -> str:
    return state.id.partition(".")[2] + ("*" if state.gaps and state.computable == "yes" else "")


def _unlocks(found: Inspection) -> Iterator[str]:
    """Which single column would add most, and what needs more than one."""
    useful = [unlock for unlock in found.unlocks if unlock.figures or unlock.starters]
    if not useful:
        return
    meaning = {fill.column: fill.meaning for fill in found.columns}
    asks = {state.id: state.question for state in found.figures}
    yield "  what one more column would unlock:"
    for unlock in useful[:_MOST]:
        read = f"; read by {', '.join(unlock.starters)}" if unlock.starters else ""
        asked = list(dict.fromkeys(asks[id_] for id_ in unlock.figures))
        said = " ".join(asked[:_ASKED])
        more = len(asked) - _ASKED
        said += f" And {more} more." if more > 0 else ""
        said = said or meaning.get(unlock.column, "")
        figures = counted(len(unlock.figures), "figure")
        yield from wrapped(f"{unlock.column} ({figures}{read}): {said}", 4, hang=8)


def _starters(found: Inspection) -> Iterator[str]:
    tried = [fit for fit in found.starters if not fit.note]
    yield "starters: what each would decide of this log (a default is no decision of a rule)"
    rows = [
        (
            fit.name,
            f"{fit.rules_that_decided}",
            *(percent(fit.origins[origin], fit.events) for origin in _ORIGINS),
        )
        for fit in tried
    ]
    header = ("starter", "rules", "by a rule", "no rule", "erring", "not known")
    yield from table(header, rows, indent=4, right=range(1, 6))
    recorded = any(f.column == "args" and f.status != "unknown" for f in found.columns)
    for fit in found.starters:
        yield from _what(fit)
        yield from _lacks(fit, recorded=recorded)
    if tried:
        yield "    rules: how many of them decide anything; erring: a value is missing, so that"
        yield "    production would deny; not known: the log never recorded what it hangs on"


_ORIGINS: Final = ("rule", "default", "error", "undecidable")


def _what(fit: StarterFit) -> Iterator[str]:
    """What its rules decide, the most frequent first."""
    said = sorted(((n, word) for word, n in fit.decisions.items() if n), reverse=True)
    if said:
        words = ", ".join(f"{word} {n:,}" for n, word in said)
        yield from wrapped(f"{clean(fit.name)}: its rules say {words}", 4, hang=8)


def _lacks(fit: StarterFit, *, recorded: bool) -> Iterator[str]:
    """What it asked for in vain; `recorded`: some source of the log records arguments."""
    if fit.note:
        yield f"    {clean(fit.name)} was not tried: {fit.note}"
    if fit.lacks:
        asked = [f"{lack.attribute} ({lack.why} in {lack.events:,})" for lack in fit.lacks[:8]]
        most = f", the first 8 of {len(fit.lacks)}" if len(fit.lacks) > 8 else ""
        yield f"    {clean(fit.name)} asked in vain for{most}:"
        yield from listed(asked, 8)
    if fit.lost_arguments and fit.origins["undecidable"]:
        names = ", ".join(name.removeprefix("args.") for name in fit.lost_arguments)
        cure = f"if ingest left them out, ingest again with `--bundle {fit.name}`"
        yield from wrapped(
            f"{clean(fit.name)} reads arguments that some events cannot tell: {clean(names)}; "
            f"{cure if recorded else 'no source of this log records arguments'}",
            4,
            hang=8,
        )


def inspection_html(found: Inspection) -> str:
    """The page as a notebook shows it: the same words, escaped, nothing loaded."""
    text = inspection_text(found)
    # a notebook sets text of its own in letters of many widths, and columns would not stand
    style = "font-family:monospace;white-space:pre;overflow-x:auto"
    return f"<pre style='{style}'>{html.escape(text)}</pre>"
