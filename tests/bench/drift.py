"""False alerts and days to find a change: `python -m tests.bench.drift [SIMULATIONS] [LOGS]`.

The traffic is that of `tests.drifting.traffic`: 500 actions a day, a weekly rhythm of volume and of
the deny rate, days that differ by 8 %, runs of 6.8 actions that go together. `govlab.drift` reads
it as a scheduled job would, once a day, with its default settings and every series that it has.

False alerts: LOGS stationary logs of 17 weeks, read on each day from the fourth week on with the
state of the day before; each alert that is new counts. Found: in SIMULATIONS logs the deny rate (or
the metadata) changes on some day after eight weeks; it is found when an alert of that figure names
a day within two of the change, on the first, second or third day after it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.random import Generator, default_rng

import govlab
from govlab.drifting import Drift
from tests.drifting.traffic import START, Traffic, traffic

__all__ = ["Chance", "Found", "false_alerts", "found_after", "main"]

_WEEKS, _FROM = 13, 28
_DAYS = 3


@dataclass(frozen=True)
class Chance:
    """Alerts of stationary logs, by figure, and the series-weeks they were looked for in."""

    alerts: Counter[str]
    series_weeks: float

    @property
    def per_100(self) -> float:
        """Alerts per 100 series-weeks."""
        return 100 * sum(self.alerts.values()) / self.series_weeks


@dataclass(frozen=True)
class Found:
    """After how many days a change was found: a count for each, those not found under None."""

    days: Counter[int | None]

    def within(self, days: int) -> float:
        """The share found within so many days."""
        hits = sum(n for day, n in self.days.items() if day is not None and day <= days)
        return hits / sum(self.days.values())


def _until(log: pl.DataFrame, days: int, state: Path | None = None) -> Drift:
    end = START + timedelta(days=days)
    return govlab.drift(log.filter(pl.col("ts") < end), until=end, state=state)


def false_alerts(logs: int, chance: Generator, *, weeks: int = _WEEKS, every: int = 1) -> Chance:
    """What is told of `logs` stationary logs that are read every so many days."""
    alerts: Counter[str] = Counter()
    series_weeks = 0.0
    for _ in range(logs):
        last = _FROM + 7 * weeks
        log = traffic(Traffic(days=last), chance)
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder) / "state.json"
            for day in range(_FROM, last + 1, every):
                found = _until(log, day, state)
                alerts.update(alert.verdict.key.figure for alert in found.in_state("new"))
                found.keep(state)
                series_weeks += found.scope["series"] * every / 7
    return Chance(alerts, series_weeks)


def found_after(kind: Traffic, figure: str, simulations: int, chance: Generator) -> Found:
    """When the change of `kind` is found, which begins on a day after its own."""
    days: Counter[int | None] = Counter()
    for _ in range(simulations):
        day = int(kind.days + chance.integers(0, 7))
        log = traffic(replace(kind, days=day + _DAYS, day=day), chance)
        days[_first(log, day, figure)] += 1
    return Found(days)


def _first(log: pl.DataFrame, day: int, figure: str) -> int | None:
    """The day after the change on which it was first told."""
    changed = START.date() + timedelta(days=day)
    for after in range(1, _DAYS + 1):
        if any(
            _names(one, figure, changed) for one in _until(log, day + after).to_dict()["alerts"]
        ):
            return after
    return None


def _names(alert: dict[str, object], figure: str, changed: date) -> bool:
    since = date.fromisoformat(str(alert["since"]))
    return alert["figure"] == figure and abs((since - changed).days) <= 2


_CASES = (
    ("deny rate of 20 %, halved", Traffic(denied=0.2, factors={"denied": 0.5}),
     "decisions.deny_rate"),
    ("deny rate of 10 %, halved", Traffic(factors={"denied": 0.5}), "decisions.deny_rate"),
    ("deny rate of 5 %, halved", Traffic(denied=0.05, factors={"denied": 0.5}),
     "decisions.deny_rate"),
    ("metadata missing in 5 %, then 15 %", Traffic(factors={"missing": 3.0}),
     "drift.missing.data_class"),
)  # fmt: skip


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    simulations, logs = ([*map(int, sys.argv[1:]), *(200, 8)[len(sys.argv) - 1 :]])[:2]
    begun = time.process_time()
    stationary = false_alerts(logs, default_rng(1))
    _say(
        f"false alerts per 100 series-weeks: {stationary.per_100:.2f} "
        f"({sum(stationary.alerts.values())} in {stationary.series_weeks:,.0f}; at most 1)"
    )
    for name, alerts in stationary.alerts.most_common():
        _say(f"  {alerts:3}  {name}")
    for title, kind, figure in _CASES:
        found = found_after(kind, figure, simulations, default_rng(2))
        shares = ", ".join(f"{found.within(d) * 100:.0f} % by day {d}" for d in (1, 2, 3))
        _say(f"{title}: {shares} ({simulations} simulations)")
    _say(f"{time.process_time() - begun:,.0f} s of CPU time; numpy {np.__version__}")


if __name__ == "__main__":
    main()
