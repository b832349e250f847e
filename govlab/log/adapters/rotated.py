"""Files that are one log, which was turned over: `calls.jsonl.2`, `calls.jsonl.1`, `calls.jsonl`.

What one of them begins may end in the next: a request whose answer came after midnight.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from govlab.log.documents import documents
from govlab.log.records import Bad, Options, Record, Skipped
from govlab.log.sources import Source

__all__ = ["each_of", "enlist", "enlisted", "tallied", "turned"]

_FILES = "files of"
_PACKED = re.compile(r"\.(?:gz|zst)$", re.IGNORECASE)
_NUMBER = re.compile(r"\.(\d{1,5})$")
_DATE = re.compile(r"[-.](\d{4}-\d\d-\d\d|\d{8})((?:[T_-]?\d\d(?:[-.:]?\d\d){0,2}(?:\.\d+)?)?)"
                   r"(?=\.[A-Za-z]\w*$|$)")  # fmt: skip
_LOOKED_AT = 50  # documents of a file among which its first time is looked for

Timed = Callable[[bytes], datetime | None]


def enlist(source: Source, options: Options, format: str) -> None:
    """Notes a file of `format`, before any of them is read."""
    options.memory.setdefault(f"{_FILES} {format}", []).append(source)


def enlisted(options: Options, format: str) -> list[Source]:
    """The files of `format`, as they were noted."""
    found: list[Source] = options.memory.get(f"{_FILES} {format}", [])
    return found


def turned(source: Source, options: Options, format: str, timed: Timed) -> list[Source]:
    """The files of the log that `source` is one of, oldest first.

    `timed` gives the time that a document tells. Where one of the files tells none, a higher number
    is older, a later date newer, and a name without either the newest.
    """
    own = _log(source.name)
    files = [file for file in enlisted(options, format) if _log(file.name) == own] or [source]
    if len(files) == 1:
        return files
    files.sort(key=lambda file: _age(file.name))
    begins = {file.path: _begin(file, timed) for file in files}
    known = {path: at for path, at in begins.items() if at is not None}
    return sorted(files, key=lambda file: known[file.path]) if len(known) == len(files) else files


def _log(name: str) -> str:
    """The name without what tells its files apart.

    >>> _log("a/calls.jsonl.1.gz"), _log("calls-20260101"), _log("calls-2026-01-01T10-00.log")
    ('a/calls.jsonl', 'calls', 'calls.log')
    """
    return _DATE.sub("", _NUMBER.sub("", _PACKED.sub("", name)), count=1)


def _age(name: str) -> tuple[bool, int, str]:
    """What files of a log are sorted by, the oldest first."""
    bare = _PACKED.sub("", name)
    number, date = _NUMBER.search(bare), _DATE.search(_NUMBER.sub("", bare))
    told = "".join(date.groups()) if date else ""
    return not (number or date), -int(number.group(1)) if number and not date else 0, told


def _begin(file: Source, timed: Timed) -> datetime | None:
    """The first time that a file tells."""
    first = (found for found in islice(documents(file), _LOOKED_AT) if not isinstance(found, Bad))
    return next((at for _, data in first if (at := timed(data)) is not None), None)


def each_of(
    source: Source,
    options: Options,
    format: str,
    timed: Timed,
    read: Callable[[Sequence[Source]], Sequence[Sequence[Record]]],
) -> Iterator[Record]:
    """The records of `source` among what `read` says of each file of its log, read as one."""
    files = turned(source, options, format, timed)
    if len(files) == 1:
        yield from read(files)[0]
        return
    told: dict[Path, Sequence[Record]] = options.memory.setdefault(f"told by {format}", {})
    if source.path not in told:
        told.update(zip((file.path for file in files), read(files), strict=True))
    yield from told.pop(source.path)


def tallied(records: Iterable[Record]) -> list[Record]:
    """`records`, those that are no actions counted by kind."""
    skipped: Counter[str] = Counter()
    rest: list[Record] = []
    for record in records:
        if isinstance(record, Skipped):
            skipped[record.kind] += record.rows
        else:
            rest.append(record)
    return [*(Skipped(kind, rows) for kind, rows in skipped.items()), *rest]
