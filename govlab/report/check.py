"""The page of `govlab check`: what would have been stopped, and how often a day (J3)."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from govlab.bundle import starters
from govlab.log.fitting import siblings
from govlab.replays import Replay
from govlab.report.disclosure import CLOSED, Disclosure
from govlab.report.replay import replay_text
from govlab.report.text import clock, counted, percent, table, wrapped

__all__ = ["check_text", "per_day"]

_DAYS = 14
_PER_DAY = pl.Schema(
    {"date": pl.String, "events": pl.UInt32, "stopped": pl.UInt32, "held": pl.UInt32}
)
_CLAUDE_CODE = (
    "Claude Code removes transcripts after its clean-up period (setting "
    "cleanupPeriodDays): what is older is not here"
)


def check_text(
    replay: Replay,
    *,
    show: int | None,
    disclosure: Disclosure = CLOSED,
    starter: str = "",
) -> str:
    """The replay's page, then interruptions per day and how far back the log reaches.

    `starter` is the bundle that was taken because none was named, or empty.
    """
    parts = [
        replay_text(replay, show=show, disclosure=disclosure),
        "\n".join(_taken(replay, starter)),
        "\n".join(_days(replay)),
        "\n".join(_reach(replay)),
    ]
    return "\n\n".join(part for part in parts if part)


def _taken(replay: Replay, starter: str) -> Iterator[str]:
    """Which starter was taken unasked, and what to do where it does not speak of this log."""
    if not starter:
        return
    yield (
        f"no bundle was named, so the starter `{starter}` was taken; yours: govlab check LOG BUNDLE"
    )
    if near := ", ".join(siblings(starter)):
        yield f"  for such logs there are also {near}"
    if replay.summary.events and not replay.summary.origins["rule"]:
        others = ", ".join(name for name in starters() if name != starter)
        yield from wrapped(
            f"none of its rules speaks of this log; other starters are {others} (`govlab inspect` "
            "says which fits); or ask with one rule: --rule 'CEL' --tool NAME",
            2,
        )


def per_day(replay: Replay) -> pl.DataFrame:
    """Events, stopped and held by a rule or an error, per day; empty where times are unknown.

    Days are those of the replay's zone.

    Columns: date, events, stopped, held.
    """
    empty = _PER_DAY.to_frame()
    if "log.ts" not in replay.columns() or replay.cube is not None:
        return empty
    parts = replay.parts(["decision", "origin", "log.ts"])
    counted = pl.concat([empty, *(_day_counts(part, replay.scope.tz) for part in parts)])
    return counted.group_by("date").agg(pl.all().sum()).sort("date")


def _day_counts(decided: pl.DataFrame, zone: str) -> pl.DataFrame:
    counted = pl.col("origin").is_in(["rule", "error"])
    date = pl.col("log.ts").dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d")
    by_day = decided.drop_nulls("log.ts").group_by(date=date)
    return by_day.agg(
        events=pl.len(),
        stopped=(counted & (pl.col("decision") == "DENY")).sum(),
        held=(counted & (pl.col("decision") == "REQUIRE_APPROVAL")).sum(),
    )


def _days(replay: Replay) -> Iterator[str]:
    days = per_day(replay)
    if days.is_empty():
        why = "the log has no times" if replay.summary.events else "there are no events"
        yield f"interruptions per day: unknown, because {why}"
        return
    stops = days.select((pl.col("stopped") + pl.col("held")).sum()).item()
    total = int(days.get_column("events").sum())
    length = counted(days.height, "day")
    yield (
        f"interruptions: {stops / days.height:,.1f} a day over {length} with events "
        f"({percent(stops, total)} of events)"
    )
    if days.height > _DAYS:
        yield f"  the newest {_DAYS} of them; --json has all"
    rows = ((day, *(f"{n:,}" for n in counts)) for day, *counts in days.tail(_DAYS).iter_rows())
    yield from table(("day", "events", "stopped", "held"), rows, indent=4, right=(1, 2, 3))


def _reach(replay: Replay) -> Iterator[str]:
    zone = replay.scope.zone()
    oldest, _ = replay.period()
    if oldest is not None:
        shown = "oldest event" if replay.scope.is_all() else "oldest event in scope"
        yield f"{shown}: {clock(oldest, zone)} {zone.key}"
    if any(name.startswith("claudecode") for name in replay.formats()):
        yield _CLAUDE_CODE
