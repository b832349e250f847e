"""A cube as one Parquet file that says what it is."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import polars as pl

from govlab.cube.model import Cube, Kept, Origin
from govlab.errors import LogError, UsageError
from govlab.log.cubefile import KEY, cube_manifest

__all__ = ["read_cube", "write_cube"]

_WHOLE, _FILTERED = 1, 2  # formats: who knows none of filters refuses a cube of chosen events


def write_cube(cube: Cube, out: Path) -> None:
    """Writes the cube, all of it or nothing; raises UsageError where that cannot be."""
    said = {
        "format": _WHOLE if cube.origin.scope.is_all() else _FILTERED,
        "kept": [asdict(kept) for kept in cube.kept],
        "origin": cube.origin.to_dict(),
    }
    half = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        cube.frame.write_parquet(half, metadata={KEY: json.dumps(said)})
        half.replace(out)
    except OSError as error:
        raise UsageError(f"`{out}` cannot be written: {error.strerror}") from None
    finally:
        half.unlink(missing_ok=True)


def read_cube(path: Path) -> Cube:
    """The cube at `path`; raises LogError where there is none, or one of a later format."""
    said = cube_manifest(path)
    if said is None:
        raise LogError(f"{path}: no cube; `govlab cube LOG --bundle B --out F` makes one")
    if said["format"] not in (_WHOLE, _FILTERED):
        raise LogError(f"{path}: a cube of format {said['format']}; make it again from its log")
    kept = tuple(map(Kept.of, said["kept"]))
    try:
        return Cube(pl.read_parquet(path), kept, Origin.of(said["origin"]))
    except pl.exceptions.PolarsError as error:
        why = str(error).partition("\n")[0]
        raise LogError(f"{path}: the cube cannot be read: {why}; make it again") from error
