"""What an ingest came to, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govlab.log import IngestReport
from govlab.report.text import clean, counted, table, wrapped

__all__ = ["ingest_text", "period"]


def ingest_text(report: IngestReport, *, brief: bool = False) -> str:
    """Counts that add up, the period, what was skipped and why, what is in quarantine.

    `brief`: the first lines, and what went wrong.
    """
    return "\n".join(_lines(report, brief=brief))


def _lines(report: IngestReport, *, brief: bool) -> Iterator[str]:
    where = "kept at" if brief else "written to"  # brief: a cache nobody asked for
    yield (
        f"{counted(report.events, 'event')} in {counted(report.runs, 'run')}, "
        f"{period(report)}, {where} {report.out}"
    )
    parts = [f"{report.events:,} kept"]
    if report.duplicates:
        parts.append(f"{report.duplicates:,} identical duplicates dropped")
    if report.quarantined:
        parts.append(f"{report.quarantined:,} in quarantine")
    yield f"  {counted(report.read, 'row')} read: {', '.join(parts)}"
    if not brief:
        yield from _counts("format", report.by_format)
        yield from _counts("skipped (no actions)", report.skipped)
        yield from _kept(report.privacy)
    yield from _counts("quarantine", report.quarantine_reasons)
    yield from _counts("decision words that no table knows", report.unmapped)
    yield from _counts("withheld by the source, unknown to rules", report.withheld)


def _kept(privacy: Mapping[str, Any]) -> Iterator[str]:
    """What was kept of arguments, results and names."""
    if not privacy:
        return
    yield from _arguments(privacy)
    names = privacy["pseudonyms"]
    people = f"; people: pseudonyms of key {names['key_id']}" if names else ""
    yield f"  results of tools: {privacy['results']}{people}"


def _arguments(privacy: Mapping[str, Any]) -> Iterator[str]:
    """What was kept of arguments; paths by format, those that starters for it or bundles read."""
    if privacy["args"] != "paths":
        yield f"  arguments: {_ARGUMENTS[privacy['args']]}"
        return
    for name, paths in privacy["paths"].items():
        whole = "all (a given bundle reads them as a whole)"
        kept = whole if "args" in paths else _named(paths) or _none(name)
        yield from wrapped(f"arguments kept of {clean(name)}: {kept}", 2, hang=4)
    yield "    a digest stands for the rest, which rules cannot read; keep what a policy reads with"
    yield "    `--bundle BUNDLE`, or everything with `--args keep`"


def _named(paths: Sequence[str]) -> str:
    return ", ".join(clean(path.removeprefix("args.")) for path in paths)


def _none(format_: str) -> str:
    if format_.startswith("table"):
        return "none, because no `--bundle` that reads any was named"
    return "none, because the starter for such logs reads none"


_ARGUMENTS = {
    "keep": "all kept",
    "hash": "a digest kept, nothing else: rules that read them cannot be decided",
    "drop": "nothing kept: rules that read them cannot be decided",
}


def _counts(what: str, counts: Mapping[str, int]) -> Iterator[str]:
    """How many rows of each kind; the kind last, which may be a sentence."""
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    yield from table(("rows", what), ((f"{n:,}", name) for name, n in rows[:12]), right=(0,))
    if len(rows) > 12:
        yield f"  and {len(rows) - 12} more kinds; MANIFEST.json has them all"


def period(report: IngestReport) -> str:
    """From the oldest to the newest event; unknown where none has a time."""
    if report.oldest is None or report.newest is None:
        return "times unknown"
    return clean(f"{report.oldest:%Y-%m-%d %H:%M} to {report.newest:%Y-%m-%d %H:%M} UTC")
