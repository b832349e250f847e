"""Plain text for terminals and pipes: safe, aligned, wrapped."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from rich.cells import cell_len, set_cell_size

__all__ = [
    "clean",
    "clean_lines",
    "clock",
    "counted",
    "cut",
    "listed",
    "middle",
    "percent",
    "share",
    "table",
    "width",
    "wrapped",
]

_GLUED = "\u2060%"  # a number and its unit are one word; `clean` leaves no such joiner in a text
_FOLDS = 3  # lines of a table's last cell
_WORDS = 20  # cells of one that is whole in any case
# printable to Python, and yet nothing is seen: fillers, blank Braille, variation selectors
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def width() -> int:
    """Columns to fill: the terminal's, or 100 in a pipe so that output is the same everywhere."""
    return max(60, min(140, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else 100


def clean(value: Any) -> str:
    r"""Untrusted text as one line that cannot move the cursor, colour, or hide anything.

    >>> clean("a\nb\x1b[31m\u202e")
    'a\u2424b\\x1b[31m\\u202e'
    """
    if value is None:
        return "-"
    text = str(value)
    if text.isprintable() and not _INVISIBLE.search(text):
        return text
    return "".join(c if _is_plain(c) else _escaped(c) for c in text)


def clean_lines(text: str) -> str:
    """Text of several lines, each as `clean` leaves it: lines and tabs stay."""
    return "\n".join("\t".join(map(clean, line.split("\t"))) for line in text.split("\n"))


def _is_plain(character: str) -> bool:
    return character.isprintable() and not _INVISIBLE.match(character)


def _escaped(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "\N{SYMBOL FOR NEWLINE}"
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def clock(at: datetime | None, zone: tzinfo) -> str:
    """An instant as the clocks of `zone` show it, to the minute; `-` where there is none.

    >>> from zoneinfo import ZoneInfo
    >>> clock(datetime.fromisoformat("2026-02-11T23:30:00Z"), ZoneInfo("Europe/Berlin"))
    '2026-02-12 00:30'
    """
    if at is None:
        return "-"
    shown = at.astimezone(zone)
    return f"{shown.date().isoformat()} {shown:%H:%M}"  # %Y has no leading zeros everywhere


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


def counted(number: int, noun: str) -> str:
    """`1 event`, `1,200 events`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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
    """Aligned lines under `header`; the last column has what is left of the width, and lines below.

    Cells are cleaned; columns in `right` are set flush right. Of the last column are at most
    three lines, of the others one: what does not fit is cut. A few words are not folded, however
    little room there is.

    >>> row = ("r/1", "held for a person to see before it runs")
    >>> print("\\n".join(table(("rule", "why"), [row], most=20)))
      rule  why
      r/1   held for a person to
            see before it runs
    """
    shown = [[clean(cell) for cell in row] for row in rows]
    if not shown:
        return []
    room = most or width()
    sizes = [max(cell_len(row[i]) for row in [list(header), *shown]) for i in range(len(header))]
    sizes[:-1] = [min(size, 44) for size in sizes[:-1]]
    least = max(cell_len(header[-1]), _WORDS)  # neither headings nor a few words are folded
    sizes[-1] = min(sizes[-1], max(least, room - indent - sum(sizes[:-1]) - 2 * (len(sizes) - 1)))
    flush = set(right)
    lines = []
    for row in [list(header), *shown]:
        first, *below = _folded(row[-1], sizes[-1])
        cells = [
            _set(cut(cell, size), size, i in flush)
            for i, (cell, size) in enumerate(zip([*row[:-1], first], sizes, strict=True))
        ]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
        lines += [" " * (indent + sum(sizes[:-1]) + 2 * (len(sizes) - 1)) + rest for rest in below]
    return lines


def _folded(text: str, size: int) -> list[str]:
    """`text` in lines of `size` cells, at most `_FOLDS`; one line where characters are wide."""
    if cell_len(text) <= size or cell_len(text) != len(text):
        return [cut(text, size)]
    glued = text.replace(" %", _GLUED)
    lines = textwrap.wrap(glued, size, break_on_hyphens=False) or [cut(text, size)]
    if len(lines) > _FOLDS:
        lines[_FOLDS - 1 :] = [cut(" ".join(lines[_FOLDS - 1 :]), size)]
    return [line.replace(_GLUED, " %") for line in lines]


def wrapped(text: str, indent: int = 0, *, hang: int | None = None) -> list[str]:
    """Cleaned text in lines of the width, the first after `indent`, the rest after `hang`.

    >>> [line[-4:] for line in wrapped("x" * 96 + " 12 %")]
    ['xxxx', '12 %']
    """
    rest = " " * (indent if hang is None else hang)
    lines = textwrap.wrap(
        clean(text).replace(" %", _GLUED), width(), initial_indent=" " * indent,
        subsequent_indent=rest, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(_GLUED, " %") for line in lines]


def listed(items: Iterable[str], indent: int) -> list[str]:
    """Cleaned items, parted by commas, in lines of the width; no item is broken."""
    lines: list[str] = []
    room = width() - indent
    for item in map(clean, items):
        if lines and cell_len(lines[-1]) + cell_len(item) + 2 <= room:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return [" " * indent + line + "," for line in lines[:-1]] + [
        " " * indent + line for line in lines[-1:]
    ]


def _set(text: str, size: int, flush: bool) -> str:
    gap = " " * (size - cell_len(text))
    return gap + text if flush else text + gap
