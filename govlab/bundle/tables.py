"""Lookup tables: CSV, JSON or YAML files of a bundle, typed row by row (S7)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govlab.bundle import tree
from govlab.bundle.yamltext import read as read_yaml
from govlab.errors import Diagnostic, Place, did_you_mean
from govlab.runtime.clock import read_timestamp
from govlab.runtime.values import INT_MAX, INT_MIN, CelError
from govlab.types import BOOL, DOUBLE, INT, STRING, Type, list_of

__all__ = ["CELL_TYPES", "Declared", "read_rows"]

CELL_TYPES = {t: t for t in (BOOL, INT, DOUBLE, STRING, list_of(STRING))}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INT = re.compile(r"-?\d{1,19}", re.ASCII)
_MAX_BYTES = 64 << 20

Rows = tuple[tuple[str, int | None, int | None, tuple[Any, ...]], ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the manifest says of a table."""

    key: str
    columns: tuple[tuple[str, Type], ...]
    match: str
    valid: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _Line:
    """One raw row: where it stands, and its cells by column name."""

    number: int
    cells: Mapping[str, Any]


def read_rows(path: Path, shown: str, declared: Declared) -> tuple[Rows, list[Diagnostic]]:
    """The typed rows of the table at `path` and everything wrong with it.

    Codes: GL201 unreadable, GL202 no such column, GL203 a cell that does not parse, GL204 two
    rows for one key, GL205 an empty key.
    """
    problems: list[Diagnostic] = []

    def problem(line: int, code: str, message: str, hint: str = "") -> None:
        problems.append(Diagnostic(code, message, Place(shown, line, 1), hint))

    lines = _lines(path, problem)
    names = [declared.key, *(name for name, _ in declared.columns), *(declared.valid or ())]
    header = lines[0].cells if lines else {}
    for name in names:
        if lines and name not in header:
            problem(1, "GL202", f"the table has no column `{name}`", did_you_mean(name, header))
    if problems:
        return (), problems
    rows = tuple(row for line in lines if (row := _row(line, declared, problem)) is not None)
    if declared.match == "exact":
        _unique(rows, lines, problem)
    return rows, problems


Problem = Callable[..., None]


def _lines(path: Path, problem: Problem) -> list[_Line]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            problem(1, "GL201", "the table is larger than 64 MiB")
            return []
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem(1, "GL201", f"the table is not UTF-8 at byte {error.start}", "save it as UTF-8")
        return []
    except OSError as error:
        problem(1, "GL201", f"the table cannot be read: {error.strerror}")
        return []
    match path.suffix:
        case ".csv":
            return list(_csv(text, problem))
        case ".json":
            return list(_json(text, problem))
        case ".yaml" | ".yml":
            return list(_yaml(text, path.name, problem))
        case other:
            problem(1, "GL201", f"a table cannot be a `{other}` file", "use .csv, .json or .yaml")
            return []


def _csv(text: str, problem: Problem) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) != len(header):
            problem(1, "GL201", "two columns have one name")
            return
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                problem(
                    reader.line_num,
                    "GL201",
                    f"this row has {len(row)} cells, the header {len(header)}",
                )
                continue
            yield _Line(
                reader.line_num,
                {n: c if c != "" else None for n, c in zip(header, row, strict=True)},
            )
    except csv.Error as error:
        problem(reader.line_num, "GL201", f"not CSV: {error}")


def _json(text: str, problem: Problem) -> Iterator[_Line]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        problem(1, "GL201", f"not JSON: {error}")
        return
    yield from _objects(rows, [1] * len(rows) if isinstance(rows, list) else [], problem)


def _yaml(text: str, shown: str, problem: Problem) -> Iterator[_Line]:
    documents, found = read_yaml(text, shown)
    for diagnostic in found:
        problem(diagnostic.place.line, diagnostic.code, diagnostic.message, diagnostic.hint)
    for document in documents if not found else ():
        items = document.items if isinstance(document, tree.Sequence) else ()
        rows = tree.plain(document)
        yield from _objects(rows, [item.place.line for item in items], problem)


def _objects(rows: Any, places: list[int], problem: Problem) -> Iterator[_Line]:
    """Rows given as mappings; a column missing in one of them is an empty cell."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problem(1, "GL201", "the table must be a list of mappings")
        return
    names = dict.fromkeys(name for row in rows for name in row)
    for place, row in zip(places, rows, strict=True):
        yield _Line(place, {name: row.get(name) for name in names})


def _row(line: _Line, declared: Declared, problem: Problem) -> Any:
    key = line.cells.get(declared.key)
    if not isinstance(key, str) or key == "":
        problem(line.number, "GL205", f"the key `{declared.key}` is empty or no text")
        return None
    cells = tuple(_cell(line, name, kind, problem) for name, kind in declared.columns)
    start, end = (_instant(line, name, problem) for name in declared.valid or (None, None))
    return key, start, end, cells


def _cell(line: _Line, name: str, kind: Type, problem: Problem) -> Any:
    raw = line.cells.get(name)
    if raw is None:
        return None
    value = _parse(raw, kind)
    if value is None:
        problem(line.number, "GL203", f"`{raw}` in column `{name}` is no {kind}")
    return value


def _parse(raw: Any, kind: Type) -> Any:
    """`raw`, text or already typed, as a value of `kind`; None where it is none."""
    match kind.name:
        case "string":
            return raw if isinstance(raw, str) else None
        case "bool":
            return (
                {"true": True, "false": False}.get(raw)
                if isinstance(raw, str)
                else (raw if isinstance(raw, bool) else None)
            )
        case "int":
            number = int(raw) if isinstance(raw, str) and _INT.fullmatch(raw) else raw
            whole = isinstance(number, int) and not isinstance(number, bool)
            return number if whole and INT_MIN <= number <= INT_MAX else None
        case "double":
            return _double(raw)
        case _:
            parts = raw.split(";") if isinstance(raw, str) else raw
            usable = isinstance(parts, list) and all(isinstance(p, str) for p in parts)
            return tuple(parts) if usable else None


def _double(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    try:
        number = float(raw)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _instant(line: _Line, name: str | None, problem: Problem) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 instant, or of a date's midnight in UTC."""
    raw = line.cells.get(name) if name else None
    if raw is None:
        return None
    try:
        text = f"{raw}T00:00:00Z" if _DATE.fullmatch(str(raw)) else str(raw)
        return read_timestamp(text).ns
    except CelError:
        problem(
            line.number,
            "GL203",
            f"`{raw}` in column `{name}` is no instant",
            "write 2026-01-31 or 2026-01-31T08:00:00Z",
        )
        return None


def _unique(rows: Rows, lines: list[_Line], problem: Problem) -> None:
    """One row for a key at any time: validity windows of equal keys may not overlap."""
    seen: dict[str, list[tuple[float, float]]] = {}
    for (key, start, end, _), line in zip(rows, lines, strict=False):
        window = (-math.inf if start is None else start, math.inf if end is None else end)
        if any(window[0] < b and a < window[1] for a, b in seen.setdefault(key, [])):
            problem(
                line.number,
                "GL204",
                f"a second row for the key `{key}`",
                "remove one, or give them validity windows that do not overlap",
            )
        seen[key].append(window)
