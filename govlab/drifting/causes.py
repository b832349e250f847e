"""What began near a change: a policy's activation, a new agent or a new version of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import polars as pl

from govlab.drifting.catalog import WAIT
from govlab.drifting.days import Days
from govlab.drifting.model import Cause, Verdict
from govlab.drifting.novel import NEW
from govlab.drifting.shifts import SETTLED
from govlab.drifting.sightings import Sightings
from govlab.registry import Registry

__all__ = ["AGENT_VERSION", "causes_of", "with_versions"]

AGENT_VERSION: Final = "agent version"
"""The column of sightings that names an agent and its version."""
_OF_POLICY: Final = ("decisions.", "approvals.", WAIT, "drift.values.decision")
"""What a policy's activation can change: it brings no tool, and loses no metadata."""
_NEAR: Final = timedelta(days=1)
_PART: Final = 0.05  # of the actions since the change that a new agent must have, to explain it
_KINDS: Final[dict[str, Literal["agent", "agent version"]]] = {
    "actor": "agent",
    AGENT_VERSION: "agent version",
}


def with_versions(batch: pl.DataFrame) -> pl.DataFrame:
    """`batch` with AGENT_VERSION where it has both agent and version."""
    if not {"actor", "run.agent_version"} <= set(batch.columns):
        return batch
    agent, version = (pl.col(name).cast(pl.String) for name in ("actor", "run.agent_version"))
    named = pl.when(version.str.starts_with(agent)).then(version).otherwise(
        pl.concat_str(agent, version, separator=" ")
    )  # fmt: skip
    return batch.with_columns(named.alias(AGENT_VERSION))


def causes_of(
    verdict: Verdict, seen: Sightings, days: Days, registry: Registry | None, zone: ZoneInfo
) -> tuple[Cause, ...]:
    """What may explain a change: it began by then, a day at most before it may have begun."""
    return (*_activations(verdict, registry, zone), *_agents(verdict, seen, days))


def _near(verdict: Verdict, day: date) -> bool:
    return verdict.first - _NEAR <= day <= verdict.last  # what came later explains nothing


def _activations(verdict: Verdict, registry: Registry | None, zone: ZoneInfo) -> Iterator[Cause]:
    if registry is None or not verdict.key.figure.startswith(_OF_POLICY):
        return
    of_tenant = verdict.key.at if verdict.key.cut == "tenant" else None
    for entry in registry.entries:
        on = entry.at.astimezone(zone).date()
        other = of_tenant is not None and entry.tenant not in (None, of_tenant)
        if _near(verdict, on) and not other:
            yield Cause("activation", f"{entry.bundle} {entry.version} ({entry.kind})", on)


def _agents(verdict: Verdict, seen: Sightings, days: Days) -> Iterator[Cause]:
    """New agents are what they are: that one is new explains no other that is."""
    if verdict.key.figure.startswith(NEW) and verdict.key.figure.endswith(("actor", "model")):
        return
    if verdict.key.cut not in (None, *seen.cuts):
        return  # an agent's or a source's own volume
    own = _own(verdict) & (pl.col("day") >= verdict.since)
    base = int(seen.of("").filter(own)["events"].sum())
    told: list[str] = []
    for column, kind in _KINDS.items():
        rows = seen.of(column)
        begun = rows.group_by("value").agg(pl.col("day").min().alias("since"))
        since = rows.filter(own).group_by("value").agg(pl.col("events").sum())
        for value, on, events in begun.join(since, on="value").sort("value").iter_rows():
            fresh = on >= days.at(SETTLED) and _near(verdict, on)
            if fresh and events >= _PART * base and not value.startswith(tuple(told)):
                told.append(value)
                yield Cause(kind, value, on)


def _own(verdict: Verdict) -> pl.Expr:
    """The actions that the series is of, as far as sightings tell them apart."""
    cut, at = verdict.key.cut, verdict.key.at
    return pl.lit(True) if cut is None else pl.col(cut).eq_missing(pl.lit(at, pl.String))
