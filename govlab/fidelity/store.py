"""What was compared, kept under the digests of what it was compared from: checked once.

A file that is damaged, or of another version of govlab, is as one that is not there.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

from govlab.errors import RegistryError
from govlab.fidelity.compare import Compared
from govlab.fidelity.model import Kind
from govlab.placing import place_bytes

__all__ = ["keep", "kept"]

_FORMAT: Final = 1
_RUNS = pl.Schema({
    "run": pl.String(), "same": pl.Int64(), "differs": pl.Int64(), "undecidable": pl.Int64(),
})  # fmt: skip


def kept(folder: Path, piece: str | None, digest: str) -> Compared | None:
    """What comparing the snapshot `digest` over `piece` came to; None where it was not done."""
    if piece is None:
        return None
    path = _path(folder, piece, digest)
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        kinds = tuple(_kind(one) for one in said["kinds"])
        return Compared(kinds, pl.DataFrame(said["runs"], schema=_RUNS, orient="row"))
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None


def keep(folder: Path, piece: str | None, digest: str, compared: Compared) -> None:
    """Keeps what was compared; raises RegistryError where the folder cannot be written."""
    if piece is None:
        return
    path = _path(folder, piece, digest)
    said = {"kinds": [_plain(k) for k in compared.kinds], "runs": compared.runs.rows()}
    try:
        place_bytes(path, json.dumps(said, separators=(",", ":")).encode() + b"\n")
    except OSError as error:
        raise RegistryError(
            f"`{folder}` cannot be written: {error.strerror}; name another folder with `--state`"
        ) from None


def _path(folder: Path, piece: str, digest: str) -> Path:
    """Under the name of everything that the result depends on: govlab's own version too."""
    name = sha256(f"{_FORMAT}\0{version('govlab')}\0{piece}\0{digest}".encode()).hexdigest()
    return folder / name[:2] / f"{name}.json"


def _plain(kind: Kind) -> dict[str, Any]:
    return {**asdict(kind), "first": kind.first and kind.first.isoformat()}


def _kind(said: dict[str, Any]) -> Kind:
    first = datetime.fromisoformat(said["first"]) if said["first"] else None
    lists = {name: tuple(said[name]) for name in ("lacks", "examples")}
    return Kind(**{**said, "first": first, **lists})
