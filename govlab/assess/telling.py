"""What a registry and an organisation file tell of a log's rows, beside what the log says."""

from __future__ import annotations

import polars as pl

from govlab.kpi.knowledge import Told
from govlab.registry import Registry, in_force
from govlab.registry.force import FORCE_READS

__all__ = ["told_by"]


def told_by(
    registry: Registry | None, frame: pl.LazyFrame, derived: tuple[str, ...] = ()
) -> tuple[pl.LazyFrame, Told]:
    """The rows with the snapshot in force where a registry tells it, and what that rests on.

    `derived` are the attributes that an organisation file fills.

    >>> told_by(None, pl.LazyFrame({"ts": [None]}), ("env",))[1].derived
    frozenset({'env'})
    """
    if registry is None:
        return frame, Told(derived=frozenset(derived))
    return in_force(frame, registry), Told(FORCE_READS, frozenset(derived))
