"""A hook's change of settings, before and after, and how it stands, as text."""

from __future__ import annotations

from govlab.bundled import shipped
from govlab.hooking import Change, Standing
from govlab.report.text import clean

__all__ = ["done_text", "planned_text", "standing_text"]


def planned_text(change: Change) -> str:
    """What would be written where, and what it would do."""
    diff = change.diff or f"nothing changes in {change.document.path}"
    bundle, folder = change.bundle, change.hook.parent
    if bundle is None:
        return diff
    lines = [
        diff,
        "",
        f"{bundle.name} {bundle.version}, digest {bundle.digest[:12]}",
        f"  files: {folder}/hook.py, caller.py, engine/ (`govlab verify {folder}/engine`)",
        f"  {_mode(change)}",
    ]
    if change.untold:
        named = ", ".join(f"`{name}`" for name in change.untold)
        lines.append(f"  rules read {named}, which Claude Code does not tell: absent to them")
    return "\n".join(lines)


def _mode(change: Change) -> str:
    if change.choice.monitor:
        return "monitor: every call goes ahead; what would have been said is recorded"
    bundle = change.bundle
    if bundle is not None and bundle.mode.name == "monitor":
        copied = shipped("policies") in bundle.path.parents
        where = f"a copy of {clean(bundle.path)}, and install that" if copied else "it"
        return (
            "the bundle is in monitor mode itself: what its rules say is recorded, and not done\n"
            f"  to have it done, say `mode: enforce` in {where}"
        )
    return "enforced: what is denied, or cannot be decided, is stopped"


def done_text(change: Change) -> str:
    """What to do next."""
    records = change.hook.with_name("decisions.ndjson")
    if change.bundle is None:
        return f"taken out; the records stay in {records}"
    return (
        f"installed; `govlab ingest {records} --out log` reads the decisions, "
        "`govlab hook status claude-code` looks after it"
    )


def standing_text(found: Standing) -> str:
    """Whether it is installed, how it answers, and by what."""
    said = found.to_dict()
    if found.entry is None:
        return f"not installed in {found.settings}"
    if found.decides is None:
        return (
            f"installed in {found.settings}, and does not start: "
            f"{'every call goes ahead' if found.entry.monitor else 'every call is blocked'}; "
            "install it again"
        )
    by = found.decides
    watched = "; policies of it are in monitor mode and stop nothing" if by["monitored"] else ""
    return (
        f"installed in {found.settings}: {said['mode']}, decides by {by['name']} {by['version']}, "
        f"digest {str(by['digest'])[:12]}{watched}; records in {said['records']}"
    )
