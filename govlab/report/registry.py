"""A registry as text: what is in force, what was, what there is."""

from __future__ import annotations

from collections.abc import Iterator

from govlab.registry import Entry, Registry, Window, windows
from govlab.registry.store import told
from govlab.report.text import clean, table

__all__ = ["entry_line", "registry_text"]

_DONE = {"activate": "in force", "rollback": "in force again", "retire": "no longer in force"}


def registry_text(registry: Registry) -> str:
    """The page of `govlab registry show`."""
    parts = [list(_versions(registry)), list(_windows(registry)), list(_ledger(registry))]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _versions(registry: Registry) -> Iterator[str]:
    if not registry.versions:
        yield "no versions yet; `govlab registry add` keeps one"
        return
    yield "versions"
    rows = [(v.bundle, v.version, v.digest[:12], v.state, told(v.at), v.by, v.rationale)
            for v in registry.versions]  # fmt: skip
    yield from table(("bundle", "version", "digest", "state", "added", "by", "rationale"), rows)


def _windows(registry: Registry) -> Iterator[str]:
    found = windows(registry)
    if not found:
        yield "nothing is in force; `govlab registry activate` puts a version in force"
        return
    yield "in force, from (in) to (out)"
    rows = [(w.bundle, w.tenant or "all", w.version, w.digest[:12], told(w.start), _end(w))
            for w in found]  # fmt: skip
    yield from table(("bundle", "tenant", "version", "digest", "from", "to"), rows)


def _end(window: Window) -> str:
    return "now" if window.end is None else told(window.end)


def _ledger(registry: Registry) -> Iterator[str]:
    if registry.entries:
        count = len(registry.entries)
        entries = "1 entry" if count == 1 else f"{count:,} entries"
        yield (
            f"ledger: {entries}, the chain holds; it ends in "
            f"{registry.entries[-1].hash[:16]} (a cut tail would not show: keep this apart)"
        )
        yield from (f"  {entry_line(entry)}" for entry in registry.entries)


def entry_line(entry: Entry) -> str:
    """One entry as a sentence."""
    whom = f" for tenant {entry.tenant}" if entry.tenant is not None else ""
    late = f", entered {told(entry.recorded_at)}" if entry.recorded_at > entry.at else ""
    said = "".join(f"; {part}" for part in (entry.by, entry.rationale) if part)
    line = (
        f"{entry.bundle} {entry.version} ({entry.digest[:12]}) is {_DONE[entry.kind]}{whom} "
        f"from {told(entry.at)}{late}{said}"
    )
    return clean(line)
