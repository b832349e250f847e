"""Entries of a decision log: what each type says, and the hashes that chain them (S21).

An entry is one line: a flat JSON object in the form of RFC 8785, then its `record_hash`, which
covers all else of it, `chain`, `seq` and `prev_hash` among it; but of `args` only their digest, so
that what keeps no arguments can be verified too. One log is one chain. Integers, times and doubles
are text, as in the evidence chain of an action log (S17).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from govlab.runtime import arguments
from govlab.schema import ACTIONS

__all__ = ["FIELDS", "FORMAT", "REQUEST_ID", "UNDECLARED", "Head", "Sealed", "entry_id", "hash_of",
           "row_id", "said", "seal", "segments"]  # fmt: skip

FORMAT: Final = "govlab_decisions"
"""The name of the format."""

REQUEST_ID: Final = "request_id"
"""What the caller named the request (`X-Request-ID`), in the entries of those that were named."""

UNDECLARED: Final = 50
"""Names of undeclared properties that an entry has at most: one that has as many may lack some."""

_BESIDE: Final = ("args", "record_hash")
_encode = msgspec.json.Encoder(order="sorted").encode


def _group(*names: str) -> dict[str, str]:
    return {c.name: c.name for c in ACTIONS.values() if c.group in names}


_APPROVAL = {name.removeprefix("approval_"): name for name in _group("approval")}
_STARTED = ("started_at", "attempt", "idempotency_key", "worker")
_ENDED = ("ended_at", "outcome", "error_class", "evidence_uri", "evidence_sha256")

FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "approval": {**_group("approval"), **_APPROVAL},
    "started": {name: name for name in _STARTED},
    "ended": {name: name for name in (*_ENDED, *_group("execution")) if name not in _STARTED},
}
"""What is told of an action after its decision: type of entry -> name in the report -> column."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: how many entries it has, and the hash of the last (hex).

    `chain` names it: logs of several servers stand beside each other.
    """

    chain: str
    size: int = 0
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as its line, and the chain's end with it."""

    line: bytes
    head: Head


def seal(entry: Mapping[str, Any], head: Head) -> Sealed:
    """`entry` as the next of the chain that ends at `head`.

    >>> first = seal({"type": "started", "event_id": "a", "attempt": 2}, Head("c"))
    >>> first.line.startswith(b'{"attempt":"2","chain":"c","event_id":"a","seq":"0","type"')
    True
    >>> seal({"type": "ended", "event_id": "a"}, first.head).head.size
    2
    """
    place = {"chain": head.chain, "seq": str(head.size), "prev_hash": head.hash}
    texts = {
        name: value if type(value) is str else said(value)
        for name, value in {**entry, **place}.items()
        if value is not None
    }
    args = texts.pop("args", None)
    covered = _encode(texts)
    digest = sha256(covered).hexdigest()
    more = b"" if args is None else b',"args":%s' % _encode(args)
    line = b'%s%s,"record_hash":"%s"}\n' % (covered[:-1], more, digest.encode())
    return Sealed(line, Head(head.chain, head.size + 1, digest))


def hash_of(entry: Mapping[str, Any]) -> str:
    """The hash that the content of `entry`, a line read back, gives (hex).

    >>> line = seal({"type": "ended", "event_id": "\u00e9", "args": "{}"}, Head("c")).line
    >>> entry = msgspec.json.decode(line)
    >>> hash_of(entry) == entry["record_hash"]
    True
    """
    return sha256(_encode({n: v for n, v in entry.items() if n not in _BESIDE})).hexdigest()


def said(value: Any) -> Any:
    """`value` as an entry holds it: numbers and times as text, so that no reader rounds them.

    >>> said(3), said(0.5), said(True), said(["a"])
    ('3', '0.5', True, ['a'])
    """
    match value:
        case bool() | str():
            return value
        case int():
            return str(value)
        case float():
            return arguments.canonical(value)
        case datetime():
            moment = value.astimezone(UTC).replace(tzinfo=None)
            return moment.isoformat(timespec="microseconds") + "Z"
        case list() | tuple():
            return [said(item) for item in value]
        case _:
            raise TypeError(f"no value of an entry: {type(value).__name__}")


def row_id(event_id: Any, notes: Mapping[str, Any]) -> Any:
    """The id of the row of an entry with `notes`: callers give names, and may give one twice.

    >>> row_id("r1", {"request_id": "r1", "chain": "ab"}), row_id("f00d", {"chain": "ab"})
    ('r1@ab', 'f00d')
    """
    return f"{event_id}@{notes.get('chain')}" if REQUEST_ID in notes else event_id


def entry_id(name: Any, notes: Mapping[str, Any]) -> Any:
    """The id in the entry with `notes` whose row is `name`; None where no entry has such a row.

    >>> entry_id("r1@ab", {"request_id": "r1", "chain": "ab"})
    'r1'
    """
    if REQUEST_ID not in notes:
        return name
    end = f"@{notes.get('chain')}"
    return name.removesuffix(end) if isinstance(name, str) and name.endswith(end) else None


def segments(folder: Path) -> Iterator[Path]:
    """The files of the decision log in `folder`, oldest first."""
    return iter(sorted(folder.glob("decisions-*.ndjson")))
