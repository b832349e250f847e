"""What a piece of a log comes to as bytes, and back: frames, numbers, times, and what holds them.

A SHA-256, then a ZIP archive of `tree.json` and one Arrow file a frame. Nothing of it is run when
it is read, and nothing is read of it where a byte was lost or changed.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeVar, get_args, get_type_hints

import polars as pl

__all__ = ["DamagedError", "packed", "unpacked"]

_TREE: Final = "tree.json"
_DIGEST: Final = 32  # bytes
T = TypeVar("T")


class DamagedError(Exception):
    """What was read is not what was written, or holds something that is not known here."""


def packed(value: Any) -> bytes:
    """`value` as bytes: frames, plain values, times with a zone, mappings and dataclasses of these.

    >>> unpacked(packed({"runs": pl.DataFrame({"n": [1]})}), dict)["runs"].item()
    1
    """
    frames: list[pl.DataFrame] = []
    tree = _tree(value, frames)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
        out.writestr(zipfile.ZipInfo(_TREE), json.dumps(tree, separators=(",", ":")))
        for number, frame in enumerate(frames):
            content = io.BytesIO()
            frame.write_ipc(content, compression="zstd")
            out.writestr(zipfile.ZipInfo(str(number)), content.getvalue())
    archived = archive.getvalue()
    return sha256(archived).digest() + archived


def _tree(value: Any, frames: list[pl.DataFrame]) -> list[Any]:
    """`value` as JSON: what it is and what it holds; a frame is its number."""
    if isinstance(value, pl.DataFrame):
        frames.append(value)
        return ["frame", len(frames) - 1]
    if isinstance(value, datetime):
        return ["time", value.isoformat()]
    if isinstance(value, Mapping):
        return ["map", {name: _tree(held, frames) for name, held in value.items()}]
    if is_dataclass(value):
        held = {f.name: _tree(getattr(value, f.name), frames) for f in fields(value)}
        return ["of", type(value).__name__, held]
    return ["plain", value]


def unpacked(content: bytes, kind: type[T]) -> T:
    """What `packed` made `content` of: a dataclass `kind`, and in it those that its fields name.

    Raises DamagedError where it is not what `packed` gave.
    """
    digest, archived = content[:_DIGEST], content[_DIGEST:]
    if sha256(archived).digest() != digest:
        raise DamagedError("the digest differs")
    known = {one.__name__: one for one in _kinds(kind)}
    try:
        with zipfile.ZipFile(io.BytesIO(archived)) as archive:
            found = _value(json.loads(archive.read(_TREE)), lambda n: _frame(archive, n), known)
    except TypeError as error:  # a dataclass that has other fields by now
        raise DamagedError(str(error)) from None
    if not isinstance(found, kind):
        raise DamagedError(f"it is no `{kind.__name__}`")
    return found


def _kinds(kind: Any) -> frozenset[type]:
    """The dataclasses that a value of a type may hold, itself among them."""
    if isinstance(kind, type) and is_dataclass(kind):
        held = (_kinds(one) for one in get_type_hints(kind).values())
        return frozenset({kind}).union(*held)
    return frozenset().union(*map(_kinds, get_args(kind)))


def _frame(archive: zipfile.ZipFile, number: int) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(archive.read(str(number))))


def _value(tree: list[Any], frame: Callable[[int], pl.DataFrame], kinds: Mapping[str, type]) -> Any:
    kind, *held = tree
    if kind == "frame":
        return frame(held[0])
    if kind == "time":
        return datetime.fromisoformat(held[0])
    if kind == "map":
        return {name: _value(one, frame, kinds) for name, one in held[0].items()}
    if kind == "of":
        if held[0] not in kinds:
            raise DamagedError(f"`{held[0]}` is not known")
        return kinds[held[0]](**{n: _value(one, frame, kinds) for n, one in held[1].items()})
    return held[0]
