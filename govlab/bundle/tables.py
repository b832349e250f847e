"""Lookup tables: CSV, JSON or YAML files of a bundle, typed row by row (S7)."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govlab.bundle import tree
from govlab.bundle.suggest import quoted
from govlab.bundle.yamltext import read as read_yaml
from govlab.errors import Diagnostic, Place, did_you_mean
from govlab.runtime.clock import read_timestamp
from govlab.runtime.values import INT_MAX, INT_MIN, CelError
from govlab.types import BOOL, DOUBLE, INT, STRING, Type, list_of

__all__ = ["CELL_TYPES", "Declared", "Rows", "read_rows"]

CELL_TYPES = {t: t for t in (BOOL, INT, DOUBLE, STRING, list_of(STRING))}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INT = re.compile(r"-?\d{1,19}", re.ASCII)
_DOUBLE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_MAX_BYTES = 64 << 20
_MOST_PROBLEMS = 1_000  # a table with more was never meant for this declaration

Row = tuple[str, int | None, int | None, tuple[Any, ...]]
Rows = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the manifest says of a table."""

    key: str
    columns: tuple[tuple[str, Type], ...]
    match: str
    valid: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _Line:
    """One raw row: where it stands, its cells by column name, whether they are text to be typed."""

    number: int
    cells: Mapping[str, Any]
    text: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """The raw rows, and the columns there are; None where no row could say."""

    lines: tuple[_Line, ...] = ()
    header: Mapping[str, Any] | None = None


def read_rows(path: Path, shown: str, declared: Declared) -> tuple[Rows, list[Diagnostic]]:
    """The typed rows of the table at `path` and everything wrong with it.

    Codes: GL201 unreadable, GL202 no such column, GL203 a cell that does not parse, GL204 two
    rows for one key, GL205 an empty key.
    """
    problems: list[Diagnostic] = []

    def problem(line: int, code: str, message: str, hint: str = "") -> None:
        if len(problems) < _MOST_PROBLEMS:
            problems.append(Diagnostic(code, message, Place(shown, line, 1), hint))

    found = _table(path, problem)
    for name in (declared.key, *(name for name, _ in declared.columns), *(declared.valid or ())):
        if found.header is not None and name not in found.header:
            hint = did_you_mean(name, found.header)
            problem(1, "GL202", f"the table has no column `{name}`", hint)
    if problems:
        return (), problems
    rows = [(line, _row(line, declared, problem)) for line in found.lines]
    whole = [(line, row) for line, row in rows if row is not None]
    _unique(whole, problem)
    return tuple(row for _, row in whole), problems


Problem = Callable[..., None]


def _table(path: Path, problem: Problem) -> _Table:
    try:
        if path.stat().st_size > _MAX_BYTES:
            problem(1, "GL201", "the table is larger than 64 MiB")
            return _Table()
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem(1, "GL201", f"the table is not UTF-8 at byte {error.start}", "save it as UTF-8")
        return _Table()
    except OSError as error:
        problem(1, "GL201", f"the table cannot be read: {error.strerror}")
        return _Table()
    match path.suffix:
        case ".csv":
            return _csv(text, problem)
        case ".json":
            return _objects(*_json(text, problem), problem)
        case ".yaml" | ".yml":
            return _objects(*_yaml(text, path.name, problem), problem)
        case other:
            problem(1, "GL201", f"a table cannot be a `{other}` file", "use .csv, .json or .yaml")
            return _Table()


def _csv(text: str, problem: Problem) -> _Table:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = []
    try:
        header = next(reader, [])
        if len(set(header)) != len(header):
            problem(1, "GL201", "two columns have one name")
        for row in reader:
            if row and len(row) == len(header):
                cells = {n: c if c != "" else None for n, c in zip(header, row, strict=True)}
                lines.append(_Line(reader.line_num, cells, text=True))
            elif row:
                message = f"this row has {len(row)} cells, the header {len(header)}"
                problem(reader.line_num, "GL201", message)
    except csv.Error as error:
        problem(reader.line_num, "GL201", f"not CSV: {error}")
        return _Table()
    return _Table(tuple(lines), dict.fromkeys(header))


