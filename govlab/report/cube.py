"""A cube as text: how small it is, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from govlab.cube import Cube, Kept
from govlab.cube.model import SUMS
from govlab.report.scope import scope_lines
from govlab.report.text import clean, table

__all__ = ["cube_text"]

_WAYS = {
    "plain": "as it is",
    "binned": "between constants",
    "classed": "one cell for all that rules cannot tell apart",
}


def cube_text(cube: Cube, out: Path) -> str:
    """The page `govlab cube` prints."""
    return "\n".join(
        [
            f"{cube.events:,} events in {cube.classes:,} classes, written to {clean(out)}",
            "  made for "
            + ", ".join(f"{clean(n)} {v} ({d[:12]})" for n, v, d in cube.origin.bundles),
            *scope_lines(cube.origin.scope, cube.events, cube.origin.period()),
            "what of each column is in it:",
            *table(("columns", "kept"), _rows(cube.kept), indent=4),
            *_sums(cube),
        ]
    )


def _rows(kept: tuple[Kept, ...]) -> Iterator[tuple[str, str]]:
    for one in kept:
        names = ", ".join(one.columns)
        ways = _WAYS[one.kind]
        ways += f"; as they are: {', '.join(one.exact)}" if one.exact else ""
        ways += f"; hashed: {', '.join(one.hashed)}" if one.hashed else ""
        yield names, ways


def _sums(cube: Cube) -> Iterator[str]:
    names = [c.removeprefix(SUMS) for c in cube.frame.columns if c.startswith(SUMS)]
    if names:
        yield f"exact sums of {', '.join(names)} beside each class"
