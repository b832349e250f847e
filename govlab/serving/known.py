"""Which events a decision log knows, without reading it: keys of fixed size, a file a segment.

A key is 16 bytes of a hash of what is known (an event's id, a report of it, an approval that was
used). Those of the segment being written are in memory; those of a closed one are in a sorted
file beside it, which is searched where it lies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from mmap import ACCESS_READ, mmap
from pathlib import Path

import msgspec

from govlab.entries import segments
from govlab.placing import place_bytes

__all__ = ["Known", "Noted", "key", "keys_of", "noted"]

_SIZE = 16


class Noted(msgspec.Struct):
    """What of an entry makes it known; all else is not looked at."""

    type: str
    event_id: str
    told: str | None = None
    consumes: str | None = None
    approval_id: str | None = None


noted = msgspec.json.Decoder(Noted).decode


def key(*parts: str) -> bytes:
    """The key of what `parts` name.

    >>> key("decided", "a") == key("decided", "a"), key("ab", "c") == key("a", "bc")
    (True, False)
    """
    named = "\0".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(named.encode(), digest_size=_SIZE).digest()


def keys_of(entry: Noted) -> Iterator[bytes]:
    """By what an entry is known: its event, what was told of it, the approval that it used."""
    yield key(entry.type, entry.event_id)
    if entry.told:
        yield key(entry.type, entry.event_id, entry.told)
    if entry.consumes:
        yield from (key("consumed", n) for n in (entry.consumes, entry.approval_id) if n)


@dataclass(slots=True)
class Known:
    """The keys of the log in `folder`: `active` are those of the segment being written."""

    folder: Path
    active: set[bytes] = field(default_factory=set)
    closed: dict[Path, mmap | bytes] = field(default_factory=dict)

    def __contains__(self, wanted: bytes) -> bool:
        return wanted in self.active or any(_holds(keys, wanted) for keys in self._closed())

    def close(self, segment: Path) -> None:
        """The segment that was written is closed: its keys go to their file."""
        self.closed[segment] = _stored(segment, self.active)
        self.active = set()

    def open(self, active: Path | None) -> None:
        """Takes up the log whose segment `active` is being written; others are closed."""
        for segment in segments(self.folder):
            if segment != active:
                self.closed[segment] = _mapped(_place(segment)) or _made(segment)

    def _closed(self) -> Iterable[mmap | bytes]:
        return reversed(self.closed.values())  # what is asked about is mostly young


def _place(segment: Path) -> Path:
    return segment.with_name(f".{segment.stem}.keys")


def _mapped(place: Path) -> mmap | bytes | None:
    """The keys in the file `place`; None where it is not there or not whole."""
    try:
        with place.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return b""
            return mmap(file.fileno(), 0, access=ACCESS_READ) if size % _SIZE == 0 else None
    except FileNotFoundError:
        return None


def _made(segment: Path) -> mmap | bytes:
    """The keys of a closed segment, read out of it: the server died as it was closed."""
    found: set[bytes] = set()
    with segment.open("rb") as lines:
        for line in lines:
            found.update(keys_of(noted(line)))
    return _stored(segment, found)


def _stored(segment: Path, keys: set[bytes]) -> mmap | bytes:
    place = _place(segment)
    # half of it would forget approvals that were used
    place_bytes(place, b"".join(sorted(keys)), durable=True)
    return _mapped(place) or b""


def _holds(keys: mmap | bytes, wanted: bytes) -> bool:
    low, high = 0, len(keys) // _SIZE
    while low < high:
        middle = (low + high) // 2
        if keys[middle * _SIZE : (middle + 1) * _SIZE] < wanted:
            low = middle + 1
        else:
            high = middle
    return keys[low * _SIZE : (low + 1) * _SIZE] == wanted
