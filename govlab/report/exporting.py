"""An export, and what a check of one came to, as text."""

from __future__ import annotations

from govlab.exporting import Export, Verified
from govlab.report.scope import filter_lines

__all__ = ["export_text", "verified_text"]

_STATUS = {
    "ok": "ok: signed by this key, and every file is as it was exported",
    "unsigned": "unsigned: the files fit their manifest, but nobody vouches for them",
    "unchecked": "signed, but by whom is not checked: give `--key`; the files fit their manifest",
    "failed": "failed: do not run it",
}


def export_text(made: Export) -> str:
    """What was written, what it was compared with, and whether it is signed."""
    bundle, said = made.bundle, made.to_dict()
    files = ", ".join(f"{name} ({size:,} bytes)" for name, size in made.files.items())
    lines = [
        f"{bundle.name} {bundle.version}, digest {bundle.digest[:12]}, exported to {made.folder}",
        f"  {files}",
        f"  parity: {_parity(made)}",
        *(f"  {line}" for line in filter_lines(made.scope)),
        f"  vectors: {made.vectors:,} golden decisions; those of a log hold what the bundle reads",
        f"  signature: {said['signature']}" + ("" if made.signed else "; `--key FILE` signs"),
    ]
    features = said["history"]
    if features:
        lines.append(
            f"  history: reads {', '.join(features)}; `features(state, event)` gives what `decide` "
            "takes as `history=` (without it everything is denied), `record` adds what became of it"
        )
    return "\n".join(lines)


def _parity(made: Export) -> str:
    parity = made.parity
    if not parity.events:
        return "not measured: give `--log LOG` to decide its events by replay and by this engine"
    counted = ", ".join(f"{count:,} {name}" for name, count in sorted(parity.by.items()))
    return (
        f"{parity.events:,} events decided by replay and by this engine, 0 differences ({counted})"
    )


def verified_text(found: Verified) -> str:
    """The status and, where it failed, everything that is wrong."""
    digest = f"digest {found.digest[:12]}" if found.digest else "no digest"
    return "\n".join([f"{_STATUS[found.status]} ({digest})", *(f"  {p}" for p in found.problems)])