def _json(text: str, problem: Problem) -> tuple[Any, list[int]]:
    """The rows, and for each the line it is said to stand in."""
    try:
        rows = json.loads(text, object_pairs_hook=_once)
        json.dumps(rows, ensure_ascii=False).encode()  # an escape can hide half a surrogate pair
    except (ValueError, RecursionError) as error:
        problem(1, "GL201", f"not JSON: {error}")
        return [], []
    return rows, [1] * len(rows) if isinstance(rows, list) else []


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _yaml(text: str, shown: str, problem: Problem) -> tuple[Any, list[int]]:
    documents, found = read_yaml(text, shown)
    for diagnostic in found:
        problem(diagnostic.place.line, diagnostic.code, diagnostic.message, diagnostic.hint)
    if found or not documents:
        return [], []
    if len(documents) > 1:
        problem(1, "GL201", "a table is one document")
    items = documents[0].items if isinstance(documents[0], tree.Sequence) else ()
    return tree.plain(documents[0]), [item.place.line for item in items]


def _objects(rows: Any, places: list[int], problem: Problem) -> _Table:
    """Rows given as mappings; a column missing in one of them is an empty cell."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problem(1, "GL201", "the table must be a list of mappings")
        return _Table()
    names = dict.fromkeys(name for row in rows for name in row)
    lines = [
        _Line(place, {name: row.get(name) for name in names}, text=False)
        for place, row in zip(places, rows, strict=True)
    ]
    return _Table(tuple(lines), names if rows else None)


def _row(line: _Line, declared: Declared, problem: Problem) -> Row | None:
    key = line.cells.get(declared.key)
    if not isinstance(key, str) or key == "":
        problem(line.number, "GL205", f"the key `{declared.key}` is empty or no text")
        return None
    cells = tuple(_cell(line, name, kind, problem) for name, kind in declared.columns)
    start, end = (_instant(line, name, problem) for name in declared.valid or (None, None))
    if start is not None and end is not None and start >= end:
        problem(line.number, "GL203", "this row is never valid: its end is not after its start")
    return key, start, end, cells


def _cell(line: _Line, name: str, kind: Type, problem: Problem) -> Any:
    raw = line.cells.get(name)
    if raw is None:
        return None
    value = _typed(_from_text(raw, kind) if line.text else raw, kind)
    if value is None:
        problem(line.number, "GL203", f"{quoted(str(raw))} in column `{name}` is no {kind}")
    return value


def _from_text(text: str, kind: Type) -> Any:
    """A CSV cell as what it spells; itself where it spells nothing of `kind`."""
    match kind.name:
        case "bool":
            return {"true": True, "false": False}.get(text)
        case "int":
            return int(text) if _INT.fullmatch(text) else text
        case "double":
            return float(text) if _DOUBLE.fullmatch(text) else text
        case "list":
            return text.split(";")
        case _:
            return text


def _typed(raw: Any, kind: Type) -> Any:
    """`raw` as a value of `kind`, no coercion but int to double (S2); None where it is none."""
    match kind.name:
        case "string":
            return raw if isinstance(raw, str) else None
        case "bool":
            return raw if isinstance(raw, bool) else None
        case "int":
            whole = isinstance(raw, int) and not isinstance(raw, bool)
            return raw if whole and INT_MIN <= raw <= INT_MAX else None
        case "double":
            return _double(raw)
        case _:
            usable = isinstance(raw, list) and all(isinstance(part, str) for part in raw)
            return tuple(raw) if usable else None


def _double(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        number = float(raw)
    except OverflowError:
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
            f"{quoted(str(raw))} in column `{name}` is no instant",
            "write 2026-01-31 or 2026-01-31T08:00:00Z",
        )
        return None


def _unique(rows: list[tuple[_Line, Row]], problem: Problem) -> None:
    """One row for a key at any time: validity windows of equal keys may not overlap."""
    hint = "remove one, or give them validity windows that do not overlap"
    ends: dict[str, float] = {}
    for line, (key, start, end, _) in sorted(rows, key=_by_start):
        before = ends.get(key)
        if before is not None and (start is None or start < before):
            problem(line.number, "GL204", f"a second row for the key {quoted(key)}", hint)
        ends[key] = max(before or -math.inf, math.inf if end is None else end)


def _by_start(row: tuple[_Line, Row]) -> tuple[str, float, int]:
    key, start, _, _ = row[1]
    return key, -math.inf if start is None else start, row[0].number
