"""What earlier checks found, day by day: nothing is replayed for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from govlab.fidelity.check import stored
from govlab.registry import Registry

__all__ = ["checked_days"]

_SCHEMA: Final = {
    "at": pl.Datetime("us", "UTC"), "run": pl.String(), "same": pl.Int64(), "differs": pl.Int64(),
}  # fmt: skip


def checked_days(log: Path, registry: Registry, *, state: Path | None = None) -> pl.DataFrame:
    """`at` (newest time of a piece), `run` -> `same`, `differs`: recorded decisions, replayed.

    `log` is a log folder, whose pieces are its days; what has no time, or was decided by a bundle
    that reads history and so is not checked day by day, is left out. Raises RegistryError where a
    snapshot was changed.
    """
    found = [
        compared.runs.select(pl.lit(at).cast(_SCHEMA["at"]).alias("at"), "run", "same", "differs")
        for at, compared in stored(log, registry, state or registry.folder / "fidelity")
    ]
    return pl.concat(found) if found else pl.DataFrame(schema=_SCHEMA)
