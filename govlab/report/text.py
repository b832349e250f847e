"""Plain text for terminals and pipes: safe, aligned, wrapped."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

__all__ = ["clean", "cut", "middle", "percent", "share", "table", "width"]


def width() -> int:
    """Columns to fill: the terminal's, or 100 in a pipe so that output is the same everywhere."""
    return max(60, min(140, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else 100


def clean(value: Any) -> str:
    """Untrusted text as one line that cannot move the cursor, colour, or hide anything."""
    if value is None:
        return "-"
    return "".join(
        c
        if c.isprintable()
        else "\N{SYMBOL FOR NEWLINE}"
        if c == "\n"
        else "\N{REPLACEMENT CHARACTER}"
        for c in str(value)
    )


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` terminal cells, with an ellipsis where it was longer.

    >>> cut("production", 6)
    'produ…'
    """
    return (
        text if cell_len(text) <= cells else set_cell_size(text, max(0, cells - 1)).rstrip() + "…"
    )


def middle(text: str, cells: int) -> str:
    """`text` in at most `cells` terminal cells; the middle goes first, ends say the most.

    >>> middle("git add one two three && git push", 21)
    'git add…&& git push'
    """
    if cell_len(text) <= cells:
        return text
    tail = text[-((cells - 1) * 3 // 5) :]
    return set_cell_size(text, max(0, cells - 1 - cell_len(tail))).rstrip() + "…" + tail.lstrip()


def percent(part: int, whole: int) -> str:
    """A share as a person reads it; never 0 % or 100 % where it is not.

    >>> percent(1, 3), percent(1, 100_000), percent(0, 5), percent(99_999, 100_000), percent(1, 0)
    ('33 %', '<0.1 %', '0 %', '>99.9 %', '-')
    """
    if whole == 0:
        return "-"
    value = 100 * part / whole
    if 0 < value < 0.1:
        return "<0.1 %"
    if 99.9 < value < 100:
        return ">99.9 %"
    whole_number = 10 <= value < 99.5 or value == int(value)
    return f"{value:.0f} %" if whole_number else f"{value:.1f} %"


def share(part: int, whole: int) -> str:
    """`12 of 34 (35 %)`."""
    return f"{part:,} of {whole:,} ({percent(part, whole)})"


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    indent: int = 2,
    most: int | None = None,
    right: Iterable[int] = (),
) -> list[str]:
    """Aligned lines under `header`; the last column takes what is left of the width.

    Cells are cleaned; columns in `right` are set flush right.
    """
    shown = [[clean(cell) for cell in row] for row in rows]
    if not shown:
        return []
    room = most or width()
    sizes = [max(cell_len(row[i]) for row in [list(header), *shown]) for i in range(len(header))]
    sizes[:-1] = [min(size, 44) for size in sizes[:-1]]
    sizes[-1] = min(sizes[-1], max(12, room - indent - sum(sizes[:-1]) - 2 * (len(sizes) - 1)))
    flush = set(right)
    lines = []
    for row in [list(header), *shown]:
        cells = [
            _set(cut(cell, size), size, i in flush)
            for i, (cell, size) in enumerate(zip(row, sizes, strict=True))
        ]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def _set(text: str, size: int, flush: bool) -> str:
    gap = " " * (size - cell_len(text))
    return gap + text if flush else text + gap
