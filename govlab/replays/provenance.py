"""Where the values that a replay read come from, and which events rest on assumptions (J1, J5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import polars as pl

from govlab.backends.columnar import Census, census
from govlab.plan import Plan
from govlab.schema import MARKS

__all__ = ["Provenance", "added", "provenance", "with_assumed"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """One attribute that a bundle reads: its census, and in how many events it is hindsight."""

    attribute: str
    counts: Census
    hindsight: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: numbers of events."""
        return {"attribute": self.attribute, **asdict(self.counts), "hindsight": self.hindsight}


def provenance(
    plan: Plan, decided: pl.DataFrame, times: pl.Series | None = None
) -> tuple[Provenance, ...]:
    """Every attribute that `plan` reads of the event, sorted; `decided` is a replay's.

    `times` says how many events each row stands for, one where it is not given.
    """
    frame = decided.select(pl.col("^log\\..*$").name.map(_unprefixed))
    each = pl.repeat(1, frame.height, dtype=pl.UInt64, eager=True) if times is None else times
    late = _hindsight(frame, each)
    return tuple(
        Provenance(name, counts, late.get("cost_micro_usd" if name == "cost" else name, 0))
        for name, counts in sorted(census(plan, frame, each).items())
    )


def added(parts: Iterable[tuple[Provenance, ...]]) -> tuple[Provenance, ...]:
    """The provenance of all events, of those of parts of one log under one plan."""
    return tuple(
        Provenance(
            same[0].attribute,
            Census(**{f.name: sum(getattr(p.counts, f.name) for p in same)
                      for f in fields(Census)}),
            sum(p.hindsight for p in same),
        )
        for same in zip(*parts, strict=True)
    )  # fmt: skip


def _unprefixed(name: str) -> str:
    return name.removeprefix("log.")


def _hindsight(frame: pl.DataFrame, times: pl.Series) -> dict[str, int]:
    """In how many events each column was filled from what happened afterwards (S12)."""
    found: dict[str, int] = {}
    if MARKS[2] not in frame.columns:
        return found
    marks = frame.select(pl.col(MARKS[2]).cast(pl.String), times.alias("#times"))
    for mark, n in marks.group_by(MARKS[2]).sum().iter_rows():
        for name in (mark or "").split(","):
            found[name] = found.get(name, 0) + n
    return found


def with_assumed(plan: Plan, filled: pl.Series, decided: pl.DataFrame) -> pl.DataFrame:
    """`decided` with `assumed`: whether an assumption gave the event a value, or its default.

    `filled` says where one gave a value (`assumed_rows`), in the order of `decided`.
    """
    default = any(name == "default" for name, _ in plan.assumptions)
    fell = (pl.col("origin") == "default") & pl.lit(default)
    return decided.with_columns(assumed=pl.lit(filled) | fell)
