"""Decision logs of `govlab serve` as links: read from their files, or found again in rows (S21)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from govlab.audit.links import LINKS
from govlab.entries import FORMAT, entry_id, hash_of, said, segments
from govlab.errors import LogError
from govlab.runtime import arguments
from govlab.runtime.withheld import WITHHELD
from govlab.schema import ACTIONS, MARKS

__all__ = ["decision_log", "links_of_files", "links_of_rows"]

_OF_NO_ENTRY = frozenset({"decision_origin", "emitter", "time_source", "source_format",
                          "source_ref", "extra", "args"})  # fmt: skip
_PLACE = re.compile("[0-9]{1,18}")  # what 64 bits hold
_COLUMNS = tuple(name for name in ACTIONS if name not in _OF_NO_ENTRY)


def decision_log(path: Path) -> list[Path]:
    """The files of the decision log at `path`, a folder or one of them; none where it is none."""
    if path.is_dir():
        return list(segments(path))
    return [path] if path.match("decisions-*.ndjson") else []


def links_of_files(files: list[Path]) -> pl.DataFrame:
    """The links of the entries in `files`; raises LogError at a line that is none."""
    rows = (_link(row, entry) for row, entry in enumerate(_entries(files)))
    return pl.DataFrame(list(rows), schema=LINKS, orient="row")


def _entries(files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield _entry(line, f"{file}:{number}")


def _entry(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise LogError(f"{where}: no entry; a chain cannot be read past it")
    return found


def links_of_rows(batch: pl.DataFrame, start: int) -> pl.DataFrame:
    """The links of the entries that the rows of a decision log in `batch` were made of.

    `start` is the place of its first row in the log.
    """
    if "source_format" not in batch.columns or "extra" not in batch.columns:
        return LINKS.to_frame()
    numbered = batch.with_row_index("row").filter(pl.col("source_format") == FORMAT)
    rows = [  # a row at a time: the hash of an entry is of its own JSON text
        _link(start + row["row"], entry)
        for row in numbered.iter_rows(named=True)
        for entry in _entries_of(row)
    ]
    return pl.DataFrame(rows, schema=LINKS, orient="row")


def _entries_of(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The entries of a row: of its decision, and of what was told."""
    notes = _object(row["extra"])
    listed = notes.pop("told", [])
    told = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    owned = {name for one in told for name in _names(one)}
    own = {name: said(row[name]) for name in _COLUMNS if name not in owned and _there(row, name)}
    name = entry_id(row["event_id"], notes)
    yield {"type": "decided", **own, "event_id": name, **_whole_args(row), **notes}
    for one in told:
        cells = {n: said(row[n]) for n in _names(one) if _there(row, n)}
        rest = {name: value for name, value in one.items() if name != "columns"}
        yield {"event_id": name, **cells, **rest}


def _names(one: Mapping[str, Any]) -> list[str]:
    """The cells of the row that are what an entry told."""
    named = one.get("columns")
    return [n for n in named if n in _COLUMNS] if isinstance(named, list) else []


def _whole_args(row: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, where ingest left nothing of them out."""
    marks = (row.get(MARKS[0]) or "").split(",")
    whole = _there(row, "args") and WITHHELD not in marks
    return {"args": row["args"]} if whole else {}


def _object(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _there(row: Mapping[str, Any], name: str) -> bool:
    return row.get(name) is not None


def _link(row: int, entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """An entry as a link of its chain, which stands where a tenant does."""
    seq, chain = entry.get("seq"), entry.get("chain")
    place = int(seq) if isinstance(seq, str) and _PLACE.fullmatch(seq) else None
    found = None if _args_differ(entry) else _hash(entry)
    texts = [_text(entry.get(name)) for name in ("event_id", "prev_hash", "record_hash")]
    return (row, f"decision log {_text(chain)}", place, *texts, found)


def _hash(entry: Mapping[str, Any]) -> str | None:
    """The hash of an entry; None of one that holds what no entry can."""
    try:
        return hash_of(entry)
    except (ValueError, OverflowError, RecursionError):  # half a character, a number of many digits
        return None


def _text(value: Any) -> str | None:
    return value.encode(errors="replace").decode() if isinstance(value, str) else None


def _args_differ(entry: Mapping[str, Any]) -> bool:
    """Whether arguments are there that are not those of the digest, which alone is hashed."""
    args = entry.get("args")
    if args is None:  # left out, which nobody hides: the digest stands
        return False
    return not isinstance(args, str) or arguments.digest(args) != entry.get("args_sha256")
